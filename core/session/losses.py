"""The losses of the runs of a session: the one in view, and others that it can be compared with."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.batches import THIS_ROW
from backprop_tui.core.text.numerals import brief

from .history import Settings
from .run import Run
from .session import Session
from .timeline import Timeline

MOST_OTHERS = 4
"""So many other runs can be told apart without colors."""


@dataclass(frozen=True, eq=False)
class RunLosses:
    """A run by its number (from 1), what tells it from others, and the loss of each of its steps (n,), float64."""

    number: int
    words: str
    losses: Array


def losses_of(timeline: Timeline) -> Array:
    """The loss of each step of a run (n,), float64, wherever one stands in it."""
    history = timeline.history
    return np.delete(history.losses, list(history.changes)).astype("float64")


def in_view(session: Session) -> RunLosses:
    """The run in view."""
    timeline = session.timeline
    return RunLosses(session.run_number, words(timeline, timeline), losses_of(timeline))


def others(session: Session, most: int = MOST_OTHERS) -> list[RunLosses]:
    """The runs nearest to the one in view, in order, that have steps and whose losses mean the same."""
    number_of = {run: number for number, run in enumerate(session.timelines, 1)}
    found = comparable(session, most)
    return [RunLosses(number_of[run], words(run, session.timeline), losses_of(run)) for run in found]


def comparable(session: Session, most: int = MOST_OTHERS) -> list[Timeline]:
    """The runs nearest to the one in view, in order, that have steps, the same table and the same loss."""
    here, place = session.timeline, session.run_number - 1
    found = [
        (abs(number - place), number, run)
        for number, run in enumerate(session.timelines)
        if run is not here
        and run.history.entries > len(run.history.changes)
        and (run.run.table, _loss(run)) == (here.run.table, _loss(here))
    ]
    nearest = sorted(found, key=lambda pair: pair[:2])[:most]
    return [run for _, _, run in sorted(nearest, key=lambda pair: pair[1])]


def _loss(timeline: Timeline) -> tuple[str, float, str, str]:
    """All that says what the loss is."""
    network = timeline.run.network
    return network.loss, network.l2, network.reduction, network.over


def words(timeline: Timeline, beside: Timeline) -> str:
    """A run by its seed and learning rate, and by whatever else tells it from the run that it stands beside."""
    run = timeline.run
    rates = [settings.lr for _, settings in timeline.history.stretches]
    rates = rates if timeline.history.entries else [timeline.settings.lr]
    lr = brief(rates[0]) if rates[0] == rates[-1] else f"{brief(rates[0])} to {brief(rates[-1])}"
    parts = [_start(run), f"lr {lr}"]
    if run.optimizer.name != "sgd" or run.optimizer != beside.run.optimizer:
        parts.append(run.optimizer.name)
    if run.network != beside.run.network:
        parts.append(run.network.name)
    if (rows := _rows(_first_settings(timeline))) != _rows(_first_settings(beside)):
        parts.append(rows)
    return " ".join(parts)


def _start(run: Run) -> str:
    return "given weights" if run.initial is not None else f"seed {run.seed}"


def _first_settings(timeline: Timeline) -> Settings:
    return timeline.history.settings(0) if timeline.history.entries else timeline.settings


def _rows(settings: Settings) -> str:
    """Which rows the steps use."""
    sampling = settings.sampling
    return f"row {sampling.row}" if sampling.rule == THIS_ROW else sampling.rule

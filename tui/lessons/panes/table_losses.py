"""The plot of lesson 5: the loss of every step, and the loss over all rows that train and over those held out."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.lessons.training import HELD_OUT, TRAINING, TableLosses, part_in_words
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.losses import RunLosses, in_view, words
from backprop_tui.tui.stepper.panes import runs
from backprop_tui.tui.stepper.panes.loss import scale
from backprop_tui.tui.widgets import axis, plot
from backprop_tui.tui.widgets.line import Line, Span, fitting

LETTERS = {TRAINING: "T", HELD_OUT: "H"}


@dataclass(frozen=True)
class Axes:
    """Which axes are logarithmic; None for the losses' if their range decides."""

    losses: bool | None = None
    steps: bool = False


def lines(losses: TableLosses, width: int, height: int, axes: Axes = Axes()) -> list[Line]:
    """Lines: a plot over steps. Each curve ends in its letter: s a step's, T the rows that train, H those held out.

    Other runs have the number of the run, and a line that says which they are.
    """
    last = losses.session.timeline.whole_entries
    if not last:
        return [(Span("the losses will be drawn here: a step's, and over the whole table", "pending"),)]
    others = _others(losses)
    curves, marks = runs.drawn([(run.number, np.array(points, "float64"), run.losses) for run, points in others])
    steps, stepped = _steps(losses)
    # A step's loss stands at its number, a loss over the table at that of the step it follows.
    curves.append(plot.Series(steps + 1.0, stepped, "dim"))
    if len(steps):
        marks.append(plot.Mark(float(steps[-1] + 1), float(stepped[-1]), "s", "dim", kept=True))
    for part in losses.parts:
        points, line = losses.line(part)
        if points:
            role, dash = ("positive", plot.SOLID) if part == TRAINING else ("negative", plot.DASHED)
            curves.append(plot.Series(np.array(points, "float64"), np.array(line), role, dash))
            marks.append(plot.Mark(float(points[-1]), line[-1], LETTERS[part], role, kept=True))
    up = plot.upright(curves, marks, "loss", logarithmic=is_logarithmic(losses, axes))
    longest = max([last, *(points[-1] for _, points in others)])
    across = axis.over(1 if axes.steps else 0, max(longest, 2), "step", logarithmic=axes.steps, whole=True)
    if not others:
        return plot.lines(curves, marks, width, height, across, up)
    here = RunLosses(losses.session.run_number, in_view(losses.session).words, stepped)
    legend = runs.legend(here, [run for run, _ in others], width)
    return [legend, *plot.lines(curves, marks, width, height - 1, across, up)]


def title(losses: TableLosses, axes: Axes, width: int) -> str:
    """The pane's title: which letter stands for which curve, and whether the scale is logarithmic."""
    parts = "".join(f"   {LETTERS[part]} {part_in_words(losses.session.timeline, part)}" for part in losses.parts)
    letters = f"s each step's{parts}"
    if is_logarithmic(losses, axes):
        return fitting(width, f"Losses, logarithmic   {letters}", f"log loss   {letters}", letters)
    return fitting(width, f"Losses   {letters}", letters)


def is_logarithmic(losses: TableLosses, axes: Axes) -> bool:
    """As was asked for; else if the losses that are drawn range so far."""
    if axes.losses is not None:
        return axes.losses
    everything = [_steps(losses)[1], *(losses.line(part)[1] for part in losses.parts)]
    return scale(np.concatenate([*everything, *(run.losses for run, _ in _others(losses))]))[2]


def _others(losses: TableLosses) -> list[tuple[RunLosses, list[int]]]:
    """Other runs: the loss over the rows that train at some of their steps, as far as it is known."""
    session = losses.session
    found = []
    for run in losses.others():
        points, line = losses.line(TRAINING, run)
        if points:
            number = session.timelines.index(run) + 1
            found.append((RunLosses(number, words(run, session.timeline), np.array(line)), points))
    return found


def _steps(losses: TableLosses) -> tuple[Array, Array]:
    """The steps that are drawn, and the loss of each."""
    timeline = losses.session.timeline
    # A change by hand has no loss: the curve goes on over it.
    steps = np.delete(
        np.arange(timeline.whole_entries), [at for at in timeline.history.changes if at < timeline.whole_entries]
    )
    return steps, timeline.history.losses[steps].astype("float64")

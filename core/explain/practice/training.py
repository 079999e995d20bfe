"""Questions about a training step (lesson 5): which way a parameter goes, what moves most, what the losses do."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.messages import FindLosses, LossesFound, TableRows
from backprop_tui.core.lessons.training import SMALL_TABLE, TRAINING, part_in_words
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import split_rows
from backprop_tui.core.text.numerals import plain
from numpy.random import RandomState

from . import step
from .practice import Kind
from .question import HEIGHTS, Question, choice, height
from .step import StepAhead

ALIKE = 1e-6
"""Losses that differ by less than this share are the same."""


@dataclass(frozen=True)
class TrainingAhead:
    """The step that comes, and the loss over all training rows before and after it; None where it is not asked for.

    `rows` is what these rows are called.
    """

    step: StepAhead
    before: float | None
    after: float | None
    rows: str


def table_request(timeline: Timeline, ahead: StepAhead) -> FindLosses | None:
    """Asks for the losses over all training rows before and after the step; None for a large table."""
    scaling, table, trace = timeline.scaling, timeline.run.table, ahead.trace
    if scaling is None or timeline.settings.x is not None or timeline.training_rows > SMALL_TABLE:
        return None
    names = [parameter.name for parameter in trace.network.parameters]
    both = [trace.network.join({name: trace[prefix + name] for name in names}, "float64") for prefix in ("", "new_")]
    rows = np.zeros((0, 0), "int32")
    if table.holdout:
        rows = split_rows(scaling.rows, table.holdout, table.holdout_seed)[0][None]
    return FindLosses(trace.network, numbers(np.stack(both)), TableRows(table, numbers(rows)))


def training_ahead(timeline: Timeline, ahead: StepAhead, answer: object) -> TrainingAhead:
    """The step with the losses from the answer to `table_request`, if there is one."""
    rows = part_in_words(timeline, TRAINING)
    if not isinstance(answer, LossesFound):
        return TrainingAhead(ahead, None, None, rows)
    before, after = answer.losses.array.tolist()
    return TrainingAhead(ahead, before, after, rows)


def _of_step(place: int) -> Kind[TrainingAhead]:
    """A kind of question about a step, here too."""
    kind = step.KINDS[place]
    return Kind(kind.name, lambda ahead, random: kind.makes(ahead.step, random))


def _table(ahead: TrainingAhead, random: RandomState) -> Iterator[Question]:
    """Will the loss over the whole table be lower after this step?"""
    before, after = ahead.before, ahead.after
    if before is None or after is None or not np.isfinite([before, after]).all():
        return
    batch, of_step = ahead.step.trace.loss, ahead.step.loss_after
    text = f"The loss over all {ahead.rows} is {plain(before)}: what will it be after this step?"
    own = f"the step's own rows go from {plain(batch)} to {plain(of_step)}" if of_step is not None else ""
    because = (*([own] if own else []), f"all {ahead.rows} from {plain(before)} to {plain(after)}")
    yield choice("table", text, HEIGHTS, height(before, after, ALIKE), *because)


KINDS: tuple[Kind[TrainingAhead], ...] = (_of_step(0), _of_step(1), Kind("table", _table), _of_step(5))
"""From easy to hard."""

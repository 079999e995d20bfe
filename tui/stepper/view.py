"""What the screen shows: one frozen value, made from the timeline, that every pane draws from."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

import numpy as np
from backprop_tui.core.explain import Context, context_of, inputs, of_sample, sample_of
from backprop_tui.core.explain.printed import DECIMALS
from backprop_tui.core.explain.remarks import Remark, remarks
from backprop_tui.core.explain.share import share
from backprop_tui.core.model import phases
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.phases import Cell, Phase
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.sample import Sample, Scaling
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import ALL_ROWS, THIS_ROW
from backprop_tui.core.text.numerals import fixed, full, full_width
from backprop_tui.tui.widgets.line import Line, Span

PENDING = "·"


@dataclass(frozen=True, eq=False)
class View:
    """The step that is looked at, and how. `done` of its numbers are computed; only those may be shown."""

    run: Run
    settings: Settings
    shown_settings: Settings
    scaling: Scaling | None
    sample: Sample | None
    trace: Trace | None
    parameters: dict[str, Array]
    done: int
    step: int
    losses: Array
    every: int
    """Every how many steps the weights are kept: 1 if all are."""

    fresh: frozenset[str | Cell]
    """What was computed last: values by name, or a single number."""
    context: Context
    loss_before: float | None = None
    """The loss of the step before this one, if it used the same sample."""
    loss_after: float | None = None
    """The loss of the step after this one, if it is known and uses the same sample."""
    inputs: frozenset[Cell] = frozenset()
    cursor: Cell | None = None
    precise: bool = False
    """All digits instead of four."""
    place: int | None = None
    """The place in the batch of the row that is shown, from 0; None if what all of them give together is."""

    _known: dict[str, list[list[float | None]]] = field(default_factory=dict, init=False, repr=False)
    """What `value` has been asked for, by the name of the values."""

    @property
    def network(self) -> Network:
        """The network of the run."""
        return self.run.network

    @property
    def phase(self) -> Phase | None:
        """The phase that was computed last."""
        return phases.phase_at(self.network, self.done)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """All that is worth a remark in this step, whether its numbers are shown already or not."""
        return () if self.trace is None else remarks(self.trace, self.context, self.loss_before, self.loss_after)

    @property
    def newest(self) -> Cell | None:
        """The number that was computed last if it was computed alone, else the first of its phase."""
        last = phases.last_cell(self.network, self.done)
        if self.phase is None or last in self.fresh:
            return last
        return phases.cells(self.network, self.phase)[0]

    @property
    def count(self) -> int:
        """How many rows the step uses."""
        return len(self.trace.rows) if self.trace is not None else 1

    @property
    def rows(self) -> str:
        """Which rows of a batch the numbers are of; "" if the step uses a single one."""
        if self.trace is None or self.count == 1:
            return ""
        if self.place is None:
            return f"mean of {self.count:,} rows"
        return f"row {self.trace.rows[self.place]}, {self.place + 1} of {self.count}"

    def of_row(self, cell: Cell) -> Cell:
        """The same number of the row of the batch that is shown; the first one's, if their mean is."""
        return cell if sample_of(cell) is None else of_sample(cell, self.place or 0)

    def value(self, cell: Cell) -> float | None:
        """A number of this step, or None if it is not computed yet.

        If a batch has several samples, it is that of the row at `place`, or their mean; for gradients of a sample's
        values the sum, which is the mean of the samples' own since the loss is a mean.
        """
        if cell.name not in self._known:
            self._known[cell.name] = self._values(cell.name)
        rows = self._known[cell.name]
        return rows[cell.row][cell.column] if rows else None

    def _values(self, name: str) -> list[list[float | None]]:
        """All numbers of a value, None for those to come; no rows if nothing is known of it."""
        array = self._array(name)
        if array is None:
            return []
        _, columns = phases.shape(self.network, name)
        count = self.count
        place = 0 if count == 1 else self.place
        over = np.sum if parse(name).gradient else np.mean
        if parse(name).is_row:
            whole = np.array([[over(column[:count]) for column in array.T]])
            array = whole if place is None else array[place : place + 1]
        elif columns != array.shape[1]:
            whole = np.array([[over(row[:count])] for row in array])
            array = whole if place is None else array[:, place : place + 1]
        rows = array.tolist()
        for number in range(phases.numbers_done(self.network, name, self.done), array.size):
            rows[number // columns][number % columns] = None
        return rows  # type: ignore[no-any-return]

    def _array(self, name: str) -> Array | None:
        if name in self.parameters:
            return self.parameters[name]
        if self.trace is not None:
            return self.trace.values.get(name)
        settings = self.shown_settings
        if name in ("x", "y") and settings.x is not None:
            return np.array([settings.x if name == "x" else settings.y])
        if self.sample is not None and name in ("x", "y"):
            return self.sample.x[None] if name == "x" else self.sample.y[None]
        return None

    def number(self, cell: Cell, width: int) -> Span:
        """A number as a span of exactly `width` columns: dots if it is not computed yet."""
        text, role = self._written(self.value(cell), cell, width)
        if cell in self.inputs:
            role += " input"
        if cell == self.cursor:
            role += " cursor"
        return Span(text, role, cell)

    def part(self, cell: Cell) -> float | None:
        """What the row of a batch that is shown adds to a parameter's gradient; None if that is not computed yet."""
        if self.trace is None or self.place is None or self.value(cell) is None:
            return None
        return share(self.trace, cell, self.place)

    def part_number(self, cell: Cell, width: int) -> Span:
        """What the row adds, as a span of exactly `width` columns, which no cursor points at: it is the sum's part."""
        return Span(*self._written(self.part(cell), cell, width))

    def _written(self, value: float | None, cell: Cell, width: int) -> tuple[str, str]:
        """A number's text and its role; dots if it is not computed yet."""
        if value is None:
            return PENDING.center(width), "pending"
        text = full(value, self.dtype(cell.name)).rjust(width) if self.precise else fixed(value, width=width)
        role = "alarm" if not isfinite(value) else "negative" if value < 0 else "positive"
        return text, f"{role} fresh" if cell in self.fresh or cell.name in self.fresh else role

    def dtype(self, name: str) -> Literal["float32", "float64"]:
        """The precision in which a value is known: the table's float64 until a step has used it."""
        return "float64" if self.trace is None and name in ("x", "y") else self.run.dtype  # type: ignore[return-value]

    @property
    def digits(self) -> int | None:
        """The decimals of the numbers inside of a formula; None for all digits."""
        return None if self.precise else DECIMALS

    @property
    def wide(self) -> int:
        """The columns that a number takes."""
        return full_width(self.run.dtype) if self.precise else 8


def view_of(
    timeline: Timeline,
    *,
    cursor: Cell | None = None,
    precise: bool = False,
    single: bool = False,
    place: int | None = None,
) -> View:
    """The session's present place as a view; `single` if the last move was by a single number.

    `place` is the row of a batch to show, if there is such a row and its numbers are known.
    """
    network, done = timeline.run.network, timeline.position.done
    if timeline.trace is None:
        done = 0
    phase, last = phases.phase_at(network, done), phases.last_cell(network, done)
    fresh: frozenset[str | Cell] = frozenset(phase.names if phase else ())
    entering: frozenset[Cell] = frozenset()
    context = context_of(timeline)
    if single and last is not None and timeline.trace is not None:
        fresh, entering = frozenset({last}), frozenset(inputs(timeline.trace, last, context))
    return View(
        run=timeline.run,
        settings=timeline.settings,
        shown_settings=timeline.shown_settings,
        scaling=timeline.scaling,
        sample=timeline.sample,
        trace=timeline.trace,
        parameters={} if timeline.parameters is None else network.split(timeline.parameters),
        done=done,
        step=timeline.step_number,
        losses=timeline.losses,
        every=timeline.history.every,
        fresh=fresh,
        loss_before=_loss_at(timeline, timeline.position.entry - 1),
        loss_after=_loss_at(timeline, timeline.position.entry + 1),
        inputs=entering,
        context=context,
        cursor=cursor,
        precise=precise,
        place=place if place is not None and place < shown_one_by_one(timeline.trace) else None,
    )


def shown_one_by_one(trace: Trace | None) -> int:
    """How many rows of a batch can be shown each by itself: none of one that only its means are kept of."""
    return 0 if trace is None or trace.averaged or len(trace.rows) < 2 else len(trace.rows)


def _loss_at(timeline: Timeline, entry: int) -> float | None:
    """The loss of another step of the history, if it can be compared with that of the step in view."""
    history, here = timeline.history, timeline.shown_settings
    if not 0 <= entry < history.entries or entry in history.changes:
        return None
    there = history.settings(entry)
    same = (there.sampling, there.x, there.y) == (here.sampling, here.x, here.y)
    return float(history.losses[entry]) if same and here.sampling.rule in (THIS_ROW, ALL_ROWS) else None


def matrix(view: View, name: str, label: str, width: int) -> list[Line]:
    """A value's rows as lines: its label, then its numbers, one column each."""
    rows, columns = phases.shape(view.network, name)
    lines = []
    for row in range(rows):
        head = Span(label if row == 0 else " " * len(label), "label")
        numbers = [view.number(Cell(name, row, column), width) for column in range(columns)]
        spans = [part for number in numbers for part in (Span(" "), number)]
        lines.append((head, *spans))
    return lines

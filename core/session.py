"""The session of a run: the one thing that changes. It says what it needs from the engine and takes the answers.

It never waits: an action moves it, `request` says what must be asked before it can be shown whole, `accept` takes
the answer. So the screen, the command line and the tests drive the very same object:

    session.step()
    while request := session.request():
        session.accept(request, engine.answer(request))
"""

from bisect import bisect_left
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from . import phases
from .history import Change, History, Settings
from .limits import chunk
from .messages import (
    Answer,
    Failed,
    Inline,
    OpenTable,
    ReadRows,
    Request,
    RowsRead,
    RunSteps,
    StepsRun,
    TableOpened,
    TableRows,
    WireError,
    arrays,
    numbers,
)
from .network import Array
from .phases import Cell
from .run import Run
from .sampling import ALL_ROWS, RULES, THIS_ROW, Sampling, split_rows
from .trace import Trace


class EngineRefused(Exception):
    """The engine answered that the request can't be answered: one line for a person."""


@dataclass(frozen=True)
class Sample:
    """One row of the table: features raw and scaled (features,), targets raw and transformed (targets,)."""

    row: int
    raw: Array
    x: Array
    raw_y: Array
    y: Array


@dataclass(frozen=True)
class Scaling:
    """The table's size, and the mean and deviation (features,) that scaled it."""

    rows: int
    mean: Array
    deviation: Array


@dataclass
class Jump:
    """A jump: steps left, of how many, the loss below which it ends, why it ended early, and the steps done."""

    left: int
    total: int
    bound: float | None
    ended: str = ""
    done: int = 0


@dataclass(frozen=True, order=True)
class Position:
    """A place in the run: in which entry of the history, and how many numbers of it are done. Ordered in time."""

    entry: int
    done: int


class Session:
    """A run, its history, and the place in it that is looked at."""

    def __init__(self, run: Run) -> None:
        self.scaling: Scaling | None = None
        self.sample: Sample | None = None
        self._begin(run)

    def _begin(self, run: Run) -> None:
        self.run = run
        self.history = History(run.first_state(), run.settings)
        self.settings = run.settings
        """What holds for the next step that is made."""
        self.position = Position(0, 0)
        self.trace: Trace | None = None
        """The step that is looked at; None until the engine has answered, and at the start of a step."""
        self.jump: Jump | None = None
        """The jump under way, or the last one."""
        self.xla = True
        self._stops: list[Position] = []
        self._chunk: Request | None = None

    @classmethod
    def restored(
        cls, run: Run, history: History, settings: Settings, position: Position, stops: Sequence[Position], xla: bool
    ) -> "Session":
        """A session as it was saved: its run, its history, its place and where `back` stops. The table is read anew."""
        session = cls(run)
        session.history, session.settings, session.position = history, settings, position
        session._stops, session.xla = list(stops), xla
        return session

    # What can be seen

    @property
    def stops(self) -> tuple[Position, ...]:
        """The places inside steps that were stopped at, in order."""
        return tuple(self._stops)

    @property
    def whole(self) -> int:
        """How many numbers a whole step has."""
        return phases.count(self.run.network)

    @property
    def steps(self) -> int:
        """How many steps are complete at this position."""
        return self.history.steps(self.position.entry) + (self.position.done == self.whole)

    @property
    def whole_entries(self) -> int:
        """How many entries of the history, steps and changes, are whole at this position."""
        at = self.position
        return min(at.entry + (at.done == self.whole), self.history.entries)

    @property
    def shown_settings(self) -> Settings:
        """The settings of the step that is looked at."""
        entry = self.position.entry
        return self.history.settings(entry) if self._recorded(entry) else self.settings

    @property
    def parameters(self) -> Array:
        """The parameters (width,) that the step looked at starts from."""
        return self.history.states[self.position.entry][: self.run.network.width]  # type: ignore[no-any-return]

    @property
    def losses(self) -> Array:
        """The losses (n,) of the steps up to this position, as far as they are shown."""
        at = self.position
        shown = phases.numbers_done(self.run.network, "loss", at.done) > 0
        losses = self.history.losses[: at.entry + shown]
        changed = [entry for entry in self.history.changes if entry < len(losses)]
        return np.delete(losses, changed) if changed else losses

    @property
    def epochs(self) -> float:
        """How many passes the present order of rows has made at this position."""
        if self.scaling is None:
            return 0.0
        return (self.steps - self.settings.since) / self.settings.sampling.draws_per_epoch(self.training_rows)

    @property
    def training_rows(self) -> int:
        """How many rows of the table are not held out; 0 until it is open."""
        return 0 if self.scaling is None else self.scaling.rows - round(self.run.table.holdout * self.scaling.rows)

    @property
    def jumping(self) -> bool:
        """Whether a jump is under way."""
        return self.jump is not None and self.jump.left > 0

    # Moving on: cuts what came after, unless it is the very same step

    def step(self) -> None:
        """One step: finishes the one begun, else makes the next whole."""
        self._advance(self.whole)

    def phase(self) -> None:
        """One phase further."""
        self._advance(phases.next_stop(self.run.network, self._next().done))

    def number(self) -> None:
        """One number further: the smallest step."""
        self._advance(self._next().done + 1)

    def start_jump(self, steps: int, bound: float | None = None) -> None:
        """Begin a jump of so many steps, or until the loss is below a bound or not finite."""
        if steps < 1:
            raise ValueError("a jump takes at least 1 step")
        self._cut(self._next().entry)
        self.jump = Jump(steps, steps, bound)

    def cancel(self) -> None:
        """End the jump after the request under way; what it has done stays."""
        if self.jump is not None and self.jump.left:
            self.jump.left, self.jump.ended = 0, "cancelled"

    # Moving in time

    def back(self) -> None:
        """Back to the last place that was stopped at before this one: a number, a phase, a step.

        Going back over a change by hand takes the change back.
        """
        changed = self.history.changes.get(self.position.entry - 1)
        target = self._before(self.position)
        if changed is None or target.entry >= self.position.entry:
            self._go(target)
            return
        self.history.cut(self.position.entry - 1)
        self.settings = changed.before
        self._go(Position(self.position.entry - 1, changed.done))

    def back_phase(self) -> None:
        """Back by one phase."""
        at = self.position
        done = phases.previous_stop(self.run.network, at.done)
        if done or not at.entry:
            self._go(Position(at.entry, done))
        elif at.done and at.entry - 1 in self.history.changes:
            self._go(Position(at.entry, 0))
        else:
            self._go(self._end_of(self.history.steps(at.entry)))

    def forward_phase(self) -> None:
        """Forward by one phase through what is already computed; the newest place stays."""
        at = self._next()
        while at.entry in self.history.changes:
            at = Position(at.entry + 1, 0)
        if self._recorded(at.entry):
            self._go(Position(at.entry, phases.next_stop(self.run.network, at.done)))

    def first(self) -> None:
        """To the very start."""
        self._go(Position(0, 0))

    def last(self) -> None:
        """To the end of the newest step."""
        self._go(self._end_of(self.history.steps(self.history.entries)))

    def go_to(self, steps: int) -> None:
        """To the end of a recorded step, by its number; 0 is the start."""
        self._go(self._end_of(min(steps, self.history.steps(self.history.entries))))

    # Changing what comes

    def reinit(self) -> None:
        """New random weights, from the next seed, and an empty history. The settings stay."""
        self._begin(replace(self.run.reinitialised(), settings=replace(self.settings, since=0)))

    def restart(self) -> None:
        """The weights that this run started with, and an empty history. The settings stay."""
        since = self.run.settings.since if self.settings.sampling == self.run.settings.sampling else 0
        self._begin(replace(self.run, settings=replace(self.settings, since=since)))

    def set_lr(self, lr: float) -> None:
        """The learning rate of the next update. Raises ValueError for what is none."""
        if not np.isfinite(lr) or lr < 0:
            raise ValueError("a learning rate is a number from 0 on")
        self.settings = replace(self.settings, lr=float(lr))
        at = self.position
        if at.done < self.whole and at.entry == self.history.entries - 1:
            # In the middle of the newest step: its update is not shown yet, and is made with what holds now.
            self.history.cut(at.entry)
            self.trace = None

    def set_row(self, row: int) -> None:
        """The row of the table that the next steps use. Raises ValueError where there is none."""
        if self.scaling is not None and not 0 <= row < self.scaling.rows:
            raise ValueError(f"there is no row {row}: the table has rows 0 to {self.scaling.rows - 1}")
        self._sample_from(replace(self.settings.sampling, row=row))

    def set_sampling(self, rule: str, batch: int = 1) -> None:
        """Which rows the next steps use, from a new epoch on."""
        if rule not in RULES or batch < 1:
            raise ValueError(f"rows are chosen by {', '.join(RULES)}, a batch has at least 1 row")
        self._sample_from(replace(self.settings.sampling, rule=rule, batch=batch))

    def change(self, cell: Cell, value: float) -> None:
        """Type a number anew: a parameter, an input or the target. An entry of its own, which `back` takes back."""
        at, before = self.position, self.settings
        state = self.history.states[at.entry].copy()
        if cell.name in ("x", "y"):
            x, y = self.shown_sample()
            changed = x if cell.name == "x" else y
            old, changed[cell.column] = float(changed[cell.column]), value
            sampling = replace(self.settings.sampling, rule=THIS_ROW)
            self.settings = replace(self.settings, x=tuple(x.tolist()), y=tuple(y.tolist()), sampling=sampling)
        else:
            parameter = self.run.network.parameter(cell.name)
            place = parameter.offset + cell.row * parameter.shape[1] + cell.column
            old, state[place] = float(state[place]), value
        self.history.cut(at.entry)
        self.history.append_change(state, Change(cell, old, value, at.done, before))
        self._stops = [stop for stop in self._stops if stop < at]
        self.position = Position(at.entry + 1, at.done)
        self.trace = None

    def shown_sample(self) -> tuple[Array, Array]:
        """x (features,) and y (outputs,) of the sample in view, as copies. Raises ValueError before they are read."""
        settings = self.shown_settings
        if settings.x is not None and settings.y is not None:
            return np.array(settings.x), np.array(settings.y)
        if self.sample is None:
            raise ValueError("the sample is not read yet")
        return self.sample.x.copy(), self.sample.y.copy()

    def shown_samples(self) -> TableRows | Inline:
        """The samples of the step in view, as a request names them."""
        return self._samples(self.position.entry, 1, self.shown_settings)

    # The engine

    def request(self) -> Request | None:
        """What must be asked next; None when all of this position is there and no jump is under way."""
        if self.scaling is None:
            return OpenTable(self.run.table)
        if self.jump is not None and self.jumping:
            batch = self.settings.sampling.batch_size(self.training_rows)
            steps = min(self.jump.left, chunk(self.run.network, self.run.update, batch))
            self._chunk = self._run_steps(self._next().entry, steps, self.settings, self.jump.bound)
            return self._chunk
        row = self._row_shown()
        if self.sample is None or self.sample.row != row:
            return ReadRows(self.run.table, numbers(np.array([row])))
        if self.position.done and self.trace is None:
            return self._run_steps(self.position.entry, 1, self.shown_settings, None)
        return None

    def warm_up(self) -> Request:
        """Compiles the program of the next step without running it, so that TensorFlow loads meanwhile."""
        return self._run_steps(self.position.entry, 0, self.settings, None)

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused where there is none, WireError where it does not fit the request."""
        match answer:
            case Failed():
                self.cancel()
                raise EngineRefused(answer.message)
            case TableOpened() if isinstance(request, OpenTable):
                self._take_scaling(answer)
            case RowsRead() if isinstance(request, ReadRows):
                self._take_sample(request, answer)
            case StepsRun() if isinstance(request, RunSteps):
                self._take_steps(request, answer)
            case _:
                raise WireError("the engine's answer is not one to this request")

    # The past on its own, for transcripts

    def copy(self) -> "Session":
        """The same run at the same place. What is done to one is not done to the other."""
        other = copy(self)
        other.history = self.history.copy()
        other.jump = replace(self.jump) if self.jump else None
        other._stops = list(self._stops)
        return other

    def past_request(self, entry: int) -> RunSteps:
        """Asks for a recorded step again; it comes out bit for bit the same."""
        return self._run_steps(entry, 1, self.history.settings(entry), None)

    def past_trace(self, entry: int, answer: Answer) -> Trace:
        """The trace of a recorded step from the answer to its `past_request`. Raises as `accept` does."""
        match answer:
            case Failed():
                raise EngineRefused(answer.message)
            case StepsRun() if len(answer.losses.array) == 1:
                return self._read_trace(arrays(answer.trace), entry, answer.averaged)
        raise WireError("the engine's answer is not one to this request")

    # How it is done

    def _next(self) -> Position:
        """This place, or the start of the next step where this one is whole."""
        at = self.position
        return Position(at.entry + 1, 0) if at.done == self.whole else at

    def _advance(self, done: int) -> None:
        entry = self._next().entry
        self._cut(entry)
        self._go(Position(entry, done))

    def _go(self, position: Position) -> None:
        if position == self.position:
            return
        at = self.position
        if 0 < at.done < self.whole and at not in self._stops:
            self._stops.insert(bisect_left(self._stops, at), at)
        if position.entry != at.entry:
            self.trace = None
        self.position = position

    def _before(self, at: Position) -> Position:
        place = bisect_left(self._stops, at)
        inside = self._stops[place - 1] if place else Position(0, 0)
        return max(inside, Position(at.entry - 1, self.whole) if at.entry else Position(0, 0))

    def _end_of(self, steps: int) -> Position:
        """The end of the step with this number, from 1."""
        if steps <= 0:
            return Position(0, 0)
        entry = steps - 1
        for changed in sorted(self.history.changes):
            entry += changed <= entry
        return Position(entry, self.whole)

    def _recorded(self, entry: int) -> bool:
        return entry < self.history.entries

    def _cut(self, entry: int) -> None:
        """Before this entry is made (anew): forget what follows, and it as well if it would come out differently."""
        steps = self.history.steps(entry)
        if self.settings.since > steps:
            self.settings = replace(self.settings, since=steps)
        if self._recorded(entry):
            same = entry not in self.history.changes and self.history.settings(entry) == self.settings
            self.history.cut(entry + same)
            if not same:
                self.trace = None
        self._stops = [stop for stop in self._stops if stop <= self.position]

    def _sample_from(self, sampling: Sampling) -> None:
        """Another sample: what is computed of the one in view stays behind as a whole step, or is computed anew."""
        at = self._next()
        self.history.cut(at.entry)
        self.settings = replace(self.settings, sampling=sampling, since=self.history.steps(at.entry), x=None, y=None)
        self._go(at)
        self.trace = None

    def _row_shown(self) -> int:
        if self.trace is not None and self.trace.rows:
            return self.trace.rows[0]
        return int(self._rows(self.position.entry, 1, self.shown_settings)[0, 0])

    def _rows(self, entry: int, steps: int, settings: Settings) -> Array:
        """The rows (steps, batch) that the steps from this entry on use."""
        assert self.scaling is not None, "the table is open before rows are drawn"
        draw = max(self.history.steps(entry) - settings.since, 0)
        table, rows = self.run.table, self.scaling.rows
        training = split_rows(rows, table.holdout, table.holdout_seed)[0] if table.holdout else rows
        return settings.sampling.rows(self.run.seed, training, draw, steps)

    def _run_steps(self, entry: int, steps: int, settings: Settings, bound: float | None) -> RunSteps:
        state = numbers(self.history.states[entry])
        return RunSteps(self.run.program, state, self._samples(entry, steps, settings), settings.lr, bound)

    def _samples(self, entry: int, steps: int, settings: Settings) -> TableRows | Inline:
        if settings.x is not None and settings.y is not None:
            return Inline(numbers(np.array([settings.x])), numbers(np.array([settings.y])), steps)
        if settings.sampling.rule == ALL_ROWS:
            return TableRows(self.run.table, numbers(np.zeros((0, 0), "int32")), steps)
        return TableRows(self.run.table, numbers(self._rows(entry, max(steps, 1), settings)), steps)

    def _take_scaling(self, answer: TableOpened) -> None:
        mean, deviation = answer.mean.array, answer.deviation.array
        if mean.shape != (len(self.run.table.features),) or mean.shape != deviation.shape or answer.rows < 1:
            raise WireError("the engine's table does not have the columns that were asked for")
        row = self.settings.sampling.row
        if row >= answer.rows:
            raise EngineRefused(f"there is no row {row}: the table has rows 0 to {answer.rows - 1}")
        self.scaling = Scaling(answer.rows, mean, deviation)

    def _take_sample(self, request: ReadRows, answer: RowsRead) -> None:
        table = self.run.table
        shapes = [(request.rows.array.size, len(names)) for names in (table.features, table.targets) for _ in range(2)]
        parts = [part.array for part in (answer.raw, answer.x, answer.raw_y, answer.y)]
        if [part.shape for part in parts] != shapes:
            raise WireError("the engine's rows do not have the shape that was asked for")
        self.sample = Sample(int(request.rows.array[0]), *(part[0] for part in parts))

    def _take_steps(self, request: RunSteps, answer: StepsRun) -> None:
        states, losses = answer.states.array, answer.losses.array
        width = self.run.update.state_width(self.run.network)
        if states.shape != (len(losses), width) or len(losses) > request.samples.steps:
            raise WireError("the engine's states do not have the shape that was asked for")
        self.xla = answer.xla
        if not len(losses):
            return
        entry = self.position.entry
        if request is self._chunk:
            entry = self._take_chunk(states, losses)
        elif not self._recorded(entry):
            self.history.hold(self.settings)
            self.history.append(states, losses)
        self.trace = self._read_trace(arrays(answer.trace), entry, answer.averaged)

    def _take_chunk(self, states: Array, losses: Array) -> int:
        assert self.jump is not None
        entry, jump, last = self._next().entry, self.jump, float(losses[-1])
        self.history.cut(entry)
        self.history.hold(self.settings)
        self.history.append(states, losses)
        self.position = Position(entry + len(losses) - 1, self.whole)
        jump.done += len(losses)
        jump.left = max(jump.left - len(losses), 0)
        if not np.isfinite(last):
            jump.left, jump.ended = 0, "the loss is not finite"
        elif jump.bound is not None and losses[-1] < losses.dtype.type(jump.bound):  # as the program compares them
            jump.left, jump.ended = 0, f"the loss is below {jump.bound:g}"
        return self.position.entry

    def _read_trace(self, values: dict[str, Array], entry: int, averaged: bool) -> Trace:
        for name, (rows, columns) in phases.shapes(self.run.network).items():
            value = values.get(name)
            # The other size of these is the batch's.
            axis, wanted = (1, columns) if name in ("x", "y") else (0, rows)
            if value is None or value.ndim != 2 or value.shape[axis] != wanted:
                raise WireError(f"the engine's trace has no {name} of the shape that was asked for")
        settings = self.history.settings(entry)
        drawn: Array | None = np.array([settings.sampling.row])
        if settings.x is None:
            # A million numbers in order are better kept as a range.
            in_order = averaged and settings.sampling.rule == ALL_ROWS and not self.run.table.holdout
            drawn = None if in_order else self._rows(entry, 1, settings)[0]
        numbers_of_rows: Sequence[int] = tuple(drawn[drawn >= 0].tolist()) if drawn is not None else range(self.training_rows)
        return Trace(self.run.network, settings.lr, numbers_of_rows, values, averaged)

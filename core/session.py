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
from .answers import check_rows, check_steps, check_table
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
    """The table's size, the mean and deviation (features,) that scaled it, and a digest of all its numbers."""

    rows: int
    mean: Array
    deviation: Array
    digest: bytes


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


@dataclass(frozen=True)
class Asked:
    """Steps that were asked for: the entry of the first, what they are made with, and the jump they are part of."""

    request: RunSteps
    entry: int
    settings: Settings
    jump: Jump | None
    lost: bool = False
    """They were made before: only their states, which the history has not kept, are wanted."""


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
        self._asked: Asked | None = None
        self._remade: Settings | None = None
        """What the step in view was made with, where a change by hand has been taken back and it is made anew."""

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
        return self.history.steps(self.position.entry) + self._is_whole

    @property
    def whole_entries(self) -> int:
        """How many entries of the history, steps and changes, are whole at this position."""
        at = self.position
        return min(at.entry + (at.done == self.whole), self.history.entries)

    @property
    def shown_settings(self) -> Settings:
        """The settings of the step that is looked at."""
        entry = self.position.entry
        return self.history.settings(entry) if self._recorded(entry) else self._remade or self.settings

    @property
    def parameters(self) -> Array | None:
        """The parameters (width,) that the step looked at starts from; None while they are computed again."""
        state = self.history.state(self.position.entry)
        return None if state is None else state[: self.run.network.width]

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
        """Begin a jump of so many steps, or until the loss is below a bound or not finite. Raises ValueError."""
        if steps < 1:
            raise ValueError("a jump takes at least 1 step")
        if bound is not None and np.isnan(bound):
            raise ValueError("a loss can't be below what is no number")
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
        entry = self.position.entry - 1
        self.history.cut(entry)
        self.settings = changed.before
        self._go(Position(entry, changed.done))
        self._remade = self.history.settings(entry) if changed.done else None

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
        """To the end of the newest step, or to the change by hand after it."""
        entries = self.history.entries
        changed = entries - 1 in self.history.changes
        self._go(Position(entries, 0) if changed else self._end_of(self.history.steps(entries)))

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

    def set_optimizer(self, optimizer: str) -> None:
        """The weights that this run started with, another update rule, an empty history: a state has other moments.

        Raises ValueError where there is no such optimizer.
        """
        update = replace(self.run.update, optimizer=optimizer)
        initial = self.run.initial and self.run.initial[: self.run.network.width]
        settings = replace(self.settings, since=0)
        self._begin(replace(self.run, update=update, initial=initial, settings=settings))

    def set_lr(self, lr: float) -> None:
        """The learning rate of the next update. Raises ValueError for what is none."""
        largest = float(np.finfo(self.run.dtype).max)
        if not 0 <= lr <= largest:
            raise ValueError(f"a learning rate is a number from 0 to {largest:.1e}")
        self.settings = replace(self.settings, lr=float(lr))
        at = self.position
        if at.done < self.whole and at.entry == self.history.entries - 1:
            # In the middle of the newest step: its update is not shown yet, and is made with what holds now.
            self._forget(at.entry)

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
        """Type a number anew: a parameter, an input or the target. An entry of its own, which `back` takes back.

        Raises ValueError for a number that is not finite.
        """
        if not abs(value) <= float(np.finfo(self.run.dtype).max):
            raise ValueError(f"{value:g} is not a number that {self.run.dtype} holds")
        at, before = self.position, self.settings
        kept = self.history.state(at.entry)
        if kept is None:
            raise ValueError("this step is computed again first: wait for its numbers")
        state = kept.copy()
        if cell.name in ("x", "y"):
            x, y = self.shown_sample()
            changed = x if cell.name == "x" else y
            old, changed[cell.column] = float(changed[cell.column]), value
            row = self.sample.row if self.sample is not None else self.settings.sampling.row
            sampling = replace(self.settings.sampling, rule=THIS_ROW, row=row)
            self.settings = replace(self.settings, x=tuple(x.tolist()), y=tuple(y.tolist()), sampling=sampling)
        else:
            parameter = self.run.network.parameter(cell.name)
            place = parameter.offset + cell.row * parameter.shape[1] + cell.column
            old, state[place] = float(state[place]), value
        self._forget(at.entry)
        self.history.append_change(state, Change(cell, old, value, at.done, before))
        self._stops = [stop for stop in self._stops if stop < at]
        self.position = Position(at.entry + 1, at.done)

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
        wanted = self._next().entry if self.jumping else self.position.entry
        if (lost := self.lost(wanted)) is not None:
            self._asked = Asked(lost, self.history.nearest(wanted)[0], self.settings, None, True)
            return lost
        if self.jump is not None and self.jumping:
            batch = self.settings.sampling.batch_size(self.training_rows)
            steps = min(self.jump.left, chunk(self.run.network, self.run.update, batch))
            return self._ask(self._next().entry, steps, self.settings, self.jump)
        row = self._row_shown()
        if self.sample is None or self.sample.row != row:
            return ReadRows(self.run.table, numbers(np.array([row])))
        if self.position.done and self.trace is None:
            return self._ask(self.position.entry, 1, self.shown_settings, None)
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
                check_table(request, answer)
                self._take_scaling(answer)
            case RowsRead() if isinstance(request, ReadRows):
                check_rows(request, answer)
                self._take_sample(request, answer)
            case StepsRun() if isinstance(request, RunSteps):
                check_steps(request, answer)
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

    def lost(self, entry: int) -> RunSteps | None:
        """Asks for steps on the way to a state that the history has not kept; None where it is at hand."""
        if self.history.state(entry) is not None:
            return None
        start, _ = self.history.nearest(entry)
        settings = self.history.settings(start)
        most = chunk(self.run.network, self.run.update, settings.sampling.batch_size(self.training_rows))
        return self._run_steps(start, min(entry - start, most), settings, None)

    def take_lost(self, entry: int, answer: Answer) -> None:
        """The states from the answer to `lost`. Raises as `accept` does."""
        request = self.lost(entry)
        match answer:
            case Failed():
                raise EngineRefused(answer.message)
            case StepsRun() if request is not None:
                check_steps(request, answer)
                self.history.keep_near(self.history.nearest(entry)[0], answer.states.array)
            case _:
                raise WireError("the engine's answer is not one to this request")

    def past_request(self, entry: int) -> RunSteps:
        """Asks for a recorded step again; it comes out bit for bit the same."""
        return self._run_steps(entry, 1, self.history.settings(entry), None)

    def past_trace(self, entry: int, answer: Answer) -> Trace:
        """The trace of a recorded step from the answer to its `past_request`. Raises as `accept` does."""
        match answer:
            case Failed():
                raise EngineRefused(answer.message)
            case StepsRun():
                check_steps(self.past_request(entry), answer)
                self.history.keep_near(entry, answer.states.array)
                return self._read_trace(answer, entry, self.history.settings(entry))
        raise WireError("the engine's answer is not one to this request")

    # How it is done

    def _next(self) -> Position:
        """This place, or the start of the next step where this one is whole."""
        return Position(self.position.entry + 1, 0) if self._is_whole else self.position

    @property
    def _is_whole(self) -> bool:
        """Whether the step in view is whole, and was computed: the engine may have refused it."""
        return self.position.done == self.whole and self._recorded(self.position.entry)

    def _advance(self, done: int) -> None:
        entry = self._next().entry
        self._cut(entry)
        self._go(Position(entry, done))

    def _go(self, position: Position) -> None:
        self.cancel()
        if position == self.position:
            return
        self._asked = self._remade = None
        if position.entry != self.position.entry:
            self.trace = None
        self._move(position)

    def _move(self, position: Position) -> None:
        """To another place; the one that is left stays one to go back to."""
        at = self.position
        if 0 < at.done < self.whole and at not in self._stops:
            self._stops.insert(bisect_left(self._stops, at), at)
        self.position = position

    def _forget(self, entry: int) -> None:
        """Forget this entry and all that follow, with the step in view, which is made anew."""
        self._order_from(entry)
        self.history.cut(entry)
        self.trace = self._asked = self._remade = None

    def _order_from(self, entry: int) -> None:
        """The present order of rows began no later than at this entry."""
        steps = self.history.steps(entry)
        if self.settings.since > steps:
            self.settings = replace(self.settings, since=steps)

    def _before(self, at: Position) -> Position:
        place = bisect_left(self._stops, at)
        inside = self._stops[place - 1] if place else Position(0, 0)
        changed = self.history.changes.get(at.entry - 1)
        if changed is not None and changed.done == 0 and at.done:
            return max(inside, Position(at.entry, 0))  # where the number was typed
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
        self._order_from(entry)
        if self._recorded(entry):
            same = entry not in self.history.changes and self.history.settings(entry) == self.settings
            same = same and self.history.state(entry + 1) is not None
            self.history.cut(entry + same)
            if not same:
                self.trace = None
        self._stops = [stop for stop in self._stops if stop <= self.position]

    def _sample_from(self, sampling: Sampling) -> None:
        """Another sample: what is computed of the one in view stays behind as a whole step, or is computed anew."""
        at = self._next()
        self._forget(at.entry)
        self.settings = replace(self.settings, sampling=sampling, since=self.history.steps(at.entry), x=None, y=None)
        self._go(at)

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

    def _ask(self, entry: int, steps: int, settings: Settings, jump: Jump | None) -> RunSteps:
        request = self._run_steps(entry, steps, settings, jump.bound if jump else None)
        self._asked = Asked(request, entry, settings, jump)
        return request

    def _run_steps(self, entry: int, steps: int, settings: Settings, bound: float | None) -> RunSteps:
        state = self.history.state(entry)
        assert state is not None, "a state that is not kept is computed again first"
        return RunSteps(self.run.program, numbers(state), self._samples(entry, steps, settings), settings.lr, bound)

    def _samples(self, entry: int, steps: int, settings: Settings) -> TableRows | Inline:
        if settings.x is not None and settings.y is not None:
            return Inline(numbers(np.array([settings.x])), numbers(np.array([settings.y])), steps)
        if settings.sampling.rule == ALL_ROWS:
            return TableRows(self.run.table, numbers(np.zeros((0, 0), "int32")), steps)
        return TableRows(self.run.table, numbers(self._rows(entry, max(steps, 1), settings)), steps)

    def _take_scaling(self, answer: TableOpened) -> None:
        row = self.settings.sampling.row
        if row >= answer.rows:
            raise EngineRefused(f"there is no row {row}: the table has rows 0 to {answer.rows - 1}")
        self.scaling = Scaling(answer.rows, answer.mean.array, answer.deviation.array, answer.digest)

    def _take_sample(self, request: ReadRows, answer: RowsRead) -> None:
        parts = (answer.raw, answer.x, answer.raw_y, answer.y)
        self.sample = Sample(int(request.rows.array[0]), *(part.array[0] for part in parts))

    def _take_steps(self, request: RunSteps, answer: StepsRun) -> None:
        asked = self._asked
        self.xla = answer.xla
        if asked is None or request is not asked.request:
            return  # a warm-up, or what nobody looks at any more
        self._asked = None
        entry, states, losses = asked.entry, answer.states.array, answer.losses.array
        if asked.lost:
            self.history.keep_near(entry, states)
            return
        trace = self._read_trace(answer, entry + len(losses) - 1, asked.settings)
        if asked.jump:
            self.history.cut(entry)
        if self._recorded(entry):
            self.history.keep_near(entry, states)
        else:
            self.history.hold(asked.settings)
            self.history.append(states, losses)
        if asked.jump:
            self._move(Position(entry + len(losses) - 1, self.whole))
            _count(asked.jump, losses)
        self.trace, self._remade = trace, None

    def _rows_used(self, entry: int, settings: Settings, averaged: bool) -> Sequence[int]:
        """The rows of a step's batch. Those of a large table in its order are a range: a million numbers take long."""
        if settings.x is not None:
            return (settings.sampling.row,)
        if averaged and settings.sampling.rule == ALL_ROWS and not self.run.table.holdout:
            return range(self.training_rows)
        drawn = self._rows(entry, 1, settings)[0]
        return tuple(drawn[drawn >= 0].tolist())

    def _read_trace(self, answer: StepsRun, entry: int, settings: Settings) -> Trace:
        rows = self._rows_used(entry, settings, answer.averaged)
        trace = Trace(self.run.network, settings.lr, rows, arrays(answer.trace), answer.averaged)
        if trace.batch != (1 if answer.averaged else len(rows)):
            raise WireError("the engine's trace is not of the rows that were asked for")
        return trace


def _count(jump: Jump, losses: Array) -> None:
    """The steps of a jump with these losses (n,) are done: how many are left, or why none is."""
    last = losses[-1]
    jump.done += len(losses)
    jump.left = max(jump.left - len(losses), 0)
    if not np.isfinite(last):
        jump.left, jump.ended = 0, "the loss is not finite"
    elif jump.bound is not None and last < losses.dtype.type(jump.bound):  # as the program compares them
        jump.left, jump.ended = 0, f"the loss is below {jump.bound:g}"

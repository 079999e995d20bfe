"""The timeline of a run: what is recorded, where one stands in it, and every move. No move needs an engine.

What a move leaves to be computed is None until it is: the session asks for it (`session.py`).
"""

from bisect import bisect_left
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from backprop_tui.core.engine.protocol.messages import RunSteps
from backprop_tui.core.model import phases
from backprop_tui.core.model.limits import learning_rate, step_count
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.table.batches import RULES, THIS_ROW, Sampling

from . import position as positions
from .history import Change, History, Settings
from .jump import Jump
from .jump_text import MAX_SINGLE, MAX_UNTIL, JumpTyped
from .position import START, Position
from .run import Run
from .sample import Sample, Scaling
from .until import Found, Made, Until


@dataclass(frozen=True)
class Asked:
    """Steps that were asked for: the entry of the first, what they are made with, and the jump they are part of."""

    request: RunSteps
    entry: int
    settings: Settings
    jump: Jump | None = None
    lost: bool = False
    """They were made before: only their states, which the history has not kept, are wanted."""


class Timeline:
    """A run, its history, and the place in it that is looked at.

    `opened_from` is what whoever opened the run wants to find again beside it: a scenario. It is never looked at here.
    """

    def __init__(self, run: Run, opened_from: object = None) -> None:
        self.run, self.opened_from = run, opened_from
        self.scaling: Scaling | None = None
        self.sample: Sample | None = None
        """A row of the run's table, the one in view if the engine has answered."""
        self.history = History(run.first_state(), run.settings)
        self.settings = run.settings
        """What holds for the next step that is made."""
        self.position = START
        self.trace: Trace | None = None
        """The step that is looked at; None until the engine has answered, and at the start of a step."""
        self.jump: Jump | None = None
        """The jump under way, or the last one."""
        self.xla = True
        """Whether the engine compiles its steps with XLA."""
        self.stops: tuple[Position, ...] = ()
        """The places inside steps that were stopped at, in order."""
        self.awaited: Asked | None = None
        """Steps that the engine was asked for and that are still wanted: a move makes them void."""
        self._remade: Settings | None = None
        """What the step in view was made with, if a change by hand has been taken back and it is made anew."""

    def copy(self) -> Self:
        """The same run at the same place. What is done to one is not done to the other."""
        other = copy(self)
        other.history = self.history.copy()
        other.jump = replace(self.jump) if self.jump else None
        return other

    # What can be seen

    @property
    def whole(self) -> int:
        """How many numbers a whole step has."""
        return phases.count(self.run.network)

    @property
    def steps(self) -> int:
        """How many steps are complete at this position."""
        at = self.position
        return self.history.steps(at.entry) + positions.is_whole(self.history, self.run.network, at)

    @property
    def step_number(self) -> int:
        """The number, from 1, of the step that is being made or was made last at this position; 0 before the first."""
        return self.history.steps(self.position.entry) + (self.position.done > 0)

    @property
    def next_position(self) -> Position:
        """This place, or the start of the next step if this one is whole."""
        return positions.onward(self.history, self.run.network, self.position)

    @property
    def whole_entries(self) -> int:
        """How many entries of the history, steps and changes, are whole at this position."""
        return self.next_position.entry

    @property
    def shown_settings(self) -> Settings:
        """The settings of the step that is looked at."""
        entry = self.position.entry
        return self.history.settings(entry) if entry < self.history.entries else self._remade or self.settings

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
        return (self.steps - self.settings.since) / self.settings.sampling.steps_per_epoch(self.training_rows)

    @property
    def training_rows(self) -> int:
        """How many rows of the table are not held out; 0 before it is open."""
        rows = 0 if self.scaling is None else self.scaling.rows
        return rows - round(self.run.table.holdout * rows)

    @property
    def jumping(self) -> bool:
        """Whether a jump is under way."""
        return self.jump is not None and self.jump.left > 0

    def shown_sample(self) -> tuple[Array, Array]:
        """x (features,) and y (outputs,) of the sample in view, as copies. Raises ValueError before they are read."""
        settings = self.shown_settings
        if settings.x is not None and settings.y is not None:
            return np.array(settings.x), np.array(settings.y)
        if self.sample is None:
            raise ValueError("the sample is not read yet")
        return self.sample.x.copy(), self.sample.y.copy()

    # Moving on: cuts what came after, unless it is the very same step

    def step(self) -> None:
        """One step: finishes the one begun, else makes the next whole."""
        self._advance(self.whole)

    def phase(self) -> None:
        """One phase further."""
        self._advance(phases.next_stop(self.run.network, self.next_position.done))

    def number(self) -> None:
        """One number further: the smallest step."""
        self._advance(self.next_position.done + 1)

    def start_jump(self, steps: int, bound: float | None = None, until: Until | None = None) -> None:
        """Begin a jump of so many steps, or until the loss is below a bound or not finite, or `until` something else.

        Raises ValueError.
        """
        step_count(steps)
        if until is not None:
            until.check(self.run.network, self.settings, self.training_rows)
        if bound is not None and np.isnan(bound):
            raise ValueError("a loss can't be below what is no number")
        self._cut(self.next_position.entry)
        self.history.reserve(steps)
        self.jump = Jump(steps, steps, bound, until=until, single=until is not None and until.single(self.settings))

    def jump_as(self, typed: JumpTyped) -> None:
        """Jump as was typed. Raises ValueError."""
        if typed.to is not None:
            self.start_jump_to(typed.to)
            return
        single = typed.until is not None and typed.until.single(self.settings)
        self.start_jump(typed.steps or (MAX_SINGLE if single else MAX_UNTIL), typed.bound, typed.until)

    def start_jump_to(self, step: int) -> None:
        """To the end of a step, by its number: it is there already, or a jump on from the newest one makes it."""
        made = self.history.steps(self.history.entries)
        if step <= made:
            self.go_to(step)
            return
        self.last()
        self.start_jump(step - made)

    def cancel(self) -> None:
        """End the jump after the request under way; what it has done stays."""
        if self.jump is not None and self.jump.left:
            self.jump.end("canceled")

    # Moving in time

    def back(self) -> None:
        """Back to the last place that was stopped at before this one: a number, a phase, a step.

        Going back over a change by hand takes the change back.
        """
        entry = self.position.entry - 1
        target = positions.before(self.history, self.run.network, self.stops, self.position)
        changed = self.history.changes.get(entry)
        if changed is None or target.entry > entry:
            self._go(target)
            return
        self.history.cut(entry)
        self.settings = changed.before
        self._go(Position(entry, changed.done))
        self._remade = self.history.settings(entry) if changed.done else None

    def back_phase(self) -> None:
        """Back by one phase."""
        self._go(positions.phase_before(self.history, self.run.network, self.position))

    def forward_phase(self) -> bool:
        """Forward by one phase through what is already computed; False at the newest place, which stays."""
        target = positions.phase_after(self.history, self.run.network, self.position)
        if target is not None:
            self._go(target)
        return target is not None

    def first(self) -> None:
        """To the very start."""
        self._go(START)

    def last(self) -> bool:
        """To the end of the newest step, or to the change by hand after it; False if one stands there already."""
        before = self.position
        self._go(positions.newest(self.history, self.run.network))
        return self.position != before

    def go_to(self, steps: int) -> None:
        """To the end of a recorded step, by its number; 0 is the start."""
        self._go(positions.end_of(self.history, self.run.network, steps))

    # Changing what comes

    def set_lr(self, lr: float) -> None:
        """The learning rate of the next update. Raises ValueError for what is none."""
        self.settings = replace(self.settings, lr=learning_rate(lr, self.run.dtype))
        at = self.position
        if at.done < self.whole and at.entry == self.history.entries - 1:
            # In the middle of the newest step: its update is not shown yet, and is made with what holds now.
            self._forget(at.entry)

    def set_row(self, row: int) -> None:
        """The row of the table that the next steps use. Raises ValueError if there is none."""
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

        Raises ValueError for a number that is not finite, and for a target that the loss can't have.
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
            old = float((x if cell.name == "x" else y)[cell.column])
            if cell.name == "x":
                x[cell.column] = value
            else:
                y = self.run.network.loss_row.with_target(y, cell.column, value)
            row = self.sample.row if self.sample is not None else self.settings.sampling.row
            sampling = replace(self.settings.sampling, rule=THIS_ROW, row=row)
            self.settings = replace(self.settings, x=tuple(x.tolist()), y=tuple(y.tolist()), sampling=sampling)
        else:
            parameter = self.run.network.parameter(cell.name)
            place = parameter.offset + cell.row * parameter.shape[1] + cell.column
            old, state[place] = float(state[place]), value
        self._forget(at.entry)
        self.history.append_change(state, Change(cell, old, value, at.done, before))
        self.stops = tuple(stop for stop in self.stops if stop < at)
        self.position = Position(at.entry + 1, at.done)

    # How it is done

    def _advance(self, done: int) -> None:
        entry = self.next_position.entry
        self._cut(entry)
        self._go(Position(entry, done))

    def _go(self, position: Position) -> None:
        self.cancel()
        if position == self.position:
            return
        self.awaited = self._remade = None
        if position.entry != self.position.entry:
            self.trace = None
        self._move(position)

    def _move(self, position: Position) -> None:
        """To another place; the one that is left stays one to go back to."""
        at = self.position
        if at != position and 0 < at.done < self.whole and at not in self.stops:
            place = bisect_left(self.stops, at)
            self.stops = (*self.stops[:place], at, *self.stops[place:])
        self.position = position

    def leave(self) -> None:
        """Another run comes into view: this one stays as it is, but for what can be computed again."""
        self.trace = self.awaited = None
        self.history.compact()

    def record(self, asked: Asked, states: Array, losses: Array, trace: Trace) -> None:
        """The steps that were asked for are made: states (n, state_width), losses (n,), and the last one's trace."""
        entry = asked.entry
        found = self._stops_at(asked, states, losses, trace)
        count = len(losses) if found is None else found.step + 1
        states, losses, last = states[:count], losses[:count], count == len(losses)
        if asked.jump:
            self.history.cut(entry)
        if entry < self.history.entries:
            self.history.keep_near(entry, states)
        else:
            self.history.hold(asked.settings)
            self.history.append(states, losses)
        self.trace, self._remade = trace if last else None, None
        if asked.jump:
            self._move(Position(entry + len(losses) - 1, self.whole))
            asked.jump.count(losses, found)

    def _stops_at(self, asked: Asked, states: Array, losses: Array, trace: Trace) -> Found | None:
        """The first of the steps that were made at which a jump has what it waits for."""
        if asked.jump is None or asked.jump.until is None:
            return None
        before = self.history.state(asked.entry)
        assert before is not None, "the state that the steps were made from is at hand"
        return asked.jump.until.first(Made(before, states, losses, trace, self._loss_before(asked)))

    def _loss_before(self, asked: Asked) -> float | None:
        """The loss of the step before those that were asked for, if it used the same rows."""
        entry = asked.entry - 1
        if entry < 0 or entry in self.history.changes:
            return None
        there, here = self.history.settings(entry), asked.settings
        same = (there.sampling, there.x, there.y) == (here.sampling, here.x, here.y)
        return float(self.history.losses[entry]) if same else None

    def _forget(self, entry: int) -> None:
        """Forget this entry and all that follow, with the step in view, which is made anew."""
        self._order_from(entry)
        self.history.cut(entry)
        self.trace = self.awaited = self._remade = None

    def _order_from(self, entry: int) -> None:
        """The present order of rows began no later than at this entry."""
        steps = self.history.steps(entry)
        if self.settings.since > steps:
            self.settings = replace(self.settings, since=steps)

    def _cut(self, entry: int) -> None:
        """Before this entry is made (anew): forget what follows, and it as well if it would come out differently."""
        self._order_from(entry)
        if entry < self.history.entries:
            same = entry not in self.history.changes and self.history.settings(entry) == self.settings
            same = same and self.history.state(entry + 1) is not None
            self.history.cut(entry + same)
            if not same:
                self.trace = None
        self.stops = tuple(stop for stop in self.stops if stop <= self.position)

    def _sample_from(self, sampling: Sampling) -> None:
        """Another sample: what is computed of the one in view stays behind as a whole step, or is computed anew."""
        at = self.next_position
        self._forget(at.entry)
        self.settings = replace(self.settings, sampling=sampling, since=self.history.steps(at.entry), x=None, y=None)
        self._go(at)

"""The session: a list of runs, one of them in view. It says what it needs from the engine and takes the answers.

It never waits: a move changes its timeline (`timeline.py` has the moves within a run, this module those from run to
run), `request` says what must be asked before all can be shown, `accept` takes the answer. So the screen, the command
line and the tests drive the very same object:

    session.timeline.step()
    while request := session.request():
        session.accept(request, engine.answer(request))
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused, Steps, read_steps
from backprop_tui.core.engine.protocol.messages import (
    Answer,
    Failed,
    OpenTable,
    ReadRows,
    Request,
    RowsRead,
    RunSteps,
    StepsRun,
    TableOpened,
    WireError,
)
from backprop_tui.core.model.arrays import numbers

from . import requests
from .memory import history_bytes
from .position import START
from .run import Run
from .sample import Scaling, read_sample, read_scaling
from .timeline import Asked, Timeline

MAX_RUNS = 1_000


class Session:
    """The timelines of a person's runs, in order, and the one in view: a new run begins after it and takes its place.

    `r` leads to a new run, and going back at its start to where the earlier one was left: no run is lost. Stepping on
    in an earlier run changes that run only; those after it stay.
    """

    def __init__(self, run: Run, opened_from: object = None) -> None:
        self.timeline = Timeline(run, opened_from)
        """The run in view."""
        self.timelines = [self.timeline]
        """All runs, each with its history and its place."""
        self.dropped = 0
        """How many of the first runs are no longer kept, for want of memory."""
        self.most_bytes = history_bytes()

    @classmethod
    def restored(cls, timelines: Sequence[Timeline], in_view: int, dropped: int = 0) -> Self:
        """A session as it was saved: its runs, which of them (from 0) is in view, and how many were dropped before."""
        session = cls(timelines[in_view].run)
        session.timelines, session.timeline, session.dropped = list(timelines), timelines[in_view], dropped
        return session

    def copy(self) -> "Session":
        """The run in view at the same place, alone. What is done to one is not done to the other."""
        other = Session(self.timeline.run)
        other.timeline = self.timeline.copy()
        other.timelines = [other.timeline]
        return other

    # From run to run

    @property
    def run_number(self) -> int:
        """Which of the runs is in view, from 1."""
        return self.timelines.index(self.timeline) + 1

    def begin(self, run: Run, opened_from: object = None) -> None:
        """A new run after the one in view, which stays as it is."""
        before, timeline = self.timeline, Timeline(run, opened_from)
        if run.table == before.run.table:
            timeline.scaling, timeline.sample = before.scaling, before.sample
        self.timelines.insert(self.run_number, timeline)
        self._turn(1)

    def reinit(self) -> None:
        """A new run with new random weights, from the next seed. The settings stay."""
        self._begin_anew(self.timeline.run.reinitialized(self.timeline.settings))

    def restart(self) -> None:
        """A new run with the weights that this one started with. The settings stay."""
        self._begin_anew(self.timeline.run.restarted(self.timeline.settings))

    def set_optimizer(self, optimizer: str) -> None:
        """A new run with the weights that this one started with, and another update rule: its state has other moments.

        Raises ValueError if there is no such optimizer.
        """
        self._begin_anew(self.timeline.run.with_optimizer(optimizer, self.timeline.settings))

    def back(self) -> None:
        """Back to the last place that was stopped at; from the start of a run to where the run before it was left."""
        self._turn(-1) if self.timeline.position == START else self.timeline.back()

    def back_phase(self) -> None:
        """Back by one phase; from the start of a run to where the run before it was left."""
        self._turn(-1) if self.timeline.position == START else self.timeline.back_phase()

    def first(self) -> None:
        """To the start of the run; from there to where the run before it was left."""
        self._turn(-1) if self.timeline.position == START else self.timeline.first()

    def forward_phase(self) -> None:
        """Forward by one phase through what is computed; from the end of a run to the next one."""
        if not self.timeline.forward_phase():
            self._turn(1)

    def last(self) -> None:
        """To the end of the run; from there to the next one."""
        if not self.timeline.last():
            self._turn(1)

    def _turn(self, by: int) -> None:
        """To another run, if there is one. A jump under way ends."""
        self.timeline.cancel()
        place = self.run_number - 1 + by
        if 0 <= place < len(self.timelines):
            self.timeline.leave()
            self.timeline = self.timelines[place]
            self._make_room()

    def _begin_anew(self, run: Run) -> None:
        self.begin(run, self.timeline.opened_from)

    def _make_room(self) -> None:
        """Runs that are not in view take half of the memory: the first give up states, which come again, then go."""
        others = [timeline for timeline in self.timelines if timeline is not self.timeline]
        taken, room = sum(other.history.size for other in others), self.most_bytes // 2
        for other in others:
            while taken > room and other.history.thin():
                taken = sum(other.history.size for other in others)
        while others and (taken > room or len(others) >= MAX_RUNS):
            taken -= others[0].history.size
            self.timelines.remove(others.pop(0))
            self.dropped += 1
        self.timeline.history.most_bytes = self.most_bytes - taken

    # What the engine is asked

    def request(self) -> Request | None:
        """What must be asked next; None when all of this position is there and no jump is under way."""
        timeline = self.timeline
        if timeline.scaling is None:
            return OpenTable(timeline.run.table, timeline.run.network.loss)
        entry = timeline.next_position.entry if timeline.jumping else timeline.position.entry
        if (lost := requests.lost(timeline, entry)) is not None:
            start, _ = timeline.history.nearest(entry)
            return self._ask(Asked(lost, start, timeline.settings, lost=True))
        if timeline.jump is not None and timeline.jumping:
            settings, jump = timeline.settings, timeline.jump
            steps = jump.ask(requests.most_steps(timeline, settings))
            request = requests.steps_from(timeline, entry, settings, steps, jump.bound)
            return self._ask(Asked(request, entry, settings, jump))
        row, settings = self._row_shown(), timeline.shown_settings
        if timeline.sample is None or timeline.sample.row != row:
            return ReadRows(timeline.run.table, numbers(np.array([row])))
        if timeline.position.done and timeline.trace is None:
            return self._ask(Asked(requests.steps_from(timeline, entry, settings), entry, settings))
        return None

    def warm_up(self) -> Request:
        """Compiles the program of the next step without running it, so that TensorFlow loads meanwhile."""
        return requests.steps_from(self.timeline, self.timeline.position.entry, self.timeline.settings, 0)

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        match request, answer:
            case _, Failed():
                self.timeline.cancel()
                raise EngineRefused(answer.message)
            case OpenTable(), TableOpened():
                self._take_scaling(read_scaling(request, answer))
            case ReadRows(), RowsRead():
                self.timeline.sample = read_sample(request, answer)
            case RunSteps(), StepsRun():
                self._take_steps(request, read_steps(request, answer))
            case _:
                raise WireError("the engine's answer is not one to this request")

    def _row_shown(self) -> int:
        timeline = self.timeline
        if timeline.trace is not None and timeline.trace.rows:
            return timeline.trace.rows[0]
        return int(requests.rows(timeline, timeline.position.entry, timeline.shown_settings)[0, 0])

    def _ask(self, asked: Asked) -> RunSteps:
        self.timeline.awaited = asked
        return asked.request

    def _take_scaling(self, scaling: Scaling) -> None:
        row = self.timeline.settings.sampling.row
        if row >= scaling.rows:
            raise EngineRefused(f"there is no row {row}: the table has rows 0 to {scaling.rows - 1}")
        self.timeline.scaling = scaling

    def _take_steps(self, request: RunSteps, made: Steps) -> None:
        timeline, asked = self.timeline, self.timeline.awaited
        timeline.xla = made.xla
        if asked is None or request is not asked.request:
            return  # a warm-up, or what nobody looks at any more
        timeline.awaited = None
        if asked.lost:
            timeline.history.keep_near(asked.entry, made.states)
            return  # states on the way; the step in view comes next
        last = asked.entry + len(made.losses) - 1
        timeline.record(asked, made.states, made.losses, requests.trace_of(timeline, made, last, asked.settings))

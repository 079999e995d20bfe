"""The session of a run: the one thing that changes. It says what it needs from the engine and takes the answers.

It never waits: an action moves it (`core/walk.py` has them all), `request` says what must be asked before it can be
shown whole, `accept` takes the answer. So the screen, the command line and the tests drive the very same object:

    session.step()
    while request := session.request():
        session.accept(request, engine.answer(request))
"""

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused, check_steps
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

from .position import Position
from .requests import Asked
from .sample import Scaling, read_sample, read_scaling
from .timeline import Walk


class Session(Walk):
    """A walk through a run whose numbers come from the engine."""

    def request(self) -> Request | None:
        """What must be asked next; None when all of this position is there and no jump is under way."""
        if self.scaling is None:
            return OpenTable(self.run.table)
        record, entry = self.record, self.next_place.entry if self.jumping else self.position.entry
        if (lost := record.lost(entry)) is not None:
            return self._ask(Asked(lost, self.history.nearest(entry)[0], self.settings, lost=True))
        if self.jump is not None and self.jumping:
            steps = min(self.jump.left, record.chunk(self.settings))
            request = record.run_steps(entry, self.settings, steps, self.jump.bound)
            return self._ask(Asked(request, entry, self.settings, self.jump))
        row, settings = self._row_shown(), self.shown_settings
        if self.sample is None or self.sample.row != row:
            return ReadRows(self.run.table, numbers(np.array([row])))
        if self.position.done and self.trace is None:
            return self._ask(Asked(record.run_steps(entry, settings), entry, settings))
        return None

    def warm_up(self) -> Request:
        """Compiles the program of the next step without running it, so that TensorFlow loads meanwhile."""
        return self.record.run_steps(self.position.entry, self.settings, 0)

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused where there is none, WireError where it does not fit the request."""
        match request, answer:
            case _, Failed():
                self.cancel()
                raise EngineRefused(answer.message)
            case OpenTable(), TableOpened():
                self._take_scaling(read_scaling(request, answer))
            case ReadRows(), RowsRead():
                self.sample = read_sample(request, answer)
            case RunSteps(), StepsRun():
                check_steps(request, answer)
                self._take_steps(request, answer)
            case _:
                raise WireError("the engine's answer is not one to this request")

    def _row_shown(self) -> int:
        if self.trace is not None and self.trace.rows:
            return self.trace.rows[0]
        return int(self.record.rows(self.position.entry, self.shown_settings)[0, 0])

    def _ask(self, asked: Asked) -> RunSteps:
        self.awaited = asked
        return asked.request

    def _take_scaling(self, scaling: Scaling) -> None:
        row = self.settings.sampling.row
        if row >= scaling.rows:
            raise EngineRefused(f"there is no row {row}: the table has rows 0 to {scaling.rows - 1}")
        self.scaling = scaling

    def _take_steps(self, request: RunSteps, answer: StepsRun) -> None:
        asked = self.awaited
        self.xla = answer.xla
        if asked is None or request is not asked.request:
            return  # a warm-up, or what nobody looks at any more
        self.awaited = None
        trace = self.record.take(asked, answer)
        if trace is None:
            return  # states on the way; the step in view comes next
        if asked.jump:
            losses = answer.losses.array
            self._arrive(Position(asked.entry + len(losses) - 1, self.whole), trace)
            asked.jump.count(losses)
        else:
            self._arrive(self.position, trace)

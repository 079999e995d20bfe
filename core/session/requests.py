"""What is recorded of a run, as the engine is asked for it: the rows that its steps use, the requests, the traces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.checks import expect_steps
from backprop_tui.core.engine.protocol.limits import chunk
from backprop_tui.core.engine.protocol.messages import Answer, Inline, RunSteps, StepsRun, TableRows, WireError
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.table.batches import ALL_ROWS, split_rows

from .history import History, Settings
from .jump import Jump
from .run import Run


@dataclass(frozen=True)
class Asked:
    """Steps that were asked for: the entry of the first, what they are made with, and the jump they are part of."""

    request: RunSteps
    entry: int
    settings: Settings
    jump: Jump | None = None
    lost: bool = False
    """They were made before: only their states, which the history has not kept, are wanted."""


@dataclass(frozen=True)
class Record:
    """A run, its history, and how many rows its table has: 0 until that is open.

    A step is made of the state that its entry starts from and of settings: `history.settings(entry)` for one that is
    recorded, which so comes out again bit for bit, others for one to come.
    """

    run: Run
    history: History
    table_rows: int

    @property
    def training_rows(self) -> int:
        """How many rows of the table are not held out."""
        return self.table_rows - round(self.run.table.holdout * self.table_rows)

    # What steps are made from

    def rows(self, entry: int, settings: Settings, steps: int = 1) -> Array:
        """The rows (steps, batch) that the steps from this entry on use."""
        assert self.table_rows, "the table is open before rows are drawn"
        draw = max(self.history.steps(entry) - settings.since, 0)
        table, rows = self.run.table, self.table_rows
        training = split_rows(rows, table.holdout, table.holdout_seed)[0] if table.holdout else rows
        return settings.sampling.rows(self.run.seed, training, draw, steps)

    def samples(self, entry: int, settings: Settings, steps: int = 1) -> TableRows | Inline:
        """The samples of the steps from this entry on, as a request names them."""
        if settings.x is not None and settings.y is not None:
            return Inline(numbers(np.array([settings.x])), numbers(np.array([settings.y])), steps)
        if settings.sampling.rule == ALL_ROWS:
            return TableRows(self.run.table, numbers(np.zeros((0, 0), "int32")), steps)
        return TableRows(self.run.table, numbers(self.rows(entry, settings, max(steps, 1))), steps)

    def run_steps(self, entry: int, settings: Settings, steps: int = 1, bound: float | None = None) -> RunSteps:
        """Asks for the steps from this entry on, to the first loss below the bound; no step only compiles."""
        state = self.history.state(entry)
        assert state is not None, "a state that is not kept is computed again first"
        return RunSteps(self.run.program, numbers(state), self.samples(entry, settings, steps), settings.lr, bound)

    def chunk(self, settings: Settings) -> int:
        """How many steps one request asks for at most."""
        return chunk(self.run.network, self.run.optimizer, settings.sampling.batch_size(self.training_rows))

    def _read(self, answer: StepsRun, entry: int, settings: Settings) -> Trace:
        """The trace of an answer's last step, which is this entry's. Raises WireError where it is of other rows."""
        rows = self._rows_used(entry, settings, answer.averaged)
        trace = Trace(self.run.network, settings.lr, rows, arrays(answer.trace), answer.averaged)
        if trace.batch != (1 if answer.averaged else len(rows)):
            raise WireError("the engine's trace is not of the rows that were asked for")
        return trace

    def _rows_used(self, entry: int, settings: Settings, averaged: bool) -> Sequence[int]:
        """The rows of a step's batch. Those of a large table in its order are a range: a million numbers take long."""
        if settings.x is not None:
            return (settings.sampling.row,)
        if averaged and settings.sampling.rule == ALL_ROWS and not self.run.table.holdout:
            return range(self.training_rows)
        drawn = self.rows(entry, settings)[0]
        return tuple(drawn[drawn >= 0].tolist())

    def take(self, asked: Asked, answer: StepsRun) -> Trace | None:
        """Record what the history has not: the trace of the last step. None where only states were lost."""
        states, losses, entry = answer.states.array, answer.losses.array, asked.entry
        if asked.lost:
            self.history.keep_near(entry, states)
            return None
        trace = self._read(answer, entry + len(losses) - 1, asked.settings)
        if asked.jump:
            self.history.cut(entry)
        if entry < self.history.entries:
            self.history.keep_near(entry, states)
        else:
            self.history.hold(asked.settings)
            self.history.append(states, losses)
        return trace

    # The past again

    def lost(self, entry: int) -> RunSteps | None:
        """Asks for steps on the way to a state that the history has not kept; None where it is at hand."""
        start, _ = self.history.nearest(entry)
        if start == entry:
            return None
        settings = self.history.settings(start)
        return self.run_steps(start, settings, min(entry - start, self.chunk(settings)))

    def take_lost(self, entry: int, answer: Answer) -> None:
        """The states from the answer to `lost`. Raises EngineRefused and WireError."""
        request = self.lost(entry)
        assert request is not None, "a state was asked for"
        self.history.keep_near(self.history.nearest(entry)[0], expect_steps(request, answer).states.array)

    def past_request(self, entry: int) -> RunSteps:
        """Asks for a recorded step again; its state is at hand."""
        return self.run_steps(entry, self.history.settings(entry))

    def past_trace(self, entry: int, answer: Answer) -> Trace:
        """The trace of a recorded step from the answer to its `past_request`. Raises EngineRefused and WireError."""
        found = expect_steps(self.past_request(entry), answer)
        self.history.keep_near(entry, found.states.array)
        return self._read(found, entry, self.history.settings(entry))

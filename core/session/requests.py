"""What the engine is asked for to make or remake the steps of a timeline, and what its answers mean.

A step is made of the state that its entry starts from and of settings: `history.settings(entry)` for one that is
recorded, which so comes out again bit for bit, others for one to come.
"""

from collections.abc import Sequence

import numpy as np
from backprop_tui.core.engine.protocol.checks import Steps, read_steps
from backprop_tui.core.engine.protocol.limits import chunk, traced
from backprop_tui.core.engine.protocol.messages import Answer, Inline, RunSteps, TableRows, WireError
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.table.batches import ALL_ROWS, THIS_ROW, split_rows

from .history import Settings
from .timeline import Timeline

# What steps are made from


def rows(timeline: Timeline, entry: int, settings: Settings, steps: int = 1) -> Array:
    """The rows (steps, batch) that the steps from this entry on use. The table is open."""
    scaling, table = timeline.scaling, timeline.run.table
    assert scaling is not None, "the table is open before rows are drawn"
    draw = max(timeline.history.steps(entry) - settings.since, 0)
    training = split_rows(scaling.rows, table.holdout, table.holdout_seed)[0] if table.holdout else scaling.rows
    return settings.sampling.rows(timeline.run.seed, training, draw, steps)


def samples(timeline: Timeline, entry: int, settings: Settings, steps: int = 1) -> TableRows | Inline:
    """The samples of the steps from this entry on, as a request names them."""
    table = timeline.run.table
    if settings.x is not None and settings.y is not None:
        return Inline(numbers(np.array([settings.x])), numbers(np.array([settings.y])), steps)
    if settings.sampling.rule == ALL_ROWS:
        return TableRows(table, numbers(np.zeros((0, 0), "int32")), steps)
    if settings.sampling.rule == THIS_ROW:
        return TableRows(table, numbers(rows(timeline, entry, settings)), steps)
    return TableRows(table, numbers(rows(timeline, entry, settings, max(steps, 1))), steps)


def steps_from(
    timeline: Timeline, entry: int, settings: Settings, steps: int = 1, bound: float | None = None
) -> RunSteps:
    """Asks for the steps from this entry on, to the first loss below the bound; no step only compiles."""
    state = timeline.history.state(entry)
    assert state is not None, "a state that is not kept is computed again first"
    parts = samples(timeline, entry, settings, steps)
    return RunSteps(timeline.run.program, numbers(state), parts, settings.lr, bound)


def traced_from(
    timeline: Timeline, entry: int, settings: Settings, state: Array, steps: int, bound: float | None = None
) -> RunSteps:
    """Asks for the traces of the steps from this entry on, which starts from this state."""
    parts = samples(timeline, entry, settings, steps)
    return RunSteps(timeline.run.program, numbers(state), parts, settings.lr, bound, every=True)


def most_traced(timeline: Timeline, settings: Settings) -> int:
    """The traces of how many steps one request asks for at most."""
    batch = settings.sampling.batch_size(timeline.training_rows)
    return traced(timeline.run.network, timeline.run.optimizer, batch)


def most_steps(timeline: Timeline, settings: Settings) -> int:
    """How many steps one request asks for at most."""
    batch = settings.sampling.batch_size(timeline.training_rows)
    return chunk(timeline.run.network, timeline.run.optimizer, batch)


def trace_of(timeline: Timeline, made: Steps, entry: int, settings: Settings) -> Trace:
    """The trace of an answer's last step, which is this entry's. Raises WireError if it is of other rows."""
    used = rows_used(timeline, entry, settings, made.averaged)
    trace = Trace(timeline.run.network, settings.lr, used, made.trace, made.averaged)
    if trace.batch != (1 if made.averaged else len(used)):
        raise WireError("the engine's trace is not of the rows that were asked for")
    return trace


def rows_used(timeline: Timeline, entry: int, settings: Settings, averaged: bool) -> Sequence[int]:
    """The rows of a step's batch. Those of a large table in its order are a range: a million numbers take long."""
    if settings.x is not None:
        return (settings.sampling.row,)
    if averaged and settings.sampling.rule == ALL_ROWS and not timeline.run.table.holdout:
        return range(timeline.training_rows)
    drawn = rows(timeline, entry, settings)[0]
    return tuple(drawn[drawn >= 0].tolist())


# The past again


def lost(timeline: Timeline, entry: int) -> RunSteps | None:
    """Asks for steps on the way to a state that the history has not kept; None if it is at hand."""
    start, _ = timeline.history.nearest(entry)
    if start == entry:
        return None
    settings = timeline.history.settings(start)
    return steps_from(timeline, start, settings, min(entry - start, most_steps(timeline, settings)))


def take_lost(timeline: Timeline, entry: int, request: RunSteps, answer: Answer) -> None:
    """Keep the states from the answer to `lost`, for a while. Raises EngineRefused and WireError."""
    start, _ = timeline.history.nearest(entry)
    timeline.history.keep_near(start, read_steps(request, answer).states)


def past_step(timeline: Timeline, entry: int) -> RunSteps:
    """Asks for a recorded step again; its state is at hand."""
    return steps_from(timeline, entry, timeline.history.settings(entry))


def past_trace(timeline: Timeline, entry: int, request: RunSteps, answer: Answer) -> Trace:
    """The trace of a recorded step from the answer to `past_step`. Raises EngineRefused and WireError."""
    made = read_steps(request, answer)
    timeline.history.keep_near(entry, made.states)
    return trace_of(timeline, made, entry, timeline.history.settings(entry))

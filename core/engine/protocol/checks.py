"""Whether an answer of the engine fits the request: an answer is checked once, where it is accepted.

Each function raises WireError if it does not fit, and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from backprop_tui.core.model import phases
from backprop_tui.core.model.arrays import arrays
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.values import parse

from .messages import (
    TABLE_DIGEST,
    Answer,
    Failed,
    OpenTable,
    Program,
    ReadRows,
    RowsRead,
    RunSteps,
    StepsRun,
    TableOpened,
    WireError,
)


class EngineRefused(Exception):
    """The engine answered that the request can't be answered: one line for a person."""


def check_table(request: OpenTable, answer: TableOpened) -> None:
    """Rows there are, a mean and a standard deviation (features,), and a digest."""
    columns = (len(request.table.features),)
    if answer.rows < 1 or answer.mean.shape != columns or answer.std.shape != columns:
        raise WireError("the engine's table does not have the columns that were asked for")
    targets = (len(request.table.targets),)
    if answer.target_mean.shape != targets or answer.target_std.shape != targets:
        raise WireError("the engine's table does not have the targets that were asked for")
    if len(answer.digest) != TABLE_DIGEST:
        raise WireError(f"the engine's table has a digest of {len(answer.digest)} bytes, not {TABLE_DIGEST}")


def check_rows(request: ReadRows, answer: RowsRead) -> None:
    """As many rows as were asked for, of as many features and targets."""
    rows, table = request.rows.array.size, request.table
    features, targets = (rows, len(table.features)), (rows, len(table.targets))
    if [part.shape for part in (answer.raw, answer.x, answer.raw_y, answer.y)] != [
        features,
        features,
        targets,
        targets,
    ]:
        raise WireError("the engine's rows do not have the shape that was asked for")


@dataclass(frozen=True)
class Steps:
    """Steps that were run, checked: the state after each (n, state_width), each loss (n,), the last one's trace.

    If the trace of every step was asked for, each of its values is (n, rows, columns).
    """

    states: Array
    losses: Array
    trace: Mapping[str, Array]
    averaged: bool
    xla: bool


def read_steps(request: RunSteps, answer: Answer) -> Steps:
    """The steps that were asked for: one at least if any was, no more, and the whole trace of the last.

    Raises EngineRefused if the engine could not make them.
    """
    if isinstance(answer, Failed):
        raise EngineRefused(answer.message)
    if not isinstance(answer, StepsRun):
        raise WireError("the engine's answer is not one to this request")
    program, trace = request.program, arrays(answer.trace)
    made = Steps(answer.states.array, answer.losses.array, trace, answer.averaged, answer.xla)
    count = len(made.losses) if made.losses.ndim == 1 else -1
    if made.states.shape != (count, program.optimizer.state_width(program.network)):
        raise WireError("the engine's states do not have the shape that was asked for")
    if not min(1, request.samples.steps) <= count <= request.samples.steps:
        raise WireError(f"the engine ran {count} steps where {request.samples.steps} were asked for")
    wanted: Mapping[str, tuple[int, ...]] = _trace_shapes(program, _batch(trace)) if count else {}
    each = (count,) if request.every else ()
    for name, shape in wanted.items():
        if name not in trace or trace[name].shape != (*each, *shape):
            raise WireError(f"the engine's trace has no {name} of the shape that was asked for")
    if trace.keys() != wanted.keys():
        raise WireError("the engine's trace holds what was not asked for")
    dtype = np.dtype(program.dtype)
    if any(part.dtype != dtype for part in (made.states, made.losses, *trace.values())):
        raise WireError(f"the engine's numbers are not {program.dtype}, as was asked for")
    return made


def _batch(trace: Mapping[str, Array]) -> int:
    """How many samples the trace shows: its x is (batch, features), or (n, batch, features)."""
    shape = trace["x"].shape if "x" in trace else ()
    return max(shape[-2], 1) if len(shape) > 1 else 1


@lru_cache(maxsize=64)
def _trace_shapes(program: Program, batch: int) -> Mapping[str, tuple[int, ...]]:
    """All names of a trace with their shapes."""
    network = program.network
    found: dict[str, tuple[int, ...]] = {name: parse(name).shape(network, batch) for name in phases.shapes(network)}
    for letter in program.optimizer.moments:
        for parameter in network.parameters:
            found[f"{letter}_{parameter.name}"] = found[f"new_{letter}_{parameter.name}"] = parameter.shape
    return found

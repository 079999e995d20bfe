"""Whether an answer of the engine fits the request: told where it does not, never believed.

Each function raises WireError where it does not, and changes nothing.
"""

import numpy as np
from backprop_tui.core.model import phases
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


def check_steps(request: RunSteps, answer: StepsRun) -> None:
    """One step at least where any was asked for, no more than that, and the whole trace of the last."""
    program, states, losses = request.program, answer.states.array, answer.losses.array
    width = program.optimizer.state_width(program.network)
    if losses.ndim != 1 or states.shape != (len(losses), width) or not _is_of(program, states, losses):
        raise WireError("the engine's states do not have the shape that was asked for")
    if not min(1, request.samples.steps) <= len(losses) <= request.samples.steps:
        raise WireError(f"the engine ran {len(losses)} steps where {request.samples.steps} were asked for")
    if not len(losses):
        return
    wanted = _trace_shapes(program, _batch(answer))
    for name, shape in wanted.items():
        if name not in answer.trace or answer.trace[name].shape != shape:
            raise WireError(f"the engine's trace has no {name} of the shape that was asked for")
    if set(answer.trace) != set(wanted) or not _is_of(program, *(part.array for part in answer.trace.values())):
        raise WireError("the engine's trace holds what was not asked for")


def expect_steps(request: RunSteps, answer: Answer) -> StepsRun:
    """The steps that were asked for. Raises EngineRefused where the engine could not make them."""
    if isinstance(answer, Failed):
        raise EngineRefused(answer.message)
    if not isinstance(answer, StepsRun):
        raise WireError("the engine's answer is not one to this request")
    check_steps(request, answer)
    return answer


def _batch(answer: StepsRun) -> int:
    """How many samples the trace shows: its x is (batch, features)."""
    shape = answer.trace["x"].shape if "x" in answer.trace else ()
    return max(shape[0], 1) if shape else 1


def _trace_shapes(program: Program, batch: int) -> dict[str, tuple[int, ...]]:
    """All names of a trace with their shapes."""
    network = program.network
    found: dict[str, tuple[int, ...]] = {name: parse(name).shape(network, batch) for name in phases.shapes(network)}
    for letter in program.optimizer.moments:
        for parameter in network.parameters:
            found[f"{letter}_{parameter.name}"] = found[f"new_{letter}_{parameter.name}"] = parameter.shape
    return found


def _is_of(program: Program, *parts: Array) -> bool:
    """Whether all numbers are of the program's precision."""
    return all(part.dtype == np.dtype(program.dtype) for part in parts)

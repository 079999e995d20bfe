"""The engine: answers requests. It keeps no run: only open tables and compiled programs, which it can make again."""

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from ..messages import (
    Answer,
    Failed,
    FindLosses,
    Inline,
    LossesFound,
    OpenTable,
    Predict,
    Predicted,
    Program,
    ReadRows,
    Request,
    RowsRead,
    RunSteps,
    StepsRun,
    TableOpened,
    TableRows,
    TableSpec,
    numbers,
)
from ..network import Array

if TYPE_CHECKING:
    from .program import Compiled
    from .table import Table

MAX_TABLES, MAX_PROGRAMS = 4, 24


class RequestError(Exception):
    """A request that is well-formed but can't be answered: one line for a person."""


class Engine:
    """Answers each request. TensorFlow is imported at the first step, pandas and scikit-learn at the first table."""

    def __init__(self) -> None:
        self._tables: OrderedDict[TableSpec, Table] = OrderedDict()
        self._programs: OrderedDict[tuple[Program, int], Compiled] = OrderedDict()

    def answer(self, request: Request) -> Answer:
        """The answer to a request; `Failed` where it can't be given."""
        try:
            match request:
                case OpenTable():
                    table = self._table(request.table)
                    return TableOpened(len(table.raw), numbers(table.mean), numbers(table.deviation))
                case ReadRows():
                    return self._rows(request)
                case RunSteps():
                    return self._steps(request)
                case FindLosses():
                    return self._losses(request)
                case Predict():
                    return self._predict(request)
        except RequestError as error:
            return Failed(str(error))

    def _table(self, spec: TableSpec) -> "Table":
        from .table import TableError, open_table

        if spec not in self._tables:
            try:
                self._tables[spec] = open_table(spec)
            except TableError as error:
                raise RequestError(str(error)) from None
        self._tables.move_to_end(spec)
        if len(self._tables) > MAX_TABLES:
            self._tables.popitem(last=False)
        return self._tables[spec]

    def _rows(self, request: ReadRows) -> RowsRead:
        table = self._table(request.table)
        rows = _checked_rows(request.rows.array, len(table.raw))
        return RowsRead(*(numbers(part[rows]) for part in (table.raw, table.x, table.raw_y, table.y)))

    def _samples(self, samples: TableRows | Inline) -> tuple[Array, Array, Array]:
        """x (steps, batch, features), y (steps, batch, outputs), weight (steps, batch)."""
        if isinstance(samples, Inline):
            x, y = samples.x.array, samples.y.array
            if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or not len(x):
                raise RequestError("samples need x (batch, features) and y (batch, outputs)")
            return _repeated(x, samples.steps), _repeated(y, samples.steps), np.ones((samples.steps, len(x)))
        table, rows = self._table(samples.table), samples.rows.array
        if rows.size == 0:
            ones = np.ones((samples.steps, len(table.x)))
            return _repeated(table.x, samples.steps), _repeated(table.y, samples.steps), ones
        if rows.ndim != 2:
            raise RequestError("rows need the shape (steps, batch)")
        safe = _checked_rows(np.maximum(rows, 0), len(table.x))
        return table.x[safe], table.y[safe], (rows >= 0).astype("float64")

    def _steps(self, request: RunSteps) -> StepsRun:
        from .program import Compiled

        program, state = request.program, request.state.array
        x, y, weight = self._samples(request.samples)
        _check_fit(program, x, y)
        if state.shape != (program.update.state_width(program.network),):
            raise RequestError("the state does not have the width of this network")
        key = (program, x.shape[1])
        if key not in self._programs:
            self._programs[key] = Compiled(program, x.shape[1])
        self._programs.move_to_end(key)
        if len(self._programs) > MAX_PROGRAMS:
            self._programs.popitem(last=False)
        compiled = self._programs[key]
        if len(x) > compiled.capacity:
            raise RequestError(f"one request runs up to {compiled.capacity} such steps, not {len(x)}")
        result = compiled.run(state, x, y, weight, len(x), request.lr, request.bound)
        trace = {name: numbers(value) for name, value in result.trace.items()}
        return StepsRun(numbers(result.states), numbers(result.losses), trace, result.averaged, compiled.xla)

    def _losses(self, request: FindLosses) -> LossesFound:
        from .program import losses_at

        x, y, _ = self._samples(request.samples)
        rows = request.parameters.array
        if rows.ndim != 2 or rows.shape[1] != request.network.width:
            raise RequestError("the parameters do not have the width of this network")
        return LossesFound(numbers(losses_at(request.network, rows, x[0], y[0])))

    def _predict(self, request: Predict) -> Predicted:
        from .program import predict

        table, rows = self._table(request.table), request.rows.array
        chosen = _checked_rows(rows, len(table.x)) if rows.size else slice(None)
        predictions, losses = predict(request.program, request.parameters.array, table.x[chosen], table.y[chosen])
        return Predicted(numbers(predictions), numbers(losses))


def _repeated(part: Array, steps: int) -> Array:
    """The same samples for each step: a view, no copy."""
    return np.broadcast_to(part, (steps, *part.shape))


def _checked_rows(rows: Array, size: int) -> Array:
    if rows.dtype.kind != "i" or (rows.size and not (rows.min() >= 0 and rows.max() < size)):
        raise RequestError(f"there is no such row: the table has rows 0 to {size - 1}")
    return rows


def _check_fit(program: Program, x: Array, y: Array) -> None:
    if x.shape[2] != program.network.features or y.shape[2] != program.network.outputs:
        raise RequestError(
            f"the samples have {x.shape[2]} features and {y.shape[2]} targets, "
            f"the network {program.network.features} and {program.network.outputs}"
        )

"""The engine: answers requests. It keeps no run: only open tables and compiled programs, which it can make again."""

from typing import TYPE_CHECKING

import numpy as np
from backprop_tui.core.engine.protocol.limits import (
    MAX_NUMBERS,
    MAX_ROWS,
    STEPS_A_REQUEST,
    chunk,
    descent_steps,
    traced,
)
from backprop_tui.core.engine.protocol.messages import (
    Answer,
    Descend,
    Descended,
    DescribeTable,
    Differentiate,
    Differentiated,
    Failed,
    FindLosses,
    FindWorst,
    Inline,
    LossesFound,
    OpenTable,
    Program,
    ReadRows,
    Request,
    RowsRead,
    RunSteps,
    StepsRun,
    TableDescribed,
    TableOpened,
    TableRows,
    WorstFound,
)
from backprop_tui.core.model.arrays import Numbers, numbers
from backprop_tui.core.model.formula import Formula, FormulaError, parse
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls

from . import scores
from .recent import Recent

if TYPE_CHECKING:
    from .program import Compiled, Samples
    from .table import Table

MAX_TABLES, MAX_PROGRAMS, MAX_REPEATED, MAX_POINTS = 4, 24, 4, 1024


class RequestError(Exception):
    """A request that is well-formed but can't be answered: one line for a person."""


class Engine:
    """Answers each request. TensorFlow is imported at the first step, pandas and scikit-learn at the first table.

    `compiled` counts the programs that were compiled: TensorFlow gives the memory of none of them back.
    """

    def __init__(self, programs: int = MAX_PROGRAMS) -> None:
        self._tables: Recent[TableSpec, Table] = Recent(MAX_TABLES)
        self._programs: Recent[tuple[Program, int], Compiled] = Recent(programs)
        self._tracing: Recent[tuple[Program, int], Compiled] = Recent(programs)
        self._repeated: Recent[tuple[TableSpec, Numbers, Program, int], Samples] = Recent(MAX_REPEATED)
        self.compiled = 0

    def answer(self, request: Request) -> Answer:
        """The answer to a request; `Failed` if it can't be given."""
        try:
            match request:
                case OpenTable():
                    table = self._table(request.table)
                    _check_targets(request, table)
                    return _opened(table)
                case ReadRows():
                    return self._rows(request)
                case RunSteps():
                    return self._steps(request)
                case FindLosses():
                    return self._losses(request)
                case DescribeTable():
                    return self._describe(request)
                case FindWorst():
                    return self._worst(request)
                case Differentiate():
                    return _differentiate(request)
                case Descend():
                    return _descend(request)
        except RequestError as error:
            return Failed(str(error))

    def rows_of(self, samples: TableRows | Inline) -> int | None:
        """How many rows a step of these samples works through; None if their table is not open."""
        if isinstance(samples, Inline):
            return samples.x.shape[0] if samples.x.shape else 0
        table = self._tables.get(samples.table)
        if table is None:
            return None
        return table.training_rows if not samples.rows.array.size else samples.rows.shape[-1]

    def is_ready(self, request: Request) -> bool:
        """Whether all that it needs is open and compiled."""
        match request:
            case RunSteps():
                rows = self.rows_of(request.samples)
                if rows is None or not request.every:
                    return rows is not None and (request.program, rows) in self._programs
                tracing = self._tracing.get((request.program, rows))
                return tracing is not None and tracing.every
            case OpenTable() | ReadRows():
                return request.table in self._tables
            case _:
                return False

    def _table(self, spec: TableSpec) -> "Table":
        from .reading import TableError
        from .table import open_table

        table = self._tables.get(spec)
        if table is None:
            try:
                table = open_table(spec)
            except TableError as error:
                raise RequestError(str(error)) from None
            self._tables.put(spec, table)
        return table

    def _rows(self, request: ReadRows) -> RowsRead:
        table = self._table(request.table)
        columns = table.raw.shape[1] + table.x.shape[1] + table.raw_y.shape[1] + table.y.shape[1]
        if request.rows.array.size * columns > MAX_NUMBERS:
            raise RequestError(f"one request reads up to {MAX_NUMBERS // columns:,} rows of this table")
        rows = _checked_rows(request.rows.array, len(table.raw))
        return RowsRead(*(numbers(part[rows]) for part in (table.raw, table.x, table.raw_y, table.y)))

    def _samples(self, samples: TableRows | Inline) -> tuple[Array, Array, Array]:
        """x (steps, batch, features), y (steps, batch, outputs), weight (steps, batch)."""
        if isinstance(samples, Inline):
            x, y = samples.x.array, samples.y.array
            if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or not len(x):
                raise RequestError("samples need x (batch, features) and y (batch, outputs)")
            _check_amount(samples.steps, len(x))
            return _repeated(x, samples.steps), _repeated(y, samples.steps), _ones(samples.steps, len(x))
        table, rows = self._table(samples.table), samples.rows.array
        if rows.size == 0:
            _check_amount(samples.steps, table.training_rows)
            x, y = table.x[table.training], table.y[table.training]
            return _repeated(x, samples.steps), _repeated(y, samples.steps), _ones(samples.steps, len(x))
        if rows.ndim != 2:
            raise RequestError("rows need the shape (steps, batch)")
        if len(rows) not in (1, samples.steps):
            raise RequestError(f"rows are one batch, or {samples.steps} for as many steps, not {len(rows)}")
        _check_amount(samples.steps, rows.shape[1])
        safe = _checked_rows(np.maximum(rows, 0), len(table.x), 2)
        found = table.x[safe], table.y[safe], (rows >= 0).astype("float64")
        if len(rows) == 1:
            x, y, weight = (_repeated(part[0], samples.steps) for part in found)
            return x, y, weight
        return found

    def _steps(self, request: RunSteps) -> StepsRun:
        program, state = request.program, request.state.array
        x, y, weight = self._samples(request.samples)
        _check_fit(program.network, x, y)
        if state.shape != (program.optimizer.state_width(program.network),):
            raise RequestError("the state does not have the width of this network")
        compiled = self._compiled(program, x.shape[1])
        limit = traced if request.every else chunk
        most = max(compiled.capacity, limit(program.network, program.optimizer, x.shape[1]))
        if len(x) > most:
            raise RequestError(f"one request runs up to {most} such steps, not {len(x)}")
        if request.every and len(x):
            return self._every_step(request, compiled, x, y, weight)

        def pack(steps: slice) -> "Samples":
            return self._packed(request, compiled, x[steps], y[steps], weight[steps])

        result = compiled.run_calls(pack, state, len(x), request.lr, request.bound)
        self._keep(compiled)
        trace = {name: numbers(value) for name, value in result.trace.items()}
        return StepsRun(numbers(result.states), numbers(result.losses), trace, result.averaged, compiled.xla)

    def _compiled(self, program: Program, batch: int) -> "Compiled":
        from .program import Compiled

        return self._programs.get((program, batch)) or Compiled(program, batch)

    def _keep(self, compiled: "Compiled") -> None:
        """A program that has run once is kept: now it is compiled."""
        key = (compiled.program, compiled.batch)
        if key not in self._programs:
            self._programs.put(key, compiled)
            self.compiled += 1

    def _every_step(self, request: RunSteps, stepping: "Compiled", x: Array, y: Array, weight: Array) -> StepsRun:
        from .traces import LEAST, SINGLE_STEPS, one_by_one, tracing

        key, state = (stepping.program, stepping.batch), request.state.array
        compiled = self._tracing.get(key)
        most = traced(stepping.program.network, stepping.program.optimizer, stepping.batch)
        if compiled is None and len(x) >= min(LEAST, most) > SINGLE_STEPS:
            compiled = tracing(stepping)
            self._keep(stepping)
            self._tracing.put(key, compiled)
            self.compiled += 1
        if compiled is not None and compiled.every:
            result = compiled.run(state, x, y, weight, len(x), request.lr, request.bound)
        else:
            few = slice(min(len(x), SINGLE_STEPS))
            result = one_by_one(stepping, state, x[few], y[few], weight[few], request.lr, request.bound)
            self._keep(stepping)
        traces = {name: numbers(value) for name, value in result.traces.items()}
        return StepsRun(numbers(result.states), numbers(result.losses), traces, result.averaged, stepping.xla)

    def _packed(self, request: RunSteps, compiled: "Compiled", x: Array, y: Array, weight: Array) -> "Samples":
        """The samples ready for the program; those that every step uses are kept, for the steps to come."""
        samples = request.samples
        if isinstance(samples, Inline) or len(samples.rows.array) > 1:
            return compiled.pack(x, y, weight)
        key = (samples.table, samples.rows, request.program, len(x))
        packed = self._repeated.get(key)
        if packed is None:
            packed = compiled.pack(x, y, weight)
            self._repeated.put(key, packed)
        return packed

    def _losses(self, request: FindLosses) -> LossesFound:
        from .evaluate import losses_at

        x, y, _ = self._samples(request.samples)
        _check_fit(request.network, x, y)
        rows = request.parameters.array
        if not len(x):
            raise RequestError("a loss needs samples")
        if rows.ndim != 2 or rows.shape[1] != request.network.width:
            raise RequestError("the parameters do not have the width of this network")
        return LossesFound(numbers(losses_at(request.network, rows, x[0], y[0])))

    def _describe(self, request: DescribeTable) -> TableDescribed:
        from .table import describe

        if not 1 <= request.bins <= 200:
            raise RequestError(f"a histogram has 1 to 200 bins, not {request.bins}")
        summary, counts = describe(self._table(request.table), request.bins)
        return TableDescribed(numbers(summary), numbers(counts))

    def _worst(self, request: FindWorst) -> WorstFound:
        from .evaluate import predict

        table = self._table(request.table)
        chosen = table.held if request.held_out else table.training
        x, y, raw_y = table.x[chosen], table.y[chosen], table.raw_y[chosen]
        if not len(x):
            raise RequestError("no rows are held out")
        _check_predicted(request, x, y)
        predictions = predict(request.program, request.parameters.array, x).astype("float64")
        with np.errstate(over="ignore", invalid="ignore"):
            if request.table.log_target:
                predictions = np.exp(predictions)
            elif request.table.standardize_target:
                predictions = predictions * table.target_std + table.target_mean
            # What is not a number is the worst of all.
            errors = np.nan_to_num(np.abs(predictions - raw_y).max(axis=1), nan=np.inf)
        count = min(max(request.count, 1), 1000, len(errors))
        worst = np.argpartition(errors, -count)[-count:]
        worst = worst[np.argsort(errors[worst])[::-1]]
        rows = np.arange(len(table.x), dtype="int32")[chosen][worst]
        return WorstFound(
            numbers(rows),
            numbers(predictions[worst]),
            numbers(raw_y[worst]),
            float(errors.mean()),
            len(errors),
            scores.r_squared(predictions, raw_y),
            scores.root_mean_square(predictions, raw_y),
            scores.accuracy(request.program.network.loss, predictions, raw_y),
        )


def _opened(table: "Table") -> TableOpened:
    return TableOpened(
        len(table.raw),
        numbers(table.mean),
        numbers(table.std),
        table.digest,
        table.notes,
        numbers(table.target_mean),
        numbers(table.target_std),
    )


def _check_targets(request: OpenTable, table: "Table") -> None:
    """Before a run trains on what its loss is not made for."""
    if not request.loss:
        return
    if request.loss not in LOSSES:
        raise RequestError(f"there is no loss '{escape_controls(request.loss)}'")
    loss = LOSSES[request.loss]
    if (row := loss.first_refused(table.y)) is not None:
        name = escape_controls(request.table.path or request.table.built_in) or "the table"
        raise RequestError(f"{name}: row {row}: {loss.refusal(table.y[row])}")


def _check_amount(steps: int, batch: int) -> None:
    """Before anything of this size is made."""
    if not 0 <= steps <= STEPS_A_REQUEST or (steps > 1 and steps * batch > MAX_ROWS):
        raise RequestError(
            f"one request runs up to {STEPS_A_REQUEST:,} steps and {MAX_ROWS:,} rows, or one larger batch"
        )


def _repeated(part: Array, steps: int) -> Array:
    """The same samples for each step: a view, no copy."""
    return np.broadcast_to(part, (steps, *part.shape))


def _ones(steps: int, batch: int) -> Array:
    """The weight of samples that all count: a view of one number."""
    return np.broadcast_to(1.0, (steps, batch))


def _checked_rows(rows: Array, size: int, ndim: int = 1) -> Array:
    if rows.ndim != ndim:
        raise RequestError(f"rows are numbers in {ndim} dimension{'s' * (ndim > 1)}")
    if rows.dtype.kind != "i" or (rows.size and not (rows.min() >= 0 and rows.max() < size)):
        raise RequestError(f"there is no such row: the table has rows 0 to {size - 1}")
    return rows


def _check_fit(network: Network, x: Array, y: Array) -> None:
    if x.shape[-1] != network.features or y.shape[-1] != network.outputs:
        raise RequestError(
            f"the samples have {x.shape[-1]} features and {y.shape[-1]} targets, "
            f"the network {network.features} and {network.outputs}"
        )


def _check_predicted(request: FindWorst, x: Array, y: Array) -> None:
    _check_fit(request.program.network, x, y)
    if request.parameters.shape != (request.program.network.width,):
        raise RequestError("the parameters do not have the width of this network")


def _differentiate(request: Differentiate) -> Differentiated:
    from .functions import differentiate

    x = request.x.array
    if x.ndim != 1 or not 1 <= len(x) <= MAX_POINTS:
        raise RequestError(f"a function is computed at 1 to {MAX_POINTS} x at a time")
    found = differentiate(_formula(request.formula), x)
    return Differentiated(*(numbers(part) for part in found))


def _descend(request: Descend) -> Descended:
    from .functions import descend

    formula = _formula(request.formula)
    most = descent_steps(len(formula.operations))
    if not 1 <= request.steps <= most:
        raise RequestError(f"a descent along this function takes 1 to {most} steps at a time, not {request.steps}")
    found = descend(formula, request.x, request.lr, request.steps)
    return Descended(*(numbers(part) for part in found))


def _formula(text: str) -> Formula:
    try:
        return parse(text)
    except FormulaError as error:
        raise RequestError(str(error)) from None

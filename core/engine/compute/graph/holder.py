"""Holds one model, traced, and where it was before each step, so that any step can be made again bit for bit."""

from time import monotonic

from backprop_tui.core.engine.protocol.model import (
    CheckGradients,
    CompareOperation,
    DescribeModel,
    GradientsChecked,
    MakeStep,
    ModelAnswer,
    ModelDescribed,
    ModelFailed,
    ModelRequest,
    ModelSpec,
    NotFiniteSought,
    OperationCompared,
    OperationRead,
    Rates,
    ReadOperation,
    SeekNotFinite,
    StepMade,
    block,
    until_they_differ,
)
from backprop_tui.core.operations.along import Along, Left
from backprop_tui.core.operations.norms import gradient_norms
from backprop_tui.core.operations.operation import Operation, Step
from backprop_tui.core.operations.summary import first_not_finite
from msgspec.structs import replace

from .changing import learning_rate, new_weights, schedule, set_learning_rate
from .checking import check
from .directions import along
from .opening import ModelError, open_model
from .rows import rows_of
from .tracing import Snapshot, Traced

SOUGHT = 0.25
"""Seconds of looking for NaN after which an answer tells how far it came."""

DEFAULT_BATCH = 4
"""Rows of a step, if neither the person nor the example says."""

MOST_BYTES = 2**28
"""The snapshots may take so many bytes: then every second one is dropped, and steps between are made again."""


def traced_of(spec: ModelSpec) -> Traced:
    """A model as it was named, traced. Raises ModelError."""
    opened = open_model(spec.model, spec.loss, spec.optimizer, spec.lr)
    rows = rows_of(opened, spec.data, spec.target, spec.seed)
    return Traced(opened.model, rows, spec.batch or opened.batch or min(DEFAULT_BATCH, rows.count))


class Holder:
    """Answers requests about one model at a time."""

    def __init__(self) -> None:
        self._spec: ModelSpec | None = None
        self._traced: Traced | None = None
        self._starts: dict[int, Snapshot] = {}
        """Of some steps, what everything was before them; of the first always."""
        self._next = 1
        """The step that the model stands before."""
        self._step: Step | None = None
        self._every = 1
        self._rates: Rates = ()
        self._own: Snapshot = ()
        """The model as it was opened."""

    def answer(self, request: ModelRequest) -> ModelAnswer:
        """The answer to a request; `ModelFailed` if it can't be given."""
        try:
            traced = self._opened(request.spec)
            match request:
                case DescribeModel():
                    name = type(traced.model.optimizer).__name__
                    rate, its_schedule = learning_rate(traced.model), schedule(traced.model)
                    return ModelDescribed(traced.graph, traced.rows.source, traced.batch, name, rate, its_schedule)
                case MakeStep():
                    return _told(traced, self._made(traced, request.number))
                case SeekNotFinite():
                    return self._seek(traced, request)
                case CompareOperation():
                    step, one = self._made(traced, request.number), _named(traced, request.name)
                    found = along(traced, step, one)
                    compared = tuple(each for each in found if isinstance(each, Along))
                    left = tuple(each for each in found if isinstance(each, Left))
                    return OperationCompared(request.number, request.name, compared, left)
                case ReadOperation():
                    return self._read(traced, request)
                case CheckGradients():
                    step = self._made(traced, request.number)
                    self._stand_before(traced, request.number)
                    return GradientsChecked(request.number, tuple(check(traced, traced.snapshot(), step)))
        except ModelError as error:
            return ModelFailed(str(error))

    def _opened(self, spec: ModelSpec) -> Traced:
        before, self._spec = self._spec, spec
        if self._traced is None or before is None or _typed(spec) != _typed(before):
            self._traced = None
            self._traced = traced_of(spec)
            self._own = self._traced.snapshot()
            self._begin(self._traced, spec)
        elif spec.weights != before.weights:
            self._begin(self._traced, spec)
        elif spec.rates != self._rates:
            self._take_rates(self._traced, spec.rates)
        return self._traced

    def _begin(self, traced: Traced, spec: ModelSpec) -> None:
        """At the start, with the model's own weights or with new ones."""
        self._spec = None  # until all of it is done
        traced.restore(self._own)
        self._step, self._rates, self._next, self._every = None, spec.rates, 1, 1
        if spec.weights:
            new_weights(traced.model, spec.weights)
        self._starts, self._spec = {1: traced.snapshot()}, spec

    def _take_rates(self, traced: Traced, rates: Rates) -> None:
        """Other learning rates: what was made with those before is no more."""
        same = until_they_differ(self._rates, rates)
        self._rates = rates
        self._starts = {kept: start for kept, start in self._starts.items() if kept <= same}
        if self._next > same:
            self._next = max(self._starts)
            traced.restore(self._starts[self._next])
        if self._step is not None and self._step.number >= same:
            self._step = None

    def _made(self, traced: Traced, number: int) -> Step:
        """A step with all its numbers."""
        if number < 1:
            raise ModelError("steps are counted from 1")
        if self._step is None or self._step.number != number:
            self._stand_before(traced, number)
            self._step = self._run(traced)
        return self._step

    def _stand_before(self, traced: Traced, number: int) -> None:
        """Bring the model to where it was before a step: from the nearest snapshot, by making the steps between."""
        nearest = max(kept for kept in self._starts if kept <= number)
        if not nearest <= self._next <= number:
            traced.restore(self._starts[nearest])
            self._next = nearest
        while self._next < number:
            self._run(traced)

    def _run(self, traced: Traced) -> Step:
        number = self._next
        if (number - 1) % self._every == 0 and number not in self._starts:
            self._starts[number] = traced.snapshot()
            self._thin()
        rate = next((rate for step, rate in reversed(self._rates) if step <= number), None)
        if rate is not None:
            set_learning_rate(traced.model, rate)
        made = traced.run(number)
        self._next = number + 1
        return made

    def _thin(self) -> None:
        size = sum(values.nbytes for values in self._starts[1])
        while len(self._starts) > 2 and len(self._starts) * size > MOST_BYTES:
            self._every *= 2
            self._starts = {kept: start for kept, start in self._starts.items() if (kept - 1) % self._every == 0}

    def _seek(self, traced: Traced, request: SeekNotFinite) -> ModelAnswer:
        number, behind, until, found = request.number, request.done, monotonic() + SOUGHT, list[StepMade]()
        while True:
            step = self._made(traced, number)
            found.append(_told(traced, step))
            if (one := first_not_finite(traced.graph, step, behind)) is not None:
                return NotFiniteSought(tuple(found), one.name)
            if monotonic() > until:
                return NotFiniteSought(tuple(found))
            number, behind = number + 1, 0

    def _read(self, traced: Traced, request: ReadOperation) -> ModelAnswer:
        step = self._made(traced, request.number)
        operation = _named(traced, request.name)
        names = (*operation.inputs, *(tensor.name for tensor in operation.outputs))
        return OperationRead(
            request.number, request.name, {name: block(step.values[name]) for name in names if name in step.values}
        )


def _named(traced: Traced, name: str) -> Operation:
    found = next((one for one in traced.graph.operations if one.name == name), None)
    if found is None:
        raise ModelError(f"the model has no operation '{name[:80]}'")
    return found


def _told(traced: Traced, step: Step) -> StepMade:
    return StepMade(step.number, step.loss, gradient_norms(traced.graph, step), step.lr)


def _typed(spec: ModelSpec) -> ModelSpec:
    """Without what was changed since."""
    return replace(spec, weights=0, rates=())

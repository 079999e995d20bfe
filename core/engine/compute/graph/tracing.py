"""A step of a model as a graph of operations: traced once, then every tensor of it is fetched at each step.

The forward pass, the loss and the update are the model's own, the gradients those of TensorFlow's tape, as in Keras's
own `train_step`. So the loss and the weights after a step are those of `train_on_batch`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from itertools import accumulate
from typing import Any

import numpy as np
from backprop_tui.core.operations.operation import (
    FORWARD,
    GRADIENT,
    LOSS,
    UPDATE,
    Graph,
    Operation,
    Step,
    Tensor,
    Values,
    Weight,
)

from .keras import tf
from .opening import ModelError, first_line
from .rows import Rows
from .states import ASSIGNS, READ, Assigned, States, held, in_layers, noting_updates

MAX_OPERATIONS, MAX_NUMBERS = 20_000, 2**25
"""A model of more operations, or whose tensors hold more numbers in a step (128 MB in float32), is refused."""

FETCHED = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "bool")
SHAPES = ("Shape", "ShapeN", "Size", "Rank", "BroadcastGradientArgs")
"""Types that look at shapes only: what is computed of these alone depends on no data."""

Snapshot = tuple[Values, ...]


class Traced:
    """A model that is stepped with rows. What changes: the model's own variables, and those of its optimizer."""

    def __init__(self, model: Any, rows: Rows, batch: int) -> None:
        """Trace a step with so many rows. Raises ModelError if the model does not take them, or is too large."""
        self.model, self.rows, self.batch = model, rows, batch
        x, y = rows.batch(1, batch)
        self._single = len(rows.x) == 1
        try:
            if not model.built:
                model(self._given([tf.constant(part) for part in x]))
            check_parameters(model)
            model.optimizer.build(model.trainable_variables)
            start = self.snapshot()
            tracer = _Tracer(model, self._single)
            self._step = tf.function(tracer.step, autograph=False).get_concrete_function(
                [tf.TensorSpec(part.shape, part.dtype) for part in x], tf.TensorSpec(y.shape, y.dtype)
            )
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(f"a step with {batch} rows can't be traced: {first_line(error)}") from None
        self.restore(start)
        self.graph = tracer.graph(self._step)
        self._names = tracer.fetched
        self._assigned = tracer.assigned
        changed = {one.operation.variable for one in self._assigned}
        self._changed = {one.path: one for one in self._variables() if one.path in changed}
        self.adjoints = tracer.adjoints
        """By the name of a tensor of the forward pass or the loss, the tensor that is the loss's gradient by it."""
        self.nodes = tracer.nodes
        """TensorFlow's own operations by name."""
        check_size(self.graph)

    def run(self, number: int) -> Step:
        """Make one step from the present weights, with the rows of this number. The weights change."""
        x, y = self.rows.batch(number, self.batch)
        before, lr = self.weights(), float(self.model.optimizer.learning_rate)
        start = {path: _plain(one.value) for path, one in self._changed.items()}
        try:
            found = self._step([tf.constant(part) for part in x], tf.constant(y))
        except tf.errors.OpError as error:
            raise ModelError(f"step {number}: {first_line(error)}") from None
        values = {name: _plain(tensor) for name, tensor in zip(self._names, found, strict=True)}
        end = {path: _plain(one.value) for path, one in self._changed.items()}
        values.update(held(self._assigned, values, start, end))
        return Step(number, values, float(values[self.graph.loss]), before, self.weights(), lr)

    def weights(self) -> dict[str, Values]:
        """The trainable parameters by path."""
        return {one.path: _plain(one.value) for one in self.model.trainable_variables}

    def snapshot(self) -> Snapshot:
        """All that a step depends on, and changes: weights, the optimizer's state, the seeds of random layers."""
        return tuple(_plain(one.value).copy() for one in self._variables())

    def restore(self, snapshot: Snapshot) -> None:
        """Make everything what it was."""
        for variable, value in zip(self._variables(), snapshot, strict=True):
            variable.assign(value)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _given(self, parts: list[Any]) -> Any:
        return parts[0] if self._single else parts


def check_parameters(model: Any) -> None:
    """Raise ModelError if the parameters and their gradients alone are too many: tracing could take minutes."""
    # Of a table of embeddings a step takes some rows alone.
    least = 2 * sum(_size(one.shape) for one in model.trainable_variables if one.name != "embeddings")
    if least > MAX_NUMBERS:
        raise ModelError(
            f"a step computes at least {least:,} numbers; up to {MAX_NUMBERS:,} are shown: try a smaller model"
        )


def check_size(graph: Graph) -> None:
    """Raise ModelError if a step has more operations or numbers, before its update, than can be kept and shown."""
    operations = [operation for operation in graph.operations if operation.part != UPDATE]
    if len(operations) > MAX_OPERATIONS:
        raise ModelError(
            f"a step has {len(operations):,} operations; up to {MAX_OPERATIONS:,} are shown: try a smaller model"
        )
    count = sum(_size(tensor.shape) for operation in operations for tensor in operation.outputs)
    if count > MAX_NUMBERS:
        raise ModelError(
            f"a step computes {count:,} numbers; up to {MAX_NUMBERS:,} are shown: try a smaller model or --batch"
        )


def _size(shape: Sequence[int | None]) -> int:
    return int(np.prod([size or 1 for size in shape], dtype=np.int64))


class _Tracer:
    """Notes, while a step is traced, which operations belong to which part and to which layer."""

    def __init__(self, model: Any, single: bool) -> None:
        self._model, self._single = model, single
        self._layers: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._ends: tuple[int, int, int] = (0, 0, 0)
        self._operations: list[Any] = []
        self._loss = self._prediction = ""
        self._gradients: list[str] = []
        self.fetched: list[str] = []
        self.assigned: tuple[Assigned, ...] = ()
        self.adjoints: dict[str, str] = {}
        self.nodes: dict[str, Any] = {}

    def step(self, x: list[Any], y: Any) -> list[Any]:
        """What TensorFlow traces: one step, as Keras's `train_step` makes it. Returns every tensor."""
        model = self._model
        made = tf.compat.v1.get_default_graph().get_operations
        given = x[0] if self._single else x
        with tf.GradientTape() as tape:
            with _noting_layers(model, made, self._layers):
                prediction = model(given, training=True)
            forward = len(made())
            loss = model.compute_loss(x=given, y=y, y_pred=prediction, sample_weight=None, training=True)
            self._loss = loss.name
            loss = model.optimizer.scale_loss(loss)
        lost = len(made())
        weights = [one.value for one in model.trainable_variables]
        between = _on_the_way(made(), [one.handle for one in weights])
        gradients = tape.gradient(loss, [*weights, *between])
        gradients, passing = gradients[: len(weights)], gradients[len(weights) :]
        self.adjoints = {
            tensor.name: gradient.name
            for tensor, gradient in zip(between, passing, strict=True)
            if isinstance(gradient, tf.Tensor) and gradient.dtype.name == "float32"
        }
        self._gradients = ["" if one is None else tf.convert_to_tensor(one).name for one in gradients]
        before = made()
        self._ends = (forward, lost, len(before))
        self._prediction = tf.nest.flatten(prediction)[0].name
        paths = {id(one.value): one.path for one in model.trainable_variables}
        with noting_updates(model.optimizer, made, paths, self._owners):
            model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        self._operations = made() if _fits(made()) else before
        self.nodes = {operation.name: operation for operation in self._operations}
        tensors = [
            tensor
            for operation in self._operations
            for tensor in operation.outputs
            if tensor.dtype.name in FETCHED and operation.type != "NoOp"
        ]
        self.fetched = [tensor.name for tensor in tensors]
        return tensors

    def graph(self, step: Any) -> Graph:
        """The operations, for the function that was traced."""
        all_variables = [*self._model.variables, *self._model.optimizer.variables]
        handles = {id(one.value.handle): one.path for one in all_variables}
        outer = zip(step.captured_inputs, step.inputs[len(step.inputs) - len(step.captured_inputs) :], strict=True)
        variables = {inside.name: handles.get(id(outside), "") for outside, inside in outer}
        states = States(variables, {one.path: (tuple(one.shape), str(one.dtype)) for one in all_variables})
        forward, lost, back = self._ends
        found: dict[str, Operation] = {}
        inner: Scopes = {}
        depends: set[str] = set()
        for number, operation in enumerate(self._operations):
            part = FORWARD if number < forward else LOSS if number < lost else GRADIENT if number < back else UPDATE
            one = states.in_time(_plainly(operation, part, self._layers, variables, found, inner))
            if _is_data(operation) or (operation.type not in SHAPES and any(name in depends for name in one.inputs)):
                depends.update(tensor.name for tensor in one.outputs)
            one = found[one.name] = one if _is_shown(one, depends) else _hidden(one)
            if part in (FORWARD, LOSS):
                for scope in accumulate(one.name.split("/")[:-1], "{}/{}".format):
                    inner.setdefault(scope, []).append(one)
        weights = [
            Weight(one.path, tuple(one.shape), name)
            for one, name in zip(self._model.trainable_variables, self._gradients, strict=True)
        ]
        self.assigned = states.assigned
        operations = in_layers(list(found.values()), self._owners)
        return Graph(tuple(operations), self._loss, self._prediction, tuple(weights))


def _fits(operations: Sequence[Any]) -> bool:
    """Whether so many operations, and their numbers, can be kept; else the update's are left out."""
    count = sum(
        _size(tensor.shape.as_list() if tensor.shape.rank is not None else ())
        for operation in operations
        for tensor in operation.outputs
    )
    return len(operations) <= MAX_OPERATIONS and count <= MAX_NUMBERS


def _on_the_way(operations: Sequence[Any], handles: Sequence[Any]) -> list[Any]:
    """The tensors that depend on a weight: the tape comes by these anyway, so that their gradients cost nothing."""
    graph = tf.compat.v1.get_default_graph()
    inside = [graph.capture(handle) for handle in handles]
    depends, found = {tensor.name for tensor in inside}, []
    for operation in operations:
        if any(tensor.name in depends for tensor in operation.inputs):
            for tensor in operation.outputs:
                depends.add(tensor.name)
                if tensor.dtype == tf.float32:
                    found.append(tensor)
    return found


@contextmanager
def _noting_layers(model: Any, made: Callable[[], Sequence[Any]], found: dict[str, str]) -> Iterator[None]:
    """Note, by its name, the layer in whose `call` an operation is made; the innermost one counts."""
    layers = [one for one in model._flatten_layers(include_self=False) if "call" not in vars(one)]
    stack: list[str] = []

    def noting(layer: Any) -> Callable[..., Any]:
        call = layer.call

        @wraps(call)
        def noted(*given: Any, **named: Any) -> Any:
            stack.append(layer.name)
            first = len(made())
            try:
                return call(*given, **named)
            finally:
                for operation in made()[first:]:
                    found.setdefault(operation.name, "/".join(stack))
                stack.pop()

        return noted

    for layer in layers:
        vars(layer)["call"] = noting(layer)
    try:
        yield
    finally:
        for layer in layers:
            del vars(layer)["call"]


Scopes = dict[str, list[Operation]]
"""By the name of a scope, the operations of the forward pass and the loss that lie in it, or deeper."""


def _plainly(
    operation: Any,
    part: str,
    layers: dict[str, str],
    variables: dict[str, str],
    found: dict[str, Operation],
    inner: Scopes,
) -> Operation:
    """An operation of TensorFlow as plain data."""
    name, of = str(operation.name), ""
    layer = layers.get(name, "")
    if part == GRADIENT:
        of, layer = _forward_of(operation, found, inner)
    inputs = tuple(tensor.name for tensor in operation.inputs)
    variable = next((variables[one] for one in inputs if variables.get(one)), "")
    outputs = tuple(Tensor(one.name, _shape(one), str(one.dtype.name)) for one in operation.outputs)
    return Operation(name, str(operation.type), part, inputs, outputs, _attributes(operation), layer, of, variable)


TAPE = "gradient_tape/"
"""TensorFlow names the operations of the tape after the scope of the forward ones."""


def _forward_of(operation: Any, found: dict[str, Operation], inner: Scopes) -> tuple[str, str]:
    """The forward operation that an operation of the gradients belongs to, and its layer; what is not known is empty.

    TensorFlow names it after the scope that the forward operation lies in. If that scope is the operation's own, it is
    known; if it holds several, the type tells, as ReluGrad tells of Relu. More is not guessed.
    """
    if not operation.name.startswith(TAPE):
        return "", ""
    scope = str(operation.name).removeprefix(TAPE).rpartition("/")[0]
    while scope:
        own = found.get(scope)
        inside = list(inner.get(scope, ()))
        if own is not None and own.part != GRADIENT and not any(one.shown for one in inside):
            return own.name, own.layer
        inside += [own] if own is not None else []
        if inside:
            same = [one.name for one in inside if one.type == _of_type(operation.type) != operation.type]
            return (same[0] if len(same) == 1 else ""), next((one.layer for one in inside if one.layer), "")
        scope = scope.rpartition("/")[0]
    return "", ""


def _of_type(gradient: str) -> str:
    """The type whose gradient an operation of this type is: ReluGrad is Relu's."""
    return gradient.removesuffix("Grad").removesuffix("BackpropInput").removesuffix("BackpropFilter")


def _attributes(operation: Any) -> dict[str, Any]:
    """What it was told, as plain data."""
    found: dict[str, Any] = {}
    for name in operation.node_def.attr:
        if name.startswith("_"):
            continue
        value = operation.get_attr(name)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, bool | int | float | str):
            found[name] = value
        elif isinstance(value, list) and all(isinstance(one, bool | int | float) for one in value):
            found[name] = tuple(value)
    return found


def _is_data(operation: Any) -> bool:
    """Whether it is where data, weights or random numbers come in."""
    return operation.type == READ or (operation.type == "Placeholder" and operation.outputs[0].dtype.name in FETCHED)


def _is_shown(operation: Operation, depends: set[str]) -> bool:
    """Constants and the arithmetic of shapes are not."""
    if operation.type in ("Const", "NoOp") or operation.type in SHAPES or not operation.outputs:
        return False
    if operation.type in ASSIGNS:
        return "float" in operation.outputs[0].dtype
    if all(tensor.dtype not in FETCHED for tensor in operation.outputs):
        return False
    floats = any("float" in tensor.dtype for tensor in operation.outputs)
    return floats or any(tensor.name in depends for tensor in operation.outputs)


def _hidden(operation: Operation) -> Operation:
    return replace(operation, shown=False)


def _shape(tensor: Any) -> tuple[int | None, ...]:
    return () if tensor.shape.rank is None else tuple(tensor.shape.as_list())


def _plain(tensor: Any) -> Values:
    """As numpy, which has no bfloat16."""
    values: Values = np.asarray(tensor.numpy())
    return values.astype("float32") if values.dtype.kind == "V" or values.dtype.name == "bfloat16" else values

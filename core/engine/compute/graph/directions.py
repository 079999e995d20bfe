"""The gradient that goes back through single operations, each against finite differences of that operation alone.

An operation of the forward pass is run again by itself, in float64, with what went into it at a step, a little to both
sides along a random direction. What came back from behind it, times the change of its output, must be the gradient of
its input times the direction. A tensor that several operations take gets the sum over all of these.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from backprop_tui.core.operations.along import Along
from backprop_tui.core.operations.operation import Operation, Step, Values
from backprop_tui.core.operations.written import numbering

from .keras import tf
from .opening import ModelError
from .tracing import Traced

PRECISE, COARSE = 1e-7, 1e-3
"""How far an input is moved, by its largest number: in float64, and in float32 where there is no other."""

CUSTOM = "_gradient_op_type"
"""The attribute of an operation whose gradient is a function that somebody wrote, as Keras does for silu."""

STOPPED = ("StopGradient", "PreventGradient")
"""Through these nothing goes back, by intention."""


def along(traced: Traced, step: Step, operation: Operation | None = None) -> list[Along]:
    """A line for each tensor whose gradient is known: of a whole step, or those that one operation is about.

    Of a whole step those are left out that a gradient of its own, written by hand, belongs to, or that are taken by an
    operation that can't be run alone.

    An operation of the gradients is about the tensor whose gradient it makes, else about the inputs of the forward one
    that it belongs to; a forward one about its inputs. Raises ModelError if nothing is known of it.
    """
    if operation is None:
        chosen = tuple(traced.adjoints)
    else:
        chosen = tuple(_about(traced, operation))
        if not chosen:
            raise ModelError("which gradient this operation belongs to is not known: nothing to compare")
    found = []
    for name in chosen:
        try:
            one = _tensor(traced, step, name)
        except ModelError:
            if operation is not None:
                raise
            continue
        if one is not None:
            found.append(one)
    return found


def _about(traced: Traced, operation: Operation) -> Iterator[str]:
    made = {tensor.name for tensor in operation.outputs}
    own = [name for name, gradient in traced.adjoints.items() if gradient in made]
    forward = (
        operation
        if not operation.of
        else next((one for one in traced.graph.operations if one.name == operation.of), operation)
    )
    yield from own or [name for name in dict.fromkeys(forward.inputs) if name in traced.adjoints]


def _tensor(traced: Traced, step: Step, name: str) -> Along | None:
    """The gradient by one tensor; None if no operation takes it by which the loss changes."""
    graph, gradient = traced.graph, step.values[traced.adjoints[name]]
    takers = [
        one
        for one in graph.operations
        if name in one.inputs
        and one.type not in STOPPED
        and any(output.name in traced.adjoints for output in one.outputs)
    ]
    if not takers:
        return None
    if any(CUSTOM in traced.nodes[one.name].node_def.attr for one in takers):
        raise ModelError("here the model's own code says what the gradient is: c checks it with the parameters")
    direction = np.random.RandomState(step.number).standard_normal(gradient.shape)
    own = float((gradient.astype("float64") * direction).sum())
    low = high = size = 0.0
    precise = True
    for taker in takers:
        sides, in_float64 = _sides(traced, step, taker, name, direction)
        precise = precise and in_float64
        for output, left, right in sides:
            back = step.values[traced.adjoints[output]].astype("float64")
            low += float(np.minimum(back * left, back * right).sum())
            high += float(np.maximum(back * left, back * right).sum())
            size += float(np.abs(back * right).sum())
    length = float(np.sqrt(np.square(gradient.astype("float64")).sum()))
    numbers, maker = numbering(graph), graph.makers[name]
    return Along(
        tuple(numbers[one.name] for one in takers if one.name in numbers),
        tuple(one.type for one in takers),
        numbers.get(maker.name, 0),
        maker.variable or maker.type,
        own,
        min(max(own, low), high) if low == low and high == high else float("nan"),
        (length + ROUNDED * size) or 1.0,
        precise,
    )


ROUNDED = 1e-3
"""An error is by the gradient's length, and by this part of all that was added up: sums that cancel are rounded."""

Side = tuple[str, Values, Values]
"""An output, and by how much it changes: to the left and to the right."""


def _sides(traced: Traced, step: Step, taker: Operation, name: str, direction: Values) -> tuple[list[Side], bool]:
    """The two one-sided derivatives of an operation's outputs along a direction: at a corner they differ."""
    node, base = traced.nodes[taker.name], step.inputs(taker)
    where = [place for place, one in enumerate(taker.inputs) if one == name]
    for kind, shift in (("float64", PRECISE), ("float32", COARSE)):
        scale = shift * max(1.0, float(np.abs(base[where[0]]).max(initial=0.0)))
        try:
            run, outputs = alone(node, kind), []
            for sign in (-1, 0, 1):
                moved = [
                    one + sign * scale * direction if place in where else one for place, one in enumerate(_wide(base))
                ]
                outputs.append(run(moved))
        except (tf.errors.OpError, TypeError, ValueError):
            continue  # it has no kernel in float64
        return [
            (tensor.name, (now - left) / scale, (right - now) / scale)
            for tensor, left, now, right in zip(taker.outputs, *outputs, strict=True)
            if tensor.name in traced.adjoints
        ], kind == "float64"
    raise ModelError(f"{taker.type} can't be run alone")


def _wide(values: Sequence[Values]) -> list[Values]:
    return [one.astype("float64") if one.dtype.kind == "f" else one for one in values]


def alone(node: Any, kind: str) -> Callable[[Sequence[Values]], list[Values]]:
    """One operation of TensorFlow's graph by itself, its float32 in another precision: of inputs, its outputs."""
    wanted = tf.as_dtype(kind)
    types = [wanted if tensor.dtype == tf.float32 else tensor.dtype for tensor in node.inputs]
    attributes = {}
    for name, value in node.node_def.attr.items():
        if not name.startswith("_"):
            attributes[name] = type(value).FromString(value.SerializeToString())
            changed = attributes[name]
            if changed.type == tf.float32.as_datatype_enum:
                changed.type = wanted.as_datatype_enum
            for place, one in enumerate(changed.list.type):
                if one == tf.float32.as_datatype_enum:
                    changed.list.type[place] = wanted.as_datatype_enum

    with tf.Graph().as_default() as graph:
        places = [tf.compat.v1.placeholder(dtype, one.shape) for one, dtype in zip(node.inputs, types, strict=True)]
        outputs = graph.create_op(node.type, places, attrs=attributes).outputs
    session = tf.compat.v1.Session(graph=graph)

    def of(inputs: Sequence[Values]) -> list[Values]:
        found = session.run(list(outputs), dict(zip(places, inputs, strict=True)))
        return [np.asarray(one).astype("float64") for one in found]

    return of

"""The gradient that goes back through single operations, each against finite differences of that operation alone.

An operation of the forward pass is run again by itself, in float64, with what went into it at a step, a little to both
sides along a random direction. What came back from behind it, times the change of its output, must be the gradient of
its input times the direction. A tensor that several operations take gets the sum over all of these. Where the model's
own code says a gradient, all that lies between the inputs and the outputs of that code is run again as one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from backprop_tui.core.operations.along import Along, Left
from backprop_tui.core.operations.operation import FORWARD, LOSS, UPDATE, Operation, Step, Values
from backprop_tui.core.operations.written import numbering

from .keras import tf
from .opening import ModelError
from .tracing import Traced

PRECISE, COARSE = 1e-7, 1e-3
"""How far a number is moved, by its size or by 1: in float64, and in float32 where there is no other."""

CUSTOM = "_gradient_op_type"
"""The attribute of an operation whose gradient is a function that somebody wrote, as Keras does for silu.

TensorFlow puts an `IdentityN` behind what such a function computed: first its results, then what it was given.
"""

STOPPED = ("StopGradient", "PreventGradient")
"""Through these nothing goes back, by intention."""

STEPS = ("Round", "Rint", "Floor", "Ceil", "Sign", "FloorDiv", "ArgMax", "ArgMin", "OneHot", "Bucketize")
"""Their outputs jump, and do not change between: a finite difference of them says nothing."""

STRAIGHT_THROUGH = (
    "FakeQuantWithMinMaxArgs",
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel",
    "QuantizeAndDequantizeV2",
    "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4",
)
"""They round, and TensorFlow itself lets the gradient through as if they did not."""


def along(traced: Traced, step: Step, operation: Operation | None = None) -> list[Along | Left]:
    """A line for each tensor whose gradient is known: of a whole step, or those that one operation is about.

    Where there is no finite difference to compare with, or no gradient though a weight lies before, the reason is told.

    An operation of the gradients is about the tensor whose gradient it makes, else about the inputs of the forward one
    that it belongs to; a forward one about its inputs. Raises ModelError if nothing is known of it.
    """
    if operation is not None and operation.part == UPDATE:
        raise ModelError("the update comes after the loss: no gradient goes through it")
    chosen = tuple(traced.adjoints) if operation is None else tuple(_about(traced, operation))
    without = tuple(_without(traced, None if operation is None else _forward(traced, operation)))
    if not chosen and not without:
        raise ModelError("which gradient this operation belongs to is not known: nothing to compare")
    return [one for one in (*(_tensor(traced, step, name) for name in chosen), *without) if one is not None]


def _about(traced: Traced, operation: Operation) -> Iterator[str]:
    made = {tensor.name for tensor in operation.outputs}
    own = [name for name, gradient in traced.adjoints.items() if gradient in made]
    yield from own or [name for name in dict.fromkeys(_forward(traced, operation).inputs) if name in traced.adjoints]


def _forward(traced: Traced, operation: Operation) -> Operation:
    """The operation of the forward pass that an operation belongs to; itself if that is not known."""
    found = (one for one in traced.graph.operations if one.name == operation.of) if operation.of else iter(())
    return next(found, operation)


def _without(traced: Traced, operation: Operation | None = None) -> Iterator[Left]:
    """Operations that a gradient can't go through, though one comes to their outputs or a weight lies before them."""
    graph, numbers = traced.graph, numbering(traced.graph)
    depends = _behind_weights(traced)
    for one in graph.operations if operation is None else (operation,):
        if one.part not in (FORWARD, LOSS) or not one.shown or not depends.intersection(one.inputs) or one.variable:
            continue
        if why := _why_none(one, traced):
            name = next(name for name in one.inputs if name in depends)
            maker = graph.makers[name]
            what = maker.variable or maker.type
            yield Left((numbers[one.name],), (one.type,), numbers.get(maker.name, 0), what, why)


def _why_none(one: Operation, traced: Traced) -> str:
    """Why no gradient goes through an operation; empty if one does, or if none is asked for."""
    if one.type in STOPPED:
        return "it stops the gradient, by intention"
    if any(tensor.name in traced.adjoints for tensor in one.outputs):
        return ""
    if one.outputs and all(tensor.dtype[:3] in ("int", "uin", "boo") for tensor in one.outputs):
        return f"whole numbers ({one.outputs[0].dtype}) have no gradient"
    if one.type in STEPS:
        return "it jumps, and does not change between: it has no gradient"
    if one.outputs and all(tensor.dtype in ("float16", "bfloat16") for tensor in one.outputs):
        return f"{one.outputs[0].dtype} is too coarse for a finite difference"
    return ""


def _behind_weights(traced: Traced) -> set[str]:
    """The tensors of the forward pass and the loss that depend on a parameter."""
    paths, found = {weight.path for weight in traced.graph.weights}, set[str]()
    for one in traced.graph.operations:
        if one.part in (FORWARD, LOSS) and (one.variable in paths or found.intersection(one.inputs)):
            found.update(tensor.name for tensor in one.outputs)
    return found


def _tensor(traced: Traced, step: Step, name: str) -> Along | Left | None:
    """The gradient by one tensor; None if no operation takes it by which the loss changes."""
    graph, gradient = traced.graph, step.values[traced.adjoints[name]]
    takers = [
        one
        for one in graph.takers.get(name, ())
        if one.type not in STOPPED and any(output.name in traced.adjoints for output in one.outputs)
    ]
    if not takers:
        return None
    numbers, maker = numbering(graph), graph.makers[name]
    through = tuple(numbers[one.name] for one in takers if one.name in numbers)
    types = tuple(one.type for one in takers)
    place, what = numbers.get(maker.name, 0), maker.variable or maker.type
    pieces = [_piece(traced, one, name) for one in takers]
    if rounds := next((one.type for one in takers if one.type in STRAIGHT_THROUGH), ""):
        return Left(through, types, place, what, f"{rounds} rounds, and lets the gradient straight through")
    by = np.maximum(np.abs(step.values[name].astype("float64")), 1.0)
    direction = by * np.random.RandomState(step.number).standard_normal(gradient.shape)
    own = float((gradient.astype("float64") * direction).sum())
    low = high = size = 0.0
    precise = True
    for piece in pieces:
        try:
            sides, in_float64 = _sides(traced, step, piece, name, direction)
        except ModelError as error:
            return Left(through, types, place, what, str(error))
        precise = precise and in_float64
        for output, left, right in sides:
            back = step.values[traced.adjoints[output]].astype("float64")
            low += float(np.minimum(back * left, back * right).sum())
            high += float(np.maximum(back * left, back * right).sum())
            size += float(np.abs(back * right).sum())
    length = float(np.sqrt(np.square(by * gradient.astype("float64")).sum()))
    found = Along(
        through,
        types,
        place,
        what,
        own,
        min(max(own, low), high) if low == low and high == high else float("nan"),
        (length + ROUNDED * size) or 1.0,
        precise,
        any(_is_custom(traced, one) for one in takers),
    )
    jumps = next((one.type for piece in pieces for one in piece.operations if one.type in STEPS), "")
    if found.custom and jumps and not found.agrees:
        return Left(
            through, types, place, what, f"{jumps} jumps; the model's own code lets a gradient through (straight)"
        )
    return found


ROUNDED = 1e-3
"""An error is by the gradient's length, and by this part of all that was added up: sums that cancel are rounded."""


@dataclass(frozen=True)
class _Piece:
    """What is run again by itself: operations in their order, and the tensors of which the change counts.

    `outputs` gives for each of these the tensor, by name, that the step itself goes on with.
    """

    operations: tuple[Operation, ...]
    outputs: Mapping[str, str]


def _is_custom(traced: Traced, operation: Operation) -> bool:
    return CUSTOM in traced.nodes[operation.name].node_def.attr


def _piece(traced: Traced, taker: Operation, name: str) -> _Piece:
    """One operation; of a gradient that the model's own code says, all that leads from a tensor to its results."""
    known = [place for place, one in enumerate(taker.outputs) if one.name in traced.adjoints]
    if not _is_custom(traced, taker) or taker.type != "IdentityN":
        return _Piece((taker,), {taker.outputs[place].name: taker.outputs[place].name for place in known})
    results = {taker.inputs[place]: taker.outputs[place].name for place in known}
    given = {one for one in taker.inputs if one not in results and one in traced.adjoints}
    found: dict[str, Operation] = {}
    reached = {name}
    for one in traced.graph.operations:
        if one.name == taker.name:
            break
        if reached.intersection(one.inputs):
            found[one.name] = one
            reached.update(tensor.name for tensor in one.outputs if tensor.name not in given)
    return _Piece(tuple(_leading_to(set(results), found)), results)


def _leading_to(wanted: set[str], found: Mapping[str, Operation]) -> list[Operation]:
    """Of operations in their order those that some tensors are made by."""
    needed, chosen = set(wanted), []
    for one in reversed(list(found.values())):
        if needed.intersection(tensor.name for tensor in one.outputs):
            needed.update(one.inputs)
            chosen.append(one)
    return chosen[::-1]


Side = tuple[str, Values, Values]
"""An output, and by how much it changes: to the left and to the right."""


def _sides(traced: Traced, step: Step, piece: _Piece, name: str, direction: Values) -> tuple[list[Side], bool]:
    """The two one-sided derivatives of a piece's outputs along a direction: at a corner they differ."""
    nodes = [traced.nodes[one.name] for one in piece.operations]
    made = {tensor.name for one in piece.operations for tensor in one.outputs}
    given = {tensor.name: tensor for node in nodes for tensor in node.inputs if tensor.name not in made}
    if name in piece.outputs and name not in given:  # what comes out is what went in
        given[name] = traced.nodes[traced.graph.makers[name].name].outputs[int(name.rpartition(":")[2])]
    base = {one: step.values.get(one, np.empty(0)) for one in given}
    for kind, shift in (("float64", PRECISE), ("float32", COARSE)):
        try:
            run, outputs = alone(nodes, tuple(given.values()), tuple(piece.outputs), kind), []
            for sign in (-1, 0, 1):
                moved = _wide(base)
                if name in moved:
                    moved[name] = moved[name] + sign * shift * direction
                outputs.append(run(moved))
        except (tf.errors.OpError, TypeError, ValueError, KeyError):
            continue  # it has no kernel in float64
        return [
            (tensor, (now - left) / shift, (right - now) / shift)
            for tensor, left, now, right in zip(piece.outputs.values(), *outputs, strict=True)
        ], kind == "float64"
    types = ", ".join(dict.fromkeys(one.type for one in piece.operations))
    raise ModelError(f"{types} can't be run alone")


def _wide(values: Mapping[str, Values]) -> dict[str, Values]:
    return {name: one.astype("float64") if one.dtype.kind == "f" else one for name, one in values.items()}


def alone(
    nodes: Sequence[Any], given: Sequence[Any], wanted: Sequence[str], kind: str
) -> Callable[[Mapping[str, Values]], list[Values]]:
    """Operations of TensorFlow's graph by themselves, their float32 in another precision.

    `nodes` in their order, `given` the tensors that come from elsewhere, `wanted` names of tensors. Returns a function
    of the numbers of all that is given, by name, to those of what is wanted, in float64.
    """
    precision = tf.as_dtype(kind)
    with tf.Graph().as_default() as graph:
        places = {
            one.name: tf.compat.v1.placeholder(precision if one.dtype == tf.float32 else one.dtype, one.shape)
            for one in given
        }
        known = dict(places)
        for node in nodes:
            inputs = [known[one.name] for one in node.inputs]
            made = graph.create_op(node.type, inputs, attrs=_attributes(node, precision)).outputs
            known.update({tensor.name: one for tensor, one in zip(node.outputs, made, strict=True)})
        outputs = [known[name] for name in wanted]
    session = tf.compat.v1.Session(graph=graph)

    def of(values: Mapping[str, Values]) -> list[Values]:
        found = session.run(outputs, {place: values[name] for name, place in places.items()})
        return [np.asarray(one).astype("float64") for one in found]

    return of


def _attributes(node: Any, precision: Any) -> dict[str, Any]:
    """What an operation was told, with another type for each float32."""
    found = {}
    for name, value in node.node_def.attr.items():
        if not name.startswith("_"):
            changed = found[name] = type(value).FromString(value.SerializeToString())
            if changed.type == tf.float32.as_datatype_enum:
                changed.type = precision.as_datatype_enum
            for place, one in enumerate(changed.list.type):
                if one == tf.float32.as_datatype_enum:
                    changed.list.type[place] = precision.as_datatype_enum
            if changed.HasField("tensor") and changed.tensor.dtype == tf.float32.as_datatype_enum:
                wide = tf.make_ndarray(changed.tensor).astype(precision.as_numpy_dtype)
                changed.tensor.CopyFrom(tf.make_tensor_proto(wide))
    return found

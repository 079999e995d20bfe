"""What a step changes: weights, moving averages and an optimizer's moments, by TensorFlow's operations that assign.

Such an operation has no output in TensorFlow: it changes a variable in place. Here it has one, what the variable holds
from then on, and instead of the variable's handle it takes what the variable held before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np
from backprop_tui.core.operations.operation import UPDATE, Operation, Tensor, Values

READ = "ReadVariableOp"

ASSIGNS: Mapping[str, Callable[..., Values]] = {
    "AssignVariableOp": lambda old, new: new,
    "AssignAddVariableOp": lambda old, added: old + added,
    "AssignSubVariableOp": lambda old, taken: old - taken,
    "ResourceScatterAdd": lambda old, rows, added: _scattered(old, rows, added, 1),
    "ResourceScatterSub": lambda old, rows, taken: _scattered(old, rows, taken, -1),
}
"""By the type: what is held afterwards, of what was held before and the other inputs, in the same precision."""


def _scattered(old: Values, rows: Values, given: Values, sign: int) -> Values:
    new = old.copy()
    np.add.at(new, rows, (sign * given).astype(old.dtype))
    return new


@dataclass(frozen=True)
class Assigned:
    """An operation that changes the variable of that path, and whether it is the last in the step to do so."""

    operation: Operation
    is_last: bool


class States:
    """Goes through a step's operations in their order, and knows by which tensor each variable is held."""

    def __init__(self, paths: Mapping[str, str], kinds: Mapping[str, tuple[tuple[int, ...], str]]) -> None:
        """`paths`: of each variable, by the name of the tensor that is its handle; by the path its shape and dtype."""
        self._paths, self._kinds = paths, kinds
        self._holds: dict[str, str] = {}
        self._changed: set[str] = set()
        self._found: list[Operation] = []

    def in_time(self, one: Operation) -> Operation:
        """The operation, as it stands here: one that assigns gets its output; one that reads again what it reads."""
        path = next((self._paths[name] for name in one.inputs if self._paths.get(name)), "")
        if not path:
            return one
        if one.type == READ:
            if path in self._changed:
                return replace(one, inputs=(self._holds[path],), variable="")
            self._holds.setdefault(path, one.outputs[0].name)
        elif one.type in ASSIGNS and path in self._kinds:
            held = self._holds.get(path, before(path))
            inputs = tuple(held if self._paths.get(name) else name for name in one.inputs)
            one = replace(one, inputs=inputs, outputs=(Tensor(f"{one.name}:0", *self._kinds[path]),))
            self._holds[path] = one.outputs[0].name
            self._changed.add(path)
            self._found.append(one)
        return one

    @property
    def assigned(self) -> tuple[Assigned, ...]:
        """All that assign, in their order."""
        last = {one.variable: one.name for one in self._found}
        return tuple(Assigned(one, last[one.variable] == one.name) for one in self._found)


def before(path: str) -> str:
    """The name of what a variable holds before a step, if no operation reads it."""
    return f"{path} before this step"


def held(
    assigned: Sequence[Assigned],
    values: Mapping[str, Values],
    start: Mapping[str, Values],
    end: Mapping[str, Values],
) -> Iterator[tuple[str, Values]]:
    """What each of these left behind, by the name of its output. What the last one left is TensorFlow's own."""
    known = {before(path): one for path, one in start.items()}
    for one in assigned:
        inputs = [known[name] if name in known else values[name] for name in one.operation.inputs]
        name, path = one.operation.outputs[0].name, one.operation.variable
        known[name] = end[path] if one.is_last else ASSIGNS[one.operation.type](*inputs)
    yield from known.items()


@contextmanager
def noting_updates(
    optimizer: Any, made: Callable[[], Sequence[Any]], paths: Mapping[int, str], found: dict[str, str]
) -> Iterator[None]:
    """Note, by its name, for which parameter's update an operation is made. `paths` by the ids of the variables."""
    if "update_step" in vars(optimizer) or not hasattr(optimizer, "update_step"):
        yield
        return
    update = optimizer.update_step

    @wraps(update)
    def noted(gradient: Any, variable: Any, *given: Any, **named: Any) -> Any:
        first = len(made())
        try:
            return update(gradient, variable, *given, **named)
        finally:
            for operation in made()[first:]:
                found[operation.name] = paths.get(id(variable), "")

    vars(optimizer)["update_step"] = noted
    try:
        yield
    finally:
        del vars(optimizer)["update_step"]


def in_layers(operations: Sequence[Operation], owners: Mapping[str, str]) -> list[Operation]:
    """The update's operations under the layer whose parameter each is for; for several, or none, under no layer.

    An operation outside `update_step`, as weight decay is, is for the parameter that it leads to. What only counts
    steps is not shown, and copies are passed over.
    """
    operations = list(_without_copies(operations))
    layers = {one.variable: one.layer for one in operations if one.part != UPDATE and one.variable and one.layer}
    hidden = {one.variable for one in operations if one.type in ASSIGNS and not one.shown}
    led: dict[str, set[str]] = {}
    found = []
    for one in reversed(operations):
        if one.part == UPDATE:
            own = owners.get(one.name) or (one.variable if one.type in ASSIGNS else "")
            whose = {own} if own else set().union(*(led.get(tensor.name, set()) for tensor in one.outputs))
            for name in one.inputs:
                led.setdefault(name, set()).update(whose)
            path = next(iter(whose)) if len(whose) == 1 else ""
            layer = layers.get(path, path.rpartition("/")[0])
            one = replace(one, layer=layer, shown=one.shown and not (whose and whose <= hidden))
        found.append(one)
    return found[::-1]


def _without_copies(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The update's `Identity` and `IdentityN` hidden, and what takes their outputs takes their inputs."""
    same: dict[str, str] = {}
    for one in operations:
        if one.part == UPDATE:
            one = replace(one, inputs=tuple(same.get(name, name) for name in one.inputs))
            if one.type in ("Identity", "IdentityN"):
                same.update({tensor.name: name for tensor, name in zip(one.outputs, one.inputs, strict=True)})
                one = replace(one, shown=False)
        yield one

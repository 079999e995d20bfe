"""What a step of a model is made of: operations, the tensors between them, and the numbers of one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

FORWARD, LOSS, GRADIENT, UPDATE = "forward", "loss", "gradient", "update"
PARTS = (FORWARD, LOSS, GRADIENT, UPDATE)
"""The parts of a step, in their order."""


@dataclass(frozen=True)
class Tensor:
    """An output of an operation: its name `operation:number`, its shape (None for a size not known), its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class Operation:
    """One operation of TensorFlow's graph.

    `inputs` are names of tensors, `attributes` what else it was told (strides, padding, transpose_a ...). `layer` is
    the path of the layer that it belongs to, empty if it belongs to none; `of` is the operation of the forward pass
    that an operation of the gradients belongs to, empty if that is not known; `variable` is the path of the weight
    that it reads or changes: one that changes it takes what the weight was, and puts out what it is from then on.
    `shown` is false for constants and the arithmetic of shapes.
    """

    name: str
    type: str
    part: str
    inputs: tuple[str, ...]
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, Any]
    layer: str = ""
    of: str = ""
    variable: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Weight:
    """A trainable parameter: its path, its shape, and the tensor that is its gradient (empty: it gets none)."""

    path: str
    shape: tuple[int, ...]
    gradient: str


@dataclass(frozen=True)
class Graph:
    """The operations of a step in the order in which TensorFlow was told them, and what is known of its tensors."""

    operations: tuple[Operation, ...]
    loss: str
    prediction: str
    weights: tuple[Weight, ...]

    @cached_property
    def shown(self) -> tuple[Operation, ...]:
        """Those that a person looks at."""
        return tuple(operation for operation in self.operations if operation.shown)

    @cached_property
    def has_update(self) -> bool:
        """Whether the update's operations are among them: in a large model they would be too many."""
        return any(operation.part == UPDATE for operation in self.operations)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number, from 1, of each operation that is shown, by its name."""
        return {operation.name: number for number, operation in enumerate(self.shown, 1)}

    @cached_property
    def makers(self) -> Mapping[str, Operation]:
        """The operation that makes a tensor, by the tensor's name."""
        return {tensor.name: operation for operation in self.operations for tensor in operation.outputs}

    @cached_property
    def takers(self) -> Mapping[str, Sequence[Operation]]:
        """The operations that take a tensor, each once, in their order, by the tensor's name."""
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            for name in dict.fromkeys(operation.inputs):
                found.setdefault(name, []).append(operation)
        return found

    @cached_property
    def gradients(self) -> Mapping[str, Weight]:
        """The weight whose gradient a tensor is, by the tensor's name."""
        return {weight.gradient: weight for weight in self.weights if weight.gradient}


@dataclass(frozen=True)
class Step:
    """One step: its number from 1, every tensor by its name, the loss, the weights by path before and after.

    `lr` is the learning rate of its update.
    """

    number: int
    values: Mapping[str, Values]
    loss: float
    before: Mapping[str, Values]
    after: Mapping[str, Values]
    lr: float

    def inputs(self, operation: Operation) -> list[Values]:
        """What goes into an operation. A tensor that has no numbers here, a resource, is empty."""
        return [self.values.get(name, np.empty(0)) for name in operation.inputs]

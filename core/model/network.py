"""The network: layers, activations, loss, and how its parameters lie in one flat row.

Shapes are the notebook's: a layer's weights `w1` are (units, inputs), its biases `b1`
are (units, 1), and z1 = w1 @ xᵀ + b1, where x is (batch, features).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import ACTIVATIONS, LINEAR, Activation, hidden_activations
from .limits import MAX_LAYERS, MAX_PARAMETERS, MAX_UNITS, l2_factor
from .losses import HALF_SQUARED, LOSSES, MEAN, SUM, Loss

Array = NDArray[Any]

_FROZEN = re.compile(r"([wb][1-9]\d{0,3})(?:\[\s*(\d{1,6})\s*(?:,\s*(\d{1,6})\s*)?\])?")
"""`w1`, `w1[2,1]`, `b1[2]`."""


@dataclass(frozen=True)
class Layer:
    """One fully connected layer: how many units, the activation of all of them, and whether they have biases."""

    units: int
    activation: str
    bias: bool = True


@dataclass(frozen=True)
class Parameter:
    """A parameter matrix: its name (`w1`), its shape, and where it starts in the flat row."""

    name: str
    shape: tuple[int, int]
    offset: int

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def span(self) -> slice:
        """Its place in the flat row."""
        return slice(self.offset, self.offset + self.size)


@dataclass(frozen=True)
class Network:
    """Features, layers and loss. Raises ValueError, in one line, for what can't be built."""

    features: int = 2
    layers: tuple[Layer, ...] = (Layer(2, "sigmoid"), Layer(1, "linear"))
    loss: str = HALF_SQUARED
    frozen: tuple[str, ...] = ()
    """What no update changes: parameters (`b1`), and single numbers of them (`w1[2,1]`, row and column from 1)."""
    l2: float = 0.0
    """The loss has l2·Σw² as well: the squares of all weights, not of the biases."""
    reduction: str = MEAN
    """Whether the losses of a batch's rows are summed, or their mean is taken."""
    over_outputs: str = ""
    """Whether the losses of a row's outputs are summed, or their mean is taken; empty is the loss's own way."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise ValueError(f"a network has 1 to {MAX_LAYERS} layers, not {len(self.layers)}")
        for size in (self.features, *(layer.units for layer in self.layers)):
            if not 1 <= size <= MAX_UNITS:
                raise ValueError(f"a layer has 1 to {MAX_UNITS} units, not {size}")
        for layer in self.layers[:-1]:
            if layer.activation not in hidden_activations():
                raise ValueError(f"no hidden activation {layer.activation!r}: {', '.join(hidden_activations())}")
        last = self.layers[-1].activation
        if last not in ACTIVATIONS:
            raise ValueError(f"no activation {last!r}: {', '.join(ACTIVATIONS)}")
        if self.loss not in LOSSES:
            raise ValueError(f"no loss {self.loss!r}: {', '.join(LOSSES)}")
        needed = LOSSES[self.loss].last
        if needed is not None and last != needed:
            raise ValueError(f"{self.loss} needs a last layer with activation {needed}, not {last}")
        if not ACTIVATIONS[last].elementwise and needed is None and self.outputs < 2:
            raise ValueError(f"{last} needs a last layer of 2 units or more: of a single one it is 1")
        if self.outputs < LOSSES[self.loss].least_outputs:
            raise ValueError(
                f"{self.loss} needs a last layer of {LOSSES[self.loss].least_outputs} units or more, one a class; "
                "two classes in one column take sigmoid and binary_cross_entropy"
            )
        if self.width > MAX_PARAMETERS:
            raise ValueError(f"{self.width:,} parameters are too many to step through: {MAX_PARAMETERS:,} at most")
        for name in self.frozen:
            self._frozen_span(name)
        l2_factor(self.l2)
        if self.reduction not in (MEAN, SUM):
            raise ValueError(f"no reduction {self.reduction!r} of the loss over a batch: {MEAN}, {SUM}")
        if self.over_outputs not in ("", MEAN, SUM):
            raise ValueError(f"over_outputs of the loss is {MEAN} or {SUM}, not {self.over_outputs!r}")

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Made once: a network is the key of much that is looked up for every number."""
        return hash((self.features, self.layers, self.loss, self.frozen, self.l2, self.reduction, self.over_outputs))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """w1, b1, w2, b2 ...: in the order of the flat row."""
        found: list[Parameter] = []
        offset, inputs = 0, self.features
        for number, layer in enumerate(self.layers, 1):
            named = ((f"w{number}", (layer.units, inputs)), (f"b{number}", (layer.units, 1)))
            for name, shape in named if layer.bias else named[:1]:
                found.append(Parameter(name, shape, offset))
                offset += prod(shape)
            inputs = layer.units
        return tuple(found)

    @cached_property
    def fixed(self) -> Array:
        """Which numbers of the flat row (width,) no update changes."""
        found = np.zeros(self.width, bool)
        for name in self.frozen:
            found[self._frozen_span(name)] = True
        return found

    def is_frozen(self, name: str, row: int | None = None, column: int = 0) -> bool:
        """Whether no update changes a number of a parameter, from 0; without a place, any of them."""
        if not self.frozen:
            return False
        fixed = self.fixed[self.parameter(name).span].reshape(self.parameter(name).shape)
        return bool(fixed.all() if row is None else fixed[row, column])

    def can_freeze(self, name: str) -> bool:
        """Whether there is such a parameter, or such a number of one."""
        try:
            self._frozen_span(name)
        except ValueError:
            return False
        return True

    def _frozen_span(self, name: str) -> slice:
        """The place in the flat row of what is frozen. Raises ValueError if there is no such parameter."""
        found = _FROZEN.fullmatch(name)
        try:
            parameter = self.parameter(found[1] if found else "")
        except KeyError:
            raise ValueError(f"no parameter {name!r} to freeze") from None
        assert found is not None, "a parameter has a name"
        if found[2] is None:
            return parameter.span
        row, column = int(found[2]), int(found[3] or 1)
        if not (1 <= row <= parameter.shape[0] and 1 <= column <= parameter.shape[1]):
            shape = f"{parameter.shape[0]} by {parameter.shape[1]}"
            raise ValueError(f"no {name} to freeze: {parameter.name} is {shape}, counted from 1")
        if found[3] is None and parameter.shape[1] > 1:
            raise ValueError(f"no {name} to freeze: write row and column, as in {parameter.name}[{row},1]")
        place = parameter.offset + (row - 1) * parameter.shape[1] + column - 1
        return slice(place, place + 1)

    @cached_property
    def with_biases(self) -> "Network":
        """The same, with biases in all of its layers and nothing frozen: itself if all have them."""
        if all(layer.bias for layer in self.layers):
            return self
        return replace(self, layers=tuple(replace(layer, bias=True) for layer in self.layers), frozen=())

    def filled(self, matrices: Mapping[str, Array]) -> dict[str, Array]:
        """Matrices by name with a bias of 0 for each layer that has none: those of `with_biases`."""
        return {p.name: matrices.get(p.name, np.zeros(p.shape)) for p in self.with_biases.parameters}

    @cached_property
    def width(self) -> int:
        """How many numbers all parameters hold together."""
        return sum(parameter.size for parameter in self.parameters)

    @cached_property
    def kernels(self) -> tuple[Parameter, ...]:
        """w1, w2 ...: the parameters that the penalty l2 is made of."""
        return tuple(parameter for parameter in self.parameters if parameter.name.startswith("w"))

    @property
    def depth(self) -> int:
        """The number of layers with parameters."""
        return len(self.layers)

    @property
    def outputs(self) -> int:
        """The number of units of the last layer."""
        return self.layers[-1].units

    @property
    def loss_row(self) -> Loss:
        """All that is known of its loss."""
        return LOSSES[self.loss]

    @property
    def over(self) -> str:
        """Whether the losses of a row's outputs are summed, or their mean is taken."""
        return self.over_outputs or self.loss_row.over_outputs

    @property
    def sums_rows(self) -> bool:
        """Whether the loss of a batch is the sum of its rows' losses, not their mean."""
        return self.reduction == SUM

    def activation(self, layer: int) -> Activation:
        """All that is known of the activation of a layer, from 1."""
        return ACTIVATIONS[self.layers[layer - 1].activation]

    @property
    def ends_linear(self) -> bool:
        """Whether the last layer has no activation, so that its z is ŷ."""
        return self.layers[-1].activation == LINEAR

    @property
    def name(self) -> str:
        """`2-2-1 sigmoid`: the sizes, then the activations of the hidden layers and of the last, if not linear."""
        sizes = "-".join(str(size) for size in (self.features, *(layer.units for layer in self.layers)))
        activations = [layer.activation for layer in self.layers]
        if activations[-1] == LINEAR:
            activations.pop()
        if not any(layer.bias for layer in self.layers):
            activations.append("no bias")
        return " ".join([sizes, *dict.fromkeys(activations)])

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; KeyError when there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

    def split(self, row: Array) -> dict[str, Array]:
        """A flat row (width,) as matrices by name, in the notebook's shapes (views, not copies)."""
        return {p.name: row[p.span].reshape(p.shape) for p in self.parameters}

    def join(self, matrices: Mapping[str, Array], dtype: str = "float32") -> Array:
        """The inverse of `split`: matrices by name as one flat row (width,)."""
        return np.concatenate([np.asarray(matrices[p.name], dtype).reshape(-1) for p in self.parameters])

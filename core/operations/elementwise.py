"""Operations that make each number of the numbers at the same place of their inputs, which may be broadcast."""

from collections.abc import Callable, Sequence

import numpy as np

from .operation import Operation, Values
from .rule import Index, Made, Maker, by_pattern, part

Function = Callable[..., float]
"""A formula of as many numbers as there are inputs, in float64."""


def elementwise(pattern: str, function: Function) -> Maker:
    """Of the numbers at the same place of each input."""

    def make(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
        parts = [part(inputs, number, _at(values, index)) for number, values in enumerate(inputs)]
        with np.errstate(all="ignore"):
            return by_pattern(function(*(np.float64(one.value) for one in parts)), pattern, *parts)

    return make


def told(pattern: str, name: str, function: Function) -> Maker:
    """The same, with an attribute of the operation as the last argument, and as `{told}` in the pattern."""

    def make(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
        value = float(operation.attributes[name])
        return elementwise(pattern.replace("{told}", f"{value:.6g}"), lambda *given: function(*given, value))(
            operation, inputs, output, index
        )

    return make


def _at(values: Values, index: Index) -> Index:
    """The place in an input that is broadcast to a larger shape."""
    tail = index[len(index) - values.ndim :] if values.ndim else ()
    return tuple(0 if size == 1 else place for size, place in zip(values.shape, tail, strict=True))


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Klambauer et al. 2017, "Self-normalizing neural networks"."""


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    return float(1 / (1 + np.exp(-x)) if x >= 0 else np.exp(x) / (1 + np.exp(x)))


def selu(x: float) -> float:
    """x, or a bounded negative number, scaled."""
    return float(SELU_SCALE * (x if x > 0 else SELU_ALPHA * np.expm1(x)))


def selu_grad(g: float, y: float) -> float:
    """g times the derivative of selu, from its output."""
    return float(g * SELU_SCALE if y > 0 else g * (y + SELU_SCALE * SELU_ALPHA))


def divided(a: float, b: float) -> float:
    """a / b; 0 if b is 0."""
    return float(a / b) if b else 0.0

"""Operations that make one number of many along some axes, and the cross-entropies."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from .operation import Operation, Values
from .rule import Index, Made, Maker, Part, by_pattern, part, sum_of


def _places(operation: Operation, inputs: Sequence[Values], index: Index) -> list[Index]:
    """The places of the first input that one number of the output is made of; the second input names the axes."""
    values, count = inputs[0], inputs[0].ndim
    axes = {int(axis) % count for axis in np.atleast_1d(inputs[1])} if count else set()
    kept = bool(operation.attributes.get("keep_dims", False))
    there = iter(index)
    found: list[Sequence[int]] = []
    for axis in range(count):
        if axis in axes:
            found.append(range(values.shape[axis]))
            if kept:
                next(there)
        else:
            found.append((next(there),))
    return list(product(*found))


def total(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The sum."""
    return sum_of([(part(inputs, 0, place),) for place in _places(operation, inputs, index)])


def mean(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The mean."""
    places = _places(operation, inputs, index)
    return sum_of([(part(inputs, 0, place),) for place in places], 1 / max(len(places), 1))


def largest(name: str, function: Callable[[list[float]], float]) -> Maker:
    """Of all of them, by a function with a name: max, min, product."""

    def make(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
        parts = [part(inputs, 0, place) for place in _places(operation, inputs, index)]
        pattern = f"{name}(" + ", ".join(f"{{{number}}}" for number in range(len(parts))) + ")"
        return by_pattern(function([one.value for one in parts]), pattern, *parts)

    return make


def softmax(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """e^xᵢ over the sum of all e^xⱼ of the last axis."""
    parts = _last_axis(inputs, index)
    shifted = np.exp([one.value - max(other.value for other in parts) for one in parts])
    below = " + ".join(f"e^{{{number}}}" for number in range(len(parts)))
    return by_pattern(shifted[index[-1]] / shifted.sum(), f"e^{{{index[-1]}}} / ({below})", *parts)


def log_softmax(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """xᵢ - ln Σ e^xⱼ."""
    parts = _last_axis(inputs, index)
    below = " + ".join(f"e^{{{number}}}" for number in range(len(parts)))
    return by_pattern(parts[index[-1]].value - _log_sum(parts), f"{{{index[-1]}}} - ln({below})", *parts)


def sparse_cross_entropy(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """Output 0: -ln softmax(z) of the right class. Output 1, kept for the gradient: softmax(z), minus 1 there."""
    sample = index[0]
    right = int(inputs[1][sample])
    parts = [part(inputs, 0, (sample, place)) for place in range(inputs[0].shape[1])]
    below = " + ".join(f"e^{{{number}}}" for number in range(len(parts)))
    if output == 0:
        return by_pattern(_log_sum(parts) - parts[right].value, f"ln({below}) - {{{right}}}", *parts)
    chance = np.exp(parts[index[1]].value - _log_sum(parts))
    minus = " - 1" if index[1] == right else ""
    return by_pattern(chance - (index[1] == right), f"e^{{{index[1]}}} / ({below}){minus}", *parts)


def cross_entropy(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """Output 0: -Σ y·ln softmax(z). Output 1, kept for the gradient: softmax(z)·Σy - y."""
    sample, count = index[0], inputs[0].shape[1]
    z = [part(inputs, 0, (sample, place)) for place in range(count)]
    y = [part(inputs, 1, (sample, place)) for place in range(count)]
    below = " + ".join(f"e^{{{number}}}" for number in range(count))
    if output == 0:
        value = sum(t.value * (_log_sum(z) - one.value) for t, one in zip(y, z, strict=True))
        terms = " + ".join(f"{{{count + number}}}·(ln({below}) - {{{number}}})" for number in range(count))
        return by_pattern(value, terms, *z, *y)
    place = index[1]
    chance = np.exp(z[place].value - _log_sum(z))
    return by_pattern(chance - y[place].value, f"e^{{{place}}} / ({below}) - {{{count + place}}}", *z, *y)


def _last_axis(inputs: Sequence[Values], index: Index) -> list[Part]:
    return [part(inputs, 0, (*index[:-1], place)) for place in range(inputs[0].shape[-1])]


def _log_sum(parts: Sequence[Part]) -> float:
    """ln Σ e^x, without an overflow."""
    most = max(one.value for one in parts)
    return most + float(np.log(sum(np.exp(one.value - most) for one in parts)))

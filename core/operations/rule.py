"""What the rule of a type of operation is, and how one number of an output is made of numbers of the inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .operation import Operation, Values

Index = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A number of an input: which input, where in it, and what it is."""

    input: int
    index: Index
    value: float


@dataclass(frozen=True)
class Made:
    """How a number is made: `value`, by an expression of parts, computed in float64.

    Either `pattern` with `{0}`, `{1}` ... for its parts, each term being one part; or, if it is empty, a sum of
    products of the parts of each term, times `scale`.
    """

    value: float
    terms: tuple[tuple[Part, ...], ...]
    pattern: str = ""
    scale: float = 1.0

    @property
    def parts(self) -> tuple[Part, ...]:
        """All numbers that it is made of."""
        return tuple(part for term in self.terms for part in term)


Maker = Callable[[Operation, Sequence[Values], int, Index], Made]
"""How the number at an index of an output is made: the operation, its inputs, which output, where in it."""


@dataclass(frozen=True)
class Rule:
    """The rule of one type of operation: in symbols, in words, and for one number.

    `inputs` are the letters that the symbols use for its inputs, in their order.
    """

    symbols: str
    words: str
    inputs: tuple[str, ...]
    make: Maker


def part(inputs: Sequence[Values], number: int, index: Index) -> Part:
    """A number of an input."""
    return Part(number, index, float(inputs[number][index]))


def sum_of(terms: Sequence[tuple[Part, ...]], scale: float = 1.0) -> Made:
    """A sum of products, times a scale."""
    total = 0.0
    for term in terms:
        product = 1.0
        for factor in term:
            product *= factor.value
        total += product
    return Made(total * scale, tuple(terms), scale=scale)


def by_pattern(value: float, pattern: str, *parts: Part) -> Made:
    """An expression of a few parts."""
    return Made(float(value), tuple((one,) for one in parts), pattern)

"""What an explanation is made of: factors, terms, and a function around their sum.

    value = function( common factors · ( ± factor·factor·… ± factor·factor·… … ) )

Every number that a step computes has this form, so one structure explains them all, and `evaluate` computes it in
float64 from the very numbers that are shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell

LOCAL, CHAIN = "local", "chain"
"""An explanation by the numbers computed just before; or by all that lies between: the paths from the loss, a sum."""

Working = tuple[str | float, ...]
"""A small calculation: its numbers, and the signs between them."""


@dataclass(frozen=True)
class Factor:
    """A number in a product: another cell, or a constant or slope that is computed on the spot.

    `cells` are what it is, or is made of: the first is where one follows it to. `working` is the arithmetic of
    a number computed on the spot, `note` says in words what it is. `literal` is how its value is written where that is
    not by so many decimals (`½`, `313,000`). `divides` puts it under the fraction bar. `size` is how large the numbers
    are that it is the difference of, where rounding is relative to them.
    """

    symbol: str
    value: float
    cells: tuple[Cell, ...] = ()
    working: Working = ()
    note: str = ""
    literal: str = ""
    divides: bool = False
    size: float = 0.0


@dataclass(frozen=True)
class Term:
    """A product of factors, added to the others, or subtracted."""

    factors: tuple[Factor, ...]
    sign: int = 1

    @property
    def value(self) -> float:
        """The product, in float64, without the sign."""
        return _product(self.factors)


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from.

    `value` is the number in the trace, `symbol` its name (`∂L/∂w1[1,1]`), `title` what it is, in words. Without
    `terms` it is given: read, drawn or typed, as `notes` say. `function` is a key of `FUNCTIONS`; softmax
    takes one value a term and hands on that of term `pick`, the others take the terms' sum.
    """

    cell: Cell
    symbol: str
    value: float
    title: str
    form: str = LOCAL
    terms: tuple[Term, ...] = ()
    common: tuple[Factor, ...] = ()
    function: str = ""
    pick: int = 0
    notes: tuple[str, ...] = ()
    dtype: str = "float32"

    @property
    def given(self) -> bool:
        """Whether there is nothing to compute: the number is read, drawn or typed, or can't be explained."""
        return not self.terms

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The common factors, then those of the terms, in their order."""
        return (*self.common, *(factor for term in self.terms for factor in term.factors))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells that enter, each once, in the order of the formula: the links to follow."""
        return tuple(dict.fromkeys(cell for factor in self.factors for cell in factor.cells))

    @property
    def scale(self) -> float:
        """The size of what is added up: the terms' absolute values together. Rounding errors are relative to it."""
        with np.errstate(all="ignore"):
            return float(abs(_product(self.common)) * np.sum([_size(term.factors) for term in self.terms]))

    def evaluate(self) -> float:
        """What the terms come to, in float64; the value itself where it is given."""
        if self.given:
            return self.value
        with np.errstate(all="ignore"):
            values = _product(self.common) * np.array([term.sign * term.value for term in self.terms])
            if self.function == "softmax":
                exponentials = np.exp(values - values.max())
                return float(exponentials[self.pick] / exponentials.sum())
            total = values.sum()
            return float(FUNCTIONS[self.function](total)) if self.function else float(total)


def _product(factors: tuple[Factor, ...]) -> float:
    product = np.float64(1)
    with np.errstate(all="ignore"):
        for factor in factors:
            product = product / factor.value if factor.divides else product * factor.value
    return float(product)


def _size(factors: tuple[Factor, ...]) -> float:
    """The product, and to first order what it changes by when each factor changes by its own size."""
    changed = (
        (*factors[:place], replace(factor, value=factor.size), *factors[place + 1 :])
        for place, factor in enumerate(factors)
        if factor.size
    )
    return sum(abs(_product(product)) for product in (factors, *changed))


def _sigmoid(z: float) -> float:
    # The form whose exponential is below 1: neither end overflows.
    small = np.exp(-abs(z))
    return float((1 if z >= 0 else small) / (1 + small))


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sigmoid": _sigmoid,
    "tanh": lambda z: float(np.tanh(z)),
    "relu": lambda z: float(np.maximum(z, 0)),
    "ln": lambda y: float(np.log(y)),
}
"""What may stand around the sum, in float64. Softmax, which takes all terms, is computed in `evaluate`."""


def number(values: Array, cell: Cell) -> float:
    """The number at a cell's place, exactly."""
    return float(values[cell.place])

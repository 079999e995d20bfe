"""What an explanation is made of: factors, terms, a function around their sum; and the factors that several share.

    value = function( common factors · ( ± factor·factor·… ± factor·factor·… … ) )

Every number that a step computes has this form, so one structure explains them all, and `evaluate` computes it in
float64 from the very numbers that are shown.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from backprop_tui.core.model.activations import ACTIVATIONS, SOFTMAX
from backprop_tui.core.model.losses import MEAN
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace

from .names import cell_name, sample_of

LOCAL, CHAIN = "local", "chain"
"""An explanation by the numbers computed just before; or by all that lies between: the paths from the loss, a sum."""

LOGARITHM = "ln"
"""The function around the sum, if it is no activation."""

Working = tuple[str | float, ...]
"""A small calculation: its numbers, and the signs between them."""


@dataclass(frozen=True)
class Factor:
    """A number in a product: another cell, or a constant or derivative that is computed on the spot.

    `cells` are what it is, or is made of: the first is where one follows it to. `working` is the arithmetic of a
    number computed on the spot, and `rule` computes it from the numbers in there, in their order. `note` says in words
    what it is. `literal` is how its value is written, if that is not by so many decimals (`½`, `313,000`). `divides`
    puts it under the fraction bar. `size` is how large the numbers are that it is the difference of: rounding is
    relative to them. `derivative` says which one it is, if its symbol does not: `∂z1[1]/∂w1[1,1]`.
    """

    symbol: str
    value: float
    cells: tuple[Cell, ...] = ()
    working: Working = ()
    note: str = ""
    literal: str = ""
    divides: bool = False
    size: float = 0.0
    rule: Callable[..., float] | None = None
    derivative: str = ""


@dataclass(frozen=True)
class Term:
    """A product of factors, added to the others, or subtracted. `name` says which path or row it is: `via z2[1]`."""

    factors: tuple[Factor, ...]
    sign: int = 1
    name: str = ""

    @property
    def value(self) -> float:
        """The product, in float64, without the sign."""
        return _product(self.factors)


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from.

    `value` is the number in the trace, `symbol` its name (`∂L/∂w1[1,1]`), `title` what it is, in words. Without
    `terms` it is given: read, drawn or typed, as `notes` say. `function` is the name of an activation, or
    `ln`; softmax takes one value a term and hands on that of term `pick`, the others take the terms' sum. `features`
    are the names of the columns that enter as x.
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
    features: tuple[str, ...] = ()

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
        """What the terms come to, in float64; the value itself if it is given."""
        if self.given:
            return self.value
        with np.errstate(all="ignore"):
            values = _product(self.common) * np.array([term.sign * term.value for term in self.terms])
            if not self.function:
                return float(values.sum())
            if self.function == LOGARITHM:
                return float(np.log(values.sum()))
            row = ACTIVATIONS[self.function]
            return float(row.function(values.sum()) if row.elementwise else row.function(values)[self.pick])


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


def number(values: Array, cell: Cell) -> float:
    """The number at a cell's place, exactly."""
    return float(values[cell.place])


def dtype_of(trace: Trace) -> str:
    """The precision that the trace was computed in."""
    return str(trace["loss"].dtype)


def samples(trace: Trace) -> range:
    """The places in the batch of the samples that count: what fills up a last, smaller batch comes after them."""
    return range(min(len(trace.rows) or trace.batch, trace.batch))


def name_of(trace: Trace, cell: Cell) -> str:
    """The name of a number of this trace."""
    return cell_name(trace.network, cell, trace.batch)


def factor(trace: Trace, name: str, row: int = 0, column: int = 0, divides: bool = False) -> Factor:
    """A number of the trace as a factor."""
    cell = Cell(name, row, column)
    value = number(trace[name], cell)
    # The target of a class is 0 or 1, and written so.
    literal = f"{value:g}" if name == "y" and value in (0, 1) and couples(trace) else ""
    return Factor(name_of(trace, cell), value, (cell,), literal=literal, divides=divides)


def shown_value(found: Factor) -> str | float:
    """A factor as part of a working: its value, or how that is written."""
    return found.literal or found.value


def one_minus(found: Factor) -> Factor:
    """1 - y."""
    return Factor(
        f"(1 - {found.symbol})",
        1 - found.value,
        found.cells,
        ("(1 - ", shown_value(found), ")"),
        literal=f"{1 - found.value:g}" if found.literal else "",
        rule=lambda printed=found.value: 1 - printed,
    )


def constant(symbol: str, value: float, note: str = "") -> Factor:
    """A number that is no part of the trace, written alike in symbols and numbers."""
    return Factor(symbol, value, note=note, literal=symbol)


def explanation(trace: Trace, cell: Cell, title: str, terms: Iterable[Term] = (), **rest: object) -> Explanation:
    """An explanation of a cell of the trace: fills in its name, its value and its precision."""
    value, sample = number(trace[cell.name], cell), sample_of(cell)
    if trace.batch > 1 and sample is not None and sample < len(trace.rows) and cell.name not in ("x", "y"):
        title += f", for row {trace.rows[sample]}"
    return Explanation(cell, name_of(trace, cell), value, title, terms=tuple(terms), dtype=dtype_of(trace), **rest)  # type: ignore[arg-type]


def input_cell(layer: int, place: int, sample: int) -> Cell:
    """What enters a layer (from 1) at a place: a feature of x, or a unit of the layer before."""
    return Cell("x", sample, place) if layer == 1 else Cell(f"h{layer - 1}", place, sample)


def output_name(trace: Trace, layer: int) -> str:
    """What a layer hands on: h1 ... y_pred."""
    return "y_pred" if layer == trace.network.depth else f"h{layer}"


def pre_activation(trace: Trace, layer: int) -> str:
    """The name of a layer's pre-activation: z1 ...; that of a linear last layer is ŷ itself."""
    return "y_pred" if layer == trace.network.depth and trace.network.ends_linear else f"z{layer}"


def slope(trace: Trace, of: Cell, by: Cell) -> str:
    """How the derivative of one number by another is written: `∂z1[1]/∂w1[1,1]`."""
    return f"∂{name_of(trace, of)}/∂{name_of(trace, by)}"


def derivative(trace: Trace, layer: int, unit: int, sample: int) -> Factor | None:
    """The derivative of a unit's activation at its z, as the tape computes it; None for linear, which has 1."""
    row = trace.network.activation(layer)
    z, h = Cell(f"z{layer}", unit, sample), Cell(output_name(trace, layer), unit, sample)
    z_name, h_name = name_of(trace, z), name_of(trace, h)
    symbol = row.derivative_text(z_name, h_name)
    if not symbol:
        return None
    z_value, h_value = number(trace[z.name], z), number(trace[h.name], h)
    with np.errstate(all="ignore"):
        value, size = (float(find(np.array(z_value), np.array(h_value))) for find in (row.derivative_at, row.size_at))
    note, of = f"the derivative of {row.name} at {z_name}", slope(trace, h, z)
    if not row.derivative:
        # One of several cases has no arithmetic to show; a constant one is written as it is.
        literal = f"{value:g}" if float(f"{value:g}") == value else ""
        return Factor(symbol, value, (z,), note=f"{note}: {row.cases}", literal=literal, size=size, derivative=of)
    parts = re.split(r"(\{[zh]\})", row.derivative)
    numbers = {"{z}": z_value, "{h}": h_value}
    working = tuple(numbers.get(part, part) for part in parts if part)

    def rule(*printed: float) -> float:
        put_in = numbers | dict(zip((part for part in parts if part in numbers), printed, strict=True))
        with np.errstate(all="ignore"):
            return float(row.derivative_at(np.array(put_in["{z}"]), np.array(put_in["{h}"])))

    return Factor(symbol, value, (z, h), working, note, size=size, rule=rule, derivative=of)


def exact_prediction(trace: Trace, output: int, sample: int) -> tuple[float, float]:
    """ŷ and 1 - ŷ of a probability, in float64, each from z: neither is rounded to 0 if the other is near 1."""
    z = trace[f"z{trace.network.depth}"][:, sample].astype("float64")
    # A sigmoid is the softmax of z and 0.
    whole = z if trace.network.loss_row.last == SOFTMAX else np.array([z[output], 0.0])
    place = output if trace.network.loss_row.last == SOFTMAX else 0
    with np.errstate(all="ignore"):
        found = ACTIVATIONS[SOFTMAX].function(whole)
    return float(found[place]), float(np.delete(found, place).sum())


def error(trace: Trace, output: int, sample: int, gradient: str) -> Factor:
    """ŷ - y of one output and sample; `gradient` is the name of the gradient that it is, up to constant factors."""
    prediction, target = factor(trace, "y_pred", output, sample), factor(trace, "y", sample, output)
    value, working = prediction.value - target.value, ("(", prediction.value, " - ", shown_value(target), ")")
    if trace.network.loss_row.from_z:
        likely, unlikely = exact_prediction(trace, output, sample)
        value = -unlikely if target.value == 1 else likely - target.value
    cells = (Cell(gradient, output, sample), *prediction.cells, *target.cells)
    # Where ŷ is near y, how ŷ was rounded on its way weighs more than the difference's own digits.
    size = abs(prediction.value) + abs(target.value)
    symbol = f"({prediction.symbol} - {target.symbol})"
    return Factor(
        symbol,
        value,
        cells,
        working,
        size=size,
        rule=lambda found, y=target.value: found - y,
        derivative=name_of(trace, cells[0]),
    )


def couples(trace: Trace) -> bool:
    """Whether the loss is computed from the last z, so that ∂L/∂z is ŷ - y at once."""
    return trace.network.loss_row.from_z


def mean_over_batch(trace: Trace) -> tuple[Factor, ...]:
    """1/B if the batch has several samples, and the loss is their mean.

    If it is their sum and the trace holds means over B samples, it is B.
    """
    if trace.network.sums_rows:
        count = len(trace.rows)
        return (constant(f"{count}", count, "the loss is the sum over the batch"),) if trace.averaged else ()
    count = len(samples(trace))
    return (constant(f"1/{count}", 1 / count, "the loss is the mean over the batch"),) if count > 1 else ()


def loss_constants(trace: Trace) -> tuple[Factor, ...]:
    """What stands before every ŷ - y in the gradient: 2 over the outputs for the mean squared error, 1/B in a batch."""
    network = trace.network
    found = network.loss_row.error_constants(network.outputs, network.over)
    square = f"the derivative of the {'mean of squares' if network.over == MEAN else 'square'}"
    notes = ("the loss is the mean over the outputs" if symbol.startswith("1/") else square for symbol, _ in found)
    return (*mean_over_batch(trace), *(constant(*one, note) for one, note in zip(found, notes, strict=True)))


def output_constants(trace: Trace) -> tuple[Factor, ...]:
    """What stands before the terms of the loss: ½, 1 over the outputs, 1/B in a batch."""
    network = trace.network
    found = network.loss_row.constants(network.outputs, network.over)
    return (*mean_over_batch(trace), *(constant(*one) for one in found))

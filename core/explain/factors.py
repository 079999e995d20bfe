"""Factors that several explanations share: a cell, a constant, the slope of an activation, the error ŷ − y."""

from collections.abc import Iterable

from backprop_tui.core.model.network import BINARY_CROSS_ENTROPY, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace

from .names import cell_name, sample_of
from .parts import Explanation, Factor, Term, number


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


def sum_name(trace: Trace, layer: int) -> str:
    """A layer's sum: z1 ...; that of a linear last layer is ŷ itself."""
    network = trace.network
    linear_last = layer == network.depth and network.layers[-1].activation == "linear"
    return "y_pred" if linear_last else f"z{layer}"


def slope(trace: Trace, layer: int, unit: int, sample: int) -> Factor | None:
    """The slope of a unit's activation at its z, as the tape computes it from h; None for linear, whose slope is 1."""
    activation = trace.network.layers[layer - 1].activation
    h = Cell(output_name(trace, layer), unit, sample)
    z = Cell(f"z{layer}", unit, sample)
    value, name, z_name = number(trace[h.name], h), name_of(trace, h), name_of(trace, z)
    note = f"the slope of {activation} at {z_name}"
    if activation == "sigmoid":
        working = (value, "(1 − ", value, ")")
        return Factor(f"{name}(1 − {name})", value * (1 - value), (z, h), working, note, size=value)
    if activation == "tanh":
        return Factor(f"(1 − {name}²)", 1 - value * value, (z, h), ("(1 − ", value, "²)"), note, size=1.0)
    if activation == "relu":
        # 1 where z is above 0, and 0 from there down.
        return Factor(f"relu′({z_name})", float(value > 0), (z,), note=note, literal=f"{value > 0:d}")
    return None


def error(trace: Trace, output: int, sample: int, gradient: str) -> Factor:
    """ŷ − y of one output and sample; `gradient` is the name of the gradient that it is, up to constant factors."""
    guess, truth = factor(trace, "y_pred", output, sample), factor(trace, "y", sample, output)
    value, working = guess.value - truth.value, ("(", guess.value, " − ", shown_value(truth), ")")
    cells = (Cell(gradient, output, sample), *guess.cells, *truth.cells)
    # Where ŷ is near y, how ŷ was rounded on its way weighs more than the difference's own digits.
    size = abs(guess.value) + abs(truth.value)
    if trace.network.loss == SOFTMAX_CROSS_ENTROPY and (total := target_sum(trace, sample)) != 1:
        value = guess.value * total - truth.value
        summed = ("(", guess.value, "·", total, " − ", truth.value, ")")
        return Factor(f"({guess.symbol}·Σy − {truth.symbol})", value, cells, summed, size=size)
    return Factor(f"({guess.symbol} − {truth.symbol})", value, cells, working, size=size)


def target_sum(trace: Trace, sample: int) -> float:
    """The sum of a sample's targets: 1 for classes."""
    return float(trace["y"][sample].astype("float64").sum())


def couples(trace: Trace) -> bool:
    """Whether the loss is computed from the last z, so that ∂L/∂z is ŷ − y at once."""
    return trace.network.loss in (BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY)


def mean_over_batch(trace: Trace) -> tuple[Factor, ...]:
    """1/B where the batch has several samples."""
    count = len(samples(trace))
    return (constant(f"1/{count}", 1 / count, "the loss is the mean over the batch"),) if count > 1 else ()


def loss_constants(trace: Trace) -> tuple[Factor, ...]:
    """What stands before every ŷ − y in the gradient: 2 over the outputs for the mean squared error, 1/B in a batch."""
    found: tuple[Factor, ...] = ()
    outputs = trace.network.outputs
    # With two outputs the 2 of the square and the half of the mean leave nothing.
    if trace.network.loss == MEAN_SQUARED and outputs != 2:
        found = (constant("2" if outputs == 1 else f"2/{outputs}", 2 / outputs, "the slope of the mean of squares"),)
    return (*mean_over_batch(trace), *found)

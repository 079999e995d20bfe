"""What the penalty l2·Σw² adds to the loss and to the gradients of the weights."""

from collections.abc import Iterable, Sequence

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import brief

from .terms import Factor, Term, constant, dtype_of, factor

NAME = "the penalty"
"""What its terms are called."""


def loss_parts(trace: Trace) -> tuple[float, float] | None:
    """The loss as that of the data and the penalty; None if there is no penalty."""
    if not trace.network.l2:
        return None
    penalty = _factor(trace).value * _squares(trace)
    return trace.loss - penalty, penalty


def of_loss(trace: Trace) -> list[Term]:
    """What it adds to the loss: l2·Σw², the sum over the weights of all layers; nothing if there is none."""
    if not trace.network.l2:
        return []
    cells = tuple(Cell(kernel.name, *place) for kernel in trace.network.kernels for place in np.ndindex(kernel.shape))
    return [Term((_factor(trace), Factor("Σw²", _squares(trace), cells)), name=NAME)]


def of_gradient(trace: Trace, cell: Cell) -> list[Term]:
    """What it adds to the gradient of a weight: 2·l2·w; nothing to any other."""
    value = parse(cell.name).base
    if not trace.network.l2 or value.of != "w":
        return []
    return [Term((constant("2", 2.0), _factor(trace), factor(trace, value.name, *cell.place)), name=NAME)]


def beside(
    common: tuple[Factor, ...], terms: Sequence[Term], added: Iterable[Term]
) -> tuple[tuple[Factor, ...], list[Term]]:
    """Common factors and terms with others added that have no such factor: these then stand within each term."""
    added = list(added)
    if not added:
        return common, list(terms)
    return (), [*(Term((*common, *term.factors), term.sign, term.name) for term in terms), *added]


def _factor(trace: Trace) -> Factor:
    value = float(np.dtype(dtype_of(trace)).type(trace.network.l2))
    return Factor("l2", value, literal=brief(trace.network.l2))


def _squares(trace: Trace) -> float:
    """The sum of the squares of all weights, in float64."""
    with np.errstate(all="ignore"):
        return float(sum((trace[kernel.name].astype("float64") ** 2).sum() for kernel in trace.network.kernels))

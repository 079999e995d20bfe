"""What a loss and its derivative are made of, for one output of one sample: y, ŷ and what is computed of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from backprop_tui.core.model.activations import SOFTMAX
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace

from .terms import Factor, constant, exact_prediction, factor, one_minus
from .written import FactorOf


def output_factors(trace: Trace, output: int, sample: int) -> FactorOf:
    """What the factors of a loss's row are for this output and sample."""
    prediction, target = factor(trace, "y_pred", output, sample), factor(trace, "y", sample, output)
    made: dict[str, Callable[[], Factor]] = {
        "1": lambda: constant("1", 1),
        "y": lambda: target,
        "ŷ": lambda: prediction,
        "(1 - y)": lambda: one_minus(target),
        "(1 - ŷ)": lambda: _unlikely(trace, prediction, output, sample),
        "(ŷ - y)²": lambda: _squared(prediction, target),
        "ln ŷ": lambda: _logarithm(trace, "ln {}", prediction, output, sample),
        "ln(1 - ŷ)": lambda: _logarithm(trace, "ln(1 - {})", prediction, output, sample),
    }

    def factor_of(text: str, divides: bool) -> Factor:
        found = made[text]()
        return replace(found, value=_not_zero(found.value), divides=True) if divides else found

    return factor_of


def _not_zero(probability: float) -> float:
    """A probability is never 0, however small a number it is rounded to: 0/ŷ is 0."""
    return probability if probability else float(np.finfo("float64").tiny)


def _unlikely(trace: Trace, prediction: Factor, output: int, sample: int) -> Factor:
    """1 - ŷ, from z: it is not rounded to 0 when ŷ is near 1."""
    return Factor(
        f"(1 - {prediction.symbol})",
        exact_prediction(trace, output, sample)[1],
        (*prediction.cells, Cell(f"z{trace.network.depth}", output, sample)),
        ("(1 - ", prediction.value, ")"),
        rule=lambda printed: 1 - printed,
    )


def _squared(prediction: Factor, target: Factor) -> Factor:
    off, working = prediction.value - target.value, ("(", prediction.value, " - ", target.value, ")²")
    cells = prediction.cells + target.cells
    symbol = f"({prediction.symbol} - {target.symbol})²"
    return Factor(symbol, off * off, cells, working, rule=lambda found, y: (found - y) ** 2)


def _logarithm(trace: Trace, text: str, prediction: Factor, output: int, sample: int) -> Factor:
    """A logarithm of ŷ or 1 - ŷ. It comes from z, as the program's does."""
    z = Cell(f"z{trace.network.depth}", output, sample)
    column = trace[z.name][:, sample].astype("float64")
    before, _, after = text.partition("{}")
    return Factor(
        text.format(prediction.symbol),
        float(_log_of_prediction(trace, column, output, bool(after))),
        (*prediction.cells, z),
        (before, prediction.value, *([after] if after else [])),
        note="computed from z: finite where ŷ is rounded to 0 or 1",
        size=float(np.abs(column).max()),
        rule=lambda printed: float(np.log(1 - printed if after else printed)),
    )


def _log_of_prediction(trace: Trace, z: np.ndarray, output: int, of_the_rest: bool) -> np.float64:
    """ln ŷ, or ln(1 - ŷ), of an output with these last z (outputs,)."""
    if trace.network.loss_row.last == SOFTMAX:
        return np.float64(z[output] - z.max() - np.log(np.exp(z - z.max()).sum()))
    return np.float64(-np.logaddexp(0, z[output] if of_the_rest else -z[output]))

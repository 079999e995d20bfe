"""How large the numbers are that a gradient's rounding is relative to, where the trace has it and not its terms."""

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.trace import Trace

from .factors import couples, loss_constants, output_name, sum_name


def sizes(trace: Trace, layer: int) -> Array:
    """For each ∂L/∂z (units, batch) of a layer: what it changes by, to first order, if each number changes by its size.

    The sizes are those of `Factor.size`: 1 − h is a difference of numbers near 1, however small it is itself. From the
    loss back, each layer adds what its own slopes may change to what comes from the layer after it.
    """
    with np.errstate(all="ignore"):
        slopes, changes = _slopes(trace, trace.network.depth)
        ends = np.prod([constant.value for constant in loss_constants(trace)]) * (
            np.abs(trace["y_pred"].astype("float64")) + np.abs(trace["y"].T)
        )
        found = ends if couples(trace) else slopes * ends + changes * np.abs(trace["gy_pred"])
        for number in range(trace.network.depth - 1, layer - 1, -1):
            slopes, changes = _slopes(trace, number)
            weights = np.abs(trace[f"w{number + 1}"].astype("float64").T)
            back = weights @ (found + np.abs(trace["g" + sum_name(trace, number + 1)]))
            found = slopes * back + changes * np.abs(trace[f"gh{number}"])
    return np.asarray(found)


def _slopes(trace: Trace, layer: int) -> tuple[Array, Array]:
    """The slopes (units, batch) of a layer's activation, and what each may change by."""
    a = trace[output_name(trace, layer)].astype("float64")
    match trace.network.layers[layer - 1].activation:
        case "sigmoid":
            return a * (1 - a), np.abs(a)
        case "tanh":
            return 1 - a**2, np.ones_like(a)
        case "relu":
            return (a > 0).astype("float64"), np.zeros_like(a)
    return np.ones_like(a), np.zeros_like(a)

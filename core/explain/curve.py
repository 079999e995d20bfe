"""The activation of one unit as a curve, with the unit's own point and the tangent there."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse

from .terms import name_of, number, output_name

POINTS = 201
LEAST_REACH, MARGIN = 4.0, 1.25
"""How far the curve goes to both sides of 0, at least, and how much further than the unit's z."""


@dataclass(frozen=True, eq=False)
class ActivationCurve:
    """The activation over `x` (POINTS,) as `y`, and its tangent at the unit's z; `slope` is the derivative there."""

    z_name: str
    h_name: str
    z: float
    h: float
    slope: float
    x: Array
    y: Array
    tangent: Array


def activation_curve(trace: Trace, cell: Cell) -> ActivationCurve | None:
    """The curve that a unit's h is read off, and the gradient by its z. None for every other number.

    None too for an activation that is no curve: linear, or softmax, which looks at all units of its layer.
    """
    value = parse(cell.name)
    if trace.averaged or not (
        (value == value.base and value.of in ("h", "y_pred")) or (value.gradient and value.of == "z")
    ):
        return None
    layer = value.layer_in(trace.network)
    row = trace.network.activation(layer)
    z_cell, h_cell = Cell(f"z{layer}", *cell.place), Cell(output_name(trace, layer), *cell.place)
    if not row.elementwise or not row.derivative_text("z", "h"):
        return None
    z, h = number(trace[z_cell.name], z_cell), number(trace[h_cell.name], h_cell)
    if not (np.isfinite(z) and np.isfinite(h)):
        return None
    reach = max(LEAST_REACH, MARGIN * abs(z))
    x = np.linspace(-reach, reach, POINTS)
    with np.errstate(all="ignore"):
        y, slope = row.function(x), float(row.derivative_at(np.array(z), np.array(h)))
        tangent = h + slope * (x - z)
    return ActivationCurve(name_of(trace, z_cell), name_of(trace, h_cell), z, h, slope, x, np.asarray(y), tangent)

"""What one row of a batch adds to the gradient of a parameter: the shares of all rows add up to it.

A penalty belongs to no row.
"""

from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse

from .terms import input_cell, number, pre_activation


def share(trace: Trace, cell: Cell, sample: int) -> float | None:
    """The part of ∂L/∂w or ∂L/∂b that comes from the row at this place in the batch.

    None for every other number, and if the trace holds only means.
    """
    value = parse(cell.name)
    if trace.averaged or not (value.gradient and value.base.is_parameter):
        return None
    back = float(trace["g" + pre_activation(trace, value.layer)][cell.row, sample])
    if value.of == "b":
        return back
    entering = input_cell(value.layer, cell.column, sample)
    return back * number(trace[entering.name], entering)

"""Changing a number by hand: which ones can be, and what it did."""

from backprop_tui.core.explain import cell_name
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.numerals import brief

from .view import View


def changeable(network: Network, cell: Cell) -> bool:
    """A parameter, an input, a target."""
    return cell.name in ("x", "y") or any(parameter.name == cell.name for parameter in network.parameters)


def effect(before: View, after: View, cell: Cell) -> str:
    """What a change did to the number, the prediction and the loss, as far as they are computed."""
    parts = []
    for which in (cell, Cell("y_pred"), Cell("loss")):
        old, new = before.value(which), after.value(which)
        if old is not None and new is not None and (old != new or which == cell):
            parts.append(f"{cell_name(after.network, which)} {brief(old)} → {brief(new)}")
    return ", ".join(parts) + "; b takes it back"

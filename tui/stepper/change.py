"""Changing a number by hand: which ones can be, and what it did."""

from backprop_tui.core.explain import cell_name
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets.line import fitting

from .panes.status import called
from .view import View


def changeable(network: Network, cell: Cell) -> bool:
    """A parameter, an input, a target."""
    return cell.name in ("x", "y") or any(parameter.name == cell.name for parameter in network.parameters)


def effect(before: View, after: View, cell: Cell, way: str, width: int) -> str:
    """What a change did: the number's own `way`, then the prediction and the loss, as far as they fit."""
    parts = [f"{called(after, cell)} {way}"]
    for which in (Cell("y_pred"), Cell("loss")):
        old, new = before.value(which), after.value(which)
        if old is not None and new is not None and old != new:
            parts.append(f"{cell_name(after.network, which)} {brief(old)} → {brief(new)}")
    every = ", ".join(parts)
    return fitting(width, f"{every}; b takes it back", every, ", ".join((parts[0], *parts[1:][-1:])), parts[0])

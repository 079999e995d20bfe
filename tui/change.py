"""Changing a number by hand: which ones can be, and what it did."""

from ..core.network import Network
from ..core.numerals import fixed
from ..core.phases import Cell
from ..core.trace import symbol
from .view import View


def changeable(network: Network, cell: Cell) -> bool:
    """A parameter, an input, a target."""
    return cell.name in ("x", "y") or any(parameter.name == cell.name for parameter in network.parameters)


def effect(before: View, after: View, cell: Cell) -> str:
    """What a change did to the number, the prediction and the loss, as far as they are computed."""
    parts = []
    name = f"{symbol(cell.name)}[{cell.row + 1},{cell.column + 1}]"
    for label, which in ((name, cell), ("ŷ", Cell("y_pred")), ("loss", Cell("loss"))):
        old, new = before.value(which), after.value(which)
        if old is not None and new is not None:
            parts.append(f"{label} {fixed(old)} → {fixed(new)}")
    return ", ".join(parts) + "   b takes it back"

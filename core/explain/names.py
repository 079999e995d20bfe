"""How single numbers are called: `w1[1,1]`, `∂L/∂h1[2]`, `ŷ`, and in a batch `x[1]⁽³⁾` for its third sample."""

from functools import lru_cache

from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import symbol

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def superscript(number: int) -> str:
    """A whole number from 0 on as an exponent."""
    return str(number).translate(_SUPERSCRIPTS)


@lru_cache(maxsize=512)
def base(name: str) -> str:
    """The value that a name is about: `w1` for `gw1`, `new_w1`, `m_w1` and `new_v_w1`."""
    for prefix in ("new_", "m_", "v_", "g"):
        name = name.removeprefix(prefix)
    return name


def layer_of(network: Network, name: str) -> int:
    """The number of the layer that a parameter, z, h or ŷ belongs to, from 1."""
    return network.depth if base(name) == "y_pred" else int(base(name)[1:])


def sample_of(cell: Cell) -> int | None:
    """The place in the batch of the sample that a cell belongs to, from 0; None where it belongs to all."""
    of = base(cell.name)
    if of in ("x", "y"):
        return cell.row
    return cell.column if of == "y_pred" or of[0] in "zh" else None


def cell_name(network: Network, cell: Cell, batch: int = 1) -> str:
    """The name of one number, with places from 1, and without those that can't differ."""
    text = symbol(cell.name)
    place = _place(network, cell)
    # The place goes inside the brackets of a moment: m(w1[1,1]).
    text = f"{text[:-1]}{place})" if text.endswith(")") else text + place
    if batch > 1 and (sample := sample_of(cell)) is not None:
        text += f"⁽{superscript(sample + 1)}⁾"
    return f"new {text}" if cell.name.startswith("new_") else text


def _place(network: Network, cell: Cell) -> str:
    of = base(cell.name)
    if of == "loss":
        return ""
    if of in ("x", "y"):
        size = network.features if of == "x" else network.outputs
        return f"[{cell.column + 1}]" if size > 1 else ""
    units = network.layers[layer_of(network, of) - 1].units
    if of.startswith("w"):
        inputs = network.parameter(of).shape[1]
        if units > 1:
            return f"[{cell.row + 1},{cell.column + 1}]"
        return f"[{cell.column + 1}]" if inputs > 1 else ""
    return f"[{cell.row + 1}]" if units > 1 else ""

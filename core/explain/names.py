"""What single numbers are called: `w1[1,1]`, `∂L/∂h1[2]`, `ŷ`, and in a batch `x[1]⁽³⁾` for its third sample."""

from functools import lru_cache

from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.values import parse

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def superscript(number: int) -> str:
    """A whole number from 0 on as an exponent."""
    return str(number).translate(_SUPERSCRIPTS)


def sample_of(cell: Cell) -> int | None:
    """The place in the batch of the sample that a cell belongs to, from 0; None if it belongs to all."""
    value = parse(cell.name)
    if not value.per_sample:
        return None
    return cell.row if value.is_row else cell.column


def of_sample(cell: Cell, sample: int) -> Cell:
    """The same number of another sample of the batch."""
    return Cell(cell.name, sample, cell.column) if parse(cell.name).is_row else Cell(cell.name, cell.row, sample)


@lru_cache(maxsize=4096)
def cell_name(network: Network, cell: Cell, batch: int = 1) -> str:
    """The name of one number, with places from 1, and without those that can't differ."""
    value, place = parse(cell.name), _place(network, cell)
    # The place goes inside the brackets of a moment: m(w1[1,1]).
    text = f"{value.symbol[:-1]}{place})" if value.moment else value.symbol + place
    if batch > 1 and (sample := sample_of(cell)) is not None:
        text += f"⁽{superscript(sample + 1)}⁾"
    return f"new {text}" if value.updated else text


def _place(network: Network, cell: Cell) -> str:
    value = parse(cell.name)
    rows, columns = value.shape(network)
    if value.is_row:
        return f"[{cell.column + 1}]" if columns > 1 else ""
    if rows > 1:
        return f"[{cell.row + 1},{cell.column + 1}]" if value.of == "w" else f"[{cell.row + 1}]"
    return f"[{cell.column + 1}]" if columns > 1 else ""

"""What a pane draws: lines of spans. A span is text with a role (how it looks) and, if it is a number, which one."""

from typing import NamedTuple

from backprop_tui.core.model.phases import Cell
from rich.cells import cell_len, set_cell_size


class Span(NamedTuple):
    """Text of one role. `cell` is the number that it shows, so that a cursor and a mouse can point at it."""

    text: str
    role: str = ""
    cell: Cell | None = None


Line = tuple[Span, ...]


def length_of(line: Line) -> int:
    """How many columns a line takes: a Chinese character has two."""
    length = 0
    for text, _, _ in line:
        length += len(text) if text.isascii() else cell_len(text)
    return length


def changed_until(before: Line, after: Line, length_before: int, length: int) -> int:
    """The column from which on two lines of these lengths are the same to their ends."""
    if length != length_before:
        return max(length, length_before)
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            break
        length -= cell_len(new.text)
    return length


def fitting(width: int, *choices: str) -> str:
    """The first of some texts, from the longest to the shortest, that fits; else the beginning of the last."""
    return next((text for text in choices if len(text) <= width), choices[-1][:width])


def clipped(text: str, width: int) -> str:
    """The text in exactly `width` columns, shortened with an ellipsis."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"

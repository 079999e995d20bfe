"""Where the panes lie, by the size of the terminal."""

from typing import NamedTuple

SMALLEST = (40, 10)
"""Columns and rows below which the screen only says so."""

ALL_PANES = (80, 24)
"""From here on all panes are seen at once; below, one at a time."""

LOW = 14
"""Below so many rows, the line that explains the phase gives way to the pane."""

PICTURE = 100
"""The columns from which on the network is drawn beside the panes."""

TOO_SMALL, TABS, PANES, WIDE = "too-small", "tabs", "panes", "wide"


class Rows(NamedTuple):
    """The heights of the two rows of panes and of the loss, borders included."""

    top: int
    middle: int
    loss: int


def kind(width: int, height: int) -> str:
    """Which of the four layouts a terminal gets."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return TOO_SMALL
    if width < ALL_PANES[0] or height < ALL_PANES[1]:
        return TABS
    return WIDE if width >= PICTURE else PANES


def rows(height: int, top_lines: int, middle_lines: int) -> Rows:
    """Heights for a terminal of this height: what the panes need, as far as there is room; the rest for the loss.

    Header, step pane (4), cursor line and footer take 7 rows.
    """
    top, middle, loss = 6, 8, 3
    spare = max(height - 7 - top - middle - loss, 0)
    more_middle = min(max(middle_lines + 2 - middle, 0), spare)
    spare -= more_middle
    more_top = min(max(top_lines + 2 - top, 0), spare)
    return Rows(top + more_top, middle + more_middle, loss + spare - more_top)

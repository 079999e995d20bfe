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
    """The heights of the rows of panes, borders included: sample and forward, gradients and updates, loss, step."""

    top: int
    middle: int
    loss: int
    step: int


SMALLEST_ROWS = Rows(6, 8, 3, 4)
"""What 24 lines have room for; header, the line of the cursor and footer take the other three."""


def kind(width: int, height: int) -> str:
    """Which of the four layouts a terminal gets."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return TOO_SMALL
    if width < ALL_PANES[0] or height < ALL_PANES[1]:
        return TABS
    return WIDE if width >= PICTURE else PANES


def rows(height: int, top_lines: int, middle_lines: int, step_lines: int) -> Rows:
    """Heights for a terminal of this height: what the panes need, as far as there is room; the rest for the loss."""
    least = SMALLEST_ROWS
    spare = max(height - 3 - sum(least), 0)
    middle = least.middle + min(max(middle_lines + 2 - least.middle, 0), spare)
    spare -= middle - least.middle
    top = least.top + min(max(top_lines + 2 - least.top, 0), spare)
    spare -= top - least.top
    # The numbers of the step may take half of what is left; the loss is worth the other half.
    step = least.step + min(max(step_lines + 2 - least.step, 0), spare // 2)
    return Rows(top, middle, least.loss + spare - (step - least.step), step)

"""Where the panes lie, by the size of the terminal."""

from typing import NamedTuple

SMALLEST = (40, 10)
"""Columns and rows below which the screen only says so."""

ALL_PANES = (80, 24)
"""From here on all panes are seen at once; below, one at a time."""

LOW = 14
"""Below so many rows, the line that explains the phase gives way to the pane."""

PICTURE = 120
"""The columns from which on the network is drawn beside the panes: with fewer its numbers have no room."""

TOO_SMALL, TABS, PANES, WIDE = "too-small", "tabs", "panes", "wide"

FEWEST_AROUND = 4
"""Lines above and below the one pane that is seen and the step: the bar of lessons, the run, the cursor, the keys."""

LEAST_STEP, MOST_STEP = 2, 8
"""Lines for the step below the one pane that is seen."""


class Rows(NamedTuple):
    """The heights of the rows of panes, titles included: sample and forward, gradients and updates, loss, step."""

    top: int
    middle: int
    loss: int
    step: int


SMALLEST_ROWS = Rows(5, 7, 2, 3)
"""What the default network needs."""

AROUND = 3
"""Lines above and below the panes, without the footer: the bar of lessons, the run, the line of the cursor."""


def kind(width: int, height: int) -> str:
    """Which of the four layouts a terminal gets."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return TOO_SMALL
    if width < ALL_PANES[0] or height < ALL_PANES[1]:
        return TABS
    return WIDE if width >= PICTURE else PANES


def step_below(height: int, pane_lines: int) -> int:
    """The lines for the step below the one pane that is seen, which has so many lines of its own, and its title."""
    return min(max(height - FEWEST_AROUND - pane_lines - 1, LEAST_STEP), MOST_STEP)


def footer_lines(width: int, height: int) -> int:
    """How many lines of keys a terminal has room for."""
    return 2 if width >= 120 and height >= 30 else 1


def rows(height: int, top_lines: int, middle_lines: int, step_lines: int) -> Rows:
    """Heights that fill so many lines with panes: what each needs, as far as there is room; the rest for the loss."""
    least = SMALLEST_ROWS
    spare = max(height - sum(least), 0)
    middle = least.middle + min(max(middle_lines + 1 - least.middle, 0), spare)
    spare -= middle - least.middle
    top = least.top + min(max(top_lines + 1 - least.top, 0), spare)
    spare -= top - least.top
    # The numbers of the step may take most of what is left.
    step = least.step + min(max(step_lines + 1 - least.step, 0), (2 * spare + 2) // 3)
    return Rows(top, middle, least.loss + spare - (step - least.step), step)


LEAST_MIDDLE = 3
"""Lines of the gradients and updates that stay in sight, title included, while a question needs their room."""


def with_step(found: Rows, lines: int) -> Rows:
    """The same heights with room for so many lines in the last row: what it lacks, the others give, the loss first."""
    lack = max(lines + 1 - found.step, 0)
    loss = min(lack, max(found.loss - SMALLEST_ROWS.loss, 0))
    middle = min(lack - loss, max(found.middle - LEAST_MIDDLE, 0))
    return Rows(found.top, found.middle - middle, found.loss - loss, found.step + loss + middle)

"""The loss of each step, a column each, the newest at the right."""

import numpy as np
from backprop_tui.core.session.model import ModelSession
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.panes.loss import SCALE, levels, scale
from backprop_tui.tui.widgets.canvas import BLOCKS
from backprop_tui.tui.widgets.line import Line, Span


def title(session: ModelSession) -> str:
    """The newest loss."""
    losses = session.shown_losses
    return f"Loss  {brief(losses[-1])}" if losses else "Loss"


def lines(session: ModelSession, width: int, height: int) -> list[Line]:
    """As many steps as fit."""
    room = max(width - SCALE - 1, 1)
    losses = np.array(session.shown_losses[-room:], "float64")
    if not len(losses):
        return [(Span("the loss of every step will be drawn here", "pending"),)]
    low, high, logarithmic = scale(losses)
    heights = levels(losses, low, high, logarithmic, height * 8)
    found: list[Line] = []
    for line in range(height):
        floor = (height - 1 - line) * 8
        marks = "".join(BLOCKS[min(max(level - floor, 0), 8)] for level in heights)
        label = brief(low, 4) if line == height - 1 else brief(high, 4) if line == 0 and high > low else ""
        found.append((Span(label.rjust(SCALE), "dim"), Span(" " + marks.rjust(room))))
    return found

"""The loss sparkline: one column per step, the newest at the right, its scale beside it."""

from math import inf, isfinite, isnan

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets import axis, plot
from backprop_tui.tui.widgets.canvas import BLOCKS
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.plot import Mark, Series

SCALE = 9
"""The columns of the scale at the left."""

PLOT = 6
"""From so many lines on a curve is drawn instead of the sparkline."""


def title(view: View) -> str:
    """The newest loss."""
    return f"Loss  {brief(float(view.losses[-1]))}" if len(view.losses) else "Loss"


def lines(view: View, width: int, height: int) -> list[Line]:
    """The losses that fit, newest at the right, as columns of eighths over `height` lines."""
    wide = SCALE if height > 1 else 2 * SCALE
    room = max(width - wide - 1, 1)
    losses = view.losses[-room:].astype("float64")
    if height >= PLOT and len(view.losses) > 1:
        return _plot(view.losses.astype("float64"), width, height)
    if not len(losses):
        empty: Line = (Span("the loss of every step will be drawn here", "pending"),)
        return [empty] + [(Span(""),)] * (height - 1)
    if height >= PLOT:
        begun: Line = (Span("one step so far: the second makes a curve of it", "pending"),)
        return [begun, *lines(view, width, PLOT - 1)]
    low, high, logarithmic = scale(losses)
    heights = levels(losses, low, high, logarithmic, height * 8)
    found: list[Line] = []
    for line in range(height):
        floor = (height - 1 - line) * 8
        marks = [_mark(loss, level, floor) for loss, level in zip(losses.tolist(), heights, strict=True)]
        label = brief(low, 4) if line == height - 1 else brief(high, 4) if line == 0 and high > low else ""
        if height == 1:
            label = f"{brief(low, 3)} to {brief(high, 3)}" + " log" * logarithmic
        elif logarithmic and line == 1:
            label = "log"
        found.append((Span(label.rjust(wide), "dim"), Span(" " + "".join(marks).rjust(room))))
    return found


def _plot(losses: Array, width: int, height: int) -> list[Line]:
    """If there is room: all losses as a curve, steps below it, a logarithm if the range asks for it."""
    steps = np.arange(1, len(losses) + 1, dtype="float64")
    curves, marks = [Series(steps, losses, "positive")], [Mark(len(losses), float(losses[-1]), kept=True)]
    up = plot.upright(curves, marks, "loss", logarithmic=scale(losses)[2])
    return plot.lines(curves, marks, width, height, axis.over(1, len(losses), "step", whole=True), up)


def scale(losses: Array) -> tuple[float, float, bool]:
    """The smallest and largest finite loss, and whether the range asks for a logarithmic scale (then without 0)."""
    finite = losses[np.isfinite(losses)]
    if not len(finite):
        return 0.0, 1.0, False
    low, high = float(finite.min()), float(finite.max())
    positive = finite[finite > 0]
    if low >= 0 and len(positive) and high / float(positive.min()) > 50:
        return float(positive.min()), high, True
    return low, high, False


def levels(losses: Array, low: float, high: float, logarithmic: bool, steps: int) -> list[int]:
    """Each loss as a height from 1 to `steps`; infinite and NaN losses get the full height."""
    if logarithmic:
        losses, low, high = np.log(np.maximum(losses, low)), float(np.log(low)), float(np.log(high))
    span = high - low
    if not 0 < span < inf:
        return [1 if isfinite(loss) else steps for loss in losses.tolist()]
    return [1 + round((loss - low) / span * (steps - 1)) if isfinite(loss) else steps for loss in losses.tolist()]


def _mark(loss: float, level: int, floor: int) -> str:
    if not isfinite(loss):
        return ("?" if isnan(loss) else "∞") if floor == 0 else " "
    return BLOCKS[min(max(level - floor, 0), 8)]

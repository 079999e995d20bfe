"""The loss sparkline: a column per step, from the left on; when they are too many for the pane it scrolls."""

from math import inf, isfinite, isnan
from textwrap import wrap

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets import axis, plot
from backprop_tui.tui.widgets.canvas import BLOCKS
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.plot import Mark, Series

SCALE = 9
"""The columns of the scale at the left."""

BEGUN = "one step so far: the next ones will be drawn beside it"

PLOT = 6
"""From so many lines on a curve is drawn instead of the sparkline."""


def title(view: View) -> str:
    """The newest loss; until the step that is being made has one, which step's it is."""
    if not len(view.losses):
        return "Loss"
    newest = f"Loss  {brief(float(view.losses[-1]))}"
    if view.value(Cell("loss")) is None:
        return f"{newest} in step {view.step - 1}"
    return newest + (_parts(view.trace) if view.trace is not None and view.network.l2 else "")


def _parts(trace: Trace) -> str:
    """What of the loss is the data's, and what the penalty's."""
    from backprop_tui.core.explain.penalty import loss_parts  # not needed for the first frame

    data, penalty = loss_parts(trace) or (trace.loss, 0.0)
    return f" = {brief(data)} of the data + penalty {brief(penalty)}"


def lines(view: View, width: int, height: int) -> list[Line]:
    """The losses that fit, the newest at the end, as columns of eighths over `height` lines; as a curve in many."""
    losses = view.losses[-max(width, 1) :].astype("float64")
    if height >= PLOT and len(view.losses) > 1:
        return _plot(view.losses.astype("float64"), width, height)
    if not len(losses):
        empty: Line = (Span("the loss of every step will be drawn here", "pending"),)
        return [empty] + [(Span(""),)] * (height - 1)
    if len(view.losses) == 1 and height > 1:
        return [(Span(BEGUN, "pending"),), *_columns(losses, width, min(height, PLOT) - 1), *_what_it_is(width, height)]
    return _columns(losses, width, height)


def _what_it_is(width: int, height: int) -> list[Line]:
    """Below the first loss, where there is room for a curve: what a loss is."""
    from backprop_tui.core.explain.glossary import entry_of  # not needed for the first frame

    said = [(), *((Span(part, "dim"),) for part in wrap(entry_of(parse("loss")).says, max(width, 1)))]
    return said if height >= PLOT + len(said) else []


def _columns(losses: Array, width: int, height: int) -> list[Line]:
    """The losses (n,) as columns of eighths, from the left on, with the scale before them."""
    wide = SCALE if height > 1 else 2 * SCALE
    room = max(width - wide - 1, 1)
    losses = losses[-room:]
    low, high, logarithmic = scale(losses)
    heights = levels(losses, low, high, logarithmic, height * 8)
    found: list[Line] = []
    for line in range(height):
        floor = (height - 1 - line) * 8
        marks = [_mark(loss, level, floor) for loss, level in zip(losses.tolist(), heights, strict=True)]
        label = brief(low, 4) if line == height - 1 else brief(high, 4) if line == 0 and high > low else ""
        if height == 1:
            label = f"{brief(low, 3)} to {brief(high, 3)}" + " log" * logarithmic if high > low else brief(low, 4)
        elif logarithmic and line == 1:
            label = "log"
        found.append((Span(label.rjust(wide), "dim"), Span(" " + "".join(marks).ljust(room))))
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

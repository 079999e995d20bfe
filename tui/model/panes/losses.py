"""The loss of each step, a column each, the newest at the right; beside it how long each layer's gradient is."""

import numpy as np
from backprop_tui.core.session.model import ModelSession
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.panes.loss import SCALE, levels, scale
from backprop_tui.tui.widgets.canvas import BLOCKS
from backprop_tui.tui.widgets.line import Line, Span, clipped

NORMS = 28
"""The columns of the gradients' lengths."""

BESIDE = 40
"""So many columns the loss needs before there is room for them."""


def title(session: ModelSession) -> str:
    """The newest loss."""
    losses = session.shown_losses
    return f"Loss  {brief(losses[-1])}" if losses else "Loss"


def lines(session: ModelSession, width: int, height: int) -> list[Line]:
    """As many steps as fit."""
    beside = _norms(session, height) if width >= BESIDE + NORMS else []
    room = max(width - SCALE - 1 - (NORMS + 2 if beside else 0), 1)
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
        drawn: Line = (Span(label.rjust(SCALE), "dim"), Span(" " + marks.rjust(room)))
        found.append((*drawn, Span("  "), *beside[line]) if line < len(beside) else drawn)
    return found


def _norms(session: ModelSession, height: int) -> list[Line]:
    """A line for each layer; if they are more than fit, a column for each, by its logarithm, and the two ends."""
    norms = session.shown_norms
    if not norms:
        return []
    if len(norms) <= height:
        return [_norm(f"∂ {_last(layer)}", norm) for layer, norm in norms]
    if height == 1:
        return [_norm("∂ least", min(norm for _, norm in norms))]
    values = np.array([norm for _, norm in norms][-NORMS:], "float64")
    low, high, logarithmic = scale(values)
    marks = "".join(BLOCKS[level] for level in levels(values, low, high, logarithmic, 8))
    ends = [min(norms, key=lambda one: one[1]), max(norms, key=lambda one: one[1])]
    words = ["smallest ∂", "largest ∂"] if height > 2 else ["∂ from", "to"]
    if height == 2:
        text = f"{words[0]} {brief(ends[0][1], 3)} {words[1]} {brief(ends[1][1], 3)}"
        return [(Span(marks),), (Span(clipped(text, NORMS).rstrip(), "dim"),)]
    return [
        (Span(marks),),
        *(_norm(f"{word} {_last(layer)}", norm) for word, (layer, norm) in zip(words, ends, strict=True)),
    ]


def _norm(name: str, norm: float) -> Line:
    number = brief(norm, 4)
    name = clipped(escape_controls(name), NORMS - len(number) - 1).rstrip()
    return (Span(name.ljust(NORMS - len(number)), "label"), Span(number))


def _last(path: str) -> str:
    return path.rpartition("/")[2]

"""The plot of lesson 5: the loss of every step, and the loss over all rows that train and over those held out."""

import numpy as np
from backprop_tui.core.lessons.training import HELD_OUT, TRAINING, TableLosses, part_in_words
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.panes.loss import scale
from backprop_tui.tui.widgets import plot
from backprop_tui.tui.widgets.line import Line, Span

MOST_STEPS = 4096
LETTERS = {TRAINING: "T", HELD_OUT: "H"}


def lines(losses: TableLosses, width: int, height: int) -> list[Line]:
    """Lines: a plot over steps. Each curve ends in its letter: s a step's, T the rows that train, H those held out."""
    session = losses.session
    last = session.timeline.whole_entries
    if not last:
        return [(Span("the losses will be drawn here: a step's, and over the whole table", "pending"),)]
    steps, stepped = _steps(losses)
    known = [losses.line(part) for part in losses.parts]
    low, logarithmic = _scale(losses)

    def level(values: Array | list[float]) -> Array:
        found = np.asarray(values, "float64")
        return np.log10(np.maximum(found, max(low, 1e-45))) if logarithmic else found

    # A step's loss stands at its number, a loss over the table at that of the step it follows.
    curves = [plot.Series(steps + 1.0, level(stepped), "dim")]
    marks = [plot.Mark(float(curves[0].x[-1]), float(curves[0].y[-1]), "s", "dim")] if len(steps) else []
    for part, (points, line) in zip(losses.parts, known, strict=True):
        if points:
            role = "positive" if part == TRAINING else "negative"
            curve = plot.Series(np.array(points, "float64"), level(line), role, dashed=part == HELD_OUT)
            curves.append(curve)
            marks.append(plot.Mark(float(points[-1]), float(curve.y[-1]), LETTERS[part], role))
    return plot.lines(
        curves,
        marks,
        width,
        height,
        (0.0, float(last)),
        plot.y_range(curves, marks),
        y_text=(lambda y: plot.short(10**y)) if logarithmic else plot.short,
        x_text=lambda x: f"step {brief(x, 7)}",
    )


def title(losses: TableLosses) -> str:
    """The pane's title: which letter stands for which curve, and whether the scale is logarithmic."""
    parts = "".join(f"   {LETTERS[part]} {part_in_words(losses.session.timeline, part)}" for part in losses.parts)
    return f"Losses{', logarithmic' if _scale(losses)[1] else ''}   s each step's{parts}"


def _steps(losses: TableLosses) -> tuple[Array, Array]:
    """The steps that are drawn, evenly spread and the newest among them, and the loss of each."""
    session = losses.session
    last = session.timeline.whole_entries
    every = -(-last // MOST_STEPS) or 1
    steps = np.arange((last - 1) % every, last, every)
    # A change by hand has no loss: the curve goes on over it.
    steps = steps[~np.isin(steps, list(session.timeline.history.changes))]
    return steps, session.timeline.history.losses[steps].astype("float64")


def _scale(losses: TableLosses) -> tuple[float, bool]:
    """The smallest finite loss of all lines, and whether the range asks for a logarithmic scale."""
    everything = np.concatenate([_steps(losses)[1], *(losses.line(part)[1] for part in losses.parts)])
    low, _, logarithmic = scale(everything[np.isfinite(everything)])
    return low, logarithmic

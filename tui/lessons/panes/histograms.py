"""A column of lesson 1 before and after scaling: two histograms side by side, with mean and standard deviation."""

import numpy as np
from backprop_tui.core.lessons.data import Column
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets import plot
from backprop_tui.tui.widgets.line import Line, Span

GAP = 2
"""The columns between the two histograms."""


def lines(column: Column | None, after: str, width: int, height: int) -> list[Line]:
    """Lines: the histogram before scaling and the one after it; below each its ends, mean and standard deviation."""
    if column is None:
        return [(Span("the engine counts the rows …", "pending"),)]
    thick = max((width - GAP) // (2 * column.counts.shape[1]), 1)
    wide = column.counts.shape[1] * thick
    rows = max(height - 4, 1)
    bars = [plot.bars(np.repeat(counts, thick), rows) for counts in column.counts]
    found: list[Line] = [(Span("as in the file".ljust(wide + GAP) + after, "label"),)]
    found += [(Span(left + " " * GAP + right, "positive"),) for left, right in zip(*bars, strict=True)]
    mean, std, low, high = range(4)
    found.append(tuple(Span(_ends(part[low], part[high], wide) + " " * GAP, "dim") for part in column.summary))
    for label, place in (("mean", mean), ("std", std)):
        texts = (f"{label} {brief(_rounded(part[place]), 6)}".ljust(wide + GAP) for part in column.summary)
        found.append((Span("".join(texts)),))
    return found[:height]


def title(column: Column | None, number: int, columns: int) -> str:
    """The pane's title: which column these histograms are of."""
    return f"Column {escape_controls(column.name)}  {number + 1} of {columns}" if column else "Column"


def _ends(low: float, high: float, width: int) -> str:
    left, right = brief(low, 4), brief(high, 4)
    return left + right.rjust(max(width - len(left), 0))


def _rounded(value: float) -> float:
    """The number, or 0 if it is so small that it is the rounding of 0, as a mean of 1e-17 is."""
    return 0.0 if abs(value) < 1e-12 else value

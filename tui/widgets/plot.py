"""A plot in characters: curves in braille dots (two across and four down in each character), marked points on top."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief

from .canvas import BLOCKS, Canvas
from .line import Line, Span

SCALE = 9
"""The columns of the scale at the left, with its line."""

FRAME = 2
"""The lines below the plot: its axis, and the ends of the scale."""


@dataclass(frozen=True, eq=False)
class Series:
    """A line through points x (ascending) and y; it breaks if a y is not finite. `dashed` tells it from others."""

    x: Array
    y: Array
    role: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """A character at a point. If several meet, the last one is seen. `on_axis` marks its x below as well."""

    x: float
    y: float
    text: str = "●"
    role: str = "title"
    on_axis: bool = False


def y_range(curves: Sequence[Series], marks: Sequence[Mark] = (), share: float = 1.0) -> tuple[float, float]:
    """From the lowest to the highest y. With a `share` below 1, without the tails of so steep a curve; marks stay."""
    found = np.concatenate([np.asarray(curve.y, "float64") for curve in curves] or [np.zeros(0)])
    found = found[np.isfinite(found)]
    if share < 1 and len(found):
        found = np.quantile(found, [(1 - share) / 2, (1 + share) / 2])
    marked = np.array([mark.y for mark in marks])
    found = np.concatenate([found, marked[np.isfinite(marked)]])
    if not len(found):
        return 0.0, 1.0
    low, high = float(found.min()), float(found.max())
    if low == high:
        return low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    return low, high


def short(value: float) -> str:
    """A number for the scale at the left, in as many significant digits as it has room for, at most four."""
    return next(text for digits in (4, 3, 2, 1) if len(text := brief(value, digits)) < SCALE or digits == 1)


def lines(
    curves: Sequence[Series],
    marks: Sequence[Mark],
    width: int,
    height: int,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    y_text: Callable[[float], str] = short,
    x_text: Callable[[float], str] = lambda x: brief(x, 4),
) -> list[Line]:
    """The plot in exactly `width` columns and `height` lines, axes included."""
    columns, rows = max(width - SCALE, 4), max(height - FRAME, 1)
    canvas = Canvas(columns, rows)
    for curve in curves:
        _draw(canvas, curve, x_range, y_range)
    axis = ["─"] * columns
    for mark in marks:
        column, row = _place(mark.x, x_range, columns), _place(mark.y, y_range, rows)
        if column is None:
            continue
        if mark.on_axis:
            axis[column] = "┴"
        if row is not None:
            canvas.text(column, rows - 1 - row, mark.text, mark.role)
    label = SCALE - 1
    found: list[Line] = []
    for row, drawn in enumerate(canvas.lines()):
        text = y_text(y_range[1]) if row == 0 else y_text(y_range[0]) if row == rows - 1 else ""
        found.append((Span(text.rjust(label)[-label:], "dim"), Span("│", "dim"), *drawn))
    if height > FRAME:
        low, high = x_text(x_range[0]), x_text(x_range[1])
        found.append((Span(" " * label, "dim"), Span("└" + "".join(axis), "dim")))
        ends = (low + high.rjust(max(columns - len(low), 0)))[:columns]
        found.append((Span(" " * SCALE + ends, "dim"),))
    return found[:height]


def _draw(canvas: Canvas, curve: Series, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
    """Set the dots of one curve: a column at a time, joined to the column before."""
    high, wide = canvas.height * 4, canvas.width * 2
    x = np.linspace(*x_range, wide)
    x_known, y_known = np.asarray(curve.x, "float64"), np.asarray(curve.y, "float64")
    if not len(x_known):
        return
    with np.errstate(all="ignore"):
        y = np.interp(x, x_known, y_known, left=np.nan, right=np.nan)
        level = (y - y_range[0]) / (y_range[1] - y_range[0]) * (high - 1)
    # One beyond each end stands for all that is further out; below all of them, for a y that is not finite.
    gap = -9
    places = np.where(np.isfinite(level), np.clip(np.round(level), -1, high), gap).astype(int).tolist()
    before = gap
    for column, now in enumerate(places):
        start, before = before, now
        if now == gap or (curve.dashed and column % 4 > 1):
            continue
        # From beyond one end to beyond the other is a pole: not joined.
        if start == gap or {start, now} == {-1, high}:
            start = now
        start += (now > start) - (now < start)
        canvas.upright(column, high - 1 - max(start, now), high - 1 - min(start, now), curve.role)


def _place(value: float, limits: tuple[float, float], cells: int) -> int | None:
    """The cell that a value falls into; None outside."""
    low, high = limits
    if not np.isfinite(value) or not low <= value <= high:
        return None
    return min(int((value - low) / (high - low) * cells), cells - 1)


def bars(counts: Array, height: int) -> list[str]:
    """A histogram as `height` lines of text, a column for each count; a count that is not 0 is always seen."""
    counts = np.asarray(counts)
    top = max(int(counts.max(initial=0)), 1)
    eighths = np.where(counts > 0, np.maximum(np.round(counts / top * height * 8), 1), 0).astype(int)
    return ["".join(BLOCKS[min(max(count - floor * 8, 0), 8)] for count in eighths) for floor in range(height)][::-1]

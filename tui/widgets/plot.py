"""A plot in characters: curves in braille dots (two across and four down in each character), marked points on top."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import INFINITY, NAN
from rich.cells import cell_len

from . import axis
from .axis import LABEL, Axis
from .canvas import BLOCKS, Canvas
from .line import Line, Span

SCALE = LABEL + 1
"""The columns of the scale at the left, with its line."""

FRAME = 2
"""The lines below the plot: its axis, and the numbers along it."""

APART = 3
"""A number beside the upright axis for so many lines at most, and so many columns between two below the plot."""

LEAST_NUMBERS = 3
"""So many numbers are looked for beside a low plot; those that would touch are left out."""

SOLID, DASHED, DOTTED, LONG, PAIRS = (1, 0), (2, 2), (1, 3), (8, 4), (4, 2)
"""How many columns of dots of a curve are drawn, and how many are left out: tells curves apart without colors."""


@dataclass(frozen=True, eq=False)
class Series:
    """A line through points x (ascending) and y; it breaks if a y is not finite. `dash` tells it from others."""

    x: Array
    y: Array
    role: str = ""
    dash: tuple[int, int] = SOLID


@dataclass(frozen=True)
class Mark:
    """A character at a point. If several meet, the last one is seen. `on_axis` marks its x below as well.

    One that is `kept` is seen whatever its y is: at the edge if it lies beyond, as `∞` or `NaN` if it is no number.
    One that lies `beneath` is covered by a curve.
    """

    x: float
    y: float
    text: str = "●"
    role: str = "title"
    on_axis: bool = False
    kept: bool = False
    beneath: bool = False


def upright(
    curves: Sequence[Series],
    marks: Sequence[Mark] = (),
    name: str = "",
    *,
    logarithmic: bool = False,
    share: float = 1.0,
) -> Axis:
    """The axis from the lowest to the highest y; on a logarithm, from the lowest above 0.

    With a `share` below 1, without the tails of so steep a curve; marks stay.
    """
    found = np.concatenate([np.asarray(curve.y, "float64") for curve in curves] or [np.zeros(0)])
    found = found[np.isfinite(found)]
    if share < 1 and len(found):
        found = np.quantile(found, [(1 - share) / 2, (1 + share) / 2])
    marked = np.array([mark.y for mark in marks])
    found = np.concatenate([found, marked[np.isfinite(marked)]])
    if logarithmic and (found > 0).any():
        found = found[found > 0]
    if not len(found):
        return Axis(0.0, 1.0, name)
    return axis.over(float(found.min()), float(found.max()), name, logarithmic=logarithmic)


def inside(width: int, height: int) -> tuple[int, int]:
    """How many columns and lines a plot of this size has within its axes."""
    return max(width - SCALE, 4), max(height - FRAME, 1)


def lines(
    curves: Sequence[Series],
    marks: Sequence[Mark],
    width: int,
    height: int,
    across: Axis,
    up: Axis,
    ground: Sequence[Line] = (),
) -> list[Line]:
    """The plot in exactly `width` columns and `height` lines, axes included; `ground` are lines below all of it."""
    columns, rows = inside(width, height)
    canvas = Canvas(columns, rows)
    for y, line in enumerate(ground):
        x = 0
        for span in line:
            canvas.text(x, y, span.text, span.role)
            x += len(span.text)
    for curve in curves:
        _draw(canvas, curve, across, up)
    marked = [column for mark in marks if (column := _mark(canvas, mark, across, up)) is not None and mark.on_axis]
    found: list[Line] = []
    beside = _beside(up, rows)
    for drawn, (text, tick) in zip(canvas.lines(), beside, strict=True):
        found.append((Span(_right(text), "dim"), Span("┤" if tick else "│", "dim"), *drawn))
    if height > FRAME:
        found += _below(across, columns, marked)
    return found[:height]


def _beside(up: Axis, rows: int) -> list[tuple[str, bool]]:
    """What stands beside each line, from the top: a number or the axis's name, and whether the axis has a tick."""
    found = [("", False)] * rows
    numbers = axis.ticks(up, max(rows // APART, LEAST_NUMBERS))
    for number, text in zip(numbers, axis.labels(up, numbers), strict=True):
        row = _cell(up, number, rows)
        if row is not None and not any(text for text, _ in found[max(rows - 1 - row, 0) : rows - row + 1]):
            found[rows - 1 - row] = (text, True)
    free = next((row for row, (text, _) in enumerate(found[:APART]) if not text), None)
    if up.name and free is not None and rows > APART:
        found[free] = (f"{'log ' * up.logarithmic}{up.name}", False)
    return found


def _right(text: str) -> str:
    """At the right of the columns beside the axis; of one that is too long, its end."""
    return " " * (LABEL - cell_len(text)) + text if cell_len(text) <= LABEL else text[-LABEL:]


def _below(across: Axis, columns: int, marked: Sequence[int]) -> list[Line]:
    """The axis below the plot with its ticks, and the numbers under them; at the left, what it is."""
    line, text = ["─"] * columns, [" "] * columns
    most = columns // (APART + max(map(len, axis.labels(across, [across.low, across.high]))))
    numbers = axis.ticks(across, most)
    free = 0
    for number, label in zip(numbers, axis.labels(across, numbers), strict=True):
        column = _cell(across, number, columns)
        if column is None:
            continue
        start = min(max(column - len(label) // 2, 0), columns - len(label))
        if start < free:
            continue
        line[column] = "┬"
        text[start : start + len(label)] = label
        free = start + len(label) + 1
    for column in marked:
        line[column] = "┼" if line[column] == "┬" else "┴"
    scale = "log" if across.logarithmic else ""
    return [
        (Span(scale.rjust(LABEL), "dim"), Span("└" + "".join(line), "dim")),
        (Span(_right(across.name) + " " + "".join(text), "dim"),),
    ]


def _mark(canvas: Canvas, mark: Mark, across: Axis, up: Axis) -> int | None:
    """Write a mark's character; the column that it stands in, if there is one."""
    column, row, text = _cell(across, mark.x, canvas.width), _cell(up, mark.y, canvas.height), mark.text
    if column is None:
        return None
    if row is None and mark.kept:
        above = not np.isfinite(mark.y) or mark.y > up.high
        row = canvas.height - 1 if above else 0
        text = text if np.isfinite(mark.y) else NAN if np.isnan(mark.y) else INFINITY
    if row is not None and not (mark.beneath and canvas.drawn(column, canvas.height - 1 - row)):
        canvas.text(max(min(column, canvas.width - len(text)), 0), canvas.height - 1 - row, text, mark.role)
    return column


def _draw(canvas: Canvas, curve: Series, across: Axis, up: Axis) -> None:
    """Set the dots of one curve: a column at a time, joined to the column before."""
    high, wide = canvas.height * 4, canvas.width * 2
    if not len(curve.x):
        return
    x, y = across.shares(np.asarray(curve.x, "float64")), up.shares(np.asarray(curve.y, "float64"))
    drawn, left_out = curve.dash
    # One beyond each end stands for all that is further out; below all of them, for a y that is not finite.
    gap = -9
    levels = [
        np.where(np.isfinite(part), np.clip(np.round(part * (high - 1)), -1, high), gap).astype(int).tolist()
        for part in _spans(x, y, wide)
    ]
    before = (gap, gap)
    for column, (low, top) in enumerate(zip(*levels, strict=True)):
        (last_low, last_top), before = before, (low, top)
        if low == gap or column % (drawn + left_out) >= drawn:
            continue
        # From beyond one end to beyond the other is a pole: not joined.
        if last_low != gap and {last_low, low} != {-1, high}:
            low, top = min(low, last_top + 1), max(top, last_low - 1)
        canvas.upright(column, high - 1 - top, high - 1 - low, curve.role)


def _spans(x: Array, y: Array, wide: int) -> tuple[Array, Array]:
    """The smallest and largest y (wide,) in each column of dots: of the points in it, else of the line between two.

    x and y are shares of their axes. NaN if there is no line.
    """
    with np.errstate(all="ignore"):
        lows = np.interp(np.linspace(0, 1, wide), x, y, left=np.nan, right=np.nan)
        columns = np.round(x * (wide - 1))
    tops = lows.copy()
    here = np.flatnonzero((columns >= 0) & (columns < wide) & np.isfinite(y))
    if len(here):
        columns, y = columns[here].astype(int), y[here]
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        lows[columns[starts]], tops[columns[starts]] = (
            np.minimum.reduceat(y, starts),
            np.maximum.reduceat(y, starts),
        )
    return lows, tops


def _cell(along: Axis, value: float, cells: int) -> int | None:
    """The cell that a value falls into; None outside."""
    if not np.isfinite(value):
        return None
    share = float(along.shares(np.array([value]))[0])
    if not -1e-9 <= share <= 1 + 1e-9:
        return None
    return min(max(int(share * cells), 0), cells - 1)


def sample(dash: tuple[int, int], width: int = 4) -> str:
    """A piece of a curve that is dashed so, for a legend."""
    canvas = Canvas(width, 1)
    _draw(canvas, Series(np.array([0.0, 1.0]), np.array([0.5, 0.5]), dash=dash), Axis(0, 1), Axis(0, 1))
    return "".join(span.text for span in canvas.lines()[0])


def bars(counts: Array, height: int) -> list[str]:
    """A histogram as `height` lines of text, a column for each count; a count that is not 0 is always seen."""
    counts = np.asarray(counts)
    top = max(int(counts.max(initial=0)), 1)
    eighths = np.where(counts > 0, np.maximum(np.round(counts / top * height * 8), 1), 0).astype(int)
    return ["".join(BLOCKS[min(max(count - floor * 8, 0), 8)] for count in eighths) for floor in range(height)][::-1]

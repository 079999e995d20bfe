"""The network as a picture: units in columns, weights on the edges between them.

Going forward it shows values, going backward gradients. A negative weight's edge is dashed and orange, a positive
one's is whole and blue; a large one's is thicker.
"""

import numpy as np

from ...core.numerals import brief
from ...core.phases import BACKWARD, Cell
from ...core.trace import activations, symbol
from ..canvas import Canvas
from ..line import Line
from ..view import PENDING, View

ROOMY, NARROW, BARE = 9, 6, 1
"""The columns that a unit takes, by the room between the layers: a mark and its value, or the mark alone."""

LABEL = 5
"""The columns of an edge's number."""


def title(view: View) -> str:
    """What the numbers are."""
    return "Network  ∂L/∂ flows back" if _backward(view) else "Network"


def lines(view: View, width: int, height: int) -> list[Line]:
    """The picture, in so many columns and lines."""
    canvas, network = Canvas(width, height), view.network
    names = ["x", *(h for _, h in activations(network))]
    sizes = [network.features, *(layer.units for layer in network.layers)]
    shown = [_shown(size, height) for size in sizes]
    enough = (wide for wide, gap in ((ROOMY, LABEL + 2), (NARROW, 3)) if width >= (wide + gap) * len(sizes) - gap)
    wide = next(enough, BARE)
    lefts = [round(layer * max(width - wide, 1) / network.depth) for layer in range(len(sizes))]
    for layer in range(1, len(sizes)):
        _edges(canvas, view, layer, (lefts[layer - 1] + wide, lefts[layer]), (shown[layer - 1], shown[layer]))
    for name, left, size, units in zip(names, lefts, sizes, shown, strict=True):
        for unit in range(units):
            _unit(canvas, view, _cell(view, name, unit), (left, _top(unit, units, height)), wide)
        if units < size:
            canvas.text(left, height - 1, f"+{size - units} more", "dim")
    return canvas.lines()


def _shown(size: int, height: int) -> int:
    """How many units of a layer are drawn: two lines each, and a line for what is left out."""
    most = max((height - 1) // 2, 1)
    return size if size <= most else most


def _top(unit: int, units: int, height: int) -> int:
    return int((unit + 0.5) * (height - 1) / units)


def _backward(view: View) -> bool:
    phase = view.phase
    return phase is not None and phase.kind == BACKWARD


def _cell(view: View, name: str, unit: int) -> Cell:
    """The number that stands in a unit: its value, or going back the gradient of it."""
    if name == "x":
        return Cell("x", 0, unit)
    return Cell("g" + name if _backward(view) else name, unit)


def _unit(canvas: Canvas, view: View, cell: Cell, place: tuple[int, int], wide: int) -> None:
    left, y = place
    span, value = view.number(cell, 8), view.value(cell)
    text = span.text.strip() if wide == ROOMY or value is None else brief(value, 2)
    canvas.text(left, y, "●", f"label {span.role}" if wide == BARE else "label", cell)
    if wide == BARE:
        return
    canvas.text(left + 1, y, text.rjust(wide - 1), span.role, cell)
    if canvas.height > 6:
        name = symbol(cell.name.removeprefix("g"))
        number = cell.column if cell.name == "x" else cell.row
        only = name == "ŷ" and view.network.outputs == 1
        canvas.text(left + 2, y + 1, name if only else f"{name}[{number + 1}]", "dim")


def _edges(canvas: Canvas, view: View, layer: int, lefts: tuple[int, int], shown: tuple[int, int]) -> None:
    """The weights between a layer and the one before; on the edges the weights, or going back their gradients."""
    weights = view.parameters[f"w{layer}"]
    with np.errstate(invalid="ignore"):
        finite = np.abs(weights[np.isfinite(weights)])
    middle = float(np.median(finite)) if finite.size else 0.0
    gap = lefts[1] - lefts[0]
    for unit in range(shown[1]):
        for source in range(shown[0]):
            value = float(weights[unit, source])
            start = (lefts[0], _top(source, shown[0], canvas.height))
            end = (lefts[1] - 1, _top(unit, shown[1], canvas.height))
            role = "negative" if value < 0 else "positive"
            canvas.line(start, end, role, dashed=value < 0, thick=abs(value) > 1.5 * middle)
    if gap < LABEL + 2:
        return
    for unit in range(shown[1]):
        for source in range(shown[0]):
            name = f"gw{layer}" if _backward(view) else f"w{layer}"
            _edge_label(canvas, view, Cell(name, unit, source), (lefts[0], gap), shown)


def _edge_label(canvas: Canvas, view: View, cell: Cell, across: tuple[int, int], shown: tuple[int, int]) -> None:
    """An edge's number, beside the end where the edges lie furthest apart; left out where there is no room."""
    left, gap = across
    y0, y1 = _top(cell.column, shown[0], canvas.height), _top(cell.row, shown[1], canvas.height)
    value = view.value(cell)
    span = view.number(cell, 8)
    text = PENDING if value is None else brief(value, 2)
    for share in (0.3, 0.7, 0.5) if shown[0] >= shown[1] else (0.7, 0.3, 0.5):
        x = left + round(gap * share) - len(text) // 2
        y = round(y0 + (y1 - y0) * share)
        if canvas.free(x, y, len(text)):
            canvas.text(x, y, text, span.role, cell)
            return

"""The network as a picture: units in columns, weights on the edges between them.

Going forward it shows values, going backward gradients. A negative weight's edge is dashed and orange, a positive
one's is whole and blue; a large one's is thicker. What the cursor points at is marked, whichever number of it is shown.
"""

from itertools import product

import numpy as np
from backprop_tui.core.model.phases import BACKWARD, Cell
from backprop_tui.core.model.trace import activations
from backprop_tui.core.model.values import Value, parse, symbol
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import two_digits
from backprop_tui.tui.stepper.view import PENDING, View
from backprop_tui.tui.widgets.canvas import Canvas
from backprop_tui.tui.widgets.line import Line, clipped, fitting

ROOMY, NARROW, BARE = 9, 6, 1
"""The columns that a unit takes, by the room between the layers: a mark and its value, or the mark alone."""

LABEL = 5
"""The columns of an edge's number."""

MOST_EDGES = 25
"""Between two layers so many edges are drawn, those of the largest weights: more would be a thicket."""

MOST_LABELS = 9
"""If more edges than this are drawn, only the one that is pointed at has its number."""

LONG = 2 * LABEL + 4
"""The columns between two layers from which on an edge has room for its weight and its gradient."""

NAME = 14
"""As many columns of a feature's name are written below it."""

LEGEND = "dashed: below 0   thick: large"
"""What the edges' looks say."""

MARGIN = 3
"""The lines above the first unit of a layer, and those below the last, where its name stands and what the edges say."""

PLACES = tuple(place / 20 for place in range(2, 19))
"""Where along an edge its number may stand, as shares of the way."""

Edge = tuple[int, int]
"""Where an edge ends and where it starts: the row and the column of its weight."""


def title(view: View, width: int) -> str:
    """What the numbers are, in so many columns."""
    if not _backward(view):
        return "Network"
    return "Network  ∂L/∂ flows back" if width >= 30 else "Network  ∂L/∂"


def lines(view: View, width: int, height: int) -> list[Line]:
    """The picture, in so many columns and lines: the edges, the units over them, then numbers that have room."""
    canvas, network = Canvas(width, height), view.network
    names = ["x", *(h for _, h in activations(network))]
    sizes = [network.features, *(layer.units for layer in network.layers)]
    shown = [_shown(size, height) for size in sizes]
    enough = (wide for wide, gap in ((ROOMY, LABEL + 2), (NARROW, 3)) if width >= (wide + gap) * len(sizes) - gap)
    wide = next(enough, BARE)
    lefts = [round(layer * max(width - wide, 1) / network.depth) for layer in range(len(sizes))]
    gaps = [
        ((lefts[layer - 1] + wide, lefts[layer]), (shown[layer - 1], shown[layer])) for layer in range(1, len(sizes))
    ]
    drawn = [_edges(view, layer, units) for layer, (_, units) in enumerate(gaps, 1)]
    for layer, (ends, units) in enumerate(gaps, 1):
        _draw(canvas, view, layer, drawn[layer - 1], ends, units)
    for name, left, size, seen in zip(names, lefts, sizes, shown, strict=True):
        for unit in range(seen):
            _unit(canvas, view, _cell(view, name, unit), (left, _top(unit, seen, height)), wide)
        if seen < size:
            canvas.text(left, height - 1, f"+{size - seen} more", "dim")
    for layer, (ends, units) in enumerate(gaps, 1):
        _label(canvas, view, layer, drawn[layer - 1], ends, units)
    both = any(
        _gradient(view, layer, (0, 0), end - start) is not None for layer, ((start, end), _) in enumerate(gaps, 1)
    )
    legend = LEGEND + "   ∂: its gradient" * both
    if len(legend) <= width and height > 6 and canvas.free(0, height - 1, len(legend)):
        canvas.text(0, height - 1, legend, "dim")
    return canvas.lines()


def _shown(size: int, height: int) -> int:
    """How many units of a layer are drawn: two lines each, and a line for what is left out."""
    most = max((height - 1) // 2, 1)
    return size if size <= most else most


def _top(unit: int, units: int, height: int) -> int:
    """The line of a unit: all of a layer spread evenly over the height, with a margin at both ends that is no waste."""
    if units == 1:
        return (height - 1) // 2
    margin = min((height - 1) / (2 * units), MARGIN)
    return int(margin + unit * (height - 1 - 2 * margin) / (units - 1))


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
    text = span.text.strip() if wide == ROOMY or value is None else two_digits(value)
    of, number = parse(cell.name).base.name, cell.column if cell.name == "x" else cell.row
    role = _marked(span.role, _pointed_unit(view, of) == number)
    canvas.text(left, y, "●", f"label {role}" if wide == BARE else "label", cell)
    if wide == BARE:
        return
    canvas.text(left + 1, y, text.rjust(wide - 1), role, cell)
    if canvas.height > 6:
        name = _named(view, of, number, canvas.width - left)
        canvas.text(min(left + 2, canvas.width - len(name)), y + 1, name, "dim")


def _named(view: View, of: str, number: int, room: int) -> str:
    """What stands below a unit, in so many columns at most: a feature's own name; a unit's name, and its bias."""
    if of == "x":
        return clipped(escape_controls(view.run.table.features[number]), min(NAME, room)).rstrip()
    only = of == "y_pred" and view.network.outputs == 1
    name = symbol(of) if only else f"{symbol(of)}[{number + 1}]"
    bias = f"b{view.network.depth if of == 'y_pred' else parse(of).layer}"
    if bias not in view.parameters:
        return name
    return fitting(room, f"{name}  b {two_digits(float(view.parameters[bias][number, 0]))}", name)


def _pointed_unit(view: View, name: str) -> int | None:
    """Which unit of the column x, h1 ... y_pred the cursor's number belongs to: its z, its bias, a gradient of them."""
    if view.cursor is None:
        return None
    pointed = parse(view.cursor.name).base
    if pointed.is_row:
        return view.cursor.column if name == {"x": "x", "y": "y_pred"}[pointed.of] else None
    if name == "x" or pointed.of in ("w", "loss"):
        return None
    layer = parse(name).layer_in(view.network)
    return view.cursor.row if pointed.layer_in(view.network) == layer else None


def _pointed_edge(view: View, layer: int) -> Edge | None:
    """Which weight of a layer the cursor points at: itself, its gradient, or what it becomes."""
    pointed = view.cursor is not None and parse(view.cursor.name).base == Value("w", layer)
    return view.cursor.place if view.cursor is not None and pointed else None


def _marked(role: str, pointed: bool) -> str:
    return f"{role} cursor" if pointed and not role.endswith("cursor") else role


def _edges(view: View, layer: int, shown: tuple[int, int]) -> list[Edge]:
    """The edges that are drawn: all, or those of the largest weights; the one that is pointed at comes first."""
    found = list(product(range(shown[1]), range(shown[0])))
    if len(found) > MOST_EDGES:
        sizes = np.nan_to_num(np.abs(view.parameters[f"w{layer}"][: shown[1], : shown[0]]), nan=np.inf).reshape(-1)
        found = [found[place] for place in np.sort(np.argsort(-sizes, kind="stable")[:MOST_EDGES])]
    pointed = _pointed_edge(view, layer)
    if pointed is None or pointed[0] >= shown[1] or pointed[1] >= shown[0]:
        return found
    return [pointed, *(edge for edge in found if edge != pointed)]


def _draw(
    canvas: Canvas, view: View, layer: int, edges: list[Edge], ends: tuple[int, int], shown: tuple[int, int]
) -> None:
    """The edges between the columns `ends`, by their weights' signs and sizes."""
    weights = view.parameters[f"w{layer}"]
    with np.errstate(invalid="ignore"):
        finite = np.abs(weights[np.isfinite(weights)])
    middle = float(np.median(finite)) if finite.size else 0.0
    for unit, source in edges:
        value = float(weights[unit, source])
        start = (ends[0], _top(source, shown[0], canvas.height))
        end = (ends[1] - 1, _top(unit, shown[1], canvas.height))
        role = "negative" if value < 0 else "positive"
        canvas.line(start, end, role, dashed=value < 0, thick=abs(value) > 1.5 * middle)


def _label(
    canvas: Canvas, view: View, layer: int, edges: list[Edge], ends: tuple[int, int], shown: tuple[int, int]
) -> None:
    """The weights on the edges, or going back their gradients."""
    gap, pointed = ends[1] - ends[0], _pointed_edge(view, layer)
    every = len(edges) <= MOST_LABELS and gap >= LABEL + 2
    for edge in edges if every else edges[: edges[0] == pointed]:
        cell = Cell(f"gw{layer}" if _backward(view) else f"w{layer}", *edge)
        value = view.value(cell)
        text = PENDING if value is None else two_digits(value)
        if (gradient := _gradient(view, layer, edge, gap)) is not None:
            text = f"{two_digits(float(view.parameters[f'w{layer}'][edge]))} ∂{two_digits(gradient)}"
        place = _room(canvas, edge, (ends[0], gap), shown, len(text))
        if place is not None:
            canvas.text(*place, text, _marked(view.number(cell, 8).role, edge == pointed), cell)
    if (count := shown[0] * shown[1]) > MOST_EDGES:
        note = fitting(gap, f"{MOST_EDGES} of {count} edges", f"{MOST_EDGES} of {count}")
        if canvas.free(ends[0], canvas.height - 1, len(note)):
            canvas.text(ends[0], canvas.height - 1, note, "dim")


def _gradient(view: View, layer: int, edge: Edge, gap: int) -> float | None:
    """The gradient of an edge's weight, if it is known and there is room for it beside the weight."""
    return view.value(Cell(f"gw{layer}", *edge)) if gap >= LONG else None


def _room(
    canvas: Canvas, edge: Edge, across: tuple[int, int], shown: tuple[int, int], wide: int
) -> tuple[int, int] | None:
    """Where an edge's number has room: beside the end where the edges lie further apart, else elsewhere along it."""
    (left, gap), (unit, source) = across, edge
    y0, y1 = _top(source, shown[0], canvas.height), _top(unit, shown[1], canvas.height)
    best = 0.3 if shown[0] >= shown[1] else 0.7
    shares = sorted(PLACES, key=lambda share: min(abs(share - best), 0.1 + abs(share - 1 + best)))
    for beside, share in product((1, 0), shares):
        x = max(left, min(left + round(gap * share) - wide // 2, left + gap - wide))
        y = round(y0 + (y1 - y0) * share)
        if wide <= gap and canvas.free(x, y, wide, beside):
            return x, y
    return None

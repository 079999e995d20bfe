"""The gradients: of the parameters, layer by layer, and of the values between them."""

from backprop_tui.core.model.phases import Cell, shape, shapes
from backprop_tui.core.model.trace import activations
from backprop_tui.core.model.values import parse
from backprop_tui.tui.stepper.view import View, matrix
from backprop_tui.tui.widgets.line import Line, Span, fitting, length_of

BAR = Span("│", "dim")
"""Left of it stand the sums over a batch, right of it the numbers of the row that is shown."""


def title(view: View, width: int) -> str:
    """What they are; in a batch those of the parameters are sums over its rows, and a row's stand right of the bar."""
    if view.count == 1:
        return "Gradients  ∂L/∂"
    if view.trace is None or view.place is None:
        return f"Gradients  ∂L/∂  w, b: sums of {view.count:,}"
    row = view.trace.rows[view.place]
    return fitting(
        width,
        f"Gradients  ∂L/∂  sums of {view.count:,} │ row {row} gives",
        f"Gradients  ∂L/∂  sum of {view.count:,} │ row {row}",
        f"∂L/∂  sum of {view.count:,} │ row {row}",
    )


def lines(view: View, width: int) -> list[Line]:
    """∂L/∂w1 ... in the parameters' order; if there is room beside them, ∂L/∂ŷ, ∂L/∂h and ∂L/∂z at the right.

    If there is still room in the line below these, ∂L/∂x stands in it.
    """
    if view.place is not None:
        return _with_shares(view, width)
    network, wide = view.network, view.wide
    left = [
        line for parameter in network.parameters for line in matrix(view, "g" + parameter.name, parameter.name, wide)
    ]
    middle: list[Line] = []
    for z, h in reversed(activations(network)):
        for name in (h, z):
            if name == f"z{network.depth}" and network.ends_linear:
                continue
            middle += _between(view, name)
    used = max(map(length_of, left))
    if used + 3 + 4 + wide < width:
        below = len(middle)
        found = _beside(left, middle, width - 5 - wide)
        return _with_inputs(found, below, matrix(view, "gx", "x  ", wide)[0], width - 1)
    return left + middle


def _between(view: View, name: str) -> list[Line]:
    """∂L/∂h, ∂L/∂z or ∂L/∂ŷ, with its label."""
    label = "ŷ" if name == "y_pred" else name
    return matrix(view, "g" + name, f"{label:<3}", view.wide)


def _with_shares(view: View, width: int) -> list[Line]:
    """The sums over a batch, and right of a bar what the row that is shown gives: beside them, or else below.

    What it gives to ∂L/∂b is its ∂L/∂z, so that stands there; its ∂L/∂h is in the same lines if there is room.
    """
    network, layers, found = view.network, activations(view.network), list[Line]()
    for parameter in network.parameters:
        value = parse(parameter.name)
        sums = matrix(view, "g" + parameter.name, parameter.name, view.wide)
        if value.of == "w":
            found += _barred(sums, _parts(view, "g" + parameter.name), width)
            continue
        z, h = layers[value.layer - 1]
        if value.layer == network.depth and network.ends_linear:
            found += _barred(sums, _between(view, h), width)
            continue
        of_unit = [(*one, Span(" "), *other) for one, other in zip(_between(view, z), _between(view, h), strict=True)]
        if length_of(sums[0]) + 1 + length_of(of_unit[0]) <= width:
            found += _barred(sums, of_unit, width)
        else:
            found += [*_barred(sums, _between(view, z), width), *_below(_between(view, h))]
    return found


def _parts(view: View, name: str) -> list[Line]:
    """What the row gives to each weight's gradient, in the weights' shape."""
    rows, columns = shape(view.network, name)
    lines = []
    for row in range(rows):
        numbers = [view.part_number(Cell(name, row, column), view.wide) for column in range(columns)]
        lines.append(tuple(part for number in numbers for part in (Span(" "), number))[1:])
    return lines


def _barred(sums: list[Line], of_row: list[Line], width: int) -> list[Line]:
    """Both with the bar between them, next to each other if that fits."""
    column = length_of(sums[0])
    if column + 1 + length_of(of_row[0]) > width:
        return sums + _below(of_row)
    return _beside(sums, [(BAR, *line) for line in of_row], column)


def _below(of_row: list[Line]) -> list[Line]:
    """The row's numbers in lines of their own."""
    return [(Span("  "), BAR, *line) for line in of_row]


def _with_inputs(lines: list[Line], at: int, inputs: Line, end: int) -> list[Line]:
    """The lines with ∂L/∂x at the end of one of them, if there is such a line and room in it."""
    if at < len(lines) and (gap := end - length_of(inputs) - length_of(_without_blank(lines[at]))) > 1:
        lines[at] = (*_without_blank(lines[at]), Span(" " * gap), *inputs)
    return lines


def _without_blank(line: Line) -> Line:
    """A line without the blank at its end."""
    return line[:-1] if line and not line[-1].text.strip() else line


def _beside(left: list[Line], right: list[Line], column: int) -> list[Line]:
    """Two blocks of lines next to each other, the second from this column on."""
    blank: Line = ()
    rows = max(len(left), len(right))
    left += [blank] * (rows - len(left))
    right += [blank] * (rows - len(right))
    found = []
    for one, other in zip(left, right, strict=True):
        gap = column - length_of(one)
        found.append((*one, Span(" " * gap), *other))
    return found


def height(view: View, width: int) -> int:
    """How many lines the parameters' gradients take, with a row's numbers if one is shown."""
    if view.place is not None:
        return len(_with_shares(view, width))
    return sum(shapes(view.network)[parameter.name][0] for parameter in view.network.parameters)

"""The gradients: of the parameters, layer by layer, and of the values between them."""

from backprop_tui.core.model.phases import shapes
from backprop_tui.core.model.trace import activations
from backprop_tui.tui.stepper.view import View, matrix
from backprop_tui.tui.widgets.line import Line, Span, length_of


def title(view: View) -> str:
    """What they are; in a batch those of the parameters are sums over its rows, whichever row is shown."""
    return "Gradients  ∂L/∂" if view.count == 1 else f"Gradients  ∂L/∂  w, b: sums of {view.count:,}"


def lines(view: View, width: int) -> list[Line]:
    """∂L/∂w1 ... in the parameters' order; if there is room beside them, ∂L/∂ŷ, ∂L/∂h and ∂L/∂z at the right.

    If there is still room in the line below these, ∂L/∂x stands in it.
    """
    network, wide = view.network, view.wide
    left = [
        line for parameter in network.parameters for line in matrix(view, "g" + parameter.name, parameter.name, wide)
    ]
    middle: list[Line] = []
    for z, h in reversed(activations(network)):
        for name in (h, z):
            if name == f"z{network.depth}" and network.ends_linear:
                continue
            label = "ŷ" if name == "y_pred" else name
            middle += matrix(view, "g" + name, f"{label:<3}", wide)
    used = max(map(length_of, left))
    if used + 3 + 4 + wide < width:
        below = len(middle)
        found = _beside(left, middle, width - 5 - wide)
        return _with_inputs(found, below, matrix(view, "gx", "x  ", wide)[0], width - 1)
    return left + middle


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


def height(view: View) -> int:
    """How many lines the parameters' gradients take."""
    return sum(shapes(view.network)[parameter.name][0] for parameter in view.network.parameters)

"""The updated weights: each parameter before and after the update, and what the optimizer remembers."""

from backprop_tui.core.model.phases import Cell, shapes
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.view import View, matrix
from backprop_tui.tui.widgets.line import Line, Span


def title(view: View) -> str:
    """The rule of the update in the pane's border."""
    optimizer, lr = view.run.optimizer, view.trace.lr if view.trace is not None else view.settings.lr
    constants = {name: brief(value) for name, value in optimizer.constants.items()}
    return f"Updated weights  {optimizer.rule.title.format(lr=brief(lr), **constants)}"


def lines(view: View, width: int) -> list[Line]:
    """before→after for every parameter; dots for what the update has not computed yet."""
    found: list[Line] = []
    wide = view.wide
    for parameter in view.network.parameters:
        rows, columns = shapes(view.network)[parameter.name]
        for row in range(rows):
            spans = [Span(parameter.name if row == 0 else "  ", "label")]
            for column in range(columns):
                spans += [
                    Span(" "),
                    view.number(Cell(parameter.name, row, column), wide),
                    Span("→", "dim"),
                    view.number(Cell("new_" + parameter.name, row, column), wide),
                ]
            found.append(tuple(spans))
    for letter in view.run.optimizer.moments:
        for parameter in view.network.parameters:
            found += matrix(view, f"new_{letter}_{parameter.name}", f"{letter} {parameter.name}", wide)
    return found

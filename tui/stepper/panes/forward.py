"""Forward activations: each layer's z and what its activation makes of it, then the prediction and the loss."""

from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import activations
from backprop_tui.core.model.values import symbol
from backprop_tui.core.table.units import in_units
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.line import Line, Span, clipped, length_of

CLASS = 14
"""The columns that the name of a class may take."""


def lines(view: View, width: int) -> list[Line]:
    """Per layer a line of formulas and a line per unit; ŷ and the loss in the last."""
    network, wide = view.network, max(view.wide, 9)
    column = max(min(wide + 8, (width - 3) // 2), wide)
    found: list[Line] = []
    names = activations(network)
    for number, ((z, h), layer) in enumerate(zip(names, network.layers, strict=True), 1):
        last = number == network.depth
        if last and network.ends_linear:
            break
        before = "x" if number == 1 else f"h{number - 1}"
        z_title = f"{z} = w{number}·{before}" + f" + b{number}" * layer.bias
        h_title = f"{symbol(h)} = {network.activation(number).applied(z)}"
        if view.count > 1 and view.place is None:
            # The mean of an activation is not the activation of the mean.
            h_title = f"mean of {symbol(h)}"
        found.append((Span(f"  {z_title:>{column}} {h_title:>{column}}", "dim"),))
        for unit in range(layer.units):
            found.append(
                (
                    Span(f"{unit + 1:>2}", "label"),
                    Span(" " * (column - wide)),
                    view.number(Cell(z, unit), wide),
                    Span(" " * (column - wide + 1)),
                    view.number(Cell(h, unit), wide),
                )
            )
    return [*found, *_prediction(view, wide, min(2 * column + 3, width))]


def _prediction(view: View, wide: int, width: int) -> list[Line]:
    """ŷ of each output, in the target's own units too, and the loss, which ends at this column as the h above it."""
    found: list[Line] = []
    for unit in range(view.network.outputs):
        cell = Cell("y_pred", unit)
        value = view.value(cell)
        price = _meaning(view, unit, value) if value is not None else ""
        name = "ŷ " if view.network.outputs == 1 else f"ŷ{unit + 1}"
        found.append((Span(name, "label"), view.number(cell, wide), Span(price)))
    loss = (Span("loss", "label"), Span(" "), view.number(Cell("loss"), wide))
    used = length_of(found[-1])
    room = width - used - length_of(loss)
    if view.network.outputs == 1 and room > 0:
        found[-1] = (*found[-1], Span(" " * room), *loss)
    else:
        found.append(loss)
    return found


def _meaning(view: View, unit: int, value: float) -> str:
    """What ŷ is outside of the network: an amount in the target's own units, or the class that it is the share of."""
    table, scaling = view.run.table, view.scaling
    if table.classes:
        return f" {clipped(escape_controls(table.targets[unit]), CLASS).rstrip()}"
    if table.log_target:
        return f" ≈ {escape_controls(in_units(value, table, unit))}"
    if table.standardize_target and scaling is not None:
        mean, std = float(scaling.target_mean[unit]), float(scaling.target_std[unit])
        return f" ≈ {escape_controls(in_units(value, table, unit, mean, std))}"
    return ""

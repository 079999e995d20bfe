"""What a number means, in a sentence that is true of this step: for a gradient and an update, what its sign says."""

from math import isfinite

from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import Value, parse
from backprop_tui.core.text.numerals import fixed

from .glossary import entry_of
from .terms import name_of, number


def meaning(trace: Trace, cell: Cell) -> str:
    """One or two sentences. Raises KeyError if the trace has no such number."""
    of, value = parse(cell.name), number(trace[cell.name], cell)
    if not isfinite(value):
        return "Not a finite number: what it says of the loss is lost."
    if of.gradient:
        return _of_gradient(trace, cell, value)
    if of.updated and not of.moment:
        return _of_update(trace, cell, value)
    if of.name == "y_pred" and not trace.averaged and trace.network.loss_row.compares:
        return f"{entry_of(of).says} {_of_prediction(trace, cell, value)}"
    return entry_of(of).says


def _of_prediction(trace: Trace, cell: Cell, value: float) -> str:
    """On which side of its target a prediction is. Its column is its row of the batch, and so y's row."""
    y = Cell("y", cell.column, cell.row)
    target = number(trace["y"], y)
    if value == target:
        return f"It is its target, {name_of(trace, y)}."
    way, side = ("low", "below") if value < target else ("high", "above")
    return f"Here it is too {way}: {side} its target, {name_of(trace, y)} = {fixed(target)}."


def _of_gradient(trace: Trace, cell: Cell, value: float) -> str:
    name = name_of(trace, Cell(parse(cell.name).base.name, *cell.place))
    if value == 0:
        return f"Zero: a small change of {name} leaves the loss as it is."
    sign, way, against = ("Positive", "larger", "smaller") if value > 0 else ("Negative", "smaller", "larger")
    told = f"{sign}: a slightly larger {name} makes the loss {way}"
    moved = _moved(trace, cell)
    if moved is None or (moved > 0) == (value > 0):
        return f"{told}."
    return f"{told}, so the update makes {name} {against}."


def _moved(trace: Trace, cell: Cell) -> float | None:
    """What the update adds to the parameter of a gradient; None if it is no parameter's, or nothing is added."""
    base = parse(cell.name).base
    after = Value(base.of, base.layer, updated=True).name if base.is_parameter else ""
    if after not in trace.values:
        return None
    moved = number(trace[after], cell) - number(trace[base.name], cell)
    return moved if isfinite(moved) and moved != 0 else None


def _of_update(trace: Trace, cell: Cell, value: float) -> str:
    base = parse(cell.name).base
    name, before = name_of(trace, Cell(base.name, *cell.place)), number(trace[base.name], cell)
    if trace.network.is_frozen(base.name, *cell.place):
        return f"{name} is frozen: it stays as it is."
    if value == before:
        return f"{name} stays as it is: the step is 0, or too small to change its last digit."
    return f"{name} after this step: {'larger' if value > before else 'smaller'} than before."

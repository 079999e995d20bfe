"""Explains any number of a trace."""

from dataclasses import replace

from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse

from .backward import gradient
from .context import Context, known
from .forward import (
    input_value,
    loss_value,
    moment_value,
    output_value,
    parameter_value,
    pre_activation_value,
    target_value,
)
from .terms import CHAIN, LOCAL, Explanation, explanation, name_of
from .update import updated_moment, updated_parameter


def explain(trace: Trace, cell: Cell, context: Context | None = None, form: str = CHAIN) -> Explanation:
    """Where a number of the trace comes from.

    In the form `chain` a gradient goes back to the loss along all paths, and an activation to the numbers that
    enter its layer; in the form `local` both are explained by the numbers computed just before. The rest has one form.
    Without context, of the run nothing is known but what the trace tells. Raises KeyError if it has no such cell.
    """
    _check(trace, cell)
    if trace.averaged and not _linear(trace, cell):
        note = f"numbers here are means over {len(trace.rows):,} rows, too many to be explained row by row"
        return explanation(trace, cell, f"the mean of {name_of(trace, cell)} over the batch", notes=(note,))
    context = known(trace, context)
    found = _explained(trace, cell, context, LOCAL if trace.averaged else form)
    return replace(found, features=context.table.features)


def inputs(trace: Trace, cell: Cell, context: Context | None = None) -> tuple[Cell, ...]:
    """The cells that enter a number, each once: what the smallest step marks."""
    return explain(trace, cell, context, LOCAL).cells


def _explained(trace: Trace, cell: Cell, context: Context, form: str) -> Explanation:
    value = parse(cell.name)
    if value.gradient:
        return gradient(trace, cell, form)
    if value.moment:
        return updated_moment(trace, cell, context) if value.updated else moment_value(trace, cell, context)
    if value.updated:
        return updated_parameter(trace, cell, context)
    match value.of:
        case "x":
            return input_value(trace, cell, context)
        case "y":
            return target_value(trace, cell, context)
        case "loss":
            return loss_value(trace, cell, context)
        case "h" | "y_pred":
            return output_value(trace, cell, form)
        case "z":
            return pre_activation_value(trace, cell)
    return parameter_value(trace, cell, context)


def _check(trace: Trace, cell: Cell) -> None:
    if cell.name not in trace.values:
        raise KeyError(f"the trace has no {cell.name}")
    rows, columns = trace[cell.name].shape
    if not (0 <= cell.row < rows and 0 <= cell.column < columns):
        raise KeyError(f"{cell.name} has no number at {cell.row}, {cell.column}")


def _linear(trace: Trace, cell: Cell) -> bool:
    """Whether a formula holds for the means over the rows as well: no product of two numbers that differ by row."""
    network, value = trace.network, parse(cell.name)
    if not value.gradient:
        return value.of not in ("loss", "y", "h") and (value.of != "y_pred" or network.ends_linear)
    if value.of == "y_pred":
        return not network.loss_row.from_z
    if value.of == "z":
        return value.layer == network.depth and (network.loss_row.from_z or network.ends_linear)
    return value.of in ("b", "h", "x")

"""Explains any number of a trace."""

from backprop_tui.core.model.network import HALF_SQUARED, MEAN_SQUARED
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace

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
from .names import base, layer_of
from .terms import CHAIN, LOCAL, Explanation, couples, explanation, name_of
from .update import updated_moment, updated_parameter


def explain(trace: Trace, cell: Cell, context: Context | None = None, form: str = CHAIN) -> Explanation:
    """Where a number of the trace comes from.

    In the form `chain` a gradient goes back to the loss along all paths, and an activation to the numbers that
    enter its layer; in the form `local` both are explained by the numbers computed just before. The rest has one form.
    Without context, of the run nothing is known but what the trace tells. Raises KeyError where it has no such cell.
    """
    _check(trace, cell)
    if trace.averaged and not _linear(trace, cell):
        note = f"numbers here are means over {len(trace.rows):,} rows, too many to be explained row by row"
        return explanation(trace, cell, f"the mean of {name_of(trace, cell)} over the batch", notes=(note,))
    return _explained(trace, cell, known(trace, context), LOCAL if trace.averaged else form)


def inputs(trace: Trace, cell: Cell, context: Context | None = None) -> tuple[Cell, ...]:
    """The cells that enter a number, each once: what the smallest step marks."""
    return explain(trace, cell, context, LOCAL).cells


def _explained(trace: Trace, cell: Cell, context: Context, form: str) -> Explanation:
    name, of = cell.name, base(cell.name)
    if name.startswith(("new_m_", "new_v_")):
        return updated_moment(trace, cell, context)
    if name.startswith("new_"):
        return updated_parameter(trace, cell, context)
    if name.startswith(("m_", "v_")):
        return moment_value(trace, cell, context)
    if name != of:
        return gradient(trace, cell, form)
    if of == "x":
        return input_value(trace, cell, context)
    if of == "y":
        return target_value(trace, cell, context)
    if of == "loss":
        return loss_value(trace, cell, context)
    if of == "y_pred" or of[0] == "h":
        return output_value(trace, cell, form)
    return pre_activation_value(trace, cell) if of[0] == "z" else parameter_value(trace, cell, context)


def _check(trace: Trace, cell: Cell) -> None:
    if cell.name not in trace.values:
        raise KeyError(f"the trace has no {cell.name}")
    rows, columns = trace[cell.name].shape
    if not (0 <= cell.row < rows and 0 <= cell.column < columns):
        raise KeyError(f"{cell.name} has no number at {cell.row}, {cell.column}")


def _linear(trace: Trace, cell: Cell) -> bool:
    """Whether a formula holds for the means over the rows as well: no product of two numbers that differ by row."""
    network, of = trace.network, base(cell.name)
    linear_last = network.layers[-1].activation == "linear"
    if not cell.name.startswith("g"):
        return not (of in ("loss", "y") or of[0] == "h" or (of == "y_pred" and not linear_last))
    if of == "y_pred":
        return network.loss in (HALF_SQUARED, MEAN_SQUARED)
    last = layer_of(network, of) == network.depth
    return of[0] in "bh" or (of[0] == "z" and last and (couples(trace) or linear_last))

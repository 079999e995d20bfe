"""A phase, or one number, in two lines: the formula, and the first number's own arithmetic with its result."""

import re

from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import UPDATE, Cell, Phase
from backprop_tui.core.model.trace import Trace, activations
from backprop_tui.core.model.values import parse, symbol

from .context import Context, known
from .layout import NUMBERS, SYMBOLS, WIDTH
from .lines import one_line
from .names import of_sample, sample_of
from .printed import DECIMALS
from .terms import LOCAL, couples, pre_activation, samples
from .why import explain


def sentence(
    trace: Trace,
    what: Phase | Cell,
    context: Context | None = None,
    width: int = WIDTH,
    digits: int | None = DECIMALS,
    sample: int = 0,
) -> tuple[str, str]:
    """A line in symbols and a line with numbers, each at most `width` columns; with `digits` None these have all.

    Of a phase the first line is the formula of the whole layer and the second its first number's, in a batch that of
    the row at the place `sample`; of a cell both are that number's own. Long sums lose their middle, never
    their result.
    """
    cell = what if isinstance(what, Cell) else Cell(what.names[0])
    if not isinstance(what, Cell) and sample_of(cell) is not None:
        cell = of_sample(cell, sample)
    found = explain(trace, cell, context, LOCAL)
    if isinstance(what, Cell):
        formula = one_line(found, SYMBOLS, width)
    else:
        formula = phase_formula(trace, what, known(trace, context).optimizer)
    return formula if len(formula) <= width else formula[: width - 1] + "…", one_line(found, NUMBERS, width, digits)


def phase_formula(trace: Trace, phase: Phase, optimizer: Optimizer) -> str:
    """What a phase computes, for a whole layer, in symbols."""
    if phase.kind == UPDATE:
        return optimizer.rule.formula
    name = phase.names[0]
    if name == "loss":
        return _loss(trace)
    return _gradient(trace, name) if parse(name).gradient else _forward(trace, name)


def _forward(trace: Trace, name: str) -> str:
    layer = parse(name).layer_in(trace.network)
    z, h = activations(trace.network)[layer - 1]
    if name == h and name != pre_activation(trace, layer):
        return f"{symbol(h)} = {trace.network.activation(layer).applied(z)}"
    return f"{symbol(name)} = w{layer}·{_entering(layer)} + b{layer}"


def _entering(layer: int) -> str:
    return "x" if layer == 1 else f"h{layer - 1}"


def _loss(trace: Trace) -> str:
    network = trace.network
    text = f"loss = {network.loss_row.written(network.outputs, network.over)}"
    rows = len(trace.rows) if trace.averaged else len(samples(trace))
    text = f"{text}, the {network.reduction} over {rows:,} rows" if rows > 1 else text
    if network.l2:
        text += f"{',' if ',' in text else ''} + l2·Σw²"
    return text


def _gradient(trace: Trace, name: str) -> str:
    network, value = trace.network, parse(name)
    several = len(samples(trace)) > 1
    head = f"{value.symbol} = "
    by = network.loss_row.divisor(network.outputs, network.over)
    by += f"/{len(trace.rows)}" if several and not network.sums_rows else ""
    if value.of == "y_pred":
        return head + _over(network.loss_row.derivative_of_one(network.outputs, network.over), by)
    layer = value.layer
    back = symbol("g" + pre_activation(trace, layer))
    if value.of == "w":
        end = ", summed over the rows" if several or trace.averaged else ""
        penalty = f" + 2·l2·w{layer}" if network.l2 else ""
        return f"{head}{back}·{_entering(layer)}ᵀ{penalty},  {symbol(f'gb{layer}')} = {back}{end}"
    if value.of == "h":
        return f"{head}w{layer + 1}ᵀ·{symbol('g' + pre_activation(trace, layer + 1))}"
    if layer == network.depth and couples(trace):
        return head + _over("ŷ - y", by)
    h = symbol(activations(network)[layer - 1][1])
    derivative = network.activation(layer).derivative_text(f"z{layer}", h)
    return f"{head}∂L/∂{h}" + (f"·{derivative}" if derivative else "")


def _over(text: str, by: str) -> str:
    """Divided by the number of rows, and of outputs, if there are several."""
    return f"({text}){by}" if by and " " in re.sub(r"\([^()]*\)", "", text) else text + by

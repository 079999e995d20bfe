"""A phase, or one number, in two lines: the formula, and the first number's own arithmetic with its result."""

from backprop_tui.core.model.network import BINARY_CROSS_ENTROPY, HALF_SQUARED, MEAN_SQUARED
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import UPDATE, Cell, Phase
from backprop_tui.core.model.trace import Trace, activations, symbol

from .context import Context, known
from .layout import NUMBERS, SYMBOLS, WIDTH
from .lines import one_line
from .names import base, layer_of
from .terms import LOCAL, couples, pre_activation, samples
from .why import explain


def sentence(trace: Trace, what: Phase | Cell, context: Context | None = None, width: int = WIDTH) -> tuple[str, str]:
    """A line in symbols and a line with numbers, each at most `width` columns.

    Of a phase the first line is the formula of the whole layer and the second its first number's; of a cell both are
    that number's own. Long sums lose their middle, never their result.
    """
    cell = what if isinstance(what, Cell) else Cell(what.names[0])
    found = explain(trace, cell, context, LOCAL)
    if isinstance(what, Cell):
        formula = one_line(found, SYMBOLS, width)
    else:
        formula = phase_formula(trace, what, known(trace, context).optimizer)
    return formula if len(formula) <= width else formula[: width - 1] + "…", one_line(found, NUMBERS, width)


def phase_formula(trace: Trace, phase: Phase, optimizer: Optimizer) -> str:
    """What a phase computes, for a whole layer, in symbols."""
    if phase.kind == UPDATE:
        return _UPDATES[optimizer.name]
    name = phase.names[0]
    if name == "loss":
        return _loss(trace)
    return _gradient(trace, name) if name.startswith("g") else _forward(trace, name)


_UPDATES = {
    "sgd": "new w = w − lr·∂L/∂w",
    "momentum": "new w = w + new m,  new m = momentum·m − lr·∂L/∂w",
    "rmsprop": "new w = w − lr·∂L/∂w/√(new v + ε),  new v = rho·v + (1 − rho)·(∂L/∂w)²",
    "adam": "new w = w − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·new m/(√new v + ε)",
}


def _forward(trace: Trace, name: str) -> str:
    layer = layer_of(trace.network, name)
    z, h = activations(trace.network)[layer - 1]
    if name == h and name != pre_activation(trace, layer):
        activation = trace.network.layers[layer - 1].activation
        function = {"sigmoid": "σ", "linear": ""}.get(activation, activation)
        return f"{symbol(h)} = {function}({z})" if function else f"{symbol(h)} = {z}"
    return f"{symbol(name)} = w{layer}·{_entering(layer)} + b{layer}"


def _entering(layer: int) -> str:
    return "x" if layer == 1 else f"h{layer - 1}"


def _loss(trace: Trace) -> str:
    network, several = trace.network, trace.network.outputs > 1
    outputs = "Σ " if several else ""
    text = {
        HALF_SQUARED: f"loss = ½{outputs}(ŷ − y)²",
        MEAN_SQUARED: "loss = (ŷ − y)²" + (", the mean over the outputs" if several else ""),
        BINARY_CROSS_ENTROPY: f"loss = −{outputs.strip()}{'(' if several else ''}y·ln ŷ + (1 − y)·ln(1 − ŷ)"
        + (")" if several else ""),
    }.get(network.loss, "loss = −Σ y·ln ŷ")
    if network.loss == BINARY_CROSS_ENTROPY and not several:
        text = "loss = −y·ln ŷ − (1 − y)·ln(1 − ŷ)"
    rows = len(trace.rows) if trace.averaged else len(samples(trace))
    return f"{text}, the mean over {rows:,} rows" if rows > 1 else text


def _gradient(trace: Trace, name: str) -> str:
    of, batch = base(name), len(samples(trace)) > 1 or trace.averaged
    head, rows = f"{symbol(name)} = ", f"/{len(trace.rows)}" if len(samples(trace)) > 1 else ""
    if of == "y_pred":
        return head + _derivative_of_loss(trace) + rows
    layer = layer_of(trace.network, of)
    back = symbol("g" + pre_activation(trace, layer))
    if of[0] == "w":
        end = ", summed over the rows" if batch else ""
        return f"{head}{back}·{_entering(layer)}ᵀ,  {symbol('gb' + str(layer))} = {back}{end}"
    if of[0] == "h":
        return f"{head}w{layer + 1}ᵀ·{symbol('g' + pre_activation(trace, layer + 1))}"
    if layer == trace.network.depth and couples(trace):
        return f"{head}(ŷ − y){rows}" if rows else f"{head}ŷ − y"
    h = symbol(activations(trace.network)[layer - 1][1])
    derivative = {"sigmoid": f"·{h}(1 − {h})", "tanh": f"·(1 − {h}²)", "relu": f"·relu′(z{layer})"}
    return f"{head}∂L/∂{h}{derivative.get(trace.network.layers[layer - 1].activation, '')}"


def _derivative_of_loss(trace: Trace) -> str:
    network, batch = trace.network, len(samples(trace)) > 1
    if network.loss == HALF_SQUARED:
        return "(ŷ − y)" if batch else "ŷ − y"
    if network.loss == MEAN_SQUARED:
        return "2(ŷ − y)" if network.outputs == 1 else f"2/{network.outputs}·(ŷ − y)"
    return "(ŷ − y)/(ŷ(1 − ŷ))" if network.loss == BINARY_CROSS_ENTROPY else "−y/ŷ"

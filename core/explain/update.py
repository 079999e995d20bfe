"""Where the updated parameters and moments come from. The rules and their sources are in `model/optimizers.py`."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import brief

from .context import Context
from .forward import parameter_title
from .names import superscript
from .terms import Explanation, Factor, Term, dtype_of, explanation, factor


def updated_parameter(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A parameter after the update."""
    of = parse(cell.name).base.name
    title = f"{parameter_title(trace, cell)}, after the update"
    old = Term((factor(trace, of, *cell.place),))
    if of in trace.network.frozen:
        return explanation(trace, cell, title, [old], notes=(f"{of} is frozen: no update changes it",))
    return explanation(trace, cell, title, [old, _STEPS[context.optimizer.name](trace, cell, context)])


def _sgd(trace: Trace, cell: Cell, context: Context) -> Term:
    return Term((learning_rate(trace), _gradient(trace, cell)), -1)


def _momentum(trace: Trace, cell: Cell, context: Context) -> Term:
    return Term((_updated_moment(trace, cell, "m"),))


def _rmsprop(trace: Trace, cell: Cell, context: Context) -> Term:
    under = _root(trace, cell, context.optimizer.epsilon, inside=True)
    return Term((learning_rate(trace), _gradient(trace, cell), under), -1)


def _adam(trace: Trace, cell: Cell, context: Context) -> Term:
    under = _root(trace, cell, context.optimizer.epsilon, inside=False)
    return Term((_adam_rate(trace, context), _updated_moment(trace, cell, "m"), under), -1)


_STEPS: dict[str, Callable[[Trace, Cell, Context], Term]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "rmsprop": _rmsprop,
    "adam": _adam,
}
"""What each optimizer adds to a parameter."""


def updated_moment(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A moment after the update: the old one fades, the gradient enters."""
    value = parse(cell.name)
    if value.base.name in trace.network.frozen:
        note = f"{value.base.name} is frozen: its moments stay as they are"
        title = f"the optimizer's moment of {value.base.name}, after the update"
        return explanation(trace, cell, title, [Term((_old_moment(trace, cell),))], notes=(note,))
    title, terms = _MOMENTS[context.optimizer.name, value.moment](trace, cell, context.optimizer)
    return explanation(trace, cell, f"{title} of {value.base.name}", terms)


_MEAN_SQUARE = "the running mean of the squared gradients"

Faded = tuple[str, list[Term]]
"""What a moment is, in words, and the terms that it is made of."""


def _velocity(trace: Trace, cell: Cell, optimizer: Optimizer) -> Faded:
    kept = Term((_rate("momentum", optimizer.momentum), _old_moment(trace, cell)))
    return "the velocity", [kept, Term((learning_rate(trace), _gradient(trace, cell)), -1)]


def _mean(trace: Trace, cell: Cell, optimizer: Optimizer) -> Faded:
    return "the running mean of the gradients", _fading(trace, cell, "β₁", optimizer.beta_1, _gradient(trace, cell))


def _mean_square_rmsprop(trace: Trace, cell: Cell, optimizer: Optimizer) -> Faded:
    return _MEAN_SQUARE, _fading(trace, cell, "rho", optimizer.rho, _square(trace, cell))


def _mean_square_adam(trace: Trace, cell: Cell, optimizer: Optimizer) -> Faded:
    return "the running mean of the squared gradients", _fading(
        trace, cell, "β₂", optimizer.beta_2, _square(trace, cell)
    )


_MOMENTS: dict[tuple[str, str], Callable[[Trace, Cell, Optimizer], Faded]] = {
    ("momentum", "m"): _velocity,
    ("rmsprop", "v"): _mean_square_rmsprop,
    ("adam", "m"): _mean,
    ("adam", "v"): _mean_square_adam,
}
"""How each moment of each optimizer is made."""


def _fading(trace: Trace, cell: Cell, symbol: str, keep: float, entering: Factor) -> list[Term]:
    """A running mean: the share `keep` of the old one, and what is left of what enters."""
    return [Term((_rate(symbol, keep), _old_moment(trace, cell))), Term((_rest(symbol, keep), entering))]


def _gradient(trace: Trace, cell: Cell) -> Factor:
    return factor(trace, replace(parse(cell.name).base, gradient=True).name, *cell.place)


def _square(trace: Trace, cell: Cell) -> Factor:
    of = _gradient(trace, cell)
    return Factor(
        f"({of.symbol})²", of.value * of.value, of.cells, ("(", of.value, ")²"), rule=lambda printed: printed * printed
    )


def _old_moment(trace: Trace, cell: Cell) -> Factor:
    return factor(trace, replace(parse(cell.name), updated=False).name, *cell.place)


def _updated_moment(trace: Trace, cell: Cell, letter: str) -> Factor:
    return factor(trace, replace(parse(cell.name).base, moment=letter, updated=True).name, *cell.place)


def learning_rate(trace: Trace) -> Factor:
    """lr, rounded as the program rounds it."""
    return Factor(
        "lr", float(np.dtype(dtype_of(trace)).type(trace.lr)), note="the learning rate", literal=brief(trace.lr)
    )


def _rate(symbol: str, value: float) -> Factor:
    return Factor(symbol, value, literal=f"{value:g}")


def _rest(symbol: str, value: float) -> Factor:
    return Factor(f"(1 - {symbol})", 1 - value, working=(f"(1 - {value:g})",), literal=f"{1 - value:g}")


def _root(trace: Trace, cell: Cell, epsilon: float, inside: bool) -> Factor:
    """√(v + ε), or √v + ε: what the step is divided by."""
    v = _updated_moment(trace, cell, "v")
    if inside:
        symbol, value = f"√({v.symbol} + ε)", sqrt(v.value + epsilon) if v.value >= 0 else float("nan")
        working: tuple[str | float, ...] = ("√(", v.value, f" + {brief(epsilon)})")
    else:
        symbol, value = f"(√{v.symbol} + ε)", (sqrt(v.value) if v.value >= 0 else float("nan")) + epsilon
        working = ("(√", v.value, f" + {brief(epsilon)})")

    def rule(printed: float) -> float:
        return sqrt(printed + epsilon) if inside else sqrt(printed) + epsilon

    return Factor(symbol, value, v.cells, working, divides=True, rule=rule)


def _adam_rate(trace: Trace, context: Context) -> Factor:
    optimizer, t = context.optimizer, context.step
    left_1, left_2 = 1 - optimizer.beta_1**t, 1 - optimizer.beta_2**t
    value = learning_rate(trace).value * sqrt(left_2) / left_1
    power = superscript(t)
    working = (f"{brief(trace.lr)}·√(1 - {optimizer.beta_2:g}{power})/(1 - {optimizer.beta_1:g}{power})",)
    note = "the learning rate, corrected for moments that began at 0"
    return Factor("lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ)", value, working=working, note=note, size=value * (1 / left_1 + 1 / left_2))

"""Where the updated parameters and moments come from. The rules and their sources are in `model/optimizers.py`."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import brief

from .context import Context
from .forward import parameter_title
from .names import superscript
from .terms import Explanation, Factor, Term, dtype_of, explanation, factor, name_of
from .written import FactorOf, terms_of


def updated_parameter(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A parameter after the update."""
    of = parse(cell.name).base.name
    title = f"{parameter_title(trace, cell)}, after the update"
    old = Term((factor(trace, of, *cell.place),))
    if trace.network.is_frozen(of, *cell.place):
        notes = (f"{_frozen_name(trace, of, cell)} is frozen: no update changes it",)
        return explanation(trace, cell, title, [old], notes=notes)
    step = terms_of(context.optimizer.rule.step, _factors(trace, cell, context))
    return explanation(trace, cell, title, [old, *step])


def updated_moment(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A moment after the update: the old one fades, the gradient enters."""
    value = parse(cell.name)
    if trace.network.is_frozen(value.base.name, *cell.place):
        note = f"{_frozen_name(trace, value.base.name, cell)} is frozen: its moments stay as they are"
        title = f"the optimizer's moment of {value.base.name}, after the update"
        kept = Term((_moment(trace, cell, value.moment, updated=False),))
        return explanation(trace, cell, title, [kept], notes=(note,))
    moment = context.optimizer.rule.moments[value.moment]
    terms = terms_of(moment.terms, _factors(trace, cell, context))
    return explanation(trace, cell, f"{moment.title} of {value.base.name}", terms)


def _frozen_name(trace: Trace, of: str, cell: Cell) -> str:
    """The whole parameter if all of it is frozen, else the one number."""
    return of if trace.network.is_frozen(of) else name_of(trace, Cell(of, *cell.place))


def _factors(trace: Trace, cell: Cell, context: Context) -> FactorOf:
    """What the factors of an optimizer's row are for this parameter."""
    optimizer = context.optimizer
    made: dict[str, Callable[[], Factor]] = {
        "lr": lambda: learning_rate(trace),
        "lrₜ": lambda: _adam_rate(trace, context),
        "g": lambda: _gradient(trace, cell),
        "g²": lambda: _square(trace, cell),
        "√(new v + ε)": lambda: _root(trace, cell, optimizer.epsilon, inside=True),
        "(√new v + ε)": lambda: _root(trace, cell, optimizer.epsilon, inside=False),
        "new m̂": lambda: _corrected(trace, cell, context),
        "(√new v̂ + ε)": lambda: _corrected_root(trace, cell, context),
    }
    for letter in optimizer.moments:
        made[letter] = partial(_moment, trace, cell, letter, updated=False)
        made[f"new {letter}"] = partial(_moment, trace, cell, letter, updated=True)
    for name, value in optimizer.constants.items():
        symbol = _SYMBOLS.get(name, name)
        made[symbol] = partial(_rate, symbol, value)
        made[f"(1 - {symbol})"] = partial(_rest, symbol, value)
    return lambda text, divides: replace(made[text](), divides=divides)


_SYMBOLS = {"beta_1": "β₁", "beta_2": "β₂"}
"""How the constants are written whose names are not."""


def _gradient(trace: Trace, cell: Cell) -> Factor:
    return factor(trace, replace(parse(cell.name).base, gradient=True).name, *cell.place)


def _square(trace: Trace, cell: Cell) -> Factor:
    of = _gradient(trace, cell)
    return Factor(
        f"({of.symbol})²", of.value * of.value, of.cells, ("(", of.value, ")²"), rule=lambda printed: printed * printed
    )


def _moment(trace: Trace, cell: Cell, letter: str, updated: bool) -> Factor:
    return factor(trace, replace(parse(cell.name).base, moment=letter, updated=updated).name, *cell.place)


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
    v = _moment(trace, cell, "v", updated=True)
    if inside:
        symbol, value = f"√({v.symbol} + ε)", sqrt(v.value + epsilon) if v.value >= 0 else float("nan")
        working: tuple[str | float, ...] = ("√(", v.value, f" + {brief(epsilon)})")
    else:
        symbol, value = f"(√{v.symbol} + ε)", (sqrt(v.value) if v.value >= 0 else float("nan")) + epsilon
        working = ("(√", v.value, f" + {brief(epsilon)})")

    def rule(printed: float) -> float:
        return sqrt(printed + epsilon) if inside else sqrt(printed) + epsilon

    return Factor(symbol, value, v.cells, working, divides=True, rule=rule)


def _corrected(trace: Trace, cell: Cell, context: Context) -> Factor:
    """m̂ = m/(1 - β₁ᵗ), of the new m."""
    m, beta = _moment(trace, cell, "m", updated=True), context.optimizer.beta_1
    left = 1 - beta**context.step
    working = (m.value, f"/(1 - {beta:g}{superscript(context.step)})")
    symbol = m.symbol.replace("m(", "m̂(")
    note = "m̂ is m corrected for having begun at 0"
    # 1 - βᵗ is the difference of numbers near 1.
    size = m.value / left / left
    return Factor(symbol, m.value / left, m.cells, working, note, size=size, rule=lambda printed: printed / left)


def _corrected_root(trace: Trace, cell: Cell, context: Context) -> Factor:
    """√v̂ + ε, where v̂ = v/(1 - β₂ᵗ), of the new v."""
    v, beta, epsilon = _moment(trace, cell, "v", updated=True), context.optimizer.beta_2, context.optimizer.epsilon
    left = 1 - beta**context.step
    working = ("(√(", v.value, f"/(1 - {beta:g}{superscript(context.step)})) + {brief(epsilon)})")

    def rule(printed: float) -> float:
        return (sqrt(printed / left) if printed >= 0 else float("nan")) + epsilon

    symbol, value = f"(√{v.symbol.replace('v(', 'v̂(')} + ε)", rule(v.value)
    return Factor(symbol, value, v.cells, working, divides=True, size=value / left, rule=rule)


def _adam_rate(trace: Trace, context: Context) -> Factor:
    optimizer, t = context.optimizer, context.step
    left_1, left_2 = 1 - optimizer.beta_1**t, 1 - optimizer.beta_2**t
    value = learning_rate(trace).value * sqrt(left_2) / left_1
    power = superscript(t)
    working = (f"{brief(trace.lr)}·√(1 - {optimizer.beta_2:g}{power})/(1 - {optimizer.beta_1:g}{power})",)
    note = "the learning rate, corrected for moments that began at 0"
    return Factor("lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ)", value, working=working, note=note, size=value * (1 / left_1 + 1 / left_2))

"""Where the updated parameters and moments come from. The rules and their sources are in `core/optimizers.py`."""

from math import sqrt

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.text.numerals import brief

from .context import Context
from .forward import parameter_title
from .names import base, superscript
from .terms import Explanation, Factor, Term, dtype_of, explanation, factor


def updated_parameter(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A parameter after the update."""
    optimizer, of = context.optimizer, base(cell.name)
    title = f"{parameter_title(trace, cell)}, after the update"
    old, gradient = Term((factor(trace, of, *cell.place),)), factor(trace, "g" + of, *cell.place)
    if of in trace.network.frozen:
        return explanation(trace, cell, title, [old], notes=(f"{of} is frozen: no update changes it",))
    if optimizer.name == "sgd":
        step = Term((learning_rate(trace), gradient), -1)
    elif optimizer.name == "momentum":
        step = Term((factor(trace, f"new_m_{of}", *cell.place),))
    elif optimizer.name == "rmsprop":
        step = Term((learning_rate(trace), gradient, _root(trace, cell, optimizer.epsilon, inside=True)), -1)
    else:
        moment = factor(trace, f"new_m_{of}", *cell.place)
        step = Term((_adam_rate(trace, context), moment, _root(trace, cell, optimizer.epsilon, inside=False)), -1)
    return explanation(trace, cell, title, [old, step])


def updated_moment(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A moment after the update: the old one fades, the gradient enters."""
    optimizer, of, letter = context.optimizer, base(cell.name), cell.name[4]
    old, gradient = factor(trace, f"{letter}_{of}", *cell.place), factor(trace, "g" + of, *cell.place)
    if letter == "m" and optimizer.name == "momentum":
        terms = [Term((_rate("momentum", optimizer.momentum), old)), Term((learning_rate(trace), gradient), -1)]
        return explanation(trace, cell, f"the velocity of {of}", terms)
    if letter == "m":
        terms = [Term((_rate("β₁", optimizer.beta_1), old)), Term((_rest("β₁", optimizer.beta_1), gradient))]
        return explanation(trace, cell, f"the running mean of the gradients of {of}", terms)
    name, keep = ("rho", optimizer.rho) if optimizer.name == "rmsprop" else ("β₂", optimizer.beta_2)
    working = ("(", gradient.value, ")²")
    square = Factor(f"({gradient.symbol})²", gradient.value * gradient.value, gradient.cells, working)
    terms = [Term((_rate(name, keep), old)), Term((_rest(name, keep), square))]
    return explanation(trace, cell, f"the running mean of the squared gradients of {of}", terms)


def learning_rate(trace: Trace) -> Factor:
    """lr, rounded as the program rounds it."""
    return Factor(
        "lr", float(np.dtype(dtype_of(trace)).type(trace.lr)), note="the learning rate", literal=brief(trace.lr)
    )


def _rate(symbol: str, value: float) -> Factor:
    return Factor(symbol, value, literal=f"{value:g}")


def _rest(symbol: str, value: float) -> Factor:
    return Factor(f"(1 − {symbol})", 1 - value, working=(f"(1 − {value:g})",), literal=f"{1 - value:g}")


def _root(trace: Trace, cell: Cell, epsilon: float, inside: bool) -> Factor:
    """√(v + ε), or √v + ε: what the step is divided by."""
    v = factor(trace, f"new_v_{base(cell.name)}", *cell.place)
    if inside:
        symbol, value = f"√({v.symbol} + ε)", sqrt(v.value + epsilon) if v.value >= 0 else float("nan")
        working: tuple[str | float, ...] = ("√(", v.value, f" + {brief(epsilon, 1)})")
    else:
        symbol, value = f"(√{v.symbol} + ε)", (sqrt(v.value) if v.value >= 0 else float("nan")) + epsilon
        working = ("(√", v.value, f" + {brief(epsilon, 1)})")
    return Factor(symbol, value, v.cells, working, divides=True)


def _adam_rate(trace: Trace, context: Context) -> Factor:
    optimizer, t = context.optimizer, context.step
    left_1, left_2 = 1 - optimizer.beta_1**t, 1 - optimizer.beta_2**t
    value = learning_rate(trace).value * sqrt(left_2) / left_1
    power = superscript(t)
    working = (f"{brief(trace.lr)}·√(1 − {optimizer.beta_2:g}{power})/(1 − {optimizer.beta_1:g}{power})",)
    note = "the learning rate, corrected for moments that began at 0"
    return Factor("lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ)", value, working=working, note=note, size=value * (1 / left_1 + 1 / left_2))

"""What the lessons on a function of x share: the formula, the curve around what is shown, and its answers checked."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.messages import Differentiate, Differentiated, WireError
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.formula import Formula
from backprop_tui.core.model.network import Array

NOTEBOOK_FORMULA, NOTEBOOK_X, NOTEBOOK_LR = "x**2 + 4*x", 0.0, 0.1
CURVE_POINTS, MARGIN = 241, 3.0


@dataclass(frozen=True)
class Tape:
    """A formula at one x (float32): y, dy/dx, each operation's result and dy/d(result) (operations,), and the
    derivative of each operation by its operands (operations, 2).
    """

    formula: Formula
    x: float
    y: float
    derivative: float
    values: Array
    derivatives: Array
    local: Array


@dataclass(frozen=True)
class Curve:
    """y (n,) at each of several x (n,), ascending."""

    x: Array
    y: Array


def window(points: list[float]) -> tuple[float, float]:
    """The lowest and the highest x of a curve that has all these x inside, with a margin at both sides."""
    finite = [point for point in points if np.isfinite(point)] or [0.0]
    low, high = min(finite), max(finite)
    margin = max(MARGIN, (high - low) / 4)
    return low - margin, high + margin


def ask_curve(formula: Formula, low: float, high: float) -> Differentiate:
    """The request for a curve from low to high."""
    return Differentiate(formula.text, numbers(np.linspace(low, high, CURVE_POINTS).astype("float32")))


def ask_tape(formula: Formula, x: float) -> Differentiate:
    """The request for everything at one x."""
    return Differentiate(formula.text, numbers(np.array([x], "float32")))


def read_curve(request: Differentiate, answer: Differentiated) -> Curve:
    """The answer as a curve; WireError if it does not fit."""
    x, y = request.x.array, answer.y.array
    if y.shape != x.shape:
        raise WireError("the engine's curve does not have as many points as were asked for")
    return Curve(x, y)


def read_tape(formula: Formula, request: Differentiate, answer: Differentiated) -> Tape:
    """The answer as a tape; WireError if it does not fit."""
    count = len(formula.operations)
    parts = [part.array for part in (answer.y, answer.derivative, answer.values, answer.derivatives, answer.local)]
    if [part.shape for part in parts] != [(1,), (1,), (count, 1), (count, 1), (count, 2, 1)]:
        raise WireError("the engine's operations do not fit the formula")
    y, derivative, values, derivatives, local = parts
    return Tape(
        formula,
        float(request.x.array[0]),
        float(y[0]),
        float(derivative[0]),
        values[:, 0],
        derivatives[:, 0],
        local[:, :, 0],
    )


def check_x(x: float) -> float:
    """An x in float32; ValueError in one line if it has none."""
    with np.errstate(over="ignore"):
        rounded = float(np.float32(x))
    if not np.isfinite(rounded):
        raise ValueError("x is a finite number within float32, up to 3.4e38")
    return rounded


def number_text(value: float) -> str:
    """A float32 as numpy prints it: the shortest digits that name it."""
    return str(np.float32(value))

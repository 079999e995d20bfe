"""A function of x on the tape: its value, its derivative and every operation in between, and descent along it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from backprop_tui.core.model.formula import Formula, Operand, Result, X
from backprop_tui.core.model.network import Array

from .tensorflow import tf

Tensor = Any

_OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "+": tf.add,
    "-": tf.subtract,
    "*": tf.multiply,
    "/": tf.divide,
    "**": tf.pow,
    "neg": tf.negative,
    "sin": tf.sin,
    "cos": tf.cos,
    "tanh": tf.tanh,
    "exp": tf.exp,
    "log": tf.math.log,
    "sqrt": tf.sqrt,
    "sigmoid": tf.math.sigmoid,
    "relu": tf.nn.relu,
}


def _operand(operand: Operand, x: Tensor, values: list[Tensor]) -> Tensor:
    if isinstance(operand, Result):
        return values[operand.index]
    return x if isinstance(operand, X) else tf.fill(x.shape, tf.constant(operand.value, tf.float32))


def _evaluated(formula: Formula, x: Tensor) -> tuple[list[Tensor], Tensor]:
    """Every operation's result, in order, and y; each in the shape of x."""
    values: list[Tensor] = []
    for operation in formula.operations:
        operands = [_operand(operand, x, values) for operand in operation.operands]
        values.append(_OPERATIONS[operation.function](*operands))
    return values, tf.identity(_operand(formula.result, x, values))


def differentiate(formula: Formula, x: Array) -> tuple[Array, Array, Array, Array, Array]:
    """At each x (n,), in float32: y and dy/dx (n,); the results of the operations and the derivative of y by
    each (operations, n); the derivative of each operation by its operands (operations, 2, n).
    """
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, y = _evaluated(formula, x)
    derivative, *derivatives = _gradient(tape, y, [x, *values])
    local = np.zeros((len(values), 2, len(x)), "float32")
    for operation in formula.operations:
        operands = [_operand(operand, x, values) for operand in operation.operands]
        # A tape for this operation alone, with its operands as the variables.
        with tf.GradientTape() as tape:
            operands = [tf.identity(operand) for operand in operands]
            tape.watch(operands)
            value = _OPERATIONS[operation.function](*operands)
        local[operation.index, : len(operands)] = _gradient(tape, value, operands)
    blank = np.zeros((0, len(x)), "float32")
    return y.numpy(), derivative.numpy(), np.array(values or blank), np.array(derivatives or blank), local


def descend(formula: Formula, x: float, lr: float, steps: int) -> tuple[Array, Array, Array]:
    """Gradient descent from x, as the notebook writes it: y and dy/dx before, and x after, each step (steps,)."""
    variable = tf.Variable(x, dtype=tf.float32)
    record = np.empty((3, steps), "float32")
    for step in range(steps):
        with tf.GradientTape() as tape:
            _, y = _evaluated(formula, variable)
        (derivative,) = _gradient(tape, y, [variable])
        variable.assign_sub(tf.constant(lr, tf.float32) * derivative)
        record[:, step] = y.numpy(), derivative.numpy(), variable.numpy()
    y, derivative, after = record
    return y, derivative, after


def _gradient(tape: Any, target: Tensor, sources: list[Tensor]) -> list[Tensor]:
    """The gradient by each source, 0 if the target does not depend on it."""
    return tape.gradient(target, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)  # type: ignore[no-any-return]

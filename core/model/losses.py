"""The losses: a row for each, with all that is said and computed of it. Its TensorFlow function is in `step.py`.

Each is of one row, and of all outputs: their sum, or their mean. A network may say the other of both (`over`), and
whether the rows of a batch are summed, or their mean is taken. `y` is a target and `ŷ` its prediction, `z` the
pre-activation of ŷ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import SIGMOID, SOFTMAX

Values = NDArray[Any]

SUM, MEAN = "sum", "mean"
"""What is made of the losses of several outputs, or of several rows."""

Constant = tuple[str, float]
"""A factor of a formula: how it is written, and its value."""


@dataclass(frozen=True)
class Loss:
    """One loss, of so many outputs.

    `formula` gives it for one row as text, `derivative` its derivative by ŷ. `terms` are the terms of one output, and
    `slope` those of its derivative by ŷ, made of y, ŷ, (1 - y), (1 - ŷ), ln ŷ, ln(1 - ŷ) and (ŷ - y)². `cancels` says
    why its derivative by the last z is ŷ - y, if it is `from_z`. `constant` is what stands before the terms of its
    outputs, `error_constant` what stands before ŷ - y in its derivative by z; None if that is 1.
    `accepts` says of each row of targets (rows, outputs) whether it is one for this loss (rows,), `accepted` says the
    same in words, with what else to do. `function` of y, ŷ and z (outputs, batch), in float64, is the loss of each
    row (batch,). `last` is the activation that the last layer must have, if it must, with `least_outputs` units;
    `from_z` says that it is computed from z, so that it stays finite if ŷ is rounded to 0 or 1. `tensorflow` is the
    same as Python, of `y_true`, `y_pred` and `z`. `classes` says that the targets are those of classes, not numbers
    with a unit, `compares` that the loss is about how near ŷ is to y. `over_outputs` is what all of the above make of
    several outputs: their sum, or their mean.
    """

    name: str
    formula: Callable[[int], str]
    derivative: Callable[[int], str]
    function: Callable[[Values, Values, Values], Values]
    tensorflow: str
    source: str
    terms: tuple[str, ...]
    slope: tuple[str, ...]
    cancels: str = ""
    constant: Callable[[int], Constant | None] = lambda outputs: None
    error_constant: Callable[[int], Constant | None] = lambda outputs: None
    accepts: Callable[[Values], Values] = lambda y: np.ones(len(y), bool)
    accepted: str = "any numbers"
    last: str | None = None
    least_outputs: int = 1
    from_z: bool = False
    classes: bool = False
    compares: bool = True
    over_outputs: str = SUM

    @property
    def title(self) -> str:
        """`half squared error`."""
        return self.name.replace("_", " ")

    def written(self, outputs: int, over: str) -> str:
        """Its formula for one row, where the losses of the outputs are summed, or their mean is taken (`over`)."""
        if self._is_own(outputs, over):
            return self.formula(outputs)
        constant = self.constant(1)
        terms = "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in self.terms[1:])
        one = f"{constant[0] if constant else ''}{self.terms[0]}{terms}"
        if over == MEAN:
            return f"{one}, the mean over the outputs"
        return f"Σ ({one})" if terms else f"Σ {one}"

    def scale(self, outputs: int, over: str) -> float:
        """What its own loss of a row is multiplied by, to be the one over the outputs that is wanted."""
        if self._is_own(outputs, over):
            return 1.0
        return 1 / outputs if over == MEAN else float(outputs)

    def constants(self, outputs: int, over: str) -> tuple[Constant, ...]:
        """What stands before the terms of its outputs."""
        return self._constants(self.constant, outputs, over)

    def error_constants(self, outputs: int, over: str) -> tuple[Constant, ...]:
        """What stands before ŷ - y in its derivative by z."""
        return self._constants(self.error_constant, outputs, over)

    def divisor(self, outputs: int, over: str) -> str:
        """What its derivative for one output is divided by, as text: `/3`, or nothing."""
        return f"/{outputs}" if over == MEAN and not self._is_own(outputs, over) else ""

    def derivative_of_one(self, outputs: int, over: str) -> str:
        """Its derivative by ŷ, as text, to be followed by the divisor."""
        return self.derivative(outputs if self._is_own(outputs, over) else 1)

    def _is_own(self, outputs: int, over: str) -> bool:
        return outputs == 1 or over == self.over_outputs

    def _constants(self, of: Callable[[int], Constant | None], outputs: int, over: str) -> tuple[Constant, ...]:
        if self._is_own(outputs, over):
            found = of(outputs)
            return () if found is None else (found,)
        one = of(1)
        return (*(() if one is None else (one,)), *(((f"1/{outputs}", 1 / outputs),) if over == MEAN else ()))

    def first_refused(self, y: Values) -> int | None:
        """The first row of these targets (rows, outputs) that this loss can't have; None if it accepts all."""
        bad = np.flatnonzero(~self.accepts(y))
        return int(bad[0]) if len(bad) else None

    def refusal(self, targets: Values) -> str:
        """Why a row of targets (outputs,) is none for this loss, and the mend, in one line."""
        given = ", ".join(f"{target:g}" for target in targets)
        return f"{given} is no target of {self.name}: {self.accepted}"

    def with_target(self, targets: Values, place: int, value: float) -> Values:
        """A row of targets (outputs,) with one typed anew: the 1 of a class makes the others 0. Raises ValueError."""
        changed = targets.copy()
        if self.last == SOFTMAX and value == 1:
            changed[:] = 0
        changed[place] = value
        if self.first_refused(changed[None]) is not None:
            raise ValueError(self.refusal(changed))
        return changed


def _mean_of_outputs(outputs: int) -> Constant | None:
    return None if outputs == 1 else (f"1/{outputs}", 1 / outputs)


def _two_over_outputs(outputs: int) -> Constant | None:
    # With two outputs the 2 of the square and the half of the mean leave nothing.
    if outputs == 2:
        return None
    return "2" if outputs == 1 else f"2/{outputs}", 2 / outputs


def _error_times(constant: Constant | None) -> str:
    if constant is None:
        return "ŷ - y"
    return f"{constant[0]}{'·' if '/' in constant[0] else ''}(ŷ - y)"


def _binary_cross_entropy(y: Values, y_pred: Values, z: Values) -> Values:
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return np.asarray(losses.sum(axis=0))


def _softmax_cross_entropy(y: Values, y_pred: Values, z: Values) -> Values:
    shifted = z - z.max(axis=0)
    return np.asarray(-(y * (shifted - np.log(np.exp(shifted).sum(axis=0)))).sum(axis=0))


def _probabilities(y: Values) -> Values:
    return np.asarray(((y >= 0) & (y <= 1)).all(axis=1))


def _sum_to_one(y: Values) -> Values:
    return np.asarray(_probabilities(y) & (np.abs(y.sum(axis=1) - 1) <= 1e-6))


HALF_SQUARED, MEAN_SQUARED = "half_squared_error", "mean_squared_error"
BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY = "binary_cross_entropy", "softmax_cross_entropy"
OUTPUT = "output"

_ROWS = (
    Loss(
        HALF_SQUARED,
        formula=lambda outputs: f"½{'Σ ' if outputs > 1 else ''}(ŷ - y)²",
        derivative=lambda outputs: "ŷ - y",
        function=lambda y, y_pred, z: 0.5 * ((y_pred - y) ** 2).sum(axis=0),
        tensorflow="tf.reduce_sum(0.5 * (y_true - y_pred) ** 2, axis=0)",
        source="Rumelhart, Hinton and Williams 1986",
        terms=("(ŷ - y)²",),
        slope=("ŷ", "-y"),
        constant=lambda outputs: ("½", 0.5),
    ),
    Loss(
        MEAN_SQUARED,
        formula=lambda outputs: "(ŷ - y)²" + (", the mean over the outputs" if outputs > 1 else ""),
        derivative=lambda outputs: _error_times(_two_over_outputs(outputs)),
        function=lambda y, y_pred, z: ((y_pred - y) ** 2).mean(axis=0),
        tensorflow="tf.reduce_mean((y_true - y_pred) ** 2, axis=0)",
        source="Goodfellow, Bengio and Courville 2016, 5.1.4",
        terms=("(ŷ - y)²",),
        slope=("ŷ", "-y"),
        constant=_mean_of_outputs,
        error_constant=_two_over_outputs,
        over_outputs=MEAN,
    ),
    Loss(
        BINARY_CROSS_ENTROPY,
        formula=lambda outputs: "-Σ(y·ln ŷ + (1 - y)·ln(1 - ŷ))" if outputs > 1 else "-y·ln ŷ - (1 - y)·ln(1 - ŷ)",
        derivative=lambda outputs: "-y/ŷ + (1 - y)/(1 - ŷ)",
        function=_binary_cross_entropy,
        tensorflow="tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(y_true, z), axis=0)",
        source="Goodfellow, Bengio and Courville 2016, 6.2.2.2",
        terms=("-y·ln ŷ", "-(1 - y)·ln(1 - ŷ)"),
        slope=("-y/ŷ", "(1 - y)/(1 - ŷ)"),
        cancels="the derivative ŷ(1 - ŷ) of the sigmoid cancels against the one under the loss's",
        accepts=_probabilities,
        accepted="0 or 1, or a probability; more classes take a column each and softmax_cross_entropy",
        last=SIGMOID,
        from_z=True,
        classes=True,
    ),
    Loss(
        SOFTMAX_CROSS_ENTROPY,
        formula=lambda outputs: "-Σ y·ln ŷ",
        derivative=lambda outputs: "-y/ŷ",
        function=_softmax_cross_entropy,
        tensorflow="tf.reduce_sum(-y_true * tf.nn.log_softmax(z, axis=0), axis=0)",
        source="Bridle 1990; Goodfellow, Bengio and Courville 2016, 6.2.2.3",
        terms=("-y·ln ŷ",),
        slope=("-y/ŷ",),
        cancels="softmax couples all outputs; summed over them, its derivatives and the loss's leave ŷ - y",
        accepts=_sum_to_one,
        accepted="1 for its class and 0 for the others, or probabilities that sum to 1",
        last=SOFTMAX,
        least_outputs=2,
        from_z=True,
        classes=True,
    ),
    Loss(
        OUTPUT,
        formula=lambda outputs: "Σ ŷ" if outputs > 1 else "ŷ",
        derivative=lambda outputs: "1",
        function=lambda y, y_pred, z: y_pred.sum(axis=0),
        tensorflow="tf.reduce_sum(y_pred, axis=0)",
        source="the function itself, for its derivative",
        terms=("ŷ",),
        slope=("1",),
        accepted="any numbers: they do not matter",
        compares=False,
    ),
)

LOSSES = {row.name: row for row in _ROWS}
"""All losses by name."""

"""The activations: a row for each, with all that is said and computed of it. Its TensorFlow function is in `step.py`.

`z` is a unit's pre-activation and `h` what its activation makes of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def _none(z: Values, h: Values) -> Values:
    return np.zeros_like(h)


@dataclass(frozen=True)
class Activation:
    """One activation.

    `symbol` is what stands before `(z)` in a formula, `formula` what it is in terms of z. `derivative` is its
    derivative as text, with `{z}` and `{h}` for the numbers that it is made of; if it is empty the derivative has
    several cases: it is written `name′(z)`, and `cases` says which. `function` of z (units, batch), in float64, gives h
    in that shape; `derivative_at` of z and h is the derivative as the tape computes it. `size_at` is how large the
    numbers are that the derivative is the difference of: its rounding is relative to them. `flat` is what a unit is
    called if its derivative is almost 0. `tensorflow` is the call as Python, with `{z}`. One that is not `elementwise`
    takes the z of all units of a layer together, and stands in the last layer only.
    """

    name: str
    symbol: str
    formula: str
    function: Callable[[Values], Values]
    derivative_at: Callable[[Values, Values], Values]
    tensorflow: str
    source: str
    derivative: str = ""
    cases: str = ""
    size_at: Callable[[Values, Values], Values] = _none
    flat: str = "saturated"
    elementwise: bool = True

    def applied(self, z: str) -> str:
        """The activation of something: `σ(z1)`; `z1` itself if it changes nothing."""
        return f"{self.symbol}({z})" if self.symbol else z

    def derivative_text(self, z: str, h: str) -> str:
        """The derivative at something: `h1(1 - h1)`, `relu′(z1)`; empty if it is 1 everywhere."""
        if self.name == LINEAR:
            return ""
        return (self.derivative or self.name + "′({z})").format(z=z, h=h)


def _sigmoid(z: Values) -> Values:
    # The exponential is of a number below 0: neither end overflows.
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, small) / (1 + small))


def _softmax(z: Values) -> Values:
    exponentials = np.exp(z - z.max(axis=0))
    return np.asarray(exponentials / exponentials.sum(axis=0))


def _not_one_number(z: Values, h: Values) -> Values:
    raise ValueError("a softmax has a derivative for each pair of units, not one for each")


SIGMOID, LINEAR, SOFTMAX = "sigmoid", "linear", "softmax"

_ROWS = (
    Activation(
        SIGMOID,
        symbol="σ",
        formula="1/(1 + e^-z)",
        function=_sigmoid,
        derivative_at=lambda z, h: h * (1 - h),
        tensorflow="tf.math.sigmoid({z})",
        source="Goodfellow, Bengio and Courville 2016, 3.10",
        derivative="{h}(1 - {h})",
        size_at=lambda z, h: np.abs(h),
    ),
    Activation(
        "tanh",
        symbol="tanh",
        formula="(e^z - e^-z)/(e^z + e^-z)",
        function=np.tanh,
        derivative_at=lambda z, h: 1 - h**2,
        tensorflow="tf.math.tanh({z})",
        source="Goodfellow, Bengio and Courville 2016, 6.3.2",
        derivative="(1 - {h}²)",
        size_at=lambda z, h: np.ones_like(h),
    ),
    Activation(
        "relu",
        symbol="relu",
        formula="z where z > 0, else 0",
        function=lambda z: np.maximum(z, 0),
        derivative_at=lambda z, h: np.where(h > 0, 1.0, 0.0),
        tensorflow="tf.nn.relu({z})",
        source="Nair and Hinton 2010",
        cases="1 where z > 0, else 0",
        flat="off",
    ),
    Activation(
        "leaky_relu",
        symbol="leaky_relu",
        formula="z where z > 0, else 0.01·z",
        function=lambda z: np.where(z > 0, z, 0.01 * z),
        derivative_at=lambda z, h: np.where(h > 0, 1.0, 0.01),
        tensorflow="tf.where({z} > 0, {z}, 0.01 * {z})",
        source="Maas, Hannun and Ng 2013",
        cases="1 where z > 0, else 0.01",
    ),
    Activation(
        "elu",
        symbol="elu",
        formula="z where z > 0, else e^z - 1",
        function=lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        derivative_at=lambda z, h: np.where(h > 0, 1.0, h + 1),
        tensorflow="tf.nn.elu({z})",
        source="Clevert, Unterthiner and Hochreiter 2016",
        cases="1 where z > 0, else e^z, which is elu(z) + 1",
        size_at=lambda z, h: np.where(h > 0, 0.0, 1.0),
    ),
    Activation(
        "softplus",
        symbol="softplus",
        formula="ln(1 + e^z)",
        function=lambda z: np.logaddexp(0, z),
        derivative_at=lambda z, h: _sigmoid(z),
        tensorflow="tf.math.softplus({z})",
        source="Dugas et al. 2001",
        derivative="σ({z})",
    ),
    Activation(
        LINEAR,
        symbol="",
        formula="z",
        function=lambda z: z,
        derivative_at=lambda z, h: np.ones_like(h),
        tensorflow="{z}",
        source="the identity",
    ),
    Activation(
        SOFTMAX,
        symbol="softmax",
        formula="e^z over the sum of e^z of all units",
        function=_softmax,
        derivative_at=_not_one_number,
        tensorflow="tf.nn.softmax({z}, axis=0)",
        source="Bridle 1990",
        elementwise=False,
    ),
)

ACTIVATIONS = {row.name: row for row in _ROWS}
"""All activations by name."""


def hidden_activations() -> list[str]:
    """The names of those that a hidden layer may have: a last layer may have them, too."""
    return [name for name, row in ACTIVATIONS.items() if row.elementwise]

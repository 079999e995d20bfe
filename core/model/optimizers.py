"""The optimizers: a row for each, with all that is said of it. Its TensorFlow rule is in `step.py`.

A run's *state* is one flat row: the parameters, then as many numbers again for each of the optimizer's moments, then
the count of steps if the optimizer counts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .limits import epsilon, fading
from .network import Array, Network


class Moment(NamedTuple):
    """What an optimizer keeps for every parameter: what it is, in words, and the terms that it is made of."""

    title: str
    terms: tuple[str, ...]


_MEAN_SQUARE = "the running mean of the squared gradients"


@dataclass(frozen=True)
class Rule:
    """How one optimizer turns a gradient into an update.

    `step` is what it adds to a parameter: terms made of lr, the gradient g, g², the moments m and v before the update
    and new m and new v after it, the constants, and lrₜ, which is lr corrected for moments that began at 0. `moments`
    are what it keeps for every parameter, by a letter. `counts` says that it counts its steps as well.
    `constants` are the fields of `Optimizer` that it uses. `formula` is the rule in symbols; `title` is the same in
    short, with `{lr}` and its constants to be put in; `remembers` says what the moments are. `tensorflow` is the rule
    as Python, for the parameter `w` with the gradient `g`, number `i` of them, with the constants to be put in.
    """

    name: str
    formula: str
    title: str
    remembers: str
    tensorflow: str
    source: str
    step: tuple[str, ...]
    moments: Mapping[str, Moment] = field(default_factory=dict)
    counts: bool = False
    constants: tuple[str, ...] = ()


_ROWS = (
    Rule(
        "sgd",
        formula="new w = w - lr·∂L/∂w",
        title="w - {lr}·∂L/∂w",
        remembers="it remembers nothing",
        tensorflow="w.assign_sub(lr * g)",
        source="Robbins and Monro 1951",
        step=("-lr·g",),
    ),
    Rule(
        "momentum",
        formula="new w = w + new m,  new m = momentum·m - lr·∂L/∂w",
        title="w + m   m ← {momentum}·m - {lr}·∂L/∂w",
        remembers="m: past steps, fading",
        tensorflow="m[i] = {momentum} * m[i] - lr * g\nw.assign_add(m[i])",
        source="Polyak 1964",
        step=("new m",),
        moments={"m": Moment("the velocity", ("momentum·m", "-lr·g"))},
        constants=("momentum",),
    ),
    Rule(
        "nesterov",
        formula="new w = w + momentum·new m - lr·∂L/∂w,  new m = momentum·m - lr·∂L/∂w",
        title="w + {momentum}·m - {lr}·∂L/∂w",
        remembers="m: past steps, fading; it looks ahead",
        tensorflow="m[i] = {momentum} * m[i] - lr * g\nw.assign_add({momentum} * m[i] - lr * g)",
        source="Nesterov 1983; Sutskever et al. 2013",
        step=("momentum·new m", "-lr·g"),
        moments={"m": Moment("the velocity", ("momentum·m", "-lr·g"))},
        constants=("momentum",),
    ),
    Rule(
        "rmsprop",
        formula="new w = w - lr·∂L/∂w/√(new v + ε),  new v = rho·v + (1 - rho)·(∂L/∂w)²",
        title="w - {lr}·∂L/∂w/√v",
        remembers="v: the size of past gradients",
        tensorflow="v[i] = {rho} * v[i] + (1 - {rho}) * g**2\nw.assign_sub(lr * g / tf.sqrt(v[i] + {epsilon}))",
        source="Hinton 2012",
        step=("-lr·g/√(new v + ε)",),
        moments={"v": Moment(_MEAN_SQUARE, ("rho·v", "(1 - rho)·g²"))},
        constants=("rho", "epsilon"),
    ),
    Rule(
        "adam",
        formula="new w = w - lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ)·new m/(√new v + ε)",
        title="w - {lr}·m̂/√v̂",
        remembers="m, v: mean, size of gradients",
        tensorflow=(
            "m[i] = m[i] + (g - m[i]) * (1 - {beta_1})\n"
            "v[i] = v[i] + (g**2 - v[i]) * (1 - {beta_2})\n"
            "rate = lr * np.sqrt(1 - {beta_2}**t) / (1 - {beta_1}**t)\n"
            "w.assign_sub(rate * m[i] / (tf.sqrt(v[i]) + {epsilon}))"
        ),
        source="Kingma and Ba 2015",
        step=("-lrₜ·new m/(√new v + ε)",),
        moments={
            "m": Moment("the running mean of the gradients", ("β₁·m", "(1 - β₁)·g")),
            "v": Moment(_MEAN_SQUARE, ("β₂·v", "(1 - β₂)·g²")),
        },
        counts=True,
        constants=("beta_1", "beta_2", "epsilon"),
    ),
    Rule(
        "adam_paper",
        formula="new w = w - lr·m̂/(√v̂ + ε),  m̂ = new m/(1 - β₁ᵗ),  v̂ = new v/(1 - β₂ᵗ)",
        title="w - {lr}·m̂/(√v̂ + ε)",
        remembers="m, v: mean, size of gradients",
        tensorflow=(
            "m[i] = m[i] + (g - m[i]) * (1 - {beta_1})\n"
            "v[i] = v[i] + (g**2 - v[i]) * (1 - {beta_2})\n"
            "m_hat, v_hat = m[i] / (1 - {beta_1}**t), v[i] / (1 - {beta_2}**t)\n"
            "w.assign_sub(lr * m_hat / (tf.sqrt(v_hat) + {epsilon}))"
        ),
        source="Kingma and Ba 2015, algorithm 1; PyTorch's Adam",
        step=("-lr·new m̂/(√new v̂ + ε)",),
        moments={
            "m": Moment("the running mean of the gradients", ("β₁·m", "(1 - β₁)·g")),
            "v": Moment(_MEAN_SQUARE, ("β₂·v", "(1 - β₂)·g²")),
        },
        counts=True,
        constants=("beta_1", "beta_2", "epsilon"),
    ),
)

OPTIMIZERS = {row.name: row for row in _ROWS}
"""All optimizers by name."""


FADING = ("momentum", "rho", "beta_1", "beta_2")
"""The constants that say how slowly a moment fades."""

CONSTANTS = (*FADING, "epsilon")
"""All constants there are."""


@dataclass(frozen=True)
class Optimizer:
    """The optimizer of a run: its name, and all constants there are, with Keras's defaults.

    `sgd`: w - lr·g. `momentum`: m ← momentum·m - lr·g; w + m. `nesterov`: the same m; w + momentum·m - lr·g.
    `rmsprop`: v ← rho·v + (1 - rho)·g²; w - lr·g/√(v + epsilon).
    `adam`: m ← m + (1 - beta_1)(g - m); v ← v + (1 - beta_2)(g² - v);
    w - lr·(√(1 - beta_2ᵗ)/(1 - beta_1ᵗ))·m/(√v + epsilon). `adam_paper`: the same m and v;
    w - lr·m̂/(√v̂ + epsilon), where m̂ = m/(1 - beta_1ᵗ) and v̂ = v/(1 - beta_2ᵗ). With epsilon 0 a parameter whose
    gradient was 0 in every step comes to 0/0, which is NaN, as in TensorFlow. Raises ValueError for another name, and
    for a constant that is none.
    """

    name: str = "sgd"
    momentum: float = 0.9
    rho: float = 0.9
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        if self.name not in OPTIMIZERS:
            raise ValueError(f"no optimizer {self.name!r}: {', '.join(OPTIMIZERS)}")
        for name in FADING:
            fading(getattr(self, name), name)
        epsilon(self.epsilon)

    @property
    def rule(self) -> Rule:
        """Its row."""
        return OPTIMIZERS[self.name]

    @property
    def moments(self) -> str:
        """The moments that it keeps for every parameter: a letter each."""
        return "".join(self.rule.moments)

    @property
    def constants(self) -> dict[str, float]:
        """Its own constants by name."""
        return {name: getattr(self, name) for name in self.rule.constants}

    def state_width(self, network: Network) -> int:
        """How many numbers a state row holds."""
        return network.width * (1 + len(self.moments)) + self.rule.counts

    def first_state(self, parameters: Array) -> Array:
        """The state row (state_width,) that starts from these parameters (width,): all moments 0."""
        extra = len(parameters) * len(self.moments) + self.rule.counts
        return np.concatenate([parameters, np.zeros(extra, parameters.dtype)])

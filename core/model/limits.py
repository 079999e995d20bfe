"""What a learning rate, a number of steps, and a seed may be, and how large a network.

The command line, prompts, scenarios, lessons and the session read it here. It imports nothing heavy, so that parsing
can.
"""

import sys

from backprop_tui.core.text.escape import with_hyphens

LARGEST = {"float32": 3.4028234663852886e38, "float64": sys.float_info.max}
"""The largest finite number of each precision."""

MAX_SEED = 2**32 - 1
"""A seed is one of numpy's `RandomState`."""

MAX_CONSTANT = 1e30
"""No parameter begins further from 0."""

MAX_STEPS = 10_000_000
"""Of so many steps at most the losses are kept: 40 MB."""

MAX_LAYERS, MAX_PARAMETERS, MAX_UNITS = 12, 50_000, 4_096
"""Beyond these, compiling takes minutes: not a network that one steps through by hand."""


def learning_rate(value: float, dtype: str = "float32") -> float:
    """A learning rate for a run of this precision. Raises ValueError for what is none."""
    if not 0 <= value <= LARGEST[dtype]:
        raise ValueError(f"{value:g} is not a learning rate, a number from 0 to {LARGEST[dtype]:.1e}")
    return float(value)


def l2_factor(value: float) -> float:
    """The factor of the sum of the squared weights in a loss. Raises ValueError for what is none."""
    if not 0 <= value <= LARGEST["float32"]:
        raise ValueError(f"{value:g} is not a factor of the penalty l2, a number from 0 to {LARGEST['float32']:.1e}")
    return float(value)


def fading(value: float, name: str) -> float:
    """A constant by which a moment fades: momentum, rho, beta_1, beta_2. Raises ValueError for what is none."""
    if not 0 <= value < 1:
        raise ValueError(f"{value:g} can't be {name}, a number from 0 to below 1")
    return float(value)


def epsilon(value: float) -> float:
    """An optimizer's ε; 0 is one. Raises ValueError for what is none."""
    if not 0 <= value <= LARGEST["float32"]:
        raise ValueError(f"{value:g} can't be epsilon, a number from 0 to {LARGEST['float32']:.1e}")
    return float(value)


def initial_constant(value: float) -> float:
    """What every parameter is at the start. Raises ValueError for what is none."""
    if not -MAX_CONSTANT <= value <= MAX_CONSTANT:
        raise ValueError(f"{value:g} can't be the constant, a number from -{MAX_CONSTANT:g} to {MAX_CONSTANT:g}")
    return float(value)


def step_count(value: int, least: int = 1) -> int:
    """How many steps to make. Raises ValueError for what is none."""
    if not least <= value <= MAX_STEPS:
        raise ValueError(f"{value} is not a number of steps, from {least} to {MAX_STEPS:,}")
    return value


def hidden_units(text: str) -> list[int]:
    """`4,3` as the units of each hidden layer; `none` has none. Raises ValueError."""
    return [] if text.strip() == "none" else [_units(part.strip()) for part in text.split(",")]


def _units(text: str) -> int:
    try:
        found = int(with_hyphens(text))
    except ValueError:
        raise ValueError(f"'{text[:40]}' is not a whole number") from None
    if not 1 <= found <= MAX_UNITS:
        raise ValueError(f"{text[:40]} is not between 1 and {MAX_UNITS}")
    return found


def seed(value: int) -> int:
    """A seed. Raises ValueError for what is none."""
    if not 0 <= value <= MAX_SEED:
        raise ValueError(f"{value} is not a seed, a whole number from 0 to {MAX_SEED}")
    return value

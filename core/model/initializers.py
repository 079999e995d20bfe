"""Initial parameters: what a seed means, on every machine.

The stream of numpy's `RandomState` is promised never to change (NEP 19), so a seed is a
name for the same numbers everywhere, before TensorFlow is loaded and without it.
"""

from math import sqrt

import numpy as np

from .network import Array, Network
from .values import parse

INITIALIZERS = ("uniform", "normal", "glorot", "he", "zeros", "constant")


def initial_parameters(
    network: Network, seed: int, initializer: str = "uniform", constant: float = 0.5, dtype: str = "float32"
) -> Array:
    """A flat row (network.width,) of initial parameters.

    `uniform` draws weights and biases from [0, 1), as the notebook does; `normal` from
    N(0, 1). `glorot` (Glorot and Bengio 2010, uniform in ±sqrt(6 / (inputs + units))) and
    `he` (He et al. 2015, N(0, 2 / inputs)) draw weights and leave biases 0.
    """
    random = np.random.RandomState(seed)
    parts = []
    for parameter in network.parameters:
        units, inputs = parameter.shape
        is_bias = parse(parameter.name).of == "b"
        if initializer == "uniform":
            part = random.uniform(size=parameter.shape)
        elif initializer == "normal":
            part = random.standard_normal(parameter.shape)
        elif initializer == "constant":
            part = np.full(parameter.shape, constant)
        elif initializer == "zeros" or is_bias:
            part = np.zeros(parameter.shape)
        elif initializer == "glorot":
            limit = sqrt(6 / (inputs + units))
            part = random.uniform(-limit, limit, parameter.shape)
        elif initializer == "he":
            part = random.standard_normal(parameter.shape) * sqrt(2 / inputs)
        else:
            raise ValueError(f"no initializer {initializer!r}: {', '.join(INITIALIZERS)}")
        # Rounding towards zero keeps a float64 just below 1 from becoming the float32 1.0.
        parts.append(_towards_zero(part.reshape(-1), dtype))
    return np.concatenate(parts)


def _towards_zero(values: Array, dtype: str) -> Array:
    rounded = values.astype(dtype)
    too_far = np.abs(rounded.astype("float64")) > np.abs(values)
    return np.where(too_far, np.nextafter(rounded, np.zeros_like(rounded)), rounded)

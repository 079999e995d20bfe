"""Units that hardly let a gradient through, in every row of the batch."""

import numpy as np

from .activations import Activation
from .network import Array

SATURATED = 0.01
"""A derivative of the activation below this lets almost nothing through: |z| above 4.6 for sigmoid, 3.0 for tanh."""


def steepest(activation: Activation, z: Array, h: Array) -> Array:
    """The largest derivative over the batch (..., units) of z and h (..., units, batch); NaN if one of them is NaN."""
    z, h = z.astype("float64"), h.astype("float64")
    known = ~(np.isnan(z) | np.isnan(h)).any(axis=-1)
    return np.where(known, activation.derivative_at(z, h).max(axis=-1), np.nan)

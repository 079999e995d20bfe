"""The forward pass by numpy, in float64: what a layer makes of many points at once, without the engine."""

import numpy as np

from .network import Array, Network

BLOCK = 2**20
"""So many numbers of a layer are at hand at once, 8 MB: a wide network takes its points by blocks."""


def activations(network: Network, parameters: Array, x: Array, layer: int) -> Array:
    """h (units, points) of a layer, from 1, at points x (points, features) and parameters (width,), in float64.

    That of the last layer is ŷ. What overflows is infinite or NaN.
    """
    by_name = network.split(np.asarray(parameters, "float64"))
    widest = max(network.features, *(one.units for one in network.layers))
    step = max(BLOCK // widest, 1)
    blocks = []
    for start in range(0, len(x), step):
        h = np.asarray(x[start : start + step], "float64").T
        with np.errstate(all="ignore"):
            for number in range(1, layer + 1):
                z = by_name[f"w{number}"] @ h + by_name.get(f"b{number}", 0)
                h = network.activation(number).function(z)
        blocks.append(h)
    return np.concatenate(blocks, axis=1)

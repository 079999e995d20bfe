"""How good predictions are, over all rows: R², root mean squared error, accuracy."""

import numpy as np
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Array

HALF = 0.5
"""From this probability on a single output says yes."""


def r_squared(predictions: Array, targets: Array) -> float:
    """The share of the targets' variance that is explained, (n, targets), the mean over several targets.

    1 - Σ(y - ŷ)² / Σ(y - ȳ)²; NaN if a target has no variance.
    """
    with np.errstate(all="ignore"):
        left = ((targets - predictions) ** 2).sum(axis=0)
        return float(np.mean(1 - left / ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)))


def root_mean_square(predictions: Array, targets: Array) -> float:
    """The root of the mean squared error (n, targets), in the targets' unit."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean((targets - predictions) ** 2)))


def accuracy(loss: str, predictions: Array, targets: Array) -> float | None:
    """The share of rows whose classes are all right (n, targets); None if the loss is not one of classes."""
    if loss == SOFTMAX_CROSS_ENTROPY:
        return float(np.mean(predictions.argmax(axis=1) == targets.argmax(axis=1)))
    if loss == BINARY_CROSS_ENTROPY:
        return float(np.mean(((predictions >= HALF) == (targets >= HALF)).all(axis=1)))
    return None

"""Losses and predictions without a step."""

import numpy as np
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.model.network import Array, Network

from .step import forward, losses, penalty, split
from .tensorflow import tf


def losses_at(network: Network, rows: Array, x: Array, y: Array) -> Array:
    """The loss (n,) over samples x, y at each of several parameter rows (n, width), in float64.

    Not compiled: a handful of rows is done before a compiler would have begun.
    """
    rows, x, y = (tf.constant(part, tf.float64) for part in (rows, x, y))
    matrices = [split(network, row) for row in tf.unstack(rows)]
    over_batch = tf.reduce_sum if network.sums_rows else tf.reduce_mean
    each = [over_batch(losses(network, y, forward(network, x, by_name))) for by_name in matrices]
    if network.l2:
        each = [loss + penalty(network, by_name) for loss, by_name in zip(each, matrices, strict=True)]
    return np.array([loss.numpy() for loss in each])


def predict(program: Program, parameters: Array, x: Array) -> Array:
    """Predictions (batch, outputs), in the program's precision."""
    row, samples = (tf.constant(part, program.dtype) for part in (parameters, x))
    return tf.transpose(forward(program.network, samples, split(program.network, row))["y_pred"]).numpy()  # type: ignore[no-any-return]

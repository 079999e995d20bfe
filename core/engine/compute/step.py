"""The arithmetic of one step in TensorFlow: forward, the loss, the gradients of the tape, the update.

A function for each row of `model/activations.py`, `losses.py` and `optimizers.py`, by the row's name.
"""

from collections.abc import Callable
from typing import Any

from backprop_tui.core.model.losses import (
    BINARY_CROSS_ENTROPY,
    HALF_SQUARED,
    MEAN_SQUARED,
    OUTPUT,
    SOFTMAX_CROSS_ENTROPY,
)
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.trace import activations

from .tensorflow import tf

Tensor = Any

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": tf.math.sigmoid,
    "tanh": tf.math.tanh,
    "relu": tf.nn.relu,
    "leaky_relu": lambda z: tf.where(z > 0, z, 0.01 * z),  # leaky_relu of TensorFlow rounds 0.01 to float32
    "elu": tf.nn.elu,
    "softplus": tf.math.softplus,
    "linear": tf.identity,
    "softmax": lambda z: tf.nn.softmax(z, axis=0),
}
"""h of z (units, batch)."""

LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    HALF_SQUARED: lambda y, y_pred, z: tf.reduce_sum(0.5 * (y - y_pred) ** 2, axis=0),
    MEAN_SQUARED: lambda y, y_pred, z: tf.reduce_mean((y - y_pred) ** 2, axis=0),
    # From z, not from ŷ: finite if ŷ has rounded to 0 or 1.
    BINARY_CROSS_ENTROPY: lambda y, y_pred, z: tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(y, z), axis=0),
    SOFTMAX_CROSS_ENTROPY: lambda y, y_pred, z: tf.reduce_sum(-y * tf.nn.log_softmax(z, axis=0), axis=0),
    OUTPUT: lambda y, y_pred, z: tf.reduce_sum(y_pred, axis=0),
}
"""The loss of each sample (batch,) of y, ŷ and its z (outputs, batch)."""

LOSSES_BY_PREDICTION: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    BINARY_CROSS_ENTROPY: lambda y, z, shift: (
        -tf.reduce_sum(
            tf.math.xlogy(y, tf.math.sigmoid(z) + shift) + tf.math.xlogy(1 - y, tf.math.sigmoid(-z) - shift), axis=0
        )
    ),
    SOFTMAX_CROSS_ENTROPY: lambda y, z, shift: (
        -tf.reduce_sum(tf.math.xlogy(y, tf.nn.softmax(z, axis=0) + shift), axis=0)
    ),
}
"""The losses that are computed from z, once more as functions of ŷ + shift, for the tape to go from the loss to ŷ.

ŷ and 1 - ŷ are each made of z, so that neither is rounded to 0 if the other is near 1.
"""


def forward(network: Network, x: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """z1, h1 ... y_pred (units, batch) of samples x (batch, features)."""
    values, h = {}, tf.transpose(x)
    for number, (layer, (z_name, h_name)) in enumerate(zip(network.layers, activations(network), strict=True), 1):
        z = tf.matmul(parameters[f"w{number}"], h)
        z = z + parameters[f"b{number}"] if layer.bias else z
        h = ACTIVATIONS[layer.activation](z)
        values[z_name], values[h_name] = z, h
    return values


def losses(network: Network, y: Tensor, values: dict[str, Tensor]) -> Tensor:
    """The loss of each sample (batch,), for targets y (batch, outputs)."""
    return _over_outputs(network, LOSSES[network.loss](tf.transpose(y), values["y_pred"], values[f"z{network.depth}"]))


def _over_outputs(network: Network, found: Tensor) -> Tensor:
    """The losses (batch,) as the sum or the mean over the outputs: whichever of both the network says."""
    scale = network.loss_row.scale(network.outputs, network.over)
    return found if scale == 1 else found * scale


def over_batch(network: Network, found: Tensor, weight: Tensor, total: Tensor) -> Tensor:
    """The losses (batch,) of a batch's rows as one number: their mean, or their sum."""
    summed = tf.reduce_sum(weight * found)
    return summed if network.sums_rows else summed / total


def split(network: Network, row: Tensor) -> dict[str, Tensor]:
    """A flat row (width,) as matrices by name."""
    return {p.name: tf.reshape(row[p.span], p.shape) for p in network.parameters}


def penalty(network: Network, matrices: dict[str, Tensor]) -> Tensor:
    """l2·Σw²: what the weights by name add to the loss."""
    return network.l2 * tf.add_n([tf.reduce_sum(tf.square(matrices[kernel.name])) for kernel in network.kernels])


def gradients(
    network: Network, parameters: Tensor, x: Tensor, y: Tensor, weight: Tensor, total: Tensor, first: Tensor = True
) -> tuple[dict[str, Tensor], Tensor]:
    """The loss, z1, h1 ... and their gradients by name, and the flat gradient of the parameters (width,): the tape's.

    `weight` (batch,) is 1 for a sample that counts and 0 for one that fills up the batch, `total` is the sum of it.
    Over a part of a batch, with the whole one's total, they are what that part adds to the loss and the gradients; the
    penalty comes with the `first`.
    """
    matrices = split(network, parameters)
    with tf.GradientTape() as tape:
        for matrix in matrices.values():
            tape.watch(matrix)
        values = forward(network, x, matrices)
        loss = over_batch(network, losses(network, y, values), weight, total)
        if network.l2:
            loss += tf.where(first, penalty(network, matrices), 0)
    found = tape.gradient(loss, matrices | values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    if network.loss_row.from_z:
        found["y_pred"] = _by_prediction(network, values, y, weight, total)
    computed = {"loss": loss, **values, **{"g" + name: found[name] for name in values}}
    return computed, tf.concat([tf.reshape(found[p.name], [-1]) for p in network.parameters], 0)


def by_inputs(w1: Tensor, gz1: Tensor) -> Tensor:
    """∂L/∂x (..., batch, features) of w1 (..., units, features) and ∂L/∂z1 (..., units, batch): the tape's way from
    z1 back to x, along which z1 is linear.
    """
    x = tf.zeros((*gz1.shape[:-2], gz1.shape[-1], w1.shape[-1]), w1.dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z1 = tf.matmul(w1, x, transpose_b=True)
    return tape.gradient(z1, x, output_gradients=gz1)


def _by_prediction(network: Network, values: dict[str, Tensor], y: Tensor, weight: Tensor, total: Tensor) -> Tensor:
    """∂L/∂ŷ (outputs, batch) if the loss is computed from z: the tape of the loss has no path through ŷ there.

    It is the tape's derivative by a shift of ŷ, at the shift 0.
    """
    z, shift = values[f"z{network.depth}"], tf.zeros_like(values["y_pred"])
    with tf.GradientTape() as tape:
        tape.watch(shift)
        found = _over_outputs(network, LOSSES_BY_PREDICTION[network.loss](tf.transpose(y), z, shift))
        loss = over_batch(network, found, weight, total)
    # What fills up a batch has the weight 0, which times an infinite number is none.
    return tf.where(weight > 0, tape.gradient(loss, shift), 0)


Updated = tuple[Tensor, Tensor]
"""The parameters (width,) and the moments after an update."""


def _sgd(chosen: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor) -> Updated:
    return parameters - (lr * gradient + zero), moments


def _momentum(
    chosen: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> Updated:
    m = (chosen.momentum * moments + zero) - (lr * gradient + zero)
    return parameters + m, m


def _nesterov(
    chosen: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> Updated:
    step = lr * gradient + zero
    m = (chosen.momentum * moments + zero) - step
    return parameters + ((chosen.momentum * m + zero) - step), m


def _rmsprop(
    chosen: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> Updated:
    v = (chosen.rho * moments + zero) + ((1 - chosen.rho) * gradient**2 + zero)
    return parameters - lr * gradient / tf.sqrt(v + chosen.epsilon), v


def _adam_moments(chosen: Optimizer, moments: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The running means of the gradients and of their squares, and the number of the step."""
    width = gradient.shape[0]
    m, v, t = moments[:width], moments[width : 2 * width], moments[2 * width :] + 1
    return m + (gradient - m) * (1 - chosen.beta_1), v + (gradient**2 - v) * (1 - chosen.beta_2), t


def _adam(
    chosen: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> Updated:
    m, v, t = _adam_moments(chosen, moments, gradient)
    rate = lr * tf.sqrt(1 - chosen.beta_2**t) / (1 - chosen.beta_1**t)
    return parameters - rate * m / (tf.sqrt(v) + chosen.epsilon), tf.concat([m, v, t], 0)


def _adam_paper(
    chosen: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> Updated:
    m, v, t = _adam_moments(chosen, moments, gradient)
    m_hat, v_hat = m / (1 - chosen.beta_1**t), v / (1 - chosen.beta_2**t)
    return parameters - lr * m_hat / (tf.sqrt(v_hat) + chosen.epsilon), tf.concat([m, v, t], 0)


OPTIMIZERS: dict[str, Callable[[Optimizer, Tensor, Tensor, Tensor, Tensor, Tensor], Updated]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adam_paper": _adam_paper,
}
"""The rule of each optimizer: its formula and source are in its row."""


def updated(
    optimizer: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> Updated:
    """Parameters (width,) and moments after one update.

    `zero` is 0, which the compiler does not know: so it can't make a product and a sum one instruction that rounds
    once (here so, there so), and the last digit is that of TensorFlow's own `w.assign_sub(lr * g)`, which rounds both.
    """
    return OPTIMIZERS[optimizer.name](optimizer, parameters, moments, gradient, lr, zero)

"""The arithmetic of one step in TensorFlow: forward, the loss, the gradients of the tape, the update."""

from collections.abc import Callable
from typing import Any

from backprop_tui.core.model.network import BINARY_CROSS_ENTROPY, HALF_SQUARED, MEAN_SQUARED, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.trace import activations

from .tensorflow import tf

Tensor = Any

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": tf.math.sigmoid,
    "tanh": tf.math.tanh,
    "relu": tf.nn.relu,
    "linear": tf.identity,
    "softmax": lambda z: tf.nn.softmax(z, axis=0),
}


def forward(network: Network, x: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """z1, h1 ... y_pred (units, batch) of samples x (batch, features)."""
    values, h = {}, tf.transpose(x)
    for number, (layer, (z_name, h_name)) in enumerate(zip(network.layers, activations(network), strict=True), 1):
        z = tf.matmul(parameters[f"w{number}"], h) + parameters[f"b{number}"]
        h = _ACTIVATIONS[layer.activation](z)
        values[z_name], values[h_name] = z, h
    return values


def losses(network: Network, y: Tensor, values: dict[str, Tensor]) -> Tensor:
    """The loss of each sample (batch,), for targets y (batch, outputs). MSE is the mean over outputs, the rest sums."""
    y_pred, y_true = values["y_pred"], tf.transpose(y)
    if network.loss == HALF_SQUARED:
        return tf.reduce_sum(0.5 * (y_true - y_pred) ** 2, axis=0)
    if network.loss == MEAN_SQUARED:
        return tf.reduce_mean((y_true - y_pred) ** 2, axis=0)
    z = values[f"z{network.depth}"]
    if network.loss == BINARY_CROSS_ENTROPY:
        # From z, not from ŷ: finite where the sigmoid has rounded to 0 or 1.
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(y_true, z), axis=0)
    return tf.reduce_sum(-y_true * tf.nn.log_softmax(z, axis=0), axis=0)


def split(network: Network, row: Tensor) -> dict[str, Tensor]:
    """A flat row (width,) as matrices by name."""
    return {p.name: tf.reshape(row[p.span], p.shape) for p in network.parameters}


def gradients(
    network: Network, parameters: Tensor, x: Tensor, y: Tensor, weight: Tensor, total: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """The loss, z1, h1 ... and their gradients by name, and the flat gradient of the parameters (width,): the tape's.

    `weight` (batch,) is 1 for a sample that counts and 0 for one that fills up the batch, `total` is the sum of it.
    Over a part of a batch, with the whole one's total, they are what that part adds to the loss and the gradients.
    """
    matrices = split(network, parameters)
    with tf.GradientTape() as tape:
        for matrix in matrices.values():
            tape.watch(matrix)
        values = forward(network, x, matrices)
        loss = tf.reduce_sum(weight * losses(network, y, values)) / total
    found = tape.gradient(loss, matrices | values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    if network.loss not in (HALF_SQUARED, MEAN_SQUARED):
        found["y_pred"] = _cross_entropy_derivative(network, y, values) * weight / total
    computed = {"loss": loss, **values, **{"g" + name: found[name] for name in values}}
    return computed, tf.concat([tf.reshape(found[p.name], [-1]) for p in network.parameters], 0)


def _cross_entropy_derivative(network: Network, y: Tensor, values: dict[str, Tensor]) -> Tensor:
    """∂L/∂ŷ where the loss is computed from z: the tape has no path through ŷ there."""
    y_true, y_pred = tf.transpose(y), values["y_pred"]
    if network.loss == BINARY_CROSS_ENTROPY:
        return (y_pred - y_true) / (y_pred * (1 - y_pred))
    return -y_true / y_pred


def updated(
    optimizer: Optimizer, parameters: Tensor, moments: Tensor, gradient: Tensor, lr: Tensor, zero: Tensor
) -> tuple[Tensor, Tensor]:
    """Parameters (width,) and moments after one update. The formulas and their sources are in `Update`.

    `zero` is 0, which the compiler does not know: so it can't make a product and a sum one instruction that rounds
    once (here so, there so), and the last digit is that of TensorFlow's own `w.assign_sub(lr * g)`, which rounds both.
    """
    if optimizer.name == "sgd":
        return parameters - (lr * gradient + zero), moments
    width = parameters.shape[0]
    if optimizer.name == "momentum":
        m = (optimizer.momentum * moments + zero) - (lr * gradient + zero)
        return parameters + m, m
    if optimizer.name == "rmsprop":
        v = (optimizer.rho * moments + zero) + ((1 - optimizer.rho) * gradient**2 + zero)
        return parameters - lr * gradient / tf.sqrt(v + optimizer.epsilon), v
    m, v, t = moments[:width], moments[width : 2 * width], moments[2 * width :] + 1
    m = m + (gradient - m) * (1 - optimizer.beta_1)
    v = v + (gradient**2 - v) * (1 - optimizer.beta_2)
    rate = lr * tf.sqrt(1 - optimizer.beta_2**t) / (1 - optimizer.beta_1**t)
    return parameters - rate * m / (tf.sqrt(v) + optimizer.epsilon), tf.concat([m, v, t], 0)

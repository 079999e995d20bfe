"""Losses and predictions without a step."""

from typing import Any

from ..messages import Program
from ..network import Array, Network
from .step import forward, losses, split
from .tamed import tf

Tensor = Any


@tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
def _losses_at(network: Network, rows: Tensor, x: Tensor, y: Tensor) -> Tensor:
    def one(row: Tensor) -> Tensor:
        return tf.reduce_mean(losses(network, y, forward(network, x, split(network, row))))

    return tf.map_fn(one, rows)


def losses_at(network: Network, rows: Array, x: Array, y: Array) -> Array:
    """The mean loss (n,) over samples x, y at each of several parameter rows (n, width), in float64."""
    return _losses_at(network, *(tf.constant(part, tf.float64) for part in (rows, x, y))).numpy()  # type: ignore[no-any-return]


def predict(program: Program, parameters: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Predictions (batch, outputs) and the loss of each sample (batch,), in the program's precision."""
    parts = [tf.constant(part, program.dtype) for part in (parameters, x, y)]
    values = forward(program.network, parts[1], split(program.network, parts[0]))
    return tf.transpose(values["y_pred"]).numpy(), losses(program.network, parts[2], values).numpy()

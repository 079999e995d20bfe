"""Steps that Keras makes: its own layers, losses, regularizers and optimizers, in float64."""

from typing import Any

import numpy as np
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, HALF_SQUARED, MEAN, OUTPUT, SOFTMAX_CROSS_ENTROPY, SUM
from backprop_tui.core.model.network import Array, Network


def keras_model(network: Network, parameters: Array) -> Any:
    """A Keras model of these layers with these parameters (width,). One whose loss is of z ends with z."""
    import keras

    model = keras.Sequential([keras.Input((network.features,), dtype="float64")])
    activations = [layer.activation for layer in network.layers]
    if network.loss_row.from_z:
        activations[-1] = "linear"
    for layer, name in zip(network.layers, activations, strict=True):
        activation: Any = name
        if name == "leaky_relu":

            def activation(z: Any) -> Any:
                # As Keras documents it: its own takes the slope in float32, off by 2e-8 of it.
                return keras.ops.where(z > 0, z, 0.01 * z)

        penalty = keras.regularizers.L2(network.l2) if network.l2 else None
        model.add(
            keras.layers.Dense(
                layer.units, activation, use_bias=layer.bias, kernel_regularizer=penalty, dtype="float64"
            )
        )
    found = network.split(parameters)
    model.set_weights([found[p.name].T if p in network.kernels else found[p.name][:, 0] for p in network.parameters])
    return model


def keras_loss(network: Network, y: Array, predicted: Any) -> Any:
    """The loss of the data, by Keras's classes, of targets and what the model gives (batch, outputs)."""
    import keras

    losses = keras.losses
    if network.loss == SOFTMAX_CROSS_ENTROPY:
        # A sum over the outputs: its mean has no class of its own.
        of = losses.CategoricalCrossentropy(from_logits=True, reduction=KERAS[network.reduction], dtype="float64")
        return of(y, predicted) / (network.outputs if network.over == MEAN else 1)
    count = len(y)
    if network.loss == OUTPUT:
        over_outputs = keras.ops.mean if network.over == MEAN else keras.ops.sum
        over_rows = keras.ops.mean if network.reduction == MEAN else keras.ops.sum
        return over_rows(over_outputs(predicted, axis=1))
    if network.over == SUM:
        # Keras takes the mean over the outputs of a row; if each is a row of its own, there is none.
        y, predicted = y.reshape(-1, 1), keras.ops.reshape(predicted, (-1, 1))
    if network.loss == BINARY_CROSS_ENTROPY:
        summed = losses.BinaryCrossentropy(from_logits=True, reduction="sum", dtype="float64")(y, predicted)
    else:
        summed = losses.MeanSquaredError(reduction="sum", dtype="float64")(y, predicted)
    half = 0.5 if network.loss == HALF_SQUARED else 1
    return summed * half / (count if network.reduction == MEAN else 1)


KERAS = {MEAN: "sum_over_batch_size", SUM: "sum"}
"""How Keras calls what is made of the rows' losses."""


def keras_steps(program: Program, optimizer: Any, start: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Steps from a start (width,) over x (steps, batch, features), y (steps, batch, outputs).

    The parameters after each step (steps, width), its loss (steps,), its gradient (steps, width).
    """
    import tensorflow as tf

    network = program.network
    model = keras_model(network, start)
    variables = model.trainable_variables
    optimizer.build(variables)
    states, losses, gradients = [], [], []
    for x_step, y_step in zip(x, y, strict=True):
        with tf.GradientTape() as tape:
            loss = keras_loss(network, y_step, model(x_step)) + sum(model.losses)
        found = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(found, variables, strict=True))
        states.append(_flat(network, [variable.numpy() for variable in variables]))
        losses.append(float(loss))
        gradients.append(_flat(network, [tf.convert_to_tensor(part).numpy() for part in found]))
    return np.array(states), np.array(losses), np.array(gradients)


def _flat(network: Network, parts: list[Array]) -> Array:
    """Keras's kernels (inputs, units) and biases (units,) as a flat row (width,)."""
    return np.concatenate([part.T.ravel() for part in parts])

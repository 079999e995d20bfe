"""A textbook's conventions against Keras in float64, over random networks: its layers, its losses, its tape."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, Program, RunSteps, StepsRun
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Array, Network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Batch, batch, networks

LR = 0.05
SEEDS = st.integers(0, 2**31)
RANDOM = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

LOSSES: dict[str, Any] = {
    "half_squared_error": lambda y, y_pred: 0.5 * y.shape[1] * keras.losses.mean_squared_error(y, y_pred),
    "mean_squared_error": keras.losses.mean_squared_error,
    "binary_cross_entropy": lambda y, y_pred: y.shape[1] * keras.losses.binary_crossentropy(y, y_pred),
    "softmax_cross_entropy": keras.losses.categorical_crossentropy,
}
"""The loss of each sample. Keras takes the mean over outputs of the first and the third."""


def by_keras(network: Network, data: Batch) -> dict[str, Array]:
    """Names of this program's numbers with Keras's: the loss, ∂L/∂x, each ∂L/∂w and ∂L/∂b, and what sgd makes of them."""
    matrices = network.split(data.parameters)
    layers = [
        keras.layers.Dense(layer.units, "linear" if layer.activation == "leaky_relu" else layer.activation)
        for layer in network.layers
    ]
    x = tf.constant(data.x)
    stack: list[Any] = []
    for layer, described in zip(layers, network.layers, strict=True):
        layer.dtype_policy = "float64"
        stack.append(layer)
        if described.activation == "leaky_relu":
            stack.append(keras.layers.LeakyReLU(negative_slope=0.01, dtype="float64"))
    model = keras.Sequential([keras.Input((network.features,), dtype="float64"), *stack])
    for number, layer in enumerate(layers, 1):
        kept = [matrices[f"w{number}"].T]
        if f"b{number}" in matrices:
            kept.append(matrices[f"b{number}"].reshape(-1))
        layer.set_weights(kept)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_mean(LOSSES[network.loss](tf.constant(data.y), model(x)))
    wanted = {"x": x}
    for number, layer in enumerate(layers, 1):
        wanted[f"w{number}"] = layer.kernel.value
        if layer.use_bias:
            wanted[f"b{number}"] = layer.bias.value
    found = tape.gradient(loss, wanted, unconnected_gradients="zero")
    values = {"loss": np.array([[loss.numpy()]]), "gx": found.pop("x").numpy()}
    for name, gradient in found.items():
        turned = gradient.numpy().T if name[0] == "w" else gradient.numpy().reshape(-1, 1)
        values[f"g{name}"], values[f"new_{name}"] = turned, matrices[name] - LR * turned
    return values


def traced(engine: Engine, network: Network, data: Batch) -> dict[str, Array]:
    program = Program(network, dtype="float64")
    request = RunSteps(program, numbers(data.parameters), Inline(numbers(data.x), numbers(data.y)), LR)
    answer = engine.answer(request)
    assert isinstance(answer, StepsRun), answer
    return arrays(answer.trace)


def assert_as_keras(engine: Engine, network: Network, data: Batch) -> None:
    trace, expected = traced(engine, network, data), by_keras(network, data)
    for name, value in expected.items():
        # Keras keeps probabilities 1e-7 away from 0 and 1 in its cross-entropies.
        near = 1e-5 if network.loss_row.from_z else 1e-9
        np.testing.assert_allclose(trace[name], value, rtol=near, atol=near, err_msg=name)


@pytest.mark.slow
@RANDOM
@given(networks(max_hidden=2), st.integers(1, 4), SEEDS)
def test_the_gradient_by_the_inputs(engine: Engine, network: Network, size: int, seed: int) -> None:
    assert_as_keras(engine, network, batch(network, size, seed))


@pytest.mark.parametrize("size", [3, 70, 5000])
def test_the_gradient_by_the_inputs_of_a_batch_shown_as_means_is_the_sum(engine: Engine, size: int) -> None:
    network = Network(3)
    data = batch(network, size, 5)
    found, expected = traced(engine, network, data)["gx"], by_keras(network, data)["gx"]
    np.testing.assert_allclose(found, expected if size == 3 else expected.sum(axis=0, keepdims=True), rtol=1e-9)

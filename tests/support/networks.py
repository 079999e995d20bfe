"""Random networks and their data for property tests."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.activations import LINEAR, hidden_activations
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, LOSSES, MEAN, SOFTMAX_CROSS_ENTROPY, SUM
from backprop_tui.core.model.network import Array, Layer, Network
from hypothesis import strategies as st


def hidden_layers(sizes: list[int], activation: str, outputs: int = 1) -> tuple[Layer, ...]:
    """Hidden layers of these sizes with one activation, then a linear last layer."""
    return (*(Layer(size, activation) for size in sizes), Layer(outputs, LINEAR))


PENALTIES = (0.0, 0.0, 0.015625, 0.5)
"""Half of the networks have one. Float32 holds them: Keras rounds to it."""


REDUCTIONS = (MEAN, SUM)


@st.composite
def networks(draw: st.DrawFn, max_hidden: int = 3, max_units: int = 4) -> Network:
    """1 to 3 features, up to `max_hidden` hidden layers, 1 to 3 outputs, with all that they may have."""
    activations = st.sampled_from(hidden_activations())
    biases = st.sampled_from((True, True, False))
    hidden = draw(st.lists(st.builds(Layer, st.integers(1, max_units), activations, biases), max_size=max_hidden))
    loss = draw(st.sampled_from(list(LOSSES)))
    last = LOSSES[loss].last
    outputs = draw(st.integers(2 if last == "softmax" else 1, 3))
    ending = last or draw(activations if outputs == 1 else activations | st.just("softmax"))
    layers = (*hidden, Layer(outputs, ending, draw(biases)))
    penalty, reduction, over = (draw(st.sampled_from(of)) for of in (PENALTIES, REDUCTIONS, ("", *REDUCTIONS)))
    return Network(draw(st.integers(1, 3)), layers, loss, (), penalty, reduction, over)


@st.composite
def frozen(draw: st.DrawFn, network: Network) -> tuple[str, ...]:
    """Up to two of its parameters, or single numbers of them."""
    found = []
    for parameter in draw(st.lists(st.sampled_from(network.parameters), unique=True, max_size=2)):
        row, column = (draw(st.integers(1, size)) for size in parameter.shape)
        found.append(draw(st.sampled_from((parameter.name, f"{parameter.name}[{row},{column}]"))))
    return tuple(found)


@dataclass(frozen=True)
class Batch:
    """Parameters (width,), x (batch, features) and y (batch, outputs) for a network, float64."""

    parameters: Array
    x: Array
    y: Array


def batch(network: Network, size: int, seed: int) -> Batch:
    """Random numbers of moderate size; targets that the loss allows."""
    random = np.random.RandomState(seed)
    y = random.standard_normal((size, network.outputs))
    if network.loss == BINARY_CROSS_ENTROPY:
        y = (y > 0).astype("float64")
    if network.loss == SOFTMAX_CROSS_ENTROPY:
        y = np.eye(network.outputs)[y.argmax(axis=1)]
    return Batch(random.uniform(-1.5, 1.5, network.width), random.standard_normal((size, network.features)), y)

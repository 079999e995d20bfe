"""The tape's gradients against central finite differences, in float64, over random networks and batches."""

from dataclasses import replace

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import FindLosses, Inline, LossesFound, Program, RunSteps, StepsRun
from backprop_tui.core.model.activations import ACTIVATIONS
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Array, Layer, Network
from backprop_tui.core.model.trace import activations
from backprop_tui.core.model.values import parse
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import batch, networks

SHIFT = 1e-5
SEEDS = st.integers(0, 2**32 - 1)


def traced(engine: Engine, network: Network, parameters: Array, x: Array, y: Array, lr: float) -> dict[str, Array]:
    program = Program(network, dtype="float64")
    answer = engine.answer(RunSteps(program, numbers(parameters), Inline(numbers(x), numbers(y)), lr))
    assert isinstance(answer, StepsRun), answer
    return arrays(answer.trace)


def derivatives(engine: Engine, network: Network, parameters: Array, places: list[int], x: Array, y: Array) -> Array:
    """∂L by each of some places of the parameters, from losses on both sides of it."""
    shifts = np.zeros((len(places), len(parameters)))
    shifts[np.arange(len(places)), places] = SHIFT
    rows = np.concatenate([parameters + shifts, parameters - shifts])
    answer = engine.answer(FindLosses(network, numbers(rows), Inline(numbers(x), numbers(y))))
    assert isinstance(answer, LossesFound), answer
    above, below = answer.losses.array.reshape(2, -1)
    return (above - below) / (2 * SHIFT)


def assume_smooth(network: Network, trace: dict[str, Array]) -> None:
    """No unit so near the corner of its activation that a difference would straddle it."""
    for layer, (z, _) in zip(network.layers, activations(network), strict=True):
        bends = bool(ACTIVATIONS[layer.activation].cases)
        assume(not bends or np.abs(trace[z]).min() > 100 * SHIFT)


def assert_agree(gradient: Array, difference: Array, loss: float) -> None:
    np.testing.assert_allclose(gradient, difference, rtol=1e-6, atol=1e-8 * (1 + abs(loss)))


@pytest.mark.slow
@given(networks(), st.integers(1, 5), SEEDS, st.floats(0.001, 3))
@settings(max_examples=12, deadline=None)
def test_gradients_of_parameters(engine: Engine, network: Network, size: int, seed: int, lr: float) -> None:
    data = batch(network, size, seed)
    trace = traced(engine, network, data.parameters, data.x, data.y, lr)
    assume_smooth(network, trace)
    difference = derivatives(engine, network, data.parameters, list(range(network.width)), data.x, data.y)
    for parameter in network.parameters:
        gradient = trace["g" + parameter.name]
        assert_agree(gradient.reshape(-1), difference[parameter.span], trace["loss"].item())
        assert (trace["new_" + parameter.name] == trace[parameter.name] - lr * gradient).all()


@pytest.mark.slow
@given(networks(max_hidden=2, max_units=3), st.integers(1, 3), SEEDS)
@settings(max_examples=12, deadline=None)
def test_gradients_of_intermediates(engine: Engine, network: Network, size: int, seed: int) -> None:
    """∂L/∂z or ∂L/∂h is ∂L by the biases of a layer of 1s on the diagonal before the rest of the network."""
    data = batch(network, size, seed)
    trace = traced(engine, network, data.parameters, data.x, data.y, 0.1)
    assume_smooth(network, trace)
    matrices = network.split(data.parameters)
    for number, (layer, names) in enumerate(zip(network.layers, activations(network), strict=True), 1):
        behind = [
            matrices[parameter.name].reshape(-1)
            for parameter in network.parameters
            if parse(parameter.name).layer > number
        ]
        for name, activation in zip(names, (layer.activation, "linear"), strict=True):
            if name == "y_pred" and network.loss in (BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY):
                continue  # these losses exist for their own last layer only
            layers = (Layer(layer.units, activation), *network.layers[number:])
            rest = replace(network, features=layer.units, layers=layers, l2=0.0)  # no bias is in the penalty
            parameters = np.concatenate([np.eye(layer.units).reshape(-1), np.zeros(layer.units), *behind])
            places = list(range(layer.units**2, layer.units**2 + layer.units))
            for sample in range(size):
                x, y = trace[name][:, sample][None], data.y[sample][None]
                difference = derivatives(engine, rest, parameters, places, x, y) / (1 if network.sums_rows else size)
                assert_agree(trace["g" + name][:, sample], difference, trace["loss"].item())


@pytest.mark.parametrize(
    ("z", "y", "right"),
    [
        # L = -y·ln ŷ - (1 - y)·ln(1 - ŷ) with ŷ = σ(z): -1/ŷ = -(1 + e^-z) for y = 1, 1/(1 - ŷ) = 1 + e^z for y = 0.
        (15, 0, 3269018.37),
        (20, 1, -1.0),
        (20, 0, 485165196.4),
        (-15, 1, -3269018.37),
        (88, 1, -1.0),
        (200, 1, -1.0),
        (-200, 0, 1.0),
        (200, 0, np.inf),
        (0, 0.25, 1.0),
        (2, 0.5, -0.5 * (1 + np.exp(-2)) + 0.5 * (1 + np.exp(2))),
    ],
)
def test_a_sure_prediction_has_the_gradient_of_its_probability(
    engine: Engine, z: float, y: float, right: float
) -> None:
    """In float32, where ŷ itself is rounded to 1 from z = 17 on."""
    network = Network(1, (Layer(1, "sigmoid"),), BINARY_CROSS_ENTROPY)
    program = Program(network)
    samples = Inline(numbers(np.array([[1.0]])), numbers(np.array([[y]])))
    answer = engine.answer(RunSteps(program, numbers(np.array([z, 0], "float32")), samples, 0.1))
    assert isinstance(answer, StepsRun)
    assert answer.trace["gy_pred"].array[0, 0] == pytest.approx(right, rel=2e-6)
    assert np.isfinite(answer.trace["gz1"].array).all()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_class_that_is_not_the_right_one_has_no_gradient_at_its_probability(engine: Engine, dtype: str) -> None:
    """∂L/∂ŷ = -y/ŷ is 0 for y = 0, also where ŷ = e^-900 or so underflows."""
    network = Network(1, (Layer(3, "softmax"),), SOFTMAX_CROSS_ENTROPY)
    start = np.array([0, 1, -900, 0, 0, 0], dtype)
    samples = Inline(numbers(np.array([[1.0], [0.0]])), numbers(np.array([[1.0, 0, 0], [0, 0, 1]])))
    answer = engine.answer(RunSteps(Program(network, dtype=dtype), numbers(start), samples, 0.1))  # type: ignore[arg-type]
    assert isinstance(answer, StepsRun)
    assert answer.trace["y_pred"].array[2, 0] == 0
    right = np.array([[-(1 + np.e) / 2, 0], [0, 0], [0, -1.5]])
    np.testing.assert_allclose(answer.trace["gy_pred"].array, right, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY])
def test_gradients_of_a_cross_entropys_prediction(engine: Engine, loss: str) -> None:
    """∂L/∂ŷ of L = -Σ y ln ŷ, or of -Σ (y ln ŷ + (1 - y) ln(1 - ŷ)), by differences of these formulas."""
    last = "sigmoid" if loss == BINARY_CROSS_ENTROPY else "softmax"
    network = Network(2, (Layer(3, "tanh"), Layer(3, last)), loss)
    data = batch(network, 4, 1)
    trace = traced(engine, network, data.parameters, data.x, data.y, 0.1)
    y = data.y.T

    def formula(y_pred: Array) -> float:
        found = y * np.log(y_pred)
        if loss == BINARY_CROSS_ENTROPY:
            found += (1 - y) * np.log(1 - y_pred)
        return -float(found.sum() / 4)

    assert formula(trace["y_pred"]) == pytest.approx(trace["loss"].item(), rel=1e-12)
    for place in np.ndindex(3, 4):
        shift = np.zeros((3, 4))
        shift[place] = SHIFT
        difference = (formula(trace["y_pred"] + shift) - formula(trace["y_pred"] - shift)) / (2 * SHIFT)
        assert_agree(trace["gy_pred"][place], np.array(difference), formula(trace["y_pred"]))

"""A textbook's conventions against Keras in float64, over random networks: its layers, its losses, its tape."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, LossesFound, Program, RunSteps, StepsRun
from backprop_tui.core.explain import CHAIN, LOCAL, Context, difference_request, explain
from backprop_tui.core.export import source
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Array, Layer, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.run import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_steps import keras_loss, keras_model
from networks import Batch, batch, frozen, networks

LR = 0.05
SEEDS = st.integers(0, 2**31)
RANDOM = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def by_keras(network: Network, data: Batch) -> dict[str, Array]:
    """Keras's numbers by their names here: the loss, ∂L/∂x, each ∂L/∂w and ∂L/∂b, and what sgd makes of them."""
    matrices, x = network.split(data.parameters), tf.constant(data.x)
    model = keras_model(network, data.parameters)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = keras_loss(network, data.y, model(x)) + sum(model.losses)
    wanted = {parameter.name: it.value for parameter, it in zip(network.parameters, model.weights, strict=True)}
    found = tape.gradient(loss, wanted | {"x": x}, unconnected_gradients="zero")
    values = {"loss": np.array([[loss.numpy()]]), "gx": found.pop("x").numpy()}
    for name, gradient in found.items():
        turned = gradient.numpy().T if name[0] == "w" else gradient.numpy().reshape(-1, 1)
        values[f"g{name}"], values[f"new_{name}"] = turned, matrices[name] - LR * turned
    for name in network.frozen:
        parameter, _, place = name.partition("[")
        rows = tuple(int(part) - 1 for part in place.rstrip("]").split(",")) if place else (slice(None), slice(None))
        values[f"new_{parameter}"][rows] = matrices[parameter][rows]
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
        np.testing.assert_allclose(trace[name], value, rtol=1e-9, atol=1e-9, err_msg=name)


@st.composite
def conventional(draw: st.DrawFn) -> Network:
    """Layers with and without biases, softmax with every loss that takes it, frozen parameters and single numbers."""
    network = draw(networks(max_hidden=2))
    return replace(network, frozen=draw(frozen(network)))


@pytest.mark.slow
@RANDOM
@given(conventional(), st.integers(1, 4), SEEDS)
def test_a_step_is_that_of_keras(engine: Engine, network: Network, size: int, seed: int) -> None:
    assert_as_keras(engine, network, batch(network, size, seed))


SOFTMAX = Layer(3, "softmax")
EACH = {
    "no bias": Network(2, (Layer(2, "tanh", bias=False), Layer(1, "linear"))),
    "no bias at all": Network(2, (Layer(2, "tanh", bias=False), Layer(1, "linear", bias=False))),
    "a single weight": Network(2, frozen=("w1[2,1]", "b1[1]")),
    "softmax, half squared": Network(2, (Layer(2, "tanh"), SOFTMAX), "half_squared_error"),
    "softmax, mean squared": Network(2, (SOFTMAX,), "mean_squared_error"),
    "the output": Network(3, (Layer(2, "sigmoid"), Layer(2, "linear")), "output"),
    "the output of a softmax": Network(3, (Layer(2, "sigmoid"), SOFTMAX), "output"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_each_convention_is_that_of_keras(engine: Engine, name: str) -> None:
    network = EACH[name]
    data = batch(network, 2, 7)
    assert_as_keras(engine, network, data)
    trace = Trace(network, LR, (0, 1), traced(engine, network, data))
    for cell in (Cell(of, *place) for of, value in trace.values.items() for place in np.ndindex(value.shape)):
        for form in (LOCAL, CHAIN):
            found = explain(trace, cell, None, form)
            assert found.evaluate() == pytest.approx(found.value, rel=1e-9, abs=1e-12), (cell, form)
        if (question := difference_request(trace, cell, Context())) is not None:
            answer = engine.answer(question.request)
            assert isinstance(answer, LossesFound)
            assert question.difference(answer)[0] == pytest.approx(trace[cell.name][cell.place], rel=1e-5, abs=1e-8), (
                cell
            )


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["momentum", "rmsprop", "adam"])
def test_the_moments_of_a_frozen_number_stay(engine: Engine, optimizer: str) -> None:
    network, update = Network(2, frozen=("w1[2,1]",)), Optimizer(optimizer)
    data = batch(network, 3, 1)
    program = Program(network, update, "float64")
    free = Program(Network(2), update, "float64")
    samples = Inline(numbers(data.x), numbers(data.y), 1)
    state = update.first_state(data.parameters)
    made, unfrozen = (engine.answer(RunSteps(it, numbers(state), samples, LR)) for it in (program, free))
    assert isinstance(made, StepsRun)
    assert isinstance(unfrozen, StepsRun)
    after, other = made.states.array[0], unfrozen.states.array[0]
    stays = np.zeros(len(state), bool)
    stays[[2 + moment * network.width for moment in range(1 + len(update.moments))]] = True
    assert (after[stays] == state[stays]).all()
    assert (after[~stays] == other[~stays]).all()


@pytest.mark.slow
@pytest.mark.parametrize("size", [3, 70, 5000])
def test_the_gradient_by_the_inputs_of_a_batch_shown_as_means_is_the_sum(engine: Engine, size: int) -> None:
    network = Network(3)
    data = batch(network, size, 5)
    found, expected = traced(engine, network, data)["gx"], by_keras(network, data)["gx"]
    np.testing.assert_allclose(found, expected if size == 3 else expected.sum(axis=0, keepdims=True), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_the_notebook_of_a_run_makes_the_same_step(engine: Engine, name: str) -> None:
    """The Python that is exported, executed: plain TensorFlow, without this program."""
    network = EACH[name]
    data = batch(network, 2, 7)
    run = Run(
        network=network, initial=tuple(data.parameters.tolist()), dtype="float64", optimizer=Optimizer("momentum")
    )
    space: dict[str, Any] = {}
    exec("\n".join([source.IMPORTS, source.network(run), source.step(run)]), space)
    request = RunSteps(run.program, numbers(run.first_state()), Inline(numbers(data.x), numbers(data.y), 2), LR)
    answer = engine.answer(request)
    assert isinstance(answer, StepsRun)
    for _ in range(2):
        space["train_one_step"](tf.constant(data.x), tf.constant(data.y), LR)
    for parameter in network.parameters:
        expected = answer.states.array[-1][parameter.span].reshape(parameter.shape)
        np.testing.assert_allclose(space[parameter.name].numpy(), expected, rtol=1e-12, atol=1e-14)

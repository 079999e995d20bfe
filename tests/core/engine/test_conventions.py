"""Every textbook's conventions against Keras: its own losses, regularizers and optimizers, over random networks."""

from collections.abc import Iterator

import numpy as np
import pytest
from backprop_tui.core.engine.compute.program import BLOCK, Compiled
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keras_steps import keras_steps
from networks import batch, hidden_layers, networks

STEPS, ROWS = 5, 12

EXACT = {"momentum": 0.875, "rho": 0.9375, "beta_1": 0.875, "beta_2": 0.984375}
LR = 0.0625
"""Constants that float32 holds: Keras rounds them to it on their way."""


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """Keras rounds a learning rate and a count of steps to its `floatx`."""
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


def keras_optimizer(optimizer: Optimizer, lr: float) -> object:
    """Keras's own."""
    import keras

    made = {
        "sgd": lambda: keras.optimizers.SGD(lr),
        "momentum": lambda: keras.optimizers.SGD(lr, momentum=optimizer.momentum),
        "rmsprop": lambda: keras.optimizers.RMSprop(lr, rho=optimizer.rho, epsilon=optimizer.epsilon),
        "adam": lambda: keras.optimizers.Adam(lr, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon),
    }
    return made[optimizer.name]()


@pytest.mark.slow
@settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    network=networks(),
    name=st.sampled_from(list(OPTIMIZERS)),
    size=st.sampled_from((1, 2, 5)),
    seed=st.integers(0, 2**32 - 1),
)
def test_steps_agree_with_keras(network: Network, name: str, size: int, seed: int) -> None:
    """The loss, the gradient and the new parameters of each of five steps, that of the penalty among them."""
    program = Program(network, Optimizer(name, **EXACT, epsilon=2.0**-20), "float64")
    data = batch(network, ROWS, seed)
    rows = np.random.RandomState(seed).randint(0, ROWS, (STEPS, size))
    x, y = data.x[rows], data.y[rows]
    states, losses, gradients = keras_steps(program, keras_optimizer(program.optimizer, LR), data.parameters, x, y)
    first = program.optimizer.first_state(data.parameters)
    made = Compiled(program, size).run(first, x, y, np.ones((STEPS, size)), STEPS, LR, None)
    np.testing.assert_allclose(made.losses, losses, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(made.states[:, : network.width], states, rtol=1e-8, atol=1e-8)
    ours = network.join({p.name: made.trace["g" + p.name] for p in network.parameters}, "float64")
    np.testing.assert_allclose(ours, gradients[-1], rtol=1e-7, atol=1e-8)


def test_a_penalty_comes_once_over_a_batch_of_several_blocks() -> None:
    network = Network(2, hidden_layers([3], "tanh"), l2=0.25)
    data, size = batch(network, 50, 1), BLOCK + 7
    rows = np.arange(size) % 50
    weight = np.ones((1, size))
    made = Compiled(Program(network, dtype="float64"), size).run(
        data.parameters, data.x[rows][None], data.y[rows][None], weight, 1, LR, None
    )
    _, losses, gradients = keras_steps(
        Program(network), keras_optimizer(Optimizer(), LR), data.parameters, data.x[rows][None], data.y[rows][None]
    )
    np.testing.assert_allclose(made.losses, losses, rtol=1e-12)
    ours = network.join({p.name: made.trace["g" + p.name] for p in network.parameters}, "float64")
    np.testing.assert_allclose(ours, gradients[0], rtol=1e-10, atol=1e-13)

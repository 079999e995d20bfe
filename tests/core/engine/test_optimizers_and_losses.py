"""Every textbook's conventions against Keras: its own losses, regularizers and optimizers, over random networks."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from backprop_tui.core.engine.compute.program import BLOCK, Compiled
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.explain import Context, explain
from backprop_tui.core.explain.remarks import remarks
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, LOSSES, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
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

    before, policy = keras.config.floatx(), keras.config.dtype_policy()  # which is made of floatx when first asked for
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)
    keras.config.set_dtype_policy(policy)


class PaperAdam:
    """Algorithm 1 of Kingma and Ba 2015, line by line, in NumPy: Keras has its other form alone."""

    def __init__(self, lr: float, chosen: Optimizer) -> None:
        self.lr, self.chosen, self.t = lr, chosen, 0

    def build(self, variables: list[Any]) -> None:
        self.m = [np.zeros(variable.shape) for variable in variables]
        self.v = [np.zeros(variable.shape) for variable in variables]

    def apply_gradients(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        self.t += 1
        beta_1, beta_2 = self.chosen.beta_1, self.chosen.beta_2
        for place, (gradient, variable) in enumerate(pairs):
            g = np.asarray(gradient)
            self.m[place] = beta_1 * self.m[place] + (1 - beta_1) * g
            self.v[place] = beta_2 * self.v[place] + (1 - beta_2) * g * g
            m_hat = self.m[place] / (1 - beta_1**self.t)
            v_hat = self.v[place] / (1 - beta_2**self.t)
            with np.errstate(all="ignore"):
                step = self.lr * m_hat / (np.sqrt(v_hat) + self.chosen.epsilon)
            variable.assign(variable.numpy() - step)


def keras_optimizer(optimizer: Optimizer, lr: float) -> object:
    """Keras's own."""
    import keras

    if optimizer.name == "adam_paper":
        return PaperAdam(lr, optimizer)
    made = {
        "sgd": lambda: keras.optimizers.SGD(lr),
        "momentum": lambda: keras.optimizers.SGD(lr, momentum=optimizer.momentum),
        "nesterov": lambda: keras.optimizers.SGD(lr, momentum=optimizer.momentum, nesterov=True),
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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rmsprop", "adam", "adam_paper"])
def test_without_an_epsilon_what_never_had_a_gradient_is_not_a_number(name: str) -> None:
    """0/0 stays what TensorFlow, Keras and NumPy compute: NaN; the other parameters move as if nothing was."""
    network = Network(1, hidden_layers([2], "relu"))
    start = np.array([1.0, -1.0, 0.5, -0.5, 0.25, 0.75, 0.1])
    x, y = np.ones((1, 1, 1)), np.zeros((1, 1, 1))
    program = Program(network, Optimizer(name, **EXACT, epsilon=0.0), "float64")
    states, losses, _ = keras_steps(program, keras_optimizer(program.optimizer, LR), start, x, y)
    first = program.optimizer.first_state(start)
    made = Compiled(program, 1).run(first, x, y, np.ones((1, 1)), 1, LR, None)
    ours = made.states[:, : network.width]
    np.testing.assert_allclose(made.losses, losses, rtol=1e-12)
    np.testing.assert_allclose(ours, states, rtol=1e-12, atol=1e-12)
    assert np.isnan(ours[0]).tolist() == [False, True, False, True, False, True, False]
    trace = Trace(network, LR, (0,), made.trace)
    told = [remark.text for remark in remarks(trace, Context(program.optimizer))]
    assert told[0] == "new w1[2,1] is 0/0: its gradient was 0 in every step so far, and ε is 0"
    cell = Cell("new_w1", 1, 0)
    assert np.isnan(explain(trace, cell, Context(program.optimizer)).evaluate())


@pytest.mark.slow
def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    """As TensorFlow's documentation of `tf.keras.optimizers.Adam` prints it: var = 10, loss = var²/2, lr 0.1: 9.9.

    Without an ε it is so to the last digit in both forms; with it the paper's form is off by lr·ε/|g|.
    """
    network = Network(1, (Layer(1, "linear"),))
    x, y = np.zeros((1, 1, 1)), np.zeros((1, 1, 1))
    for name, epsilon, off in (("adam", 0.0, 0.0), ("adam_paper", 0.0, 0.0), ("adam_paper", 1e-3, 0.1 * 1e-3 / 10)):
        program = Program(network, Optimizer(name, epsilon=epsilon), "float64")
        first = program.optimizer.first_state(np.array([0.0, 10.0]))
        made = Compiled(program, 1).run(first, x, y, np.ones((1, 1)), 1, 0.1, None)
        assert made.states[0, 1] == pytest.approx(9.9 + off, rel=1e-9), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "over", "y", "z", "printed"),
    [
        (MEAN_SQUARED, "", [[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]], {"mean": 0.5, "sum": 1.0}),
        (
            BINARY_CROSS_ENTROPY,
            "mean",
            [[0.0, 1.0], [0.0, 0.0]],
            np.log([[0.6 / 0.4, 0.4 / 0.6], [0.4 / 0.6, 0.6 / 0.4]]).tolist(),
            {"mean": 0.815, "sum": 1.630},
        ),
        (
            SOFTMAX_CROSS_ENTROPY,
            "",
            [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            np.log([[0.05, 0.95, 1e-12], [0.1, 0.8, 0.1]]).tolist(),
            {"mean": 1.177, "sum": 2.354},
        ),
    ],
)
def test_the_losses_are_those_that_keras_documents(
    loss: str, over: str, y: list[list[float]], z: list[list[float]], printed: dict[str, float]
) -> None:
    """The examples of `keras.losses.MeanSquaredError`, `BinaryCrossentropy` and `CategoricalCrossentropy`."""
    last = Layer(len(y[0]), LOSSES[loss].last or "linear")
    for reduction, value in printed.items():
        network = Network(2, (last,), loss, reduction=reduction, over_outputs=over)
        start = network.join({"w1": np.array(z).T, "b1": np.zeros((last.units, 1))}, "float64")
        made = Compiled(Program(network, dtype="float64"), 2).run(
            start, np.eye(2)[None], np.array([y]), np.ones((1, 2)), 1, LR, None
        )
        assert made.losses[0] == pytest.approx(value, abs=5e-4), reduction


@pytest.mark.slow
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

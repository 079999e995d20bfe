"""The optimizers against Keras's own classes: the same network, rows and start, a hundred steps."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Program, RunSteps, StepsRun, TableRows
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.table.spec import TableSpec
from networks import hidden_layers

STEPS = 100


def keras_states(optimizer: object, network: Network, start: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The parameters after each step (steps, width): eager TensorFlow, and Keras applies the gradients."""
    import tensorflow as tf

    variables = [tf.Variable(matrix) for matrix in network.split(start).values()]
    optimizer.build(variables)  # type: ignore[attr-defined]
    states = []
    for x_step, y_step in zip(x.astype("float32"), y.astype("float32"), strict=True):
        with tf.GradientTape() as tape:
            w1, b1, w2, b2 = variables
            hidden = tf.math.sigmoid(w1 @ tf.transpose(x_step) + b1)
            errors = tf.transpose(y_step) - (w2 @ hidden + b2)
            loss = tf.reduce_mean(0.5 * errors**2)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))  # type: ignore[attr-defined]
        states.append(np.concatenate([variable.numpy().ravel() for variable in variables]))
    return np.array(states)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize(
    ("optimizer", "name", "constants", "lr"),
    [
        (Optimizer("sgd"), "SGD", {}, 0.02),
        (Optimizer("momentum"), "SGD", {"momentum": 0.9}, 0.005),
        (Optimizer("rmsprop"), "RMSprop", {}, 0.01),
        (Optimizer("adam"), "Adam", {}, 0.05),
        (
            Optimizer("adam", beta_1=0.8, beta_2=0.99, epsilon=1e-3),
            "Adam",
            {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3},
            0.05,
        ),
    ],
)
def test_a_hundred_steps_agree_with_keras(
    engine: Engine, optimizer: Optimizer, name: str, constants: dict[str, float], lr: float, batch: int
) -> None:
    import keras

    network = Network(2, hidden_layers([3], "sigmoid"))
    random = np.random.RandomState(7)
    start = random.uniform(size=network.width).astype("float32")
    rows = random.randint(0, 499, (STEPS, batch)).astype("int32")
    samples = TableRows(TableSpec(), numbers(rows), STEPS)
    answer = engine.answer(RunSteps(Program(network, optimizer), numbers(optimizer.first_state(start)), samples, lr))
    assert isinstance(answer, StepsRun)
    ours = answer.states.array[:, : network.width]

    from backprop_tui.core.engine.compute.table import open_table

    table = open_table(TableSpec())
    optimizer = getattr(keras.optimizers, name)(learning_rate=lr, **constants)
    theirs = keras_states(optimizer, network, start, table.x[rows], table.y[rows])
    assert ours.shape == theirs.shape == (STEPS, network.width)
    assert np.abs(theirs[-1] - start).max() > 0.1, "the oracle has moved"
    np.testing.assert_allclose(ours, theirs, rtol=3e-5, atol=3e-5)

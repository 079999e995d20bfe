"""The rows of activations, losses and optimizers: what each says of itself agrees with itself and with TensorFlow."""

import numpy as np
import pytest
from backprop_tui.core.model.activations import ACTIVATIONS, Activation, hidden_activations
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.values import parse

Z = np.array([[-9.0, -2.5, -0.3, 0.2, 1.0, 3.5, 20.0]])


def test_each_row_has_one_tensorflow_function() -> None:
    from backprop_tui.core.engine.compute import step

    assert step.ACTIVATIONS.keys() == ACTIVATIONS.keys()
    assert step.LOSSES.keys() == LOSSES.keys()
    assert step.OPTIMIZERS.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda row: row.name)
def test_an_activation_is_that_of_tensorflow_three_times(row: Activation) -> None:
    """As the engine computes it, as numpy does, and as the exported Python writes it down."""
    import tensorflow as tf
    from backprop_tui.core.engine.compute import step

    z = Z.T if not row.elementwise else Z
    ours = row.function(z)
    np.testing.assert_allclose(step.ACTIVATIONS[row.name](tf.constant(z)).numpy(), ours, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(eval(row.tensorflow.format(z="z"), {"tf": tf, "z": z})), ours, rtol=1e-9)


@pytest.mark.parametrize("name", hidden_activations())
def test_a_derivative_is_that_of_the_tape_and_of_a_small_difference(name: str) -> None:
    import tensorflow as tf
    from backprop_tui.core.engine.compute import step

    row, z = ACTIVATIONS[name], tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        h = step.ACTIVATIONS[name](z)
    ours = row.derivative_at(Z, h.numpy())
    np.testing.assert_allclose(tape.gradient(h, z, unconnected_gradients="zero"), ours, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose((row.function(Z + 1e-6) - row.function(Z - 1e-6)) / 2e-6, ours, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", hidden_activations())
def test_a_derivative_as_text_says_what_it_is(name: str) -> None:
    row = ACTIVATIONS[name]
    text = row.derivative_text("z1", "h1")
    assert ("z1" in text or "h1" in text) if text else name == "linear"
    assert bool(row.derivative) != bool(row.cases) or name == "linear"


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("outputs", [2, 3])
def test_a_loss_is_that_of_tensorflow_three_times(name: str, outputs: int) -> None:
    import tensorflow as tf
    from backprop_tui.core.engine.compute import step

    random, row = np.random.RandomState(outputs), LOSSES[name]
    z, y = random.standard_normal((outputs, 5)), np.eye(outputs)[random.randint(outputs, size=5)].T
    y_pred = ACTIVATIONS[row.last or "linear"].function(z)
    ours = row.function(y, y_pred, z)
    assert ours.shape == (5,)
    np.testing.assert_allclose(step.LOSSES[name](*map(tf.constant, (y, y_pred, z))).numpy(), ours, rtol=1e-9)
    known = {"tf": tf, "y_true": tf.constant(y), "y_pred": tf.constant(y_pred), "z": tf.constant(z)}
    np.testing.assert_allclose(eval(row.tensorflow, known).numpy(), ours, rtol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_names_constants_that_there_are(name: str) -> None:
    optimizer = Optimizer(name)
    assert set(optimizer.constants) == set(optimizer.rule.constants)
    assert optimizer.rule.title.format(lr="0.2", **optimizer.constants).startswith("w")
    assert optimizer.rule.tensorflow.format(**optimizer.constants)
    assert optimizer.state_width(Network()) == len(optimizer.first_state(np.zeros(Network().width)))


@pytest.mark.parametrize(
    ("name", "symbol", "shape"),
    [
        ("x", "x", (5, 2)),
        ("y", "y", (5, 1)),
        ("w1", "w1", (3, 2)),
        ("gw2", "∂L/∂w2", (1, 3)),
        ("gh1", "∂L/∂h1", (3, 5)),
        ("gy_pred", "∂L/∂ŷ", (1, 5)),
        ("y_pred", "ŷ", (1, 5)),
        ("new_b1", "b1", (3, 1)),
        ("m_w1", "m(w1)", (3, 2)),
        ("new_v_b2", "v(b2)", (1, 1)),
        ("loss", "loss", (1, 1)),
    ],
)
def test_what_a_name_means(name: str, symbol: str, shape: tuple[int, int]) -> None:
    network = Network(2, (Layer(3, "tanh"), Layer(1, "linear")))
    value = parse(name)
    assert (value.name, value.symbol, value.shape(network, 5)) == (name, symbol, shape)
    assert value.per_sample == (5 in shape)


@pytest.mark.parametrize("name", ["", "w", "w0", "w1x", "m_z1", "new_gw1", "new_h1", "gg1", "q1", "m_loss", "W1"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no number of a step is called"):
        parse(name)

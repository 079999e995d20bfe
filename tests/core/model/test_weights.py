"""Weights from files and into files: Keras writes and reads the other side of each."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, Program, RunSteps, StepsRun
from backprop_tui.core.export.weights import write_weights
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, HALF_SQUARED, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.weights import Weights, WeightsError, read_weights
from forked import run

RANDOM = np.random.RandomState(3)
W1, B1, W2, B2 = (RANDOM.standard_normal(shape).astype("float32") for shape in ((3, 2), (3, 1), (1, 3), (1, 1)))


def assert_read(found: Weights) -> None:
    for (weights, biases), (right, right_biases) in zip(found.matrices, ((W1, B1), (W2, B2)), strict=True):
        np.testing.assert_array_equal(weights, right)
        np.testing.assert_array_equal(biases, right_biases)


def keras_model(units: tuple[int, ...] = (3, 1), last: str = "sigmoid") -> Any:
    import keras

    names = ["tanh"] * (len(units) - 1) + [last]
    dense = [keras.layers.Dense(count, activation=name) for count, name in zip(units, names, strict=True)]
    return keras.Sequential([keras.layers.Input((2,)), *dense])


@pytest.mark.slow
def test_a_keras_file_and_its_weights_alone(tmp_path: Path) -> None:
    model = keras_model()
    model.set_weights([W1.T, B1[:, 0], W2.T, B2[:, 0]])
    model.compile("adam", "binary_crossentropy")
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    whole, alone = (read_weights(tmp_path / f"model.{ending}") for ending in ("keras", "weights.h5"))
    assert_read(whole)
    assert_read(alone)
    assert (whole.activations, whole.loss) == (("tanh", "sigmoid"), BINARY_CROSS_ENTROPY)
    assert (alone.activations, alone.loss) == (None, None)
    assert "turned" in whole.said
    assert whole.network(Network()).name == "2-3-1 tanh sigmoid"


@pytest.mark.slow
def test_more_than_ten_layers_stay_in_their_order(tmp_path: Path) -> None:
    model = keras_model((2,) * 8, "linear")
    random = np.random.RandomState(1)
    model.set_weights([random.standard_normal(part.shape) for part in model.get_weights()])
    model.save_weights(tmp_path / "deep.weights.h5")
    found = [part for pair in read_weights(tmp_path / "deep.weights.h5").matrices for part in pair]
    for ours, theirs in zip(found, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs.T if theirs.ndim == 2 else theirs[:, None])


@pytest.mark.parametrize(
    "named",
    [
        {"w1": W1, "b1": B1, "w2": W2, "b2": B2},
        {"dense/kernel": W1.T, "dense/bias": B1[:, 0], "dense_1/kernel": W2.T, "dense_1/bias": B2[:, 0]},
        {"net.0.weight": W1, "net.0.bias": B1[:, 0], "net.2.weight": W2, "net.2.bias": B2[:, 0]},
        {"arr_0": W1.T, "arr_1": B1[:, 0], "arr_2": W2.T, "arr_3": B2[:, 0]},
    ],
)
def test_numpys_files_by_names_and_shapes(tmp_path: Path, named: dict[str, Any]) -> None:
    np.savez(tmp_path / "some.npz", **named)
    assert_read(read_weights(tmp_path / "some.npz"))


def safetensors(arrays: dict[str, Any]) -> bytes:
    """The format as its page describes it: the length of the head, the head as JSON, the bytes."""
    head, body = {}, b""
    for name, array in arrays.items():
        data = array.tobytes()
        head[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps({"__metadata__": {"format": "pt"}, **head}).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_safetensors_of_a_pytorch_state(tmp_path: Path) -> None:
    state = {"fc1.bias": B1[:, 0], "fc1.weight": W1, "fc2.bias": B2[:, 0], "fc2.weight": W2}
    (tmp_path / "state.safetensors").write_bytes(safetensors(state))
    found = read_weights(tmp_path / "state.safetensors")
    assert_read(found)
    assert "as here" in found.said


class Evil:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.slow
def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "junk.npz").write_bytes(b"junk")
    (tmp_path / "junk.keras").write_bytes(b"junk")
    (tmp_path / "junk.weights.h5").write_bytes(b"junk")
    (tmp_path / "junk.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{")
    (tmp_path / "short.safetensors").write_bytes(b"12")
    np.savez(tmp_path / "pickle.npz", np.array([Evil()], dtype=object))
    np.savez(tmp_path / "odd.npz", W1, B1, W2)
    np.savez(tmp_path / "unfit.npz", w1=W1, b1=B1, w2=W1, b2=B1)
    names = ("junk.npz", "junk.keras", "junk.weights.h5", "junk.safetensors", "short.safetensors", "pickle.npz")
    for name in (*names, "odd.npz", "unfit.npz", "gone.npz", "some.txt"):
        with pytest.raises(WeightsError) as told:
            read_weights(tmp_path / name)
        assert name in str(told.value)
        assert "\n" not in str(told.value)


@pytest.mark.slow
def test_other_layers_are_for_the_other_command(tmp_path: Path) -> None:
    import keras

    keras.Sequential([keras.layers.Input((4, 1)), keras.layers.LSTM(2)]).save(tmp_path / "lstm.keras")
    with pytest.raises(WeightsError, match="LSTM, not dense layers alone: backprop-tui model opens it"):
        read_weights(tmp_path / "lstm.keras")


@pytest.mark.slow
def test_kerass_leaky_relu_is_another(tmp_path: Path) -> None:
    import keras

    layers = [keras.layers.Input((2,)), keras.layers.Dense(2, activation="leaky_relu"), keras.layers.Dense(1)]
    keras.Sequential(layers).save(tmp_path / "leaky.keras")
    with pytest.raises(WeightsError, match=r"slope 0\.2"):
        read_weights(tmp_path / "leaky.keras")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "loss"),
    [
        ("linear", MEAN_SQUARED),
        ("sigmoid", BINARY_CROSS_ENTROPY),
        ("softmax", SOFTMAX_CROSS_ENTROPY),
        ("linear", HALF_SQUARED),
    ],
)
def test_keras_predicts_with_what_was_written_as_the_engine_does(
    engine: Engine, tmp_path: Path, last: str, loss: str
) -> None:
    import keras

    network = Network(2, (Layer(3, "tanh"), Layer(2, "leaky_relu"), Layer(2, last)), loss)
    parameters = RANDOM.standard_normal(network.width).astype("float32")
    x, y = RANDOM.standard_normal((4, 2)), np.eye(2)[[0, 1, 0, 1]]
    for name in ("out.npz", "out.keras"):
        write_weights(network, parameters, tmp_path / name)
        found = read_weights(tmp_path / name)
        np.testing.assert_array_equal(found.row(network), parameters)
        assert found.activations is None or found.network(network) == network
        with pytest.raises(FileExistsError):
            write_weights(network, parameters, tmp_path / name)
    answer = engine.answer(RunSteps(Program(network), numbers(parameters), Inline(numbers(x), numbers(y)), 0.1))
    assert isinstance(answer, StepsRun)
    model = keras.models.load_model(tmp_path / "out.keras")
    np.testing.assert_allclose(model.predict(x, verbose=0).T, answer.trace["y_pred"].array, rtol=2e-5, atol=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.keras", "out.npz"]


@pytest.mark.slow
def test_a_run_starts_from_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "start.npz", w1=W1, b1=B1, w2=W2, b2=B2)
    done = run("run", "--weights", str(tmp_path / "start.npz"), "--steps", "1", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "2-3-1; its weights are (units, inputs), as here" in done.stderr
    np.testing.assert_array_equal(np.array(json.loads(done.stdout)["initial"]["w1"], "float32"), W1)
    refused = run("run", "--weights", str(tmp_path / "gone.npz"), "--steps", "1")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "momentum", "nesterov", "rmsprop"])
@pytest.mark.parametrize(
    ("units", "last", "loss"),
    [
        ((3, 1), "sigmoid", "binary_crossentropy"),
        ((4, 3), "softmax", "categorical_crossentropy"),
        ((3, 2), "linear", "mse"),
    ],
)
def test_a_compiled_model_of_dense_layers_opens_with_all_that_it_says(
    tmp_path: Path, units: tuple[int, ...], last: str, loss: str, optimizer: str
) -> None:
    """No other option: layers, activations, loss, optimizer; three steps of the run are Keras's `train_on_batch`."""
    import keras

    made = {
        "adam": keras.optimizers.Adam(0.03, beta_1=0.8),
        "momentum": keras.optimizers.SGD(0.04, momentum=0.5),
        "nesterov": keras.optimizers.SGD(0.04, momentum=0.5, nesterov=True),
        "rmsprop": keras.optimizers.RMSprop(0.02, rho=0.7),
    }
    keras.utils.set_random_seed(5)
    model = keras_model(units, last)
    model.compile(made[optimizer], loss)
    path = tmp_path / "model.keras"
    model.save(path)
    done = run("run", "--weights", str(path), "--steps", "3", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "no --data, so 64 rows are made up with seed 0" in done.stderr
    found = json.loads(done.stdout)
    for number, step in enumerate(found["steps"]):
        x, y = (np.array(step[name], "float32").reshape(1, -1) for name in ("x", "y"))
        model.reset_metrics()
        theirs = model.train_on_batch(x, y, return_dict=True)["loss"]
        assert step["loss"] == pytest.approx(float(theirs), rel=1e-4), number
    told = found["settings"]
    assert (told["optimizer"], told["layers"][-1]) == (optimizer, {"units": units[-1], "activation": last})
    assert told["lr"] == pytest.approx(float(model.optimizer.learning_rate))


def test_an_optimizer_that_is_not_the_same_here_is_told_and_the_weights_are_taken() -> None:
    from backprop_tui.core.model.keras_optimizer import optimizer_of

    def given(name: str, **told: Any) -> Any:
        return {"optimizer": {"class_name": name, "config": {"learning_rate": 0.009999999776482582, **told}}}

    assert optimizer_of(given("SGD", momentum=0.0))[:2] == (Optimizer("sgd"), 0.01)
    assert optimizer_of(given("SGD", momentum=0.5))[:2] == (Optimizer("momentum", momentum=0.5), 0.01)
    assert optimizer_of(given("Adam", beta_1=0.8, epsilon=1e-6)).optimizer == Optimizer(
        "adam", beta_1=0.8, epsilon=1e-6
    )
    assert optimizer_of(given("SGD", momentum=0.5, nesterov=True)).optimizer == Optimizer("nesterov", momentum=0.5)
    assert optimizer_of(given("SGD", clipnorm=0.5)).why == "its optimizer SGD with clipnorm is none of those here"
    assert "Lion is none" in optimizer_of(given("Lion")).why
    assert "weight_decay" in optimizer_of(given("Adam", weight_decay=0.1)).why
    assert "follows CosineDecay" in optimizer_of(given("Adam", learning_rate={"class_name": "CosineDecay"})).why
    assert optimizer_of(None) == optimizer_of({}) == (None, None, "")


def test_safetensors_out_are_what_its_own_library_reads(tmp_path: Path) -> None:
    """Without that library the file is read by its published layout: a length, a JSON object, the numbers."""
    network = Network(2, (Layer(3, "tanh"), Layer(1, "sigmoid")), MEAN_SQUARED)
    path = tmp_path / "out.safetensors"
    write_weights(network, network.join({"w1": W1, "b1": B1, "w2": W2, "b2": B2}), path)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    head = json.loads(content[8 : 8 + length])
    assert (length % 8, list(head)) == (0, ["0.weight", "0.bias", "2.weight", "2.bias"])
    assert head["0.weight"] == {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}
    assert head["2.bias"]["data_offsets"][1] == len(content) - 8 - length
    np.testing.assert_array_equal(np.frombuffer(content[8 + length :], "<f4")[:6], W1.reshape(-1))
    assert_read(read_weights(path))
    try:
        from safetensors.numpy import load_file
    except ImportError:
        return
    np.testing.assert_array_equal(load_file(path)["2.weight"], W2)


SCENARIO = """\
title = "from a file"
[data]
x = [[0.1, 0.2], [0.3, 0.4]]
y = [[1.0], [0.0]]
[parameters]
file = "{file}"
"""


def test_a_scenario_starts_from_the_weights_in_a_file_beside_it(tmp_path: Path) -> None:
    from backprop_tui.core.scenario import ScenarioError
    from backprop_tui.core.scenario.read import read

    np.savez(tmp_path / "mine.npz", w1=W1, b1=B1, w2=W2, b2=B2)
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO.format(file="mine.npz"), "utf-8")
    run = read(path).run
    assert [layer.units for layer in run.network.layers] == [3, 1]
    np.testing.assert_array_equal(run.network.split(run.first_state())["w1"], W1)
    path.write_text(
        SCENARIO.format(file="mine.npz")
        + "[network]\nlayers = [{units=2, activation='tanh'}, {units=1, activation='sigmoid'}]\n",
        "utf-8",
    )
    with pytest.raises(ScenarioError, match="holds a network 2-3-1, expected 2-2-1"):
        read(path)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("../mine.npz", "in the scenario's own folder"),
        ("gone.npz", "no such file: gone.npz"),
        ("junk.npz", "is no .npz file that can be read"),
        ('mine.npz\'"\nw1 = "', "parameters"),
    ],
)
def test_a_scenario_with_no_such_weights_is_refused_in_one_line(tmp_path: Path, file: str, words: str) -> None:
    from backprop_tui.core.scenario import ScenarioError
    from backprop_tui.core.scenario.read import read

    (tmp_path / "junk.npz").write_text("junk", "utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO.format(file=file), "utf-8")
    with pytest.raises(ScenarioError, match=words) as told:
        read(path)
    assert "\n" not in str(told.value)

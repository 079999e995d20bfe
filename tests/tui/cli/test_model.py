"""`backprop-tui model` without a screen: what it prints, and what it refuses in one line."""

import json
import subprocess
from pathlib import Path

import forked
import pytest

pytestmark = pytest.mark.slow

MODULE = """\
import keras

def fresh():
    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])

def good():
    model = fresh()
    model.compile("adam", "mse")
    return model

def nothing():
    pass

def raises():
    raise RuntimeError("it is\\x1b[31m bad")

def many():
    model = keras.Sequential([keras.layers.Input((3000,)), keras.layers.Dense(3000)])
    model.compile("sgd", "mse")
    return model

def large():
    model = keras.Sequential([keras.layers.Input((5000,)), keras.layers.Dense(4000)])
    model.compile("sgd", "mse")
    return model
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.run("model", *arguments, cwd=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MODULE, "utf-8")
    (tmp_path / "junk.keras").write_text("junk", "utf-8")
    (tmp_path / "rows.csv").write_text("a,b,c,d,e\n1,2,3,4,5\n2,3,4,5,6\n", "utf-8")
    return tmp_path


def test_the_notebooks_network_as_text(tmp_path: Path) -> None:
    done = run(tmp_path, "notebook", "--text", "--steps", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "#4 MatMul   y = a @ b" in done.stdout
    assert "y[0,0] = (-0.4332)·0.5488 + (-0.7533)·0.7152 = -0.7765" in done.stdout
    assert "step 2: notebook" in done.stdout


def test_the_digits_as_json(tmp_path: Path) -> None:
    done = run(tmp_path, "digits", "--json")
    found = json.loads(done.stdout)
    (step,) = found["steps"]
    by_name = {one["name"]: one for one in step["operations"]}
    assert {"Conv2D", "MaxPoolGrad", "Conv2DBackpropFilter"} <= {one["type"] for one in step["operations"]}
    outputs = {output["name"]: output for one in step["operations"] for output in one["outputs"]}
    for weight in found["weights"]:
        before, after = (step[when][weight["path"]]["values"] for when in ("before", "after"))
        gradient = outputs[weight["gradient"]]["values"]
        while isinstance(gradient, list):
            before, after, gradient = before[-1], after[-1], gradient[-1]
        assert after == pytest.approx(before - 0.1 * gradient, abs=1e-6)
    assert all(one["of"] is None or one["of"] in by_name for one in step["operations"])


def test_a_function_with_a_table(folder: Path) -> None:
    done = run(folder, "mine:good", "--data", "rows.csv", "--target", "d,e", "--batch", "2", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of 2 parameters agree with finite differences" in done.stdout
    assert "gradients through operations run alone agree; the worst:" in done.stdout
    assert done.stdout.rstrip().endswith("ok")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mine:fresh", "--text"), "not compiled: say its loss"),
        (("mine:nothing", "--text"), "is nothing, not a Keras 3 model"),
        (("mine:raises", "--text"), "RuntimeError: it is\\x1b[31m bad"),
        (("mine:absent", "--text"), "has no function absent"),
        (("mine:large", "--text"), "at least 40,008,000 numbers; up to 33,554,432 are shown: try a smaller model"),
        (("mine:many", "--batch", "4000", "--text"), "try a smaller model or --batch"),
        (("junk.keras", "--text"), "is not a .keras file"),
        (("gone.keras", "--text"), "there is no such file"),
        (("mine:good", "--data", "rows.csv", "--text"), "has 4 columns besides the target, the model takes 3"),
        (("mine:good", "--data", "gone.csv", "--text"), "No such file"),
        (("mine:good", "--loss", "no_loss", "--text"), "no_loss"),
        (("mine:good",), "--text, --json and --check need none"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.startswith("backprop-tui: ")
    assert done.stderr.count("\n") == 1


def test_no_model_is_opened_in_a_workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKPROP_TUI_WORKSHOP", "1")
    done = run(tmp_path, "notebook", "--text")
    assert done.returncode == 2
    assert "it is not opened in a workshop" in done.stderr


ARCHITECTURES = """\
import keras
from keras import applications


def made(name, size):
    model = getattr(applications, name)(weights=None, input_shape=(size, size, 3), classes=4)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def mobile():
    return made("MobileNet", 32)


def large():
    return made("VGG16", 224)
"""


def test_architectures_that_nobody_here_wrote(tmp_path: Path) -> None:
    """MobileNet of `keras.applications` on 32x32 pixels is stepped; VGG16 on 224x224 is refused in one line."""
    (tmp_path / "theirs.py").write_text(ARCHITECTURES, "utf-8")
    done = run(tmp_path, "theirs:mobile", "--batch", "2", "--text")
    assert (done.returncode, done.stderr) == (0, "")
    assert "DepthwiseConv2dNative" in done.stdout
    assert "DepthwiseConv2dNativeBackpropFilter" in done.stdout
    done = run(tmp_path, "theirs:large", "--text")
    assert (done.returncode, done.stdout) == (2, "")
    assert "try a smaller model" in done.stderr
    assert done.stderr.count("\n") == 1

"""`backprop-tui run` as a real process: its formats, its pipes, and its ends."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import command
import forked
import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.export import FORMATS
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.session import Session
from command import PROGRAM
from printed import PART_5

pytestmark = pytest.mark.slow
RUN = [*PROGRAM, "run"]
STEPS, OPTIONS = 4, ("--seed", "7", "--hidden", "3,2", "--activation", "tanh", "--lr", "0.05", "--row", "5")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return forked.run("run", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the same run writes in each format, in a directory that holds a file of the bundled table's name."""
    where = tmp_path_factory.mktemp("elsewhere")
    (where / "house_price_full.csv").write_text("not,the,table\n")
    found = {}
    for form in ("text", "json", "csv"):
        result = run("--steps", str(STEPS), "--format", form, *OPTIONS, cwd=where)
        assert (result.returncode, result.stderr) == (0, "")
        found[form] = result.stdout
    return found


def test_json_holds_every_value_of_a_trace_by_an_independent_reckoning(outputs: dict[str, str]) -> None:
    """Each step again with the notebook's eager TensorFlow, from the parameters that the step says it starts from."""
    import tensorflow as tf

    found = json.loads(outputs["json"])
    assert [step["step"] for step in found["steps"]] == [1, 2, 3, 4]
    assert (found["settings"]["seed"], found["settings"]["lr"], found["changes"]) == (7, 0.05, [])
    after = found["initial"]
    for step in found["steps"]:
        assert (step["rows"], step["lr"]) == ([5], 0.05)
        assert {name: step[name] for name in after} == after
        w1, b1, w2, b2, w3, b3 = parameters = [
            tf.Variable(step[name], dtype=tf.float32) for name in ("w1", "b1", "w2", "b2", "w3", "b3")
        ]
        x, y = (tf.constant(step[name], tf.float32) for name in ("x", "y"))
        with tf.GradientTape() as tape:
            tape.watch(x)
            z1 = tf.matmul(w1, tf.transpose(x)) + b1
            h1 = tf.math.tanh(z1)
            z2 = tf.matmul(w2, h1) + b2
            h2 = tf.math.tanh(z2)
            y_pred = tf.matmul(w3, h2) + b3
            loss = 0.5 * (y - y_pred) ** 2
        values = {"z1": z1, "h1": h1, "z2": z2, "h2": h2, "z3": y_pred, "y_pred": y_pred}
        sources = dict(zip(("w1", "b1", "w2", "b2", "w3", "b3"), parameters, strict=True)) | values | {"x": x}
        gradients = tape.gradient(loss, sources)
        gradients["z3"] = gradients["y_pred"]
        for name, value in values.items():
            np.testing.assert_allclose(step[name], value, rtol=1e-5)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(step["g" + name], gradient, rtol=2e-5, atol=1e-5)  # sums of 1, rounded
        np.testing.assert_allclose(step["loss"], loss[0, 0], rtol=1e-5)
        after = {name: step["new_" + name] for name in after}
        for name, value in after.items():
            np.testing.assert_allclose(value, sources[name] - 0.05 * gradients[name], rtol=1e-5)
        expected = {"step", "rows", "lr", "loss", "x", "y", *values, *after}
        expected |= {"g" + name for name in sources} | {"gz3"} | {"new_" + name for name in after}
        assert set(step) == expected


def test_json_has_the_full_precision_of_float32(outputs: dict[str, str]) -> None:
    """The shortest decimals: each is the float32's own, and none of its digits can be spared."""
    found = json.loads(outputs["json"], parse_float=str)
    numbers = [text for step in found["steps"] for row in step["gw1"] + step["new_w1"] for text in row]
    assert len(numbers) == STEPS * 2 * 6
    for text in numbers:
        value = np.float32(text)
        assert np.float32(float(text)) == value
        digits = len(re.sub(r"e.*|[-.]", "", text).lstrip("0"))
        assert np.float32(f"{value:.{max(digits - 2, 0)}e}") != value


def test_csv_has_a_row_per_step_and_agrees_with_json(outputs: dict[str, str]) -> None:
    rows = list(csv.DictReader(StringIO(outputs["csv"])))
    steps = json.loads(outputs["json"])["steps"]
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert list(rows[0])[:6] == ["step", "row", "lr", "loss", "w1[1,1]", "w1[1,2]"]
    for row, step in zip(rows, steps, strict=True):
        assert (row["row"], float(row["lr"]), float(row["loss"])) == ("5", step["lr"], step["loss"])
        for prefix in ("", "g", "new_"):
            assert float(row[f"{prefix}w1[3,2]"]) == step[f"{prefix}w1"][2][1]
            assert float(row[f"{prefix}w2[2,1]"]) == step[f"{prefix}w2"][1][0]
            assert float(row[f"{prefix}b3[1,1]"]) == step[f"{prefix}b3"][0][0]
    assert len(rows[0]) == 4 + 3 * (6 + 3 + 6 + 2 + 2 + 1)


def test_text_is_the_notebooks_transcript_of_every_layer(outputs: dict[str, str]) -> None:
    steps = json.loads(outputs["json"])["steps"]
    titles = re.findall(r" the (.*) are:", outputs["text"])
    layers = ["1st", "2nd", "3rd"]
    kinds = [f"{layer} layer {kind}" for kind in ("weights", "bias") for layer in layers]
    once = [f"gradient for {kind}" for kind in kinds] + [f"updated gradient for {kind}" for kind in kinds]
    assert titles == once * STEPS
    printed = [
        np.array(re.findall(r"-?\d\S*[^\]\s]", block), float)
        for block in re.findall(r"are:\n(.*?)\n---", outputs["text"], re.S)
    ]
    wanted = [
        np.ravel(step[prefix + name])
        for step in steps
        for prefix in ("g", "new_")
        for name in ("w1", "w2", "w3", "b1", "b2", "b3")
    ]
    for found, value in zip(printed, wanted, strict=True):
        # numpy gives all numbers of an array as many decimals as the one that needs most, or 8.
        np.testing.assert_allclose(found, value, rtol=1e-7, atol=1e-8)


def test_the_notebooks_training_step_is_printed_to_the_last_digit() -> None:
    """Part 5 of the teaching notebook, as far as its output is published."""
    result = command.run("run", "notebook-part-5", "--steps", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(PART_5)


def test_what_is_not_finite_is_written_in_each_format() -> None:
    def never(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    options = ("--steps", "4", "--lr", "1e30", "--activation", "relu")
    result = run("--format", "json", *options)
    steps = json.loads(result.stdout, parse_constant=never)["steps"]
    assert steps[-1]["loss"] == "NaN"
    assert "Infinity" in json.dumps(steps)
    rows = list(csv.DictReader(StringIO(run("--format", "csv", *options).stdout)))
    assert np.isnan(float(rows[-1]["loss"]))
    assert [float(row["w1[1,1]"]) for row in rows[:2]] == [step["w1"][0][0] for step in steps[:2]]


def test_markdown_and_a_notebook_are_what_the_screen_exports(engine: Engine) -> None:
    session = Session(bundled("mazur-2015").run)
    session.timeline.start_jump(2)
    settle(session, engine.answer)
    for name in ("markdown", "jupyter"):
        done = run("mazur-2015", "--steps", "2", "--format", name)
        assert done.stderr == ""
        assert done.stdout == "".join(FORMATS[name].write(session.timeline, engine.answer, None))
    assert "0 steps" in run("--steps", "0", "--format", "markdown").stdout
    refused = run("--lesson", "descent", "--format", "jupyter")
    assert refused.returncode == 2
    assert refused.stderr == "backprop-tui: --format jupyter: the lesson descent has text, json, csv only\n"


def test_until_loss_ends_at_the_first_loss_below_the_bound() -> None:
    rows = list(csv.DictReader(StringIO(run("--steps", "500", "--until-loss", "0.5", "--format", "csv").stdout)))
    losses = [float(row["loss"]) for row in rows]
    assert losses[-1] < 0.5 <= min(losses[:-1])
    assert 1 < len(losses) < 500


MANY = "".join(f"{row},{2 * row},{row}\n" for row in range(40))
"""So many numbers that a text among them is no class."""


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (f"a,b,y\n{MANY}9,x,3\n", (), "column 'b', line 42: 'x' is not a finite number"),
        ("a,b,y\n1,2,3\n2,4,0\n", ("--target-transform", "log"), "line 3: 0 has no logarithm"),
        ("a,b,y\n1,2,3\n2,4,5\n", ("--row", "2"), "there is no row 2: the table has rows 0 to 1"),
        ("a,b,y\n1,2,3\n2,4,5\n", ("--target", "z\x1b[31m"), r"no column 'z\x1b[31m'"),
        ("a,a,y\n1,2,3\n2,4,5\n", (), "2 columns are named 'a'"),
    ],
)
def test_a_table_that_can_not_be_used_is_told_in_one_line(
    content: str, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text(content)
    result = run("--steps", "1", "--data", "mine.csv", *arguments, cwd=tmp_path)
    (line,) = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (2, "")
    assert message in line
    assert line.isprintable()


def test_a_log_takes_what_the_engine_says(tmp_path: Path) -> None:
    log = tmp_path / "log"
    result = command.run("run", "--steps", "1", "--log", str(log))
    assert (result.returncode, result.stderr) == (0, "")
    assert log.exists()
    assert result.stdout.startswith("*" * 55 + "\nGRADIENTS\n")


def started(*arguments: str) -> subprocess.Popen[str]:
    """As a shell starts it: whoever started the tests may have them ignore ctrl+c."""
    return subprocess.Popen(
        [*RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_a_closed_pipe_ends_quietly() -> None:
    process = started("--steps", "1000000")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "*" * 55 + "\n"
    process.stdout.close()
    assert process.wait(30) in (0, 141)
    assert process.stderr.read() == ""


def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run([*RUN, "--steps", "1"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert result.returncode == 2
    assert result.stderr == "backprop-tui: standard output: No space left on device\n"


def _first_steps(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()


def _loading(process: subprocess.Popen[str]) -> None:
    # TensorFlow's import takes seconds: this is in the middle of it.
    time.sleep(1.5)


@pytest.mark.parametrize("when", [_first_steps, _loading])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_in_one_line(
    when: Callable[[subprocess.Popen[str]], None], number: signal.Signals, status: int
) -> None:
    process = started("--steps", "1000000", "--format", "csv")
    when(process)
    process.send_signal(number)
    rest, complaint = process.communicate(timeout=30)
    assert process.returncode == status
    assert complaint == "backprop-tui: stopped\n"
    assert rest == "" or rest.endswith("\n")


def test_progress_is_shown_on_a_terminal_only_where_the_steps_are_not(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with open(tmp_path / "steps.csv", "w") as output:
        process = subprocess.Popen([*RUN, "--steps", "3000", "--format", "csv"], stdout=output, stderr=theirs)
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
        assert process.wait(60) == 0
    os.close(ours)
    assert re.search(rb"\rbackprop-tui: step [\d,]+ of 3,000", seen)
    assert seen.endswith(b"\r\x1b[K")
    assert len((tmp_path / "steps.csv").read_text().splitlines()) == 3001

"""Transcripts of recorded sessions, against the notebook's printed text and against plain TensorFlow."""

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.jupyter import jupyter
from backprop_tui.core.export.markdown import markdown
from backprop_tui.core.export.shell_line import command_line, not_in_command_line
from backprop_tui.core.export.steps import recorded_steps
from backprop_tui.core.export.text import notebook_text
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.numerals import ordinal
from driving import Settle
from nbclient import NotebookClient
from networks import hidden_layers
from one_by_one import made
from printed import PART_5

PART_5_START = {
    "w1": [[0.9592762, 0.9902561], [0.9773693, 0.6845679]],
    "b1": [[0.65360534], [0.14853442]],
    "w2": [[0.48422277, 0.38753116]],
    "b2": [[0.820989]],
}
"""The weights that it started from are not printed. They follow from it: w = updated + 0.2 g; h1 = gw2 / gb2, so
b1 = ln(h1 / (1 - h1)) - w1 x; ŷ = y + gb2, so b2 = ŷ - w2 h1. Among the float32 numbers that tf.random.uniform draws
(multiples of 2**-23), these lead to every printed digit.
"""


def part_5() -> Run:
    initial = Network().join({name: np.array(value) for name, value in PART_5_START.items()})
    return Run(initial=tuple(initial.tolist()))


def test_the_text_is_the_notebooks_to_the_last_digit(engine: Engine) -> None:
    printed = "".join(notebook_text(made(Session(part_5()), engine.answer, 1)))
    assert printed.startswith(PART_5)
    assert [line for line in printed.splitlines() if "bias" in line][2:] == [
        " the updated gradient for 1st layer bias are:",
        " the updated gradient for 2nd layer bias are:",
    ]


def test_ordinals() -> None:
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def eventful(engine: Engine) -> Session:
    """Steps with another learning rate, another row, a weight and an input changed by hand, and shuffled batches."""
    session = Session(Run(seed=3))

    def steps(count: int) -> None:
        settle(session, engine.answer)
        for _ in range(count):
            session.timeline.step()
            settle(session, engine.answer)

    steps(3)
    session.timeline.set_lr(0.05)
    steps(2)
    session.timeline.change(Cell("w1", 0, 1), 0.25)
    steps(1)
    session.timeline.set_row(3)
    steps(2)
    session.timeline.change(Cell("x", 0, 1), 1.5)
    steps(2)
    session.timeline.set_sampling("shuffled", 3)
    steps(4)
    session.timeline.set_sampling("next row")
    steps(3)
    return session


def test_a_transcript_ends_where_the_session_was_and_is_not_moved_by_it(engine: Engine, settle: Settle) -> None:
    session = Session(Run())
    list(made(session, engine.answer, 3))
    session.back()
    transcript = recorded_steps(settle(session).timeline, engine.answer)
    session.timeline.set_lr(5.0)
    session.timeline.change(Cell("w1"), 9.0)
    settle(session)
    list(made(session, engine.answer, 3))
    numbers = [event.number for event in transcript]  # type: ignore[union-attr]
    assert numbers == [1, 2]
    session.timeline.phase()
    assert (
        len([*recorded_steps(settle(session).timeline, engine.answer)]) == session.timeline.steps + 1
    )  # the change, and no part of a step


def test_only_the_newest_steps_are_written_where_so_many_are_asked_for(engine: Engine, eventful: Session) -> None:
    rows = list(csv.DictReader(StringIO("".join(FORMATS["csv"].write(eventful.timeline, engine.answer, 4)))))
    assert [row["step"] for row in rows] == ["14", "15", "16", "17"]
    assert "*Steps 1 to 13 are left out.*" in "".join(markdown(eventful.timeline, engine.answer, 4))


@pytest.mark.slow
def test_json_tells_the_changes_by_hand(engine: Engine, eventful: Session) -> None:
    found = json.loads("".join(FORMATS["json"].write(eventful.timeline, engine.answer, None)))
    assert len(found["steps"]) == 17
    (weight, sample) = found["changes"]
    assert (weight["name"], weight["after_step"], weight["new"]) == ("w1[1,2]", 4, 0.25)
    assert weight["old"] == found["steps"][3]["new_w1"][0][1]
    assert (sample["name"], sample["new"]) == ("x[1,2]", 1.5)
    typed = [step for step in found["steps"] if step["x"] == [[-0.43319765, 1.5]]]
    assert [step["rows"] for step in typed] == [None] * 3
    assert [len(step["rows"]) for step in found["steps"][-7:]] == [3, 3, 3, 3, 1, 1, 1]


def test_markdown_holds_every_number_of_every_step(engine: Engine, eventful: Session) -> None:
    text = "".join(markdown(eventful.timeline, engine.answer))
    found = json.loads("".join(FORMATS["json"].write(eventful.timeline, engine.answer, None)), parse_float=str)
    parts = text.split("\n## Step ")[1:]
    assert len(parts) == len(found["steps"])
    for part, step in zip(parts, found["steps"], strict=True):
        assert f"| **loss** | **{step['loss']}** |" in part
        for row, (value, gradient, new) in enumerate(zip(step["w1"], step["gw1"], step["new_w1"], strict=True), 1):
            for column in (1, 2):
                cells = " | ".join(numbers[column - 1] for numbers in (value, gradient, new))
                assert f"| w1[{row},{column}] | {cells} |" in part
        assert f"| ŷ | {', '.join(step['y_pred'][0])} | {', '.join(step['gy_pred'][0])} |" in part
    assert "Row 0: bedrooms 3, sqft\\_living 1340, price 313000. Learning rate 0.2." in parts[0]
    assert "Changed by hand" in text
    assert "w1[1,2] was " in text
    # A number has the name that it has on the screen: one output has no place among others.
    assert "x[2] was " in text
    assert "| w2[1] | " in text
    assert "| b2 | " in text
    assert not re.search(r"x\[1,|w2\[1,|b\d\[\d,", text)


def test_markdown_explains_the_gradients_of_the_notebook(engine: Engine) -> None:
    """Part 5: the numbers in the folded block are the printed ones, to the four digits that it writes."""
    session = Session(part_5())
    list(made(session, engine.answer, 1))
    (text,) = re.findall(
        r"<details>\n<summary>.*?</summary>\n\n```text\n(.*?)```", _text_of(session, engine), re.DOTALL
    )
    blocks = {block.partition(":")[0]: block.splitlines() for block in text.strip().split("\n\n")}
    # gw1, gb2 and the new w2 as the notebook prints them: tests/support/printed.py.
    for symbol, formula, result in (
        ("∂L/∂w1[1,1]", "(ŷ - y)·w2[1]·h1[1](1 - h1[1])·x[1]", "+0.5673"),
        ("∂L/∂b2", "ŷ - y", "-11.5301"),
        ("new w2[1]", "w2[1] - lr·∂L/∂w2[1]", "+1.3506"),
    ):
        assert blocks[symbol][1] == f"  {symbol} = {formula}"
        assert f"  = {result}" in blocks[symbol]
    assert len(blocks) == 2 * session.timeline.run.network.width
    assert list(blocks)[:3] == ["∂L/∂w2[1]", "∂L/∂w2[2]", "∂L/∂b2"], "from the loss back"


def _text_of(session: Session, engine: Engine) -> str:
    return "".join(markdown(session.timeline, engine.answer))


@pytest.mark.slow
def test_markdown_explains_the_newest_steps_and_of_large_networks_some_numbers(engine: Engine) -> None:
    session = Session(Run(network=Network(2, hidden_layers([40], "tanh")), optimizer=Optimizer("adam")))
    list(made(session, engine.answer, 23))
    parts = _text_of(session, engine).split("\n## Step ")[1:]
    assert ["<details>" in part for part in parts] == [False] * 3 + [True] * 20
    assert parts[-1].count("the gradient of the loss by") == len(session.timeline.run.network.parameters)
    assert "new w1[1,1] = w1[1,1] - lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ)" in parts[-1]
    assert "0.999²³" in parts[-1], "t is the step's own"


def test_text_from_outside_is_text_in_every_format(engine: Engine, tmp_path: Path) -> None:
    names = ("<script>|*a*", "`b`\x1b[31m\n# c")
    path = tmp_path / "a|b`<i>.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[*names, "y"], [1, 2, 3], [2, 5, 4]])
    run = Run(table=TableSpec(str(path), names, ("y",), names, log_target=True))
    session = Session(run)
    list(made(session, engine.answer, 2))
    for name, form in FORMATS.items():
        text = "".join(form.write(session.timeline, engine.answer, None))
        assert all(line.isprintable() for line in text.splitlines()), name
    text = "".join(markdown(session.timeline, engine.answer))
    assert r"\<script\>\|\*a\* 1, \`b\`\\x1b\[31m\\n\# c 2, y 3" in text
    executed(jupyter(session.timeline, engine.answer), session)


def executed(text: str, session: Session) -> dict[str, Any]:
    """The names that the notebook's code leaves behind, run here; its weights are checked against the session's."""
    notebook = nbformat.reads(text, as_version=4)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    after = session.timeline.history.states[session.timeline.whole_entries][: session.timeline.run.network.width]
    for name, value in session.timeline.run.network.split(after).items():
        np.testing.assert_allclose(names[name].numpy(), value, rtol=2e-5, atol=1e-6, err_msg=name)
        assert names[name].dtype.name == session.timeline.run.dtype
    return names


LAST = Layer(1, "linear")


@pytest.mark.slow
@pytest.mark.parametrize(
    "run",
    [
        Run(network=Network(2, (LAST,)), dtype="float64"),
        Run(network=Network(2, hidden_layers([3, 2], "relu"), MEAN_SQUARED, ("b1", "w2")), settings=Settings(lr=0.02)),
        Run(network=Network(2, (Layer(2, "tanh"), Layer(1, "sigmoid")), BINARY_CROSS_ENTROPY), initializer="glorot"),
        Run(network=Network(2, (Layer(3, "linear"), Layer(2, "softmax")), SOFTMAX_CROSS_ENTROPY), initializer="he"),
        Run(optimizer=Optimizer("momentum"), settings=Settings(lr=0.02)),
        Run(optimizer=Optimizer("rmsprop"), settings=Settings(lr=0.02)),
        Run(optimizer=Optimizer("adam"), settings=Settings(lr=0.02)),
    ],
    ids=lambda run: f"{run.network.name} {run.network.loss} {run.optimizer.name}",
)
def test_a_notebook_makes_any_run_again(run: Run, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    outputs = run.network.outputs
    targets = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    with path.open("w", newline="") as file:
        rows = [[a, b, *targets[number]] for number, (a, b) in enumerate([(1, 2), (2, -1), (0, 0.5), (-1, 1)])]
        csv.writer(file).writerows([["a", "b", "p", "q"], *rows])
    table = TableSpec(str(path), ("a", "b"), ("p", "q")[:outputs], ("a",), log_target=False, holdout=0.25)
    session = Session(Run(**{**run.__dict__, "table": table}))
    for rule, batch in (("this row", 1), ("all rows", 1), ("shuffled", 2)):
        settle(session, engine.answer)
        session.timeline.set_sampling(rule, batch)
        list(made(session, engine.answer, 5))
    names = executed(jupyter(session.timeline, engine.answer), session)
    np.testing.assert_allclose(names["losses"], session.timeline.losses, rtol=2e-5, atol=1e-6)


@pytest.mark.slow
def test_the_notebook_of_a_run_that_blew_up_runs_too(engine: Engine) -> None:
    session = Session(Run(settings=Settings(lr=1e20), network=Network(2, hidden_layers([2], "relu"))))
    list(made(session, engine.answer, 4))
    assert not np.isfinite(session.timeline.history.states[-1]).all()
    names: dict[str, Any] = {}
    for cell in nbformat.reads(jupyter(session.timeline, engine.answer), as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    np.testing.assert_allclose(names["losses"][:2], session.timeline.losses[:2], rtol=1e-5)


@pytest.mark.slow
def test_the_exported_notebook_runs_top_to_bottom_in_jupyter(engine: Engine, eventful: Session) -> None:
    """A kernel of its own, which knows nothing of this program."""
    notebook = nbformat.reads(jupyter(eventful.timeline, engine.answer), as_version=4)
    nbformat.validate(notebook)
    assert "backprop_tui" not in json.dumps(notebook)
    tail = "import json\nprint(json.dumps([p.numpy().tolist() for p in (w1, b1, w2, b2)]))"
    notebook.cells.append(nbformat.v4.new_code_cell(tail))
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    printed = "".join(output.text for output in notebook.cells[-1].outputs if output.get("name") == "stdout")
    weights = np.concatenate([np.ravel(value) for value in json.loads(printed)])
    np.testing.assert_allclose(weights, eventful.timeline.history.states[-1], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_a_run_of_too_many_rows_is_no_notebook(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,y\n" + "".join(f"{number},{number % 7 + 1}\n" for number in range(30_000)))
    table = TableSpec(str(path), ("a",), ("y",), ("a",))
    session = Session(Run(table=table, network=Network(1)))
    settle(session, engine.answer)
    session.timeline.set_sampling("all rows")
    list(made(session, engine.answer, 1))
    with pytest.raises(ValueError, match="too many for a notebook"):
        jupyter(session.timeline, engine.answer)
    text = "".join(FORMATS["json"].write(session.timeline, engine.answer, None))
    assert json.loads(text)["steps"][0]["rows"] is None


@pytest.mark.slow
def test_what_a_line_of_shell_can_not_say_is_named(engine: Engine, eventful: Session) -> None:
    session = Session(Run(seed=7))
    list(made(session, engine.answer, 12))
    line = command_line(session.timeline)
    assert line == "backprop-tui --seed 7 --lr 0.2 --steps 12"
    assert not_in_command_line(session.timeline) == []
    session.timeline.set_lr(0.1)
    assert (command_line(session.timeline), not_in_command_line(session.timeline)) == (
        line,
        ["the learning rate from here on"],
    )
    list(made(session, engine.answer, 1))
    assert "--lr 0.1" in command_line(session.timeline)
    assert not_in_command_line(session.timeline) == ["the learning rates of earlier steps"]
    session.timeline.phase()
    settle(session, engine.answer)
    assert "how far the next step has come" in not_in_command_line(session.timeline)
    assert not_in_command_line(eventful.timeline) == [
        "the numbers changed by hand",
        "after which step the order of rows began",
        "the learning rates of earlier steps",
        "the rows of earlier steps",
    ]
    other = Run(network=Network(2, (Layer(2, "tanh"), Layer(2, "softmax")), SOFTMAX_CROSS_ENTROPY, ("b1",)))
    other = Session(Run(network=other.network, optimizer=Optimizer("adam"), dtype="float64"))
    found = not_in_command_line(other.timeline)
    assert found == [
        "a last layer of 2 softmax",
    ]
    assert "--freeze b1" in command_line(other.timeline)

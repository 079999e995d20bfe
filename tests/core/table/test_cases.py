"""Every file of `cases`: it opens and steps, or one line says what to do, and once that is done it opens and steps."""

import shutil
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.scenario import ScenarioError, read
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.cli.options import Parser, UsageError, add_model_options, run_of

CASES = Path(__file__).parent / "cases"

OPEN = (
    "comments.csv",
    "euro.csv",
    "iris.csv",
    "iris_num.csv",
    "kaggle.csv",
    "semi_int.csv",
    "tab.tsv",
    "unicode_minus.csv",
    "yesno.csv",
)
"""Those that open as they are."""

TOLD = {
    "noheader.csv": ("use --no-header", ("--no-header",), ("", "")),
    "blank_lines.csv": ("call it empty with --na x", ("--na=x",), ("", "")),
    "dc1.csv": ("save it with semicolons between the cells", (), ("2,5,312,5\n3,0,401,9", "2,5;312,5\n3,0;401,9")),
}
"""What a complaint says, the options that follow it, and what is replaced in the file where it says so."""

RENAMED = ("data.standardise: no such key in [data]; is standardize meant?", "standardise", "standardize")

SCENARIOS = {
    "iris_num.toml": [RENAMED],
    "iris_soft.toml": [RENAMED],
    "iris_num1.toml": [
        RENAMED,
        ("needs a last layer of 2 units or more, one a class", "units = 1", "units = 3"),
    ],
    "iris_bce.toml": [
        RENAMED,
        (
            "row 3: 2 is no target of binary_cross_entropy: 0 or 1, or a probability; more classes take",
            'binary_cross_entropy"',
            'softmax_cross_entropy"',
        ),
        (
            "softmax_cross_entropy needs a last layer with activation softmax, not sigmoid",
            'units = 1, activation = "sigmoid"',
            'units = 1, activation = "softmax"',
        ),
        ("needs a last layer of 2 units or more, one a class", "units = 1", "units = 3"),
    ],
}
"""For each scenario the complaints, one after the other, and what is done about each."""


def step(engine: Engine, run: Run) -> None:
    session = Session(run)
    session.timeline.step()
    settle(session, engine.answer)
    assert session.timeline.steps == 1


def run_for(*words: str) -> Run:
    reader = Parser()
    add_model_options(reader)
    return run_of(reader.parse_args(words), Run())


def test_no_file_is_forgotten() -> None:
    named = {*OPEN, *TOLD, *SCENARIOS, "homes.xlsx", "homes.parquet", "README.md"}
    assert {path.name for path in CASES.iterdir()} == named


@pytest.mark.parametrize("name", OPEN)
def test_it_opens(engine: Engine, name: str) -> None:
    step(engine, run_for("--data", str(CASES / name)))


@pytest.mark.parametrize("name", TOLD)
def test_its_mend_works(engine: Engine, tmp_path: Path, name: str) -> None:
    said, words, (old, new) = TOLD[name]
    path = tmp_path / name
    shutil.copyfile(CASES / name, path)
    with pytest.raises((UsageError, EngineRefused)) as refused:
        step(engine, run_for("--data", str(path)))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    if old:
        first, rest = path.read_text().split("\n", 1)
        path.write_text(first.replace(",", ";") + "\n" + rest.replace(old, new))
    step(engine, run_for("--data", str(path), *words))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_mended_line_by_line(engine: Engine, tmp_path: Path, name: str) -> None:
    for path in CASES.glob("iris*"):
        shutil.copyfile(path, tmp_path / path.name)
    path = tmp_path / name
    for said, old, new in SCENARIOS[name]:
        with pytest.raises((ScenarioError, EngineRefused)) as refused:
            step(engine, read(path).run)
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    step(engine, read(path).run)
    assert read(path).run.network.layers[-1].units == 3

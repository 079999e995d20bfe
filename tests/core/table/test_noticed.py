"""What is told of a table when it is opened: columns like an id, integers beyond 2^53, each with a mend that works."""

import shlex
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.table import open_table
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.choose import table
from backprop_tui.tui.cli.options import Parser, add_model_options, run_of
from driven_screen import driven, text_of
from forked import run as command
from hypothesis import given
from hypothesis import strategies as st

CASES = Path(__file__).parent / "cases"


def notes(path: Path, content: str) -> tuple[str, ...]:
    path.write_text(content)
    return open_table(table(str(path))).notes


def run_for(*words: str) -> Run:
    reader = Parser()
    add_model_options(reader)
    return run_of(reader.parse_args(words), Run())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    "name", ["id", "ID", "Id", "PassengerId", "passenger_id", "user id", "index", "Nr", "uuid", "Unnamed: 0"]
)
def test_a_column_named_like_an_id(path: Path, name: str) -> None:
    content = f"{name},a,y\n7,1,2\n3,4,4\n9,2,9\n"
    assert notes(path, content) == (
        f"{name} is another whole number in each row, like an id; if it is one: --features=a",
    )
    found = run_for(f"--data={path}", "--features=a")
    assert open_table(found.table).notes == (f"not used: {name}",)


@pytest.mark.parametrize(
    "content",
    [
        "id,a,y\n7,1,2\n7,4,4\n9,2,9\n",  # not another in each row
        "id,a,y\n7.5,1,2\n3,4,4\n9,2,9\n",  # no whole number
        "id,y\n7,2\n3,4\n9,9\n",  # there is nothing else
        "humid,grid,y\n7,1,2\n3,4,4\n9,2,9\n",  # the word is a part of another one
        "x,a,y\n1,1,2\n2,4,4\n3,2,9\n",  # three rows in order are no sign of counting
    ],
)
def test_a_column_that_is_none(path: Path, content: str) -> None:
    assert notes(path, content) == ()


def test_a_column_that_counts_the_rows(path: Path) -> None:
    rows = "".join(f"{1000 + row},{row % 7},{row % 5}\n" for row in range(30))
    assert notes(path, f"customer,a,y\n{rows}") == (
        "customer is another whole number in each row, like an id; if it is one: --features=a",
    )
    rows = "".join(f"{row},{row},{row % 7},{row % 5}\n" for row in range(30))
    assert notes(path, f'n,m,"a, b",y\n{rows}') == (
        "n, m are another whole number in each row, like an id; if they are ids: --features='\"a, b\"'",
    )
    mend = shlex.split(open_table(table(str(path))).notes[0].rpartition(": ")[2])
    assert run_for(f"--data={path}", *mend).table.features == ("a, b",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b,y\n9007199254740993,1,2\n9007199254740992,2,4\n7,3,9\n", "a 1"),
        ("a,b,y\n9007199254740993,1,2\n,2,4\n7,3,9\n9007199254740995,4,1\n", "a 2"),  # read as float64 at once
        ("a,b,y\n18446744073709551615,1,2\n2,2,4\n7,3,9\n", "a 1"),  # no int64
        ("a,b,y\n-9007199254740993,1,2\n2,2,4\n7,3,9007199254740995\n", "a 1, y 1"),
        ("a;b;y\n9.007.199.254.740.993;1;2\n2;2;4\n7;3;9\n", "a 1"),
        ("a,b,y\n123456789012345678901234567890,1,2\n2,2,4\n7,3,9\n", "a 1"),
        ("a,b,y\n9007199254740992,1,2\n18014398509481984,2,4\n7,3,9\n", ""),  # powers of 2
        ("a,b,y\n1e30,1,2\n2.5e17,2,4\n7,3,9\n", ""),  # not written as integers
        ("a,b,y\n9007199254740991,1,2\n2,2,4\n7,3,9\n", ""),
    ],
)
def test_integers_beyond_what_float64_has(path: Path, content: str, told: str) -> None:
    found = [note for note in notes(path, content) if "2^53" in note]
    words = "integers beyond 2^53 are rounded: {}; leave out a column whose last digits count"
    assert found == ([words.format(told)] if told else [])
    if told.startswith("a") and "y" not in told:
        assert not any("2^53" in note for note in open_table(table(str(path), ["b"])).notes)


@pytest.mark.slow
@given(st.lists(st.integers(-(2**62), 2**62), min_size=3, max_size=6, unique=True))
def test_the_count_is_of_the_integers_that_float64_has_not(
    tmp_path_factory: pytest.TempPathFactory, cells: list[int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "integers.csv"
    pd.DataFrame({"a": cells, "b": range(len(cells)), "y": range(len(cells))}).to_csv(path, index=False)
    lost = sum(Fraction(float(cell)) != cell for cell in cells)
    found = [note for note in open_table(table(str(path), ["a", "b"])).notes if "2^53" in note]
    assert (f"a {lost};" in found[0]) if lost else not found


@pytest.mark.slow
async def test_lesson_1_says_so(engine: Engine) -> None:
    run = run_for(f"--data={CASES / 'kaggle.csv'}")
    async with driven(engine, run, size=(160, 40)) as found:
        await found.press("1")
        await found.settle()
        await found.pilot.pause(0.2)
        status = " ".join(text_of(line) for line in found.app.screen.query_one("#status").lines)  # type: ignore[attr-defined]
        assert "Id is another whole number in each row, like an id" in status


@pytest.mark.slow
def test_run_says_so_on_standard_error() -> None:
    done = command("run", "--steps", "1", "--data", str(CASES / "kaggle.csv"))
    assert done.stderr.splitlines() == [
        "backprop-tui: empty cells: LotFrontage 1; 1 of 5 rows left out",
        "backprop-tui: Id is another whole number in each row, like an id; if it is one: --features and the others' "
        "names",
    ]

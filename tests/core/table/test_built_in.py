"""The tables that come along: what is said of them is so, and they work as any table does."""

from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.making import make_frame
from backprop_tui.core.engine.compute.table import open_table
from backprop_tui.core.engine.protocol.messages import Failed, OpenTable
from backprop_tui.core.export.shell_line import command_line
from backprop_tui.core.scenario import Scenario, parse
from backprop_tui.core.scenario.write import dumps
from backprop_tui.core.session.chosen import Chosen, run_with
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.built_in import BUILT_IN, look
from backprop_tui.core.table.choose import table
from backprop_tui.core.table.form import Told
from backprop_tui.core.table.opened import HeaderError
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.table.units import currency
from msgspec.structs import replace
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

CLASSES = [name for name, it in BUILT_IN.items() if it.classes]


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_numbers_are_what_is_said_of_them(name: str) -> None:
    """As many rows, these columns, these classes in the last one; the same every time."""
    said, frame = BUILT_IN[name], make_frame(name)
    assert list(frame.columns) == list(said.columns) == look(name).names
    assert len(frame) == said.rows
    assert tuple(sorted(set(frame[said.target]))) == said.classes or not said.classes
    assert frame.equals(make_frame(name))


@pytest.mark.parametrize("name", BUILT_IN)
def test_it_opens_by_its_name_alone(name: str) -> None:
    """All features scaled, classes by name, a number standardized; some rows may be held out."""
    spec = table(name)
    assert (spec.path, spec.built_in, spec.features) == ("", name, BUILT_IN[name].features)
    opened = open_table(replace(spec, holdout=0.2))
    np.testing.assert_allclose(opened.x[opened.training].mean(0), 0, atol=1e-9)
    assert opened.training_rows == round(0.8 * BUILT_IN[name].rows)
    assert spec.classes == (name in CLASSES) != spec.standardize_target
    assert currency(spec) == ""


def test_iris_is_fishers() -> None:
    """Number for number scikit-learn's, whose classes have the same names."""
    iris, frame = load_iris(), make_frame("iris")
    np.testing.assert_array_equal(frame[list(BUILT_IN["iris"].features)].to_numpy(), iris.data)
    assert frame["species"].tolist() == iris.target_names[iris.target].tolist()
    assert table("iris").targets == ("setosa", "versicolor", "virginica")


@pytest.mark.parametrize(("name", "line"), [("xor", 0.7), ("circles", 0.7), ("spiral", 0.7), ("moons", 0.95)])
def test_classes_that_no_line_parts(name: str, line: float) -> None:
    """scikit-learn's line gets some of them wrong, its nearest neighbors hardly any: there is something to learn."""
    frame, said = make_frame(name), BUILT_IN[name]
    x, y = frame[list(said.features)].to_numpy(), frame[said.target].tolist()
    assert LogisticRegression().fit(x, y).score(x, y) < line
    assert KNeighborsClassifier(5).fit(x, y).score(x, y) > 0.97


def test_upper_is_above_and_outer_is_around() -> None:
    """The names of the classes say where they are."""
    moons, circles = make_frame("moons"), make_frame("circles")
    assert moons.groupby("moon")["x2"].mean().idxmax() == "upper"
    circles["r"] = np.hypot(circles["x1"], circles["x2"])
    assert circles.groupby("circle")["r"].mean().idxmax() == "outer"


def test_the_line_is_a_line() -> None:
    """scikit-learn's fit explains most of it, and not all."""
    frame = make_frame("line")
    assert LinearRegression().fit(frame[["x"]].to_numpy(), frame["y"]).score(frame[["x"]].to_numpy(), frame["y"]) > 0.9


def test_other_columns() -> None:
    """A species as a feature is one column each; a length can be the target."""
    spec = table("iris", ("species", "petal_width"), "petal_length")
    assert spec.features == ("species=setosa", "species=versicolor", "species=virginica", "petal_width")
    assert open_table(spec).raw[0].tolist() == [1, 0, 0, 0.2]
    with pytest.raises(HeaderError, match="no column 'petals'; there are: sepal_length"):
        table("iris", target="petals")


def test_a_file_of_such_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is the table's; `./iris` is the file, in the line of shell too; how a file is written is refused."""
    monkeypatch.chdir(tmp_path)
    Path("iris").write_text("a,b\n1,2\n3,4\n")
    assert table("iris").built_in == "iris"
    assert table("./iris").features == ("a",)
    with pytest.raises(HeaderError, match=r"leave out how a file is written, or give \./iris"):
        table("iris", told=Told(separator=";"))


def test_a_name_that_is_none_is_refused_by_the_engine(engine: Engine) -> None:
    """It can come over the wire only."""
    answer = engine.answer(OpenTable(TableSpec(built_in="roses"), ""))
    assert isinstance(answer, Failed)
    assert answer.message.startswith("no table 'roses' comes along; there are: xor, moons")


def test_it_comes_back_from_a_scenario_and_from_a_line_of_shell() -> None:
    """Both name it."""
    run = run_with(Chosen(data="iris", hidden=(4,), seed=3), Run())
    written = dumps(Scenario(run=run))
    assert 'table = "iris"' in written
    assert parse(written, None, "iris.toml").run == run
    assert command_line(Session(run).timeline).startswith("backprop-tui --data=iris --features=sepal_length,")

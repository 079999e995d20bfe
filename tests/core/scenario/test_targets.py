"""Targets that a loss can't have are refused: in a scenario, in a table, when typed; each with the row and the mend."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import ScenarioError, parse, read
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec

Settle = Callable[[Session], Session]
CASES = Path(__file__).parent / "cases"
BINARY = 'layers = [{units = 1, activation = "sigmoid"}]\nloss = "binary_cross_entropy"'
CLASSES = 'layers = [{units = 3, activation = "softmax"}]\nloss = "softmax_cross_entropy"'


def scenario(y: str, network: str, training: str = "") -> str:
    rows = y.count("[") - 1
    x = "[" + ", ".join(["[0.5]"] * rows) + "]"
    return f'title = "t"\n[data]\nx = {x}\ny = {y}\n[network]\n{network}\n[training]\n{training}\n'


@pytest.mark.parametrize(
    ("y", "network", "row"),
    [
        ("[[0], [2]]", BINARY, "row 1: 2 is no target of binary_cross_entropy: 0 or 1"),
        ("[[-1], [1]]", BINARY, "row 0: -1 is no target"),
        ("[[1, 1, 0], [0, 0, 1]]", CLASSES, "row 0: 1, 1, 0 is no target of softmax_cross_entropy"),
        ("[[1, 0, 0], [5, 0, 0]]", CLASSES, "row 1: 5, 0, 0 is no target"),
        ("[[1, 0, 0], [0, 0, 0]]", CLASSES, "row 1: 0, 0, 0 is no target"),
        ("[[2, -1, 0]]", CLASSES, "row 0: 2, -1, 0 is no target"),
    ],
)
def test_a_scenario_with_an_impossible_target_is_refused(y: str, network: str, row: str) -> None:
    with pytest.raises(ScenarioError, match=r"line 4: data\.y") as refused:
        parse(scenario(y, network), None, "t")
    assert row in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("y", ["[[0], [1]]", "[[0.25], [1]]"])
def test_probabilities_are_targets(y: str) -> None:
    parse(scenario(y, BINARY), None, "t")
    parse(scenario("[[0.2, 0.3, 0.5]]", CLASSES), None, "t")


def test_the_sample_of_a_scenario_is_checked_too() -> None:
    with pytest.raises(ScenarioError, match=r"training\.y: 2 is no target"):
        parse(scenario("[[0], [1]]", BINARY, "x = [0.1]\ny = [2]"), None, "t")


def test_softmax_with_one_unit_has_nothing_to_choose() -> None:
    with pytest.raises(ScenarioError, match="needs a last layer of 2 units or more"):
        parse(scenario("[[1]]", CLASSES.replace("3", "1")), None, "t")


def test_the_case_that_was_taken() -> None:
    with pytest.raises(ScenarioError, match="row 0: 5, 0 is no target of softmax_cross_entropy"):
        read(CASES / "mini.toml")


def test_a_table_is_refused_when_it_is_opened(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("length,class\n1.4,0\n4.7,1\n6.0,2\n")
    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    session = Session(Run(TableSpec(str(path), ("length",), ("class",), ("length",), log_target=False), network))
    request = session.request()
    assert request is not None
    with pytest.raises(EngineRefused, match=r"iris\.csv: row 2: 2 is no target of binary_cross_entropy: 0 or 1"):
        session.accept(request, engine.answer(request))


def test_an_impossible_target_can_not_be_typed(settle: Settle) -> None:
    session = settle(Session(parse(scenario("[[0], [1]]", BINARY), None, "t").run))
    for value in (2.0, -1.0, 1.5):
        with pytest.raises(ValueError, match="is no target of binary_cross_entropy"):
            session.timeline.change(Cell("y"), value)
    session.timeline.change(Cell("y"), 0.5)
    assert session.timeline.shown_settings.y == (0.5,)


def test_typing_the_1_of_a_class_takes_it_from_the_others(settle: Settle) -> None:
    session = settle(Session(parse(scenario("[[0, 1, 0]]", CLASSES), None, "t").run))
    session.timeline.change(Cell("y", 0, 2), 1.0)
    assert session.timeline.shown_settings.y == (0, 0, 1)
    with pytest.raises(ValueError, match="is no target of softmax_cross_entropy"):
        session.timeline.change(Cell("y", 0, 0), 0.5)


@pytest.mark.parametrize("name", [name for name, row in LOSSES.items() if row.compares])
def test_what_the_engine_trains_on_never_has_a_loss_below_0(name: str) -> None:
    """For every target that a loss accepts, over many predictions."""
    row, random = LOSSES[name], np.random.RandomState(0)
    z = random.standard_normal((3, 200)) * 5
    y = random.dirichlet(np.ones(3), 200).T if row.last == "softmax" else random.uniform(0, 1, (3, 200))
    assert row.accepts(y.T).all()
    from backprop_tui.core.model.activations import ACTIVATIONS

    assert (row.function(y, ACTIVATIONS[row.last or "linear"].function(z), z) >= 0).all()

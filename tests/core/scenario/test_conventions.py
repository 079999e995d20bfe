"""A textbook's conventions in scenario files: what is said once, and in which layout."""

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import Scenario, ScenarioError, parse
from backprop_tui.core.scenario.check import check
from backprop_tui.core.scenario.write import dumps

HALF = """
title = "half of it"
{head}
[data]
x = [[2.0]]
y = [[0.5]]
[network]
layers = [{{ units = 1, activation = "linear" }}]
{network}
[parameters]
w1 = 0.3
b1 = 0.1
[[expect]]
step = 1
name = "y_pred"
value = 0.7
{first}
[[expect]]
step = 1
name = "loss"
value = 0.02
{second}
"""


def half(head: str = "", network: str = "", first: str = "", second: str = "") -> Scenario:
    return parse(HALF.format(head=head, network=network, first=first, second=second), None, "half")


def test_a_tolerance_is_said_once_and_one_may_have_its_own(engine: Engine) -> None:
    scenario = half('tolerance = 1e-9\nprecision = "float64"', second="tolerance = 1e-12")
    assert [expected.tolerance for expected in scenario.expectations] == [1e-9, 1e-12]
    assert all(number.ok for number in check(scenario, engine.answer))
    alike = half("tolerance = 1e-9")
    assert dumps(alike).count("tolerance") == 1
    assert parse(dumps(alike), None, "again") == alike
    with pytest.raises(ScenarioError, match=r"expect\[2\]: the key tolerance is missing: here, or once for all"):
        half(first="tolerance = 1")


def test_a_precision_is_said_once_and_not_in_two_ways() -> None:
    assert half('tolerance = 1\nprecision = "float64"').run.dtype == "float64"
    assert half('tolerance = 1\nprecision = "float64"', 'precision = "float64"').run.dtype == "float64"
    assert half("tolerance = 1", 'precision = "float64"').run.dtype == "float64"
    with pytest.raises(ScenarioError, match="precision: expected float32, as in"):
        half('tolerance = 1\nprecision = "float64"', 'precision = "float32"')
    with pytest.raises(ScenarioError, match="line 3: precision: expected one of float32, float64"):
        half('precision = "double"\ntolerance = 1')

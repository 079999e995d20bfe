"""A textbook's conventions in scenario files: what is said once, and in which layout."""

import tomllib
from pathlib import Path

import forked
import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import Scenario, ScenarioError, parse
from backprop_tui.core.scenario.check import check
from backprop_tui.core.scenario.story import story
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


KERNELS = """
title = "kernels"
tolerance = 1e-12
precision = "float64"
[data]
x = [[0.5, -0.2]]
y = [[1.0]]
[network]
layers = [{ units = 2, activation = "tanh" }, { units = 3, activation = "relu" }, { units = 1, activation = "linear" }]
[parameters]
"""

TYPED = """
layout = "inputs, units"
w1 = [[0.3, -0.1], [0.2, 0.4]]
b1 = [0.1, -0.2]
w2 = [[0.5, -0.3, 0.7], [0.1, 0.2, 0.6]]
b2 = [[0.1, 0.2, 0.3]]
w3 = [[0.4], [-0.5], [0.6]]
b3 = 0.2
"""


@pytest.mark.slow
def test_kernels_of_keras_are_turned(engine: Engine) -> None:
    """Against Keras's own Dense layers, whose kernels are typed as they are."""
    import keras

    scenario = parse(KERNELS + TYPED, None, "kernels")
    values = tomllib.loads(TYPED)
    model = keras.Sequential([keras.layers.Dense(n, a) for n, a in ((2, "tanh"), (3, "relu"), (1, None))])
    model.build((None, 2))
    model.set_weights(
        [np.reshape(values[f"{of}{n}"], (-1,) if of == "b" else (i, o)) for n, i, o in SIZES for of in "wb"]
    )
    expected = float(model(np.array([[0.5, -0.2]], "float32"))[0, 0])
    text = f"[[expect]]\nstep = 1\nname = 'y_pred'\nvalue = {expected}\ntolerance = 1e-6\n"
    (number,) = check(parse(KERNELS + TYPED + text, None, "kernels"), engine.answer)
    assert number.ok
    assert parse(dumps(scenario), None, "again") == scenario


SIZES = ((1, 2, 2), (2, 2, 3), (3, 3, 1))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "w2 = [[0.5, 0.1], [-0.3, 0.2], [0.7, 0.6]]",
            'w2: expected 2 rows of 3 numbers with layout = "inputs, units"',
        ),
        ("w2 = [1, 2, 3]", "w2: expected 2 rows of 3 numbers"),
        (
            'layout = "columns"',
            'layout: expected "units, inputs", as here, or "inputs, units", as in Keras, got columns',
        ),
        ("layout = 2", "layout: expected"),
    ],
)
def test_what_is_typed_the_other_way_is_told(typed: str, said: str) -> None:
    key = typed.partition(" ")[0]
    lines = [typed if line.startswith(key) else line for line in TYPED.splitlines()]
    with pytest.raises(ScenarioError) as told:
        parse(KERNELS + "\n".join(lines), None, "it")
    assert said in str(told.value)


def test_a_square_matrix_that_leaves_it_open_gets_a_note() -> None:
    open_ = parse(KERNELS + TYPED_HERE, None, "it")
    assert open_.layout_unsaid == ("w1",)
    assert "w1 is square, and read as (units, inputs)" in " ".join(story(open_))
    for said in (TYPED, 'layout = "units, inputs"' + TYPED_HERE, TYPED_HERE.replace("-0.1", "0.2")):
        assert parse(KERNELS + said, None, "it").note == ""
    assert parse(dumps(open_), None, "written").note == ""


TYPED_HERE = """
w1 = [[0.3, -0.1], [0.2, 0.4]]
b1 = [[0.1], [-0.2]]
w2 = [[0.5, 0.1], [-0.3, 0.2], [0.7, 0.6]]
b2 = [[0.1], [0.2], [0.3]]
w3 = [[0.4, -0.5, 0.6]]
b3 = 0.2
"""


@pytest.mark.slow
def test_check_says_what_is_left_open(tmp_path: Path) -> None:
    expect = "[[expect]]\nstep = 1\nname = 'x'\nvalue = [[0.5, -0.2]]\n"
    (tmp_path / "it.toml").write_text(KERNELS + TYPED_HERE + expect)
    done = forked.run("check", "it.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "w1 is square, and read as (units, inputs)" in done.stdout


FREE = """
title = "one frozen, none biased"
tolerance = 1e-12
precision = "float64"
[data]
x = [[1.0, 2.0]]
y = [[1.0]]
[network]
layers = [{ units = 1, activation = "linear", bias = false }]
frozen = ["w1[1,2]"]
[parameters]
layout = "units, inputs"
w1 = [[0.5, 0.25]]
[training]
lr = 0.1
[[expect]]
step = 1
name = "y_pred"
value = 1.0
[[expect]]
step = 2
name = "loss"
value = 0.0
"""


def test_a_layer_without_biases_and_a_single_frozen_number(engine: Engine) -> None:
    scenario = parse(FREE, None, "free")
    assert all(number.ok for number in check(scenario, engine.answer))
    assert [p.name for p in scenario.run.network.parameters] == ["w1"]
    assert parse(dumps(scenario), None, "again") == scenario
    moved = FREE.replace("y = [[1.0]]", "y = [[0.0]]").replace('step = 1\nname = "y_pred"', 'step = 1\nname = "w1"')
    moved = moved.replace("value = 1.0", "value = [[0.4, 0.25]]").replace("value = 0.0", "value = 0.405")
    assert all(number.ok for number in check(parse(moved, None, "moved"), engine.answer))


@pytest.mark.parametrize(
    ("frozen", "said"),
    [
        ("w1[2,1]", "network.frozen: no w1[2,1] to freeze: w1 is 1 by 2, counted from 1"),
        ("b1", "network.frozen: no parameter 'b1' to freeze"),
        ("w1[1]", "network.frozen: no w1[1] to freeze: write row and column, as in w1[1,1]"),
    ],
)
def test_what_can_not_be_frozen_is_told(frozen: str, said: str) -> None:
    with pytest.raises(ScenarioError) as told:
        parse(FREE.replace("w1[1,2]", frozen), None, "free")
    assert said in str(told.value)


def test_a_function_needs_no_targets(engine: Engine) -> None:
    text = FREE.replace("y = [[1.0]]\n", "").replace("[parameters]", 'loss = "output"\n[parameters]')
    text = text.replace("value = 0.0", "value = 0.9")  # ŷ = 1 goes down by 0.1·x²
    scenario = parse(text, None, "function")
    assert all(number.ok for number in check(scenario, engine.answer))
    assert parse(dumps(scenario), None, "again") == scenario

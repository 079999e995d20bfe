"""The worked examples: every published number comes out, and no number of theirs can be changed unnoticed."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import forked
import numpy as np
import pytest
import tomlkit
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import ScenarioError, bundled, bundled_names, format, parse, read
from backprop_tui.core.scenario.check import check
from backprop_tui.data import EXAMPLES
from backprop_tui.tui.cli.check import table
from command import run

CLAIMING = [name for name in bundled_names() if bundled(name).expectations]
PUBLISHED = [
    "mazur-2015",
    "han-kamber-2012",
    "hmkcode-2018",
    "insper-2025",
    "cs231n-g-eoj",
    "cs231n-sigmoid",
    "brownlee-2016",
    "xor",
]


def test_what_is_bundled() -> None:
    assert {"notebook-part-4", "notebook-part-5", "xor-training", *PUBLISHED} <= set(bundled_names())
    assert len([name for name in bundled_names() if name.startswith("talk-")]) == 5
    for name in PUBLISHED:
        assert bundled(name).source, name


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_names())
def test_every_number_comes_out(name: str, engine: Engine) -> None:
    for number in check(bundled(name), engine.answer):
        assert number.ok, f"{number.name}, step {number.expectation.step}: {number.stated} but {number.computed}"


CASES = Path(__file__).parent / "cases"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nan_bce", "nan_soft"])
def test_a_sure_prediction_comes_out(name: str, engine: Engine) -> None:
    for number in check(read(CASES / f"{name}.toml"), engine.answer):
        assert number.ok, f"{number.name}: {number.stated} but {number.computed}"


ROWS = np.arange(70) / 100
"""Of cases/big.toml: ŷ = 2·x + 0.5 and the target is x, half squared error, all rows in one batch."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("z1[1,1]", 0.5),
        ("z1[1,2]", 0.52),
        ("y_pred[1,70]", 1.88),
        ("x[70,1]", 0.69),
        ("y[66,1]", 0.65),
        ("gy_pred[1,70]", (2 * 0.69 + 0.5 - 0.69) / 70),
        ("gz1[1,1]", 0.5 / 70),
        ("gb1", np.mean(ROWS + 0.5)),
        ("y_pred", [(2 * ROWS + 0.5).tolist()]),
        ("gz1", [((ROWS + 0.5) / 70).tolist()]),
        ("x", [[x] for x in ROWS.tolist()]),
        ("gx[70,1]", 2 * (0.69 + 0.5) / 70),
        ("gx", [[2 * (x + 0.5) / 70] for x in ROWS.tolist()]),
    ],
)
def test_a_row_of_a_large_batch_is_compared_with_that_row(engine: Engine, name: str, value: Any) -> None:
    """The trace of so many rows holds their means."""
    text = (CASES / "big.toml").read_text()
    head = text[: text.index("[[expect]]")]
    expect = f'[[expect]]\nstep = 1\nname = "{name}"\nvalue = {value}\ntolerance = 1e-7\n'
    compared = check(parse(head + expect, None, "big"), engine.answer)
    assert [number.ok for number in compared] == [True] * len(compared), compared[:3]
    assert len(compared) == np.size(value)


def test_a_row_beyond_a_large_batch_is_told(engine: Engine) -> None:
    text = (CASES / "big.toml").read_text()
    expect = '[[expect]]\nstep = 1\nname = "z1[1,71]"\nvalue = 1\ntolerance = 1\n'
    (number,) = check(parse(text[: text.index("[[expect]]")] + expect, None, "big"), engine.answer)
    assert (number.ok, number.computed, number.problem) == (False, None, "the batch has 70 rows")


TEXTBOOK = """
title = "t"
[data]
x = [[1.0]]
y = [[0.3]]
[network]
layers = [{units = 1, activation = "linear"}]
[parameters]
w1 = 5.80154531939
b1 = 0.0
[[expect]]
step = 1
name = "y_pred"
value = 5.80154531939
tolerance = 1e-11
"""


def test_a_difference_is_seen_and_the_precision_named(engine: Engine) -> None:
    scenario = parse(TEXTBOOK, None, "t")
    lines = list(table("t", scenario, check(scenario, engine.answer)))
    _, _, stated, computed, verdict = lines[2].split()
    assert (stated, verdict) == ("5.80154531939", "DIFFERS")
    assert computed != stated
    assert 'precision = "float64"' in lines[4]
    double = parse(TEXTBOOK.replace("[parameters]", 'precision = "float64"\n[parameters]'), None, "t")
    lines = list(table("t", double, check(double, engine.answer)))
    assert lines[2].endswith("ok")
    assert "float64" not in "".join(lines)


def test_a_number_that_is_not_one_is_shown_as_such(engine: Engine) -> None:
    text = TEXTBOOK.replace("5.80154531939\nb1", "1e30\nb1").replace("x = [[1.0]]", "x = [[1e30]]")
    scenario = parse(text.replace('name = "y_pred"', 'name = "gw1"'), None, "t")
    (number,) = check(scenario, engine.answer)
    assert not number.ok
    assert "∞" in list(table("t", scenario, [number]))[2]
    scenario = parse(text.replace('name = "y_pred"', 'name = "gw1"').replace("step = 1", "step = 2"), None, "t")
    line = list(table("t", scenario, check(scenario, engine.answer)))[2]
    assert " - " in line
    assert "the run ends at step 1" in line


Place = tuple[str | int, ...]


def numbers(value: Any, place: Place = ()) -> Iterator[tuple[Place, int | Decimal]]:
    """Every number of a file, with its place."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from numbers(part, (*place, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from numbers(part, (*place, number))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield place, value


def changed(value: int | Decimal) -> int | float:
    """The next number with as many digits; at most six of them, since float32 has no more to tell."""
    if isinstance(value, int):
        return value + 1
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    step = Decimal(1).scaleb(exponent + max(len(digits) - 6, 0))
    return float(value + step)


def plain(value: Any) -> Any:
    """Decimals as floats again."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


def put(values: Any, place: Place, number: int | float) -> Any:
    """The same file with one number changed."""
    found = deepcopy(values)
    part = found
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = number
    return found


# What can't be noticed, for it changes nothing that is claimed, or is no number of the example.
UNNOTICED = {
    "tolerance": "how near is near enough",
    "published": "a number that is wrong: nothing computes it",
}
SAME_IN_EVERY_STEP = {"xor": None, "notebook-part-4": ("expect", 0, "step")}
"""XOR's gradients are 0, and the row of the notebook stays the same: what is said of step 1 is as true of step 2."""


def excused(name: str, place: Place) -> bool:
    same = place[-1] == "step" and name in SAME_IN_EVERY_STEP and SAME_IN_EVERY_STEP[name] in (None, place)
    return same or any(key in place for key in UNNOTICED)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMING)
def test_no_number_can_be_changed_unnoticed(name: str, engine: Engine) -> None:
    """In the data, the network, the parameters, the learning rate and the claims: each by its last digit."""
    text = (EXAMPLES / f"{name}.toml").read_text("utf-8")
    exact = tomllib.loads(text, parse_float=Decimal)
    assert not any_differ(plain(exact), engine)
    places = [(place, value) for place, value in numbers(exact) if not excused(name, place)]
    assert len(places) > 10
    unnoticed = [place for place, value in places if not any_differ(put(plain(exact), place, changed(value)), engine)]
    assert unnoticed == []


def any_differ(values: Any, engine: Engine) -> bool:
    """Whether the check fails, or the file no longer is one."""
    try:
        scenario = parse(tomlkit.dumps(values), None, "changed")
    except ScenarioError:
        return True
    return not all(number.ok for number in check(scenario, engine.answer))


def test_mazurs_closing_numbers_come_from_updating_the_last_layer_first() -> None:
    """What `mazur-2015` says of them, computed here with numpy: the published digits come out of the wrong order."""
    scenario = bundled("mazur-2015")
    w = {name: value.copy() for name, value in scenario.run.network.split(np.array(scenario.run.initial)).items()}
    x, y = (part.array.T for part in (scenario.run.table.x, scenario.run.table.y) if part is not None)

    def forward() -> tuple[np.ndarray, np.ndarray]:
        h = 1 / (1 + np.exp(-(w["w1"] @ x + w["b1"])))
        return h, 1 / (1 + np.exp(-(w["w2"] @ h + w["b2"])))

    losses = []
    for _ in range(10_000):
        h, out = forward()
        delta = (out - y) * out * (1 - out)
        w["w2"] -= 0.5 * delta @ h.T
        w["w1"] -= 0.5 * (w["w2"].T @ delta) * h * (1 - h) @ x.T
        losses.append(float(0.5 * ((forward()[1] - y) ** 2).sum()))
    published = {
        (expected.step, expected.name): np.array(expected.published)
        for expected in scenario.expectations
        if expected.published is not None
    }
    assert f"{losses[0]:.9f}" == "0.291027924" == f"{published[2, 'loss'].item():.9f}"
    assert f"{losses[-1]:.9f}" == "0.000035085"
    assert np.abs(forward()[1] - published[10001, "y_pred"]).max() < 5e-10


# The command


BY_HAND = """title = "By \\u202e hand"
[data]
x = [[2]]
y = [[4]]
[network]
layers = [{ units = 1, activation = "linear" }]
frozen = ["b1"]
precision = "float64"
[parameters]
w1 = [[1]]
b1 = [[0]]
[training]
lr = 0.6
[[expect]]
step = 0
name = "w1"
value = 1
tolerance = 0
[[expect]]
step = 1
name = "loss"
published = 4
correct = 2
because = "the half\\nis forgotten"
tolerance = 1e-12
[[expect]]
step = 2
name = "gw1[1,1]"
value = 5.6
tolerance = 1e-12
"""


@pytest.mark.slow
def test_a_table_of_stated_and_computed(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(BY_HAND)
    (tmp_path / "off.toml").write_text(BY_HAND.replace("5.6", "5.7"))
    (tmp_path / "bad.toml").write_text(BY_HAND.replace("lr = 0.6", "lr = 'fast'"))
    done = run("check", "good.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n") == [
        "good.toml: By \\u202e hand",
        "  step  name      stated  computed",
        "     0  w1             1         1  ok",
        "     1  loss           2         2  ok, published 4",
        "     2  gw1[1,1]     5.6       5.6  ok",
        "  3 of 3 numbers agree",
        "  step 1, loss: the half is forgotten",
        "",
        "",
    ]
    done = forked.run("check", "off.toml", "good.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "     2  gw1[1,1]     5.7       5.6  DIFFERS\n  2 of 3 numbers agree" in done.stdout
    assert done.stdout.endswith("3 of 3 numbers agree\n  step 1, loss: the half is forgotten\n\n")
    done = forked.run("check", "off.toml", "bad.toml", "good.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "backprop-tui: bad.toml, line 13: training.lr: expected a number, got text in quotes\n"
    assert "3 of 3 numbers agree" in done.stdout


def test_a_published_number_that_is_right_after_all_is_told(engine: Engine) -> None:
    scenario = parse(BY_HAND.replace("published = 4", "published = 2"), None, "it")
    [wrong] = [number for number in check(scenario, engine.answer) if not number.ok]
    assert wrong.problem == "the published number is right: state it as value"


def test_a_step_that_the_run_never_comes_to(engine: Engine) -> None:
    """Each step multiplies the distance from the floor by -1.4: squared, that leaves float64 after 1,055 steps."""
    text = BY_HAND.replace("step = 2", "step = 2000").replace("5.6", "1")
    [wrong] = [number for number in check(parse(text, None, "it"), engine.answer) if not number.ok]
    assert wrong.computed is None
    assert wrong.problem.startswith("the run ends at step 105")
    assert wrong.problem.endswith("the loss is not finite")


@pytest.mark.slow
def test_a_table_that_cant_be_opened_is_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n2,3\n3,x\n")
    (tmp_path / "it.toml").write_text(
        'title = "t"\n[data]\ncsv = "t.csv"\nfeatures = ["a"]\ntargets = ["b"]\n' + EXPECT
    )
    done = forked.run("check", "it.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("backprop-tui: it.toml: ")
    assert "column 'b', line 4: 'x' is not a finite number" in done.stderr


EXPECT = '[[expect]]\nstep = 1\nname = "loss"\nvalue = 0\ntolerance = 1\n'


def test_examples_are_listed() -> None:
    done = run("examples")
    assert done.returncode == 0
    for name in bundled_names():
        assert f"{name} " in done.stdout
        assert bundled(name).title in done.stdout
        assert bundled(name).source in done.stdout


@pytest.mark.parametrize("part", [value for value in vars(format).values() if isinstance(value, type(format.FilePart))])
def test_the_page_names_every_key(part: type) -> None:
    """A key that can stand in a file is on the page of scenario files, in code."""
    page = (Path(__file__).parents[3] / "docs/scenarios.md").read_text("utf-8")
    for key in part.__struct_fields__:  # type: ignore[attr-defined]
        assert re.search(rf"(?m)^{key} =|\[+(\w+\.)?{key}\]|`{key}`|[`{{ ]{key} =", page), key

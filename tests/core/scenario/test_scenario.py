"""Scenario files: written and read back they are the same, the next step too, bit for bit; mistakes are told."""

import os
import re
from dataclasses import replace
from pathlib import Path

import forked
import numpy as np
import pytest
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import Scenario, ScenarioError, bundled, bundled_names, open_scenario, parse, read
from backprop_tui.core.scenario.places import key_lines, line_of
from backprop_tui.core.scenario.write import dumps, present, present_run, shortest, write
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.store import save
from backprop_tui.core.table.batches import SHUFFLED
from backprop_tui.tui.__main__ import main
from driving import Settle
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scenarios import runs, scenarios

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios())
@example(Scenario("t", notes='\nbegins with a line break, \\ and """ in it\n'))
@example(Scenario("t", notes='ends in quotes ""'))
def test_a_scenario_written_and_read_is_the_same(scenario: Scenario) -> None:
    assert parse(dumps(scenario), None, "it") == scenario


def bits(session: Session) -> list[bytes]:
    """Every number of the step in view, and the state after it."""
    assert session.timeline.trace is not None
    return [
        session.timeline.history.states[-1].tobytes(),
        *(session.timeline.trace[name].tobytes() for name in sorted(session.timeline.trace.values)),
    ]


@pytest.mark.slow
@SLOW
@given(run=runs(), steps=st.integers(0, 7), change=st.booleans(), begun=st.booleans())
def test_the_next_step_is_the_same_bit_for_bit(run: Run, steps: int, change: bool, begun: bool, settle: Settle) -> None:
    """Anywhere in any run: after steps, another learning rate, a weight typed by hand, a phase begun."""
    session = settle(Session(run))
    if steps:
        session.timeline.start_jump(steps)
        settle(session)
    if change:
        settle(session).timeline.change(Cell("w1", 0, 0), 0.25)
        session.timeline.set_lr(0.05)
        settle(session)
    if begun:
        session.timeline.phase()
        settle(session)
    if not np.isfinite(session.timeline.history.states).all():
        return
    opened = Session(parse(dumps(present(session.timeline)), None, "it").run)
    session.timeline.step()
    opened.timeline.step()
    settle(session)
    settle(opened)
    assert bits(opened) == bits(session)


@pytest.mark.slow
def test_an_epoch_that_was_begun_goes_on(settle: Settle) -> None:
    """Shuffled mini-batches: the scenario's next ten batches are the session's."""
    session = settle(Session(Run(seed=3)))
    session.timeline.set_sampling(SHUFFLED, 100)
    session.timeline.start_jump(7)
    opened = settle(Session(present_run(settle(session).timeline)))
    rows = []
    for either in (session, opened):
        found = []
        for _ in range(10):
            either.timeline.step()
            assert settle(either).timeline.trace is not None
            found.append(either.timeline.trace.rows)
        rows.append(found)
    assert rows[0] == rows[1]
    assert opened.restart() is None
    opened.timeline.step()
    assert settle(opened).timeline.trace.rows == rows[1][0]


def test_a_run_that_has_not_moved_keeps_its_seed() -> None:
    run = Run(seed=41)
    assert present_run(Session(run).timeline) == run
    assert "[parameters]" not in dumps(Scenario(run=run))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_the_shortest_digits_come_back_as_the_same_float32(values: list[float]) -> None:
    given_values = np.array(values, "float32")
    assert np.array(shortest(given_values)).astype("float32").tobytes() == given_values.tobytes()


def test_what_is_expected_stays_only_while_the_run_is_the_same(settle: Settle) -> None:
    opened = bundled("mazur-2015")
    session = Session(opened.run)
    assert present(session.timeline, opened) == opened
    session.timeline.step()
    after = present(settle(session).timeline, opened)
    assert after.expectations == ()
    assert (after.title, after.notes) == (opened.title, opened.notes)


def test_parameters_that_are_not_finite_are_not_written() -> None:
    with pytest.raises(ScenarioError, match="not finite any more; go back"):
        dumps(Scenario(run=replace(Run(), initial=(np.nan,) * 9)))


# Files


CSV = "a,b,c\n1,2,3\n4,5,7\n"
BY_CSV = """title = "t"
[data]
csv = "{csv}"
features = ["a", "b"]
targets = ["c"]
"""


def test_a_table_in_the_scenarios_own_folder(tmp_path: Path, settle: Settle) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/table.csv").write_text(CSV)
    (tmp_path / "it.toml").write_text(BY_CSV.format(csv="deep/table.csv"), "utf-8-sig")
    scenario = read(tmp_path / "it.toml")
    session = Session(scenario.run)
    session.timeline.step()
    assert settle(session).timeline.trace["x"].tolist() == [[1, 2]]
    write(scenario, tmp_path / "copy.toml")
    assert 'csv = "deep/table.csv"' in (tmp_path / "copy.toml").read_text()
    assert read(tmp_path / "copy.toml") == scenario
    with pytest.raises(ScenarioError, match="lies outside the scenario's folder; save the scenario beside it"):
        write(scenario, tmp_path / "other" / "it.toml")


@pytest.mark.parametrize(
    "csv",
    ["../out.csv", "{out}", "link.csv", "linked/out.csv", "deep/../../out.csv", "missing.csv", "", ".", "deep", "fifo"],
)
def test_no_table_from_elsewhere(csv: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "deep").mkdir(parents=True)
    (tmp_path / "out.csv").write_text(CSV)
    (home / "link.csv").symlink_to(tmp_path / "out.csv")
    (home / "linked").symlink_to(tmp_path)
    os.mkfifo(home / "fifo")
    (home / "it.toml").write_text(BY_CSV.format(csv=csv.format(out=tmp_path / "out.csv")))
    with pytest.raises(ScenarioError, match=r"it.toml, line 3: data.csv: (no such file|expected a file in the)"):
        read(home / "it.toml")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.toml", None, "no such file"),
        ("big.toml", b"# " + b"a" * 2**22, "is larger than 4,194,304 bytes"),
        ("latin.toml", 'title = "t"\nnotes = "\xe9"'.encode("latin-1"), "line 2: is not UTF-8 text"),
        ("zeros.toml", b"\0\0\0", "line 1: is not TOML"),
        ("mazur", None, "is no example"),
        ("a\x1b]0;b\x07.toml", b"", r"a\x1b]0;b\x07.toml: the key title is missing"),
    ],
)
def test_files_that_are_none(name: str, content: bytes | None, said: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ScenarioError) as raised:
        open_scenario(name)
    assert said in str(raised.value)
    assert str(raised.value).isprintable()


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.toml")
    for path in (tmp_path / "fifo.toml", Path("/dev/zero"), tmp_path):
        with pytest.raises(ScenarioError, match="is not a file"):
            read(path)


@pytest.mark.slow
def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(Scenario("first"), tmp_path / "it.toml")
    with pytest.raises(ScenarioError, match="can't be written"):
        write(Scenario("second"), tmp_path / "missing" / "it.toml")
    with pytest.raises(ScenarioError, match="too many numbers"):
        write(Scenario("third", notes="n" * 5_000_000), tmp_path / "it.toml")
    assert read(tmp_path / "it.toml").title == "first"
    assert os.listdir(tmp_path) == ["it.toml"]


def test_every_bundled_example_has_a_title_and_says_where_its_numbers_are_from() -> None:
    for name in bundled_names():
        scenario = bundled(name)
        assert scenario.title
        assert scenario.notes
        if scenario.expectations:
            assert scenario.source or all(expected.source for expected in scenario.expectations)


def test_keys_are_found_in_their_lines() -> None:
    text = '''title = "t"
notes = """
lr = 1
[data]
"""
[[expect]]
name = "w1"
[[expect]]
"name" = "w2"
value.a = 3
  [ show . texts ]
data = "x"
'''
    lines = key_lines(text)
    assert lines["title",] == 1
    assert ("lr",) not in lines
    assert lines["expect", 1, "name"] == 9
    assert lines["expect", 1, "value", "a"] == 10
    assert lines["show", "texts", "data"] == 12
    assert line_of(text, ("expect", 0, "value", 3)) == 6
    assert line_of(text, ("nowhere",)) is None


# A hundred mistakes

GOOD = """title = "A good one"
source = "by hand"
notes = '''
nothing
'''

[data]
x = [[1.0, 2.0], [3.0, 4.0]]
y = [[1.0], [2.0]]
features = ["a", "b"]
targets = ["c"]
standardize = ["a"]
log_target = true

[network]
layers = [
    { units = 2, activation = "sigmoid" },
    { units = 1, activation = "linear" },
]
loss = "half_squared_error"
frozen = ["b1"]
precision = "float64"

[initial]
seed = 3
initializer = "uniform"
constant = 0.5

[parameters]
w1 = [[0.1, 0.2], [0.3, 0.4]]
b1 = [[0.1], [0.2]]
w2 = [[0.1, 0.2]]
b2 = [[0.1]]

[training]
lr = 0.1
optimizer = "sgd"
rows = "this row"
row = 1
batch = 1

[show]
lesson = "data"
hide_panes = ["loss"]
hide_keys = ["r"]

[show.texts]
data = "Look at the table."

[[expect]]
step = 1
name = "w1"
value = [[0.1, 0.2], [0.3, 0.4]]
tolerance = 0.1
source = "nowhere"
"""


def test_the_good_one_is_good() -> None:
    scenario = parse(GOOD, None, "good")
    assert parse(dumps(scenario), None, "again") == scenario


def test_a_minus_of_typesetting_is_a_minus_and_stays_in_a_text() -> None:
    """A number that is pasted from a page has U+2212; a title, a note and a comment are the author's own words."""
    texts = GOOD.replace('"A good one"', '"y \N{MINUS SIGN} 1"').replace("nothing", "\N{MINUS SIGN}3 # no comment")
    hyphens = texts.replace("x = [[1.0, 2.0]", "x = [[-1.0, -2e-3]")
    pasted = texts.replace(
        "x = [[1.0, 2.0]", "# \N{MINUS SIGN}\nx = [[\N{MINUS SIGN}1.0, \N{MINUS SIGN}2e\N{MINUS SIGN}3]"
    )
    scenario = parse(pasted, None, "pasted")
    assert scenario == parse(hyphens, None, "hyphens")
    assert scenario.title == "y \N{MINUS SIGN} 1"
    assert scenario.notes.strip() == "\N{MINUS SIGN}3 # no comment"


MISTAKES = [
    # Not TOML
    ('title = "A good one"', "title = A good one", "line 1: is not TOML: Invalid value"),
    ('title = "A good one"', 'title "A good one"', "line 1: is not TOML: Expected '=' after a key"),
    ('source = "by hand"', 'title = "twice"', "line 2: is not TOML: Cannot overwrite a value"),
    ("[data]", "[data", "line 7: is not TOML: Expected ']'"),
    ("[training]", "[data]", "is not TOML: [data] stands here for the second time"),
    ('source = "nowhere"\n', 'source = "nowhere', "line 55: is not TOML: Unterminated string"),
    ("by hand", "by\x00hand", "line 2: is not TOML: Illegal character"),
    ("by hand", "by\x1b[2Jhand", "line 2: is not TOML: Illegal character"),
    ("by hand", "\\q", "line 2: is not TOML: Unescaped"),
    ("step = 1", "step = 01", "line 51: is not TOML"),
    ('source = "by hand"', 'source = "by hand', "line 2: is not TOML: the text that begins here has no closing quote"),
    ("seed = 3", "seed = 3,5", "line 25: is not TOML: too much in this line; a number is written 0.3, not 0,3"),
    ("b1 = [[0.1], [0.2]]", "b1 = [0.1, 0.2]", "parameters.b1: expected 2 rows of 1 number, written [[0.1], [0.1]]"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = " + "[" * 5000, "nested too deeply"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = " + "{a=" * 5000, "nested too deeply"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = " + "[" * 90 + "]" * 90, "line 8: data.x"),
    ("seed = 3", "seed = " + "9" * 5000, "thousands of digits"),
    ("", "a" * 100_000, "is not TOML"),
    # Characters and numbers that are never meant
    ("by hand", "\\u001b]0;pwned\\u0007", "line 2: source: expected text without control characters, got U+001B"),
    ("by hand", "a\\rb", "line 2: source: expected text without control characters, got U+000D"),
    ('["a", "b"]', '["a\\u0000", "b"]', "line 10: data.features[1]: expected text without control characters"),
    ('["r"]', '["\\u009b"]', "line 45: show.hide_keys[1]: expected text without control characters, got U+009B"),
    ("[show.texts]\ndata", '[show.texts]\n"\\u0007"', "show.texts: expected text without control characters"),
    ("lr = 0.1", "lr = nan", "line 36: training.lr: expected a finite number, got nan"),
    ("lr = 0.1", "lr = inf", "line 36: training.lr: expected a finite number, got inf"),
    ("lr = 0.1", "lr = 1e999", "line 36: training.lr: expected a finite number, got inf"),
    ("b2 = [[0.1]]", "b2 = [[-inf]]", "line 33: parameters.b2[1][1]: expected a finite number"),
    ("x = [[1.0,", "x = [[nan,", "line 8: data.x[1][1]: expected a finite number"),
    ("tolerance = 0.1", "tolerance = inf", "line 54: expect[1].tolerance: expected a finite number"),
    # Keys
    ('title = "A good one"\n', "", "good.toml: the key title is missing"),
    ("source =", "sauce =", "line 2: sauce: no such key in a scenario"),
    ("[training]", "[trainig]", "line 35: trainig: no such key in a scenario; is training meant?"),
    ("lr = 0.1", "learning_rate = 0.1", "line 36: training.learning_rate: no such key in [training]"),
    ("units = 2,", "unit = 2,", "line 16: network.layers[1].unit: no such key in [network.layers[1]]; is units meant?"),
    ("loss = ", "lost = ", "line 20: network.lost: no such key in [network]"),
    ("units = 1,", "unit = 1,", "line 16: network.layers[2]"),
    ("units = 1, ", "", "line 16: network.layers[2]: the key units is missing"),
    ('units = 1, activation = "linear"', "units = 1", "network.layers[2]: the key activation is missing"),
    ("tolerance = 0.1", "", "line 50: expect[1]: the key tolerance is missing"),
    ("step = 1\n", "", "line 50: expect[1]: the key step is missing"),
    ('name = "w1"\n', "", "line 50: expect[1]: the key name is missing"),
    ("[[expect]]", "[expect]", "line 50: expect: expected [[expect]], in double brackets"),
    ("hide_keys", "hidden_keys", "line 45: show.hidden_keys: no such key in [show]"),
    ("constant = 0.5", "constnat = 0.5", "line 27: initial.constnat: no such key in [initial]"),
    # Keys that were once spelled otherwise
    ("standardize = ", "standardise = ", "data.standardise: no such key in [data]; is standardize meant?"),
    ("constant = 0.5", 'initialiser = "he"', "initial.initialiser: no such key in [initial]; is initializer meant?"),
    ('source = "by hand"', '"a\\u202eb" = 1', "no such key in a scenario"),
    # Types
    ('title = "A good one"', "title = 3", "line 1: title: expected text in quotes, got a whole number"),
    ('title = "A good one"', 'title = ["a"]', "line 1: title: expected text in quotes, got a list"),
    ('title = "A good one"', "title = 2015-03-17", "line 1: title: expected text in quotes, got a date"),
    ('source = "by hand"', "source = true", "line 2: source: expected text in quotes, got true or false"),
    ("[data]\n", "data = 3\n[initial.a]\n", "line 7: data: expected a table, got a whole number"),
    ("log_target = true", 'log_target = "yes"', "line 13: data.log_target: expected true or false, got text in quotes"),
    ("units = 2", "units = 2.0", "line 16: network.layers[1].units: expected a whole number, got a number"),
    ("units = 2", "units = true", "line 16: network.layers[1].units: expected a whole number"),
    ("units = 2", 'units = "2"', "line 16: network.layers[1].units: expected a whole number, got text in quotes"),
    ("lr = 0.1", 'lr = "0.1"', "line 36: training.lr: expected a number, got text in quotes"),
    ("lr = 0.1", "lr = [0.1]", "line 36: training.lr: expected a number, got a list"),
    ("seed = 3", "seed = 3.5", "line 25: initial.seed: expected a whole number, got a number"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = 3", "line 8: data.x: expected a list"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", 'x = [[1.0, "a"]]', "line 8: data.x[1][2]: expected a number, got text in quotes"),
    (
        "x = [[1.0, 2.0], [3.0, 4.0]]",
        "x = [1.0, 2.0]",
        "line 8: data.x[1]: expected rows of numbers, written [[0.1, 0.2]",
    ),
    ('frozen = ["b1"]', 'frozen = "b1"', "line 21: network.frozen: expected a list, got text in quotes"),
    ('["a", "b"]', '["a", 3]', "line 10: data.features[2]: expected text in quotes, got a whole number"),
    ('data = "Look', "data = 3 # ", "line 47: show.texts: expected text in quotes, got a whole number"),
    ("w2 = [[0.1, 0.2]]", 'w2 = "small"', "line 32: parameters.w2: expected 1 row of 2 numbers"),
    ("w2 = [[0.1, 0.2]]", "w2 = { a = 1 }", "line 32: parameters.w2: expected 1 row of 2 numbers"),
    (
        "value = [[0.1, 0.2], [0.3, 0.4]]\nt",
        'value = "0.1"\nt',
        "line 53: expect[1].value: expected a number or a list",
    ),
    # Sizes and bounds
    ("units = 2", "units = 0", "line 16: network.layers[1].units: expected a whole number >= 1"),
    ("units = 2", "units = -1", "line 16: network.layers[1].units: expected a whole number >= 1"),
    ("units = 2", "units = 5000", "line 16: network.layers[1].units: expected a whole number <= 4096"),
    (
        "units = 2",
        'units = 4000, activation = "tanh" }, { units = 400',
        "line 16: network.layers: 1,612,801 parameters are too many",
    ),
    ("units = 2", f"units = {10**40}", "line 16: network.layers[1].units: expected a whole number"),
    ("layers = [\n", "layers = [\n" + '{ units = 2, activation = "tanh" },\n' * 12, "network.layers: expected"),
    ("lr = 0.1", "lr = -0.1", "line 36: training.lr: -0.1 is not a learning rate, a number from 0"),
    ("seed = 3", "seed = -3", "line 25: initial.seed: expected a whole number >= 0"),
    ("seed = 3", "seed = 4294967296", "line 25: initial.seed: expected a whole number <= 4294967295"),
    ("row = 1", "row = -1", "line 39: training.row: expected a whole number >= 0"),
    ("row = 1", "row = 2", "line 39: training.row: expected a row from 0 to 1, got 2"),
    ("batch = 1", "batch = 0", "line 40: training.batch: expected a whole number >= 1"),
    ("batch = 1", "momentum = 1", "line 40: training.momentum: expected a number < 1"),
    ("batch = 1", "epsilon = -1", "line 40: training.epsilon: expected a number >= 0"),
    ("step = 1", "step = -1", "line 51: expect[1].step: expected a whole number >= 0"),
    ("step = 1", "step = 10000001", "line 51: expect[1].step: expected a whole number <= 10000000"),
    ("tolerance = 0.1", "tolerance = -1e-9", "line 54: expect[1].tolerance: expected a number >= 0"),
    ('title = "A good one"', f'title = "{"a" * 300}"', "line 1: title: expected text in quotes of length <= 200"),
    ('title = "A good one"', 'title = ""', "line 1: title: expected text in quotes of length >= 1"),
    ("nothing", "n" * 30_000, "line 3: notes: expected text in quotes of length <= 20000"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", f"x = {[[1.0, 2.0]] * 9000}", "line 9: data.y: expected 9000 rows"),
    ('[["', '[["', ""),
    ("log_target = true", "holdout = 0.95", "line 13: data.holdout: expected a number <= 0.9"),
    # Shapes and meaning
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = [[1.0, 2.0], [3.0]]", "line 8: data.x[2]: expected 2 numbers, as in the"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = []", "line 8: data.x: expected at least one row"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = [[]]", "line 8: data.x: expected at least one row"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]", "x = [[1.0, 2.0]]", "line 9: data.y: expected 1 row, as many as x has, got 2"),
    ("x = [[1.0, 2.0], [3.0, 4.0]]\n", "", "line 7: data.x: expected x and y, one row each for every sample; x is"),
    ("y = [[1.0], [2.0]]\n", "", "line 7: data.y: expected x and y, one row each for every sample; y is missing"),
    ("y = [[1.0], [2.0]]", "y = [[1.0], [-2.0]]", "line 13: data.log_target: -2 in y has no logarithm"),
    ('["a", "b"]', '["a"]', "line 10: data.features: expected 2 names, one for each column, got 1"),
    ('["a", "b"]', '["a", "a"]', "line 10: data.features: a column is named twice"),
    ('targets = ["c"]', 'targets = ["b"]', "line 11: data.targets: a column is named twice"),
    ('standardize = ["a"]', 'standardize = ["z"]', "line 12: data.standardize[1]: expected one of the features a, b"),
    ("[data]", '[data]\ncsv = "a.csv"', "line 8: data.csv: expected either csv, or x and y, not both"),
    ("units = 1,", "units = 3,", "line 16: network.layers: expected 1 unit in the last layer"),
    (
        '"sigmoid"',
        '"sigmund"',
        "line 16: network.layers: no hidden activation 'sigmund': sigmoid, tanh, relu, leaky_relu, elu",
    ),
    (
        '"linear"',
        '"softmax"',
        "line 16: network.layers: softmax needs a last layer of 2 units or more: of a single one it is 1",
    ),
    ('"half_squared_error"', '"hinge"', "line 20: network.loss: no loss 'hinge': half_squared_error"),
    ('"half_squared_error"', '"binary_cross_entropy"', "line 20: network.loss: binary_cross_entropy needs"),
    ('frozen = ["b1"]', 'frozen = ["b7"]', "line 21: network.frozen: no parameter 'b7' to freeze"),
    ('"float64"', '"float16"', "line 22: network.precision: expected one of float32, float64, got float16"),
    ('"uniform"', '"xavier"', "line 26: initial.initializer: expected one of uniform, normal, glorot"),
    (
        '"sgd"',
        '"adamw"',
        "line 37: training.optimizer: expected one of sgd, momentum, nesterov, rmsprop, adam, adam_paper, got adamw",
    ),
    ('"this row"', '"every row"', "line 38: training.rows: expected one of this row, next row, shuffled, all rows"),
    ("row = 1\n", "row = 1\nx = [1.0, 2.0]\n", "training.y: expected x and y of the sample together; y is missing"),
    ("row = 1\n", "row = 1\nx = [1.0]\ny = [1.0]\n", "line 40: training.x: expected 2 numbers, got 1"),
    ("b2 = [[0.1]]\n", "", "line 29: parameters: the key b2 is missing: expected w1, b1, w2, b2"),
    ("b2 = [[0.1]]", "b3 = [[0.1]]", "line 33: parameters.b3: no such name for this network: expected w1, b1, w2, b2"),
    ("b1 = [[0.1], [0.2]]", "b1 = [[0.1, 0.2]]", "parameters.b1: expected 2 rows of 1 number, got 1 row of 2 numbers"),
    (
        "w1 = [[0.1, 0.2], [0.3, 0.4]]\nb",
        "w1 = [[0.1, 0.2], [0.3]]\nb",
        "line 30: parameters.w1[2]: expected 2 numbers",
    ),
    ("[training]", "[moments]\nm_w1 = [[0.0]]\n[training]", "moments.m_w1: no such name for this network: sgd keeps"),
    ('lesson = "data"', 'lesson = "history"', "line 43: show.lesson: expected one of data, autograd, descent"),
    ('["loss"]', '["loss", "clock"]', "line 44: show.hide_panes[2]: expected one of sample, forward, gradients"),
    ("[show.texts]\ndata", "[show.texts]\ndates", "line 48: show.texts.dates: expected one of data, autograd"),
    ('name = "w1"', 'name = "w9"', "line 52: expect[1].name: expected x, y, loss, w1, gw1"),
    ('name = "w1"', 'name = "new_w1"', "line 52: expect[1].name: expected x, y, loss, w1, gw1"),
    ('name = "w1"', 'name = "w1[3,1]"', "line 52: expect[1].name: expected a number within 2 rows of 2 numbers"),
    ('name = "w1"', 'name = "w1[1]"', "line 52: expect[1].name: expected a row and a column, as in w1[1,2]"),
    ('name = "w1"', 'name = "w1[0,1]"', "line 52: expect[1].name: expected a number within"),
    ('name = "w1"', 'name = "b1"', "line 53: expect[1].value: expected 2 rows of 1 number, got 2 rows of 2 numbers"),
    ('step = 1\nname = "w1"', 'step = 0\nname = "h1"', "line 51: expect[1].step: expected 1 or more"),
    ("value = [[0.1, 0.2], [0.3, 0.4]]\nt", "t", "line 50: expect[1]: expected either value, or published"),
    ("value = [[0.1, 0.2], [0.3, 0.4]]\nt", "published = 1\nt", "line 50: expect[1]: expected published, correct and"),
    ("tolerance = 0.1", "tolerance = 0.1\npublished = 1.0", "line 50: expect[1]: expected either value, or published"),
]
MISTAKES = [mistake for mistake in MISTAKES if mistake[2]]


def test_they_are_a_hundred() -> None:
    assert len(MISTAKES) >= 100
    assert len({(old, new) for old, new, _ in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_in_one_line(
    old: str, new: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    """With file, line, key, and what was expected; exit code 2, and nothing else on the terminal."""
    assert old in GOOD
    path = tmp_path / "good.toml"
    path.write_text(GOOD.replace(old, new, 1) if old else new, newline="")
    monkeypatch.setattr("sys.argv", ["backprop-tui", "save", str(tmp_path / "out.toml"), str(path)])
    assert main() == 2
    out, line = capfd.readouterr()
    assert out == ""
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert "good.toml" in line
    assert said in line
    assert len(line) < 800
    if "is not TOML" not in line and (place := re.search(r"good.toml, line (\d+): ([\w.\[\]]+)", line)):
        # The line that is named has a key, or the table, of the path that is named.
        assert any(key in path.read_text().split("\n")[int(place[1]) - 1] for key in re.findall(r"[a-z]\w*", place[2]))
    assert not (tmp_path / "out.toml").exists()


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 12),
    st.text(max_size=6) | st.sampled_from(["[[", "]]", "{", '"', "'''", "1e400", "-0", "nan", "=", "\n", "[expect]"]),
)
def test_no_text_is_worse_than_a_mistake(place: int, cut: int, put: str) -> None:
    """Any edit of a good file: it still is one, or one line says why not."""
    text = GOOD[:place] + put + GOOD[place + cut :]
    said = "edited"
    try:
        parse(text, None, "edited")
    except ScenarioError as error:
        said = str(error)
    assert said.startswith("edited")
    assert said.isprintable()


# The command that writes one


def backprop_tui(monkeypatch: pytest.MonkeyPatch, state: Path, *arguments: str) -> int:
    """The program with its own state folder, in this process."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setattr("sys.argv", ["backprop-tui", *arguments])
    return main()


def test_save_writes_the_run_that_the_options_describe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.toml"
    assert backprop_tui(monkeypatch, tmp_path, "save", str(out), "--seed", "7", "--lr", "0.1", "--hidden", "3") == 0
    run = read(out).run
    assert (run.seed, run.settings.lr, run.network.layers[0].units, run.initial) == (7, 0.1, 3, None)
    again = tmp_path / "again.toml"
    assert backprop_tui(monkeypatch, tmp_path, "save", str(again), str(out), "--lr", "0.3") == 0
    assert read(again).run == replace(run, settings=replace(run.settings, lr=0.3))


def test_save_writes_where_the_last_saved_session_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settle: Settle
) -> None:
    opened = bundled("brownlee-2016")
    session = Session(opened.run, opened)
    session.timeline.start_jump(13)
    save(settle(session), tmp_path / "backprop-tui" / "mine.session")
    assert backprop_tui(monkeypatch, tmp_path, "save", str(tmp_path / "out.toml")) == 0
    scenario = read(tmp_path / "out.toml")
    assert scenario == present(session.timeline, opened)
    assert scenario.run.settings.since == -13
    for either in (session, going_on := Session(scenario.run)):
        either.timeline.step()
        settle(either)
    assert bits(going_on) == bits(session)


def test_save_writes_another_run_where_any_option_says_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (words, there) in enumerate(
        ((("--rows", "all"), 'rows = "all rows"'), (("--optimizer", "adam"), '"adam"'), (("--holdout", "0.5"), "0.5"))
    ):
        save(Session(Run(seed=7)), tmp_path / "backprop-tui" / "last.session")
        assert backprop_tui(monkeypatch, tmp_path, "save", f"{tmp_path}/{number}.toml", *words) == 0
        assert there in (tmp_path / f"{number}.toml").read_text()
        assert "seed = 0" in (tmp_path / f"{number}.toml").read_text()


def test_save_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> None:
    (tmp_path / "mine.toml").write_text("precious")
    assert backprop_tui(monkeypatch, tmp_path, "save", str(tmp_path / "mine.toml")) == 2
    assert backprop_tui(monkeypatch, tmp_path, "save", str(tmp_path / "mine.txt")) == 2
    assert capfd.readouterr().err.split("\n") == [
        f"backprop-tui: {tmp_path}/mine.toml: exists already; remove it, or give another name",
        f"backprop-tui: {tmp_path}/mine.txt: a scenario file's name ends in .toml",
        "",
    ]
    assert (tmp_path / "mine.toml").read_text() == "precious"


@pytest.mark.slow
def test_save_does_steps_before(tmp_path: Path, settle: Settle) -> None:
    done = forked.run("save", "out.toml", "mazur-2015", "--steps", "3", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    session = Session(bundled("mazur-2015").run)
    session.timeline.start_jump(3)
    assert read(tmp_path / "out.toml").run == present_run(settle(session).timeline)

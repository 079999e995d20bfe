"""A run with a textbook's conventions, from its file or options to the screen, `check` and every export."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import LossesFound
from backprop_tui.core.explain import (
    CHAIN,
    LOCAL,
    agreement,
    context_of,
    difference_request,
    effect,
    effect_request,
    explain,
    lines,
    sentence,
)
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.jupyter import jupyter
from backprop_tui.core.export.shell_line import command_line, not_in_command_line
from backprop_tui.core.model.phases import Cell, phases
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.scenario import Scenario, ScenarioError, parse
from backprop_tui.core.scenario.check import check
from backprop_tui.core.scenario.write import dumps
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.store import load, save
from backprop_tui.tui.cli.options import Parser, UsageError, add_model_options, run_of, says_a_run
from driven_screen import driven
from one_by_one import made

SCENARIO = """
title = "two outputs, all of it"
[data]
x = [[2.0], [1.0]]
y = [[1.0, 0.0], [0.0, 1.0]]
[network]
layers = [{units = 2, activation = "linear"}]
loss = "mean_squared_error"
reduction = "sum"
over_outputs = "sum"
l2 = 0.5
precision = "float64"
[training]
optimizer = "nesterov"
momentum = 0.5
lr = 0.125
rows = "all rows"
[parameters]
w1 = [[1.0], [-1.0]]
b1 = [[0.0], [1.0]]
[[expect]]
step = 1
name = "y_pred"
value = [[2.0, 1.0], [-1.0, 0.0]]
tolerance = 0
[[expect]]
step = 1
name = "loss"
value = 5.0
tolerance = 0
[[expect]]
step = 1
name = "gw1"
value = [[7.0], [-7.0]]
tolerance = 0
[[expect]]
step = 1
name = "gb1"
value = [[4.0], [-4.0]]
tolerance = 0
[[expect]]
step = 1
name = "m_w1"
value = [[-0.875], [0.875]]
tolerance = 0
[[expect]]
step = 1
name = "w1"
value = [[-0.3125], [0.3125]]
tolerance = 0
"""
"""By hand: the errors are (1, -1) and (1, -1), their squares sum to 4, and 0.5·(1² + 1²) = 1 is the penalty. ∂L/∂ŷ is
twice the error, ∂L/∂w 2·2 + 2·1 + 2·0.5·1 = 7. The velocity is -0.125·7 = -0.875, the step 0.5·(-0.875) - 0.875.
"""


@pytest.fixture
def session(engine: Engine) -> Session:
    found = Session(parse(SCENARIO, None, "all of it").run)
    list(made(found, engine.answer, 3))
    return found


def trace_of(session: Session) -> Trace:
    assert session.timeline.trace is not None
    return session.timeline.trace


@pytest.mark.slow
def test_check_finds_what_was_worked_out_by_hand(engine: Engine) -> None:
    compared = check(parse(SCENARIO, None, "all of it"), engine.answer)
    assert len(compared) == 4 + 1 + 2 + 2 + 2 + 2
    assert all(number.ok for number in compared), compared


@pytest.mark.slow
def test_a_file_that_is_written_says_the_same(session: Session) -> None:
    run = session.timeline.run
    assert parse(dumps(Scenario("again", run=run)), None, "again").run == run
    plain = dumps(Scenario("plain", run=Run()))
    assert not [name for name in ("l2", "reduction", "over_outputs") if name in plain]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('reduction = "none"', "no reduction 'none' of the loss over a batch: mean, sum"),
        ('over_outputs = "max"', "over_outputs of the loss is mean or sum, not 'max'"),
        ("l2 = -1.0", "expected a number >= 0"),
        ("l2 = 1e39", "1e+39 is not a factor of the penalty l2"),
    ],
)
def test_what_is_no_convention_is_told_with_its_line(key: str, said: str) -> None:
    name = key.split()[0]
    before = next(line for line in SCENARIO.splitlines() if line.startswith(name))
    with pytest.raises(ScenarioError, match=f"line {SCENARIO.splitlines().index(before) + 1}: network.{name}") as error:
        parse(SCENARIO.replace(before, key), None, "bad")
    assert said in str(error.value)


def test_every_number_is_explained_and_three_ways_agree(engine: Engine, session: Session) -> None:
    trace, context = trace_of(session), context_of(session.timeline)
    for name, value in trace.values.items():
        for place in np.ndindex(value.shape):
            for form in (LOCAL, CHAIN):
                told = explain(trace, Cell(name, *place), context, form)
                assert told.evaluate() == pytest.approx(told.value, rel=1e-9, abs=1e-12), (name, place, form)
    for name in ("gw1", "gb1", "gy_pred"):
        cell = Cell(name, 1, 0)
        question = difference_request(trace, cell, context)
        assert question is not None
        answer = engine.answer(question.request)
        assert isinstance(answer, LossesFound)
        assert agreement(explain(trace, cell, context, CHAIN), question, answer).agree
    answer = engine.answer(effect_request(trace, Cell("w1"), context))
    assert isinstance(answer, LossesFound)
    assert effect(answer).before == pytest.approx(trace.loss, rel=1e-12)


def test_the_penalty_is_a_term_of_the_loss_and_of_each_weights_gradient(session: Session) -> None:
    trace, context = trace_of(session), context_of(session.timeline)
    told = [line.text for line in lines(explain(trace, Cell("gw1"), context, CHAIN))]
    assert told[0].endswith(" + 2·l2·w1[1,1]"), told
    assert "2 is the derivative of the square" in told
    assert any("the penalty's part" in text for text in told)
    told = [line.text for line in lines(explain(trace, Cell("gb1"), context, CHAIN))]
    assert "l2" not in told[0]
    told = [line.text for line in lines(explain(trace, Cell("loss"), context))]
    assert told[0].endswith(" + l2·Σw²"), told
    assert any(text.startswith("of the data ") and "penalty" in text for text in told)
    said = {phase.names[0]: sentence(trace, phase, context)[0] for phase in phases(trace.network)}
    assert said["loss"] == "loss = Σ (ŷ - y)², the sum over 2 rows, + l2·Σw²"
    assert said["gy_pred"] == "∂L/∂ŷ = 2(ŷ - y)"
    assert said["gw1"].startswith("∂L/∂w1 = ∂L/∂ŷ·xᵀ + 2·l2·w1")
    assert said["new_w1"].startswith("new w = w + momentum·new m - lr·∂L/∂w")


@pytest.mark.slow
def test_exports_make_the_run_again(engine: Engine, session: Session) -> None:
    import nbformat

    names: dict[str, object] = {}
    for cell in nbformat.reads(jupyter(session.timeline, engine.answer), as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    np.testing.assert_allclose(names["losses"], session.timeline.losses, rtol=1e-12)
    for kind in ("markdown", "json"):
        text = "".join(FORMATS[kind].write(session.timeline, engine.answer, None))
        assert all(word in text for word in ("nesterov", "l2", "reduction")), kind


def test_a_saved_session_goes_on(session: Session, tmp_path) -> None:
    save(session, tmp_path / "session")
    loaded = load(tmp_path / "session").session.timeline
    assert loaded.run == session.timeline.run
    assert loaded.losses.tobytes() == session.timeline.losses.tobytes()


OPTIONS = "--l2 0.01 --reduction sum --over-outputs mean --optimizer adam_paper --beta-1 0.8 --beta-2 0.99 --epsilon 0"


def options_of(*words: str):
    parser = Parser()
    add_model_options(parser)
    parser.add_argument("scenario", nargs="?")
    parser.add_argument("--steps", type=int, default=0)
    return parser.parse_args(list(words))


def test_the_command_line_says_all_and_the_line_that_is_copied_too() -> None:
    options = options_of(*OPTIONS.split())
    run = run_of(options, Run())
    assert (run.network.l2, run.network.reduction, run.network.over_outputs) == (0.01, "sum", "mean")
    optimizer = run.optimizer
    assert (optimizer.name, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == ("adam_paper", 0.8, 0.99, 0.0)
    timeline = Session(run).timeline
    assert not_in_command_line(timeline) == []
    assert run_of(options_of(*command_line(timeline).split()[1:]), Run()) == run
    for place in range(0, len(OPTIONS.split()), 2):
        assert says_a_run(options_of(*OPTIONS.split()[place : place + 2]))


@pytest.mark.parametrize(
    "words", ["--l2 -1", "--l2 x", "--epsilon -1e-8", "--momentum 1", "--beta-1 -0.1", "--reduction none"]
)
def test_an_option_that_can_not_be_is_refused_in_a_line(words: str) -> None:
    with pytest.raises(UsageError, match=words.split()[0]):
        options_of(*words.split())


async def test_the_screen_says_which_part_of_the_loss_is_the_penalty(engine: Engine) -> None:
    run = parse(SCENARIO, None, "all of it").run
    async with driven(engine, run, size=(120, 40)) as shown:
        await shown.press("space")
        assert "= 4 of the data + penalty 1" in shown.text
        assert "l2 0.5" in shown.text

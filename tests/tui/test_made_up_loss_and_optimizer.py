"""A loss and an optimizer that nobody knows: a row and a TensorFlow function each, and the program speaks of them."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute import step
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import LossesFound
from backprop_tui.core.explain import CHAIN, LOCAL, agreement, context_of, difference_request, explain, lines, sentence
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.jupyter import jupyter
from backprop_tui.core.model.losses import LOSSES, Loss
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Moment, Optimizer, Rule
from backprop_tui.core.model.phases import Cell, phases
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.scenario import parse
from backprop_tui.core.scenario.check import check
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.cli.options import Parser, add_model_options, run_of
from backprop_tui.tui.stepper.panes import updated
from backprop_tui.tui.stepper.view import view_of
from networks import hidden_layers
from one_by_one import made

SUM = Loss(
    "sum_squared_error",
    formula=lambda outputs: f"{'Σ ' if outputs > 1 else ''}(ŷ - y)²",
    derivative=lambda outputs: "2(ŷ - y)",
    function=lambda y, y_pred, z: ((y_pred - y) ** 2).sum(axis=0),
    tensorflow="tf.reduce_sum((y_true - y_pred) ** 2, axis=0)",
    source="made up here",
    terms=("(ŷ - y)²",),
    slope=("ŷ", "-y"),
    error_constant=lambda outputs: ("2", 2.0),
)
HEAVY_BALL = Rule(
    "heavy_ball",
    formula="new w = w - lr·new m,  new m = momentum·m + ∂L/∂w",
    title="w - {lr}·m",
    remembers="m: past gradients, fading",
    tensorflow="m[i] = {momentum} * m[i] + g\nw.assign_sub(lr * m[i])",
    source="made up here",
    step=("-lr·new m",),
    moments={"m": Moment("the fading sum of the gradients", ("momentum·m", "g"))},
    constants=("momentum",),
)


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def heavy_ball(chosen: Optimizer, parameters, moments, gradient, lr, zero):
        m = (chosen.momentum * moments + zero) + gradient
        return parameters - (lr * m + zero), m

    monkeypatch.setitem(LOSSES, SUM.name, SUM)
    monkeypatch.setitem(step.LOSSES, SUM.name, lambda y, y_pred, z: tf.reduce_sum((y - y_pred) ** 2, axis=0))
    monkeypatch.setitem(OPTIMIZERS, HEAVY_BALL.name, HEAVY_BALL)
    monkeypatch.setitem(step.OPTIMIZERS, HEAVY_BALL.name, heavy_ball)


@pytest.fixture
def session(engine: Engine) -> Session:
    network = Network(2, hidden_layers([3], "tanh"), SUM.name)
    found = Session(Run(network=network, optimizer=Optimizer(HEAVY_BALL.name), dtype="float64"))
    found.timeline.set_lr(0.01)
    list(made(found, engine.answer, 3))
    return found


def trace_of(session: Session) -> Trace:
    assert session.timeline.trace is not None
    return session.timeline.trace


@pytest.mark.slow
def test_every_number_is_explained_and_all_three_ways_agree(engine: Engine, session: Session) -> None:
    trace, context = trace_of(session), context_of(session.timeline)
    for name, value in trace.values.items():
        for place in np.ndindex(value.shape):
            for form in (LOCAL, CHAIN):
                told = explain(trace, Cell(name, *place), context, form)
                assert told.evaluate() == pytest.approx(told.value, rel=1e-9, abs=1e-12)
    for name in ("gw1", "gb1", "gw2", "gy_pred"):
        cell = Cell(name, 0, 0)
        question = difference_request(trace, cell, context)
        assert question is not None
        answer = engine.answer(question.request)
        assert isinstance(answer, LossesFound)
        assert agreement(explain(trace, cell, context, CHAIN), question, answer).agree
    told = [line.text for line in lines(explain(trace, Cell("new_m_w1", 0, 0), context))]
    assert any("momentum·m(w1[1,1]) + ∂L/∂w1[1,1]" in text for text in told)
    told = [line.text for line in lines(explain(trace, Cell("new_w1", 0, 0), context))]
    assert any("w1[1,1] - lr·new m(w1[1,1])" in text for text in told)


@pytest.mark.slow
def test_phases_and_panes_say_its_formulas(session: Session) -> None:
    trace, context = trace_of(session), context_of(session.timeline)
    told = {phase.names[0]: sentence(trace, phase, context)[0] for phase in phases(trace.network)}
    assert "(ŷ - y)²" in told["loss"]
    assert told["gy_pred"].endswith("2(ŷ - y)")
    assert told["new_w1"] == HEAVY_BALL.formula
    assert updated.title(view_of(session.timeline)).endswith("w - 0.01·m")


@pytest.mark.slow
def test_exports_write_it_down(engine: Engine, session: Session) -> None:
    text = "".join(FORMATS["markdown"].write(session.timeline, engine.answer, None))
    assert "new b2 = b2 - lr·new m(b2)" in text
    import nbformat

    names: dict[str, object] = {}
    for cell in nbformat.reads(jupyter(session.timeline, engine.answer), as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    np.testing.assert_allclose(names["losses"], session.timeline.losses, rtol=1e-10)


SCENARIO = """
title = "a sum of squares"
[data]
x = [[2.0]]
y = [[1.0]]
[network]
layers = [{units = 1, activation = "linear"}]
loss = "sum_squared_error"
precision = "float64"
[training]
optimizer = "heavy_ball"
lr = 0.1
[parameters]
w1 = 1.0
b1 = 1.0
[[expect]]
step = 1
name = "loss"
value = 4.0
tolerance = 1e-12
[[expect]]
step = 1
name = "gw1"
value = 8.0
tolerance = 1e-12
[[expect]]
step = 1
name = "w1"
value = 0.2
tolerance = 1e-12
"""


def test_check_knows_it(engine: Engine) -> None:
    """ŷ = 3, the loss (3 - 1)² = 4, ∂L/∂ŷ = 2·2 = 4, ∂L/∂w = 4·2 = 8, the new w 1 - 0.1·8 = 0.2: by hand."""
    compared = check(parse(SCENARIO, None, "sum"), engine.answer)
    assert [number.ok for number in compared] == [True] * 3, compared


def test_the_command_line_knows_it() -> None:
    parser = Parser()
    add_model_options(parser)
    parser.add_argument("scenario", nargs="?")
    options = parser.parse_args(["--optimizer", "heavy_ball"])
    assert run_of(options, Run()).optimizer.name == "heavy_ball"

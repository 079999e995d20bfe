"""An activation that nobody knows: a row and a TensorFlow function, and the whole program speaks of it rightly."""

from collections.abc import Callable

import numpy as np
import pytest
from backprop_tui.core.engine.compute import step
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import LossesFound
from backprop_tui.core.explain import CHAIN, LOCAL, agreement, context_of, difference_request, explain, lines, sentence
from backprop_tui.core.explain.remarks import remarks
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.jupyter import jupyter
from backprop_tui.core.export.shell_line import command_line, not_in_command_line
from backprop_tui.core.model.activations import ACTIVATIONS, Activation
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell, phases
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.scenario import parse
from backprop_tui.core.scenario.check import check
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.cli.options import Parser, add_model_options, run_of
from backprop_tui.tui.stepper.panes import forward
from backprop_tui.tui.stepper.view import view_of
from networks import hidden_layers
from one_by_one import made

SOFTSIGN = Activation(
    "softsign",
    symbol="softsign",
    formula="z/(1 + |z|)",
    function=lambda z: z / (1 + np.abs(z)),
    derivative_at=lambda z, h: 1 / (1 + np.abs(z)) ** 2,
    tensorflow="({z} / (1 + tf.abs({z})))",
    source="Glorot and Bengio 2010",
    derivative="1/(1 + |{z}|)²",
)


@pytest.fixture(autouse=True)
def softsign(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setitem(ACTIVATIONS, SOFTSIGN.name, SOFTSIGN)
    monkeypatch.setitem(step.ACTIVATIONS, SOFTSIGN.name, lambda z: z / (1 + tf.abs(z)))


@pytest.fixture
def session(engine: Engine) -> Session:
    found = Session(Run(network=Network(2, hidden_layers([3], "softsign")), dtype="float64"))
    list(made(found, engine.answer, 3))
    return found


def trace_of(session: Session) -> Trace:
    assert session.timeline.trace is not None
    return session.timeline.trace


@pytest.mark.slow
def test_why_gives_its_derivative_and_all_three_ways_agree(engine: Engine, session: Session) -> None:
    trace, context = trace_of(session), context_of(session.timeline)
    z = float(trace["z1"][1, 0])
    found = explain(trace, Cell("gz1", 1, 0), context, LOCAL)
    assert found.terms[0].factors[1].symbol == "1/(1 + |z1[2]|)²"
    assert found.terms[0].factors[1].value == pytest.approx(1 / (1 + abs(z)) ** 2, rel=1e-12)
    assert "1/(1 + |z1[2]|)² is the derivative of softsign at z1[2]" in [line.text for line in lines(found)]
    for name, value in trace.values.items():
        for place in np.ndindex(value.shape):
            for form in (LOCAL, CHAIN):
                told = explain(trace, Cell(name, *place), context, form)
                assert told.evaluate() == pytest.approx(told.value, rel=1e-9, abs=1e-12)
    for name in ("gw1", "gb1", "gz1", "gh1"):
        for place in np.ndindex(trace[name].shape):
            cell = Cell(name, *place)
            question = difference_request(trace, cell, context)
            assert question is not None
            answer = engine.answer(question.request)
            assert isinstance(answer, LossesFound)
            assert agreement(explain(trace, cell, context, CHAIN), question, answer).agree


def test_its_phases_say_its_formulas(session: Session) -> None:
    trace, context = trace_of(session), context_of(session.timeline)
    told = {phase.names[0]: sentence(trace, phase, context)[0] for phase in phases(trace.network)}
    assert told["h1"] == "h1 = softsign(z1)"
    assert told["gz1"] == "∂L/∂z1 = ∂L/∂h1·1/(1 + |z1|)²"


@pytest.mark.slow
def test_a_unit_of_it_can_be_saturated(settle: Callable[[Session], Session]) -> None:
    given = Run(network=Network(2, hidden_layers([1], "softsign")), initial=(0.0, 0.0, 40.0, 1.0, 1.0))
    session = settle(Session(given))
    session.timeline.step()
    settle(session)
    (remark,) = [remark for remark in remarks(trace_of(session)) if remark.kind == "saturated"]
    assert "h1 is saturated" in remark.text
    assert "0.00059" in remark.text


def test_exports_write_it_down(engine: Engine, session: Session) -> None:
    text = "".join(FORMATS["markdown"].write(session.timeline, engine.answer, None))
    assert "3 softsign" in text
    assert "1/(1 + |z1[1]|)²" in text
    import nbformat

    notebook = nbformat.reads(jupyter(session.timeline, engine.answer), as_version=4)
    names: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    assert "h1 = (z1 / (1 + tf.abs(z1)))" in "".join(cell.source for cell in notebook.cells)
    np.testing.assert_allclose(names["losses"], session.timeline.losses, rtol=1e-10)
    line, left_out = command_line(session.timeline), not_in_command_line(session.timeline)
    assert "--hidden 3 --activation softsign" in line
    assert left_out == []


def test_panes_show_it(session: Session) -> None:
    view = view_of(session.timeline)
    shown = [span.text for line in forward.lines(view, 60) for span in line]
    assert any("h1 = softsign(z1)" in text for text in shown)
    assert "softsign" in view.network.name


SCENARIO = """
title = "softsign"
[data]
x = [[1.0]]
y = [[1.0]]
[network]
layers = [{units = 1, activation = "softsign"}, {units = 1, activation = "linear"}]
precision = "float64"
[parameters]
w1 = 1.0
b1 = 0.0
w2 = 1.0
b2 = 0.0
[[expect]]
step = 1
name = "h1"
value = 0.5
tolerance = 1e-12
[[expect]]
step = 1
name = "gw1"
value = -0.125
tolerance = 1e-12
"""


def test_check_knows_it(engine: Engine) -> None:
    """h = 1/2, ŷ = 1/2, ∂L/∂ŷ = -1/2, h′ = 1/4: by hand."""
    compared = check(parse(SCENARIO, None, "softsign"), engine.answer)
    assert [(number.name, number.ok) for number in compared] == [("h1", True), ("gw1", True)]


def test_the_command_line_knows_it() -> None:
    parser = Parser()
    add_model_options(parser)
    parser.add_argument("scenario", nargs="?")
    options = parser.parse_args(["--activation", "softsign", "--hidden", "4"])
    assert run_of(options, Run()).network.layers[0].activation == "softsign"
    assert "softsign" in parser.format_help()

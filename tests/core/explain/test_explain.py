"""Explanations: their own terms come to the tape's numbers, and row 0 of the notebook reads as it should."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, LossesFound, Program, RunSteps, StepsRun, TableRows
from backprop_tui.core.explain import (
    CHAIN,
    LOCAL,
    Context,
    agreement,
    cell_name,
    context_of,
    difference_request,
    effect,
    effect_request,
    explain,
    inputs,
    lines,
    sentence,
)
from backprop_tui.core.explain.remarks import remarks
from backprop_tui.core.model import phases
from backprop_tui.core.model.activations import hidden_activations
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, LOSSES, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from backprop_tui.core.table.spec import TableSpec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import PENALTIES, REDUCTIONS

PART_4 = (0.37398827, 0.13191855, 0.33133006, 0.2887237, 0.43552864, 0.86466706, 0.19082546, 0.33180952, 0.43695092)
"""The weights that the notebook prints in Part 4: w1, b1, w2, b2."""


def traced(
    engine: Engine, network: Network, seed: int, batch: int, dtype: str, optimizer: Optimizer
) -> tuple[Trace, Context]:
    """The trace of the second of two steps from random weights on random samples: the moments are not 0 any more."""
    random = np.random.RandomState(seed)
    x = random.standard_normal((batch, network.features))
    if network.loss == SOFTMAX_CROSS_ENTROPY:
        y = np.eye(network.outputs)[random.randint(network.outputs, size=batch)]
    elif network.loss == BINARY_CROSS_ENTROPY:
        y = random.randint(2, size=(batch, network.outputs)).astype("float64")
    else:
        y = random.standard_normal((batch, network.outputs))
    state = optimizer.first_state(random.standard_normal(network.width).astype(dtype))
    program = Program(network, optimizer, dtype)  # type: ignore[arg-type]
    answer = engine.answer(RunSteps(program, numbers(state), Inline(numbers(x), numbers(y), 2), 0.05))
    assert isinstance(answer, StepsRun)
    return Trace(network, 0.05, tuple(range(batch)), arrays(answer.trace)), Context(optimizer, step=2)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    hidden = draw(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(hidden_activations())), min_size=1, max_size=3))
    loss = draw(st.sampled_from(list(LOSSES)))
    outputs = draw(st.integers(1 if loss != SOFTMAX_CROSS_ENTROPY else 2, 3))
    endings = [*hidden_activations(), *(["softmax", "softmax"] if outputs > 1 else [])]
    last = Layer(outputs, LOSSES[loss].last or draw(st.sampled_from(endings)), draw(st.booleans()))
    frozen = draw(st.sampled_from(((), ("w1",), ("w1[1,1]", "w2"))))
    biased = draw(st.booleans())
    layers = (*(Layer(*layer, biased) for layer in hidden), last)
    penalty, reduction, over = (draw(st.sampled_from(of)) for of in (PENALTIES, REDUCTIONS, ("", *REDUCTIONS)))
    return Network(draw(st.integers(1, 4)), layers, loss, frozen, penalty, reduction, over)


def cells(trace: Trace) -> list[Cell]:
    return [Cell(name, row, column) for name, value in trace.values.items() for row, column in np.ndindex(value.shape)]


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    network=networks(),
    seed=st.integers(0, 2**31),
    batch=st.integers(1, 4),
    dtype=st.sampled_from(("float32", "float64")),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
)
def test_terms_come_to_the_number(
    engine: Engine, network: Network, seed: int, batch: int, dtype: str, optimizer: str
) -> None:
    trace, context = traced(engine, network, seed, batch, dtype, Optimizer(optimizer))
    precision = float(np.finfo(dtype).eps)
    for cell in cells(trace):
        for form in (LOCAL, CHAIN):
            explanation = explain(trace, cell, context, form)
            assert explanation.value == trace[cell.name][cell.place]
            allowed = 16 * precision * (explanation.scale + abs(explanation.value))
            assert abs(explanation.evaluate() - explanation.value) <= allowed, (cell, form, explanation)
            for factor in explanation.factors:
                for entering in factor.cells:
                    trace[entering.name][entering.place]
                if len(factor.cells) == 1 and factor.symbol == cell_name(network, factor.cells[0], trace.batch):
                    assert factor.value == trace[factor.cells[0].name][factor.cells[0].place]


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(network=networks(), seed=st.integers(0, 2**31), batch=st.sampled_from((1, 2, 20)))
def test_every_text_fits_and_every_link_leads_back_to_what_is_given(
    engine: Engine, network: Network, seed: int, batch: int
) -> None:
    trace, context = traced(engine, network, seed, batch, "float32", Optimizer("adam"))
    for phase in phases.phases(network):
        assert all(0 < len(line) <= 76 for line in sentence(trace, phase, context)), sentence(trace, phase, context)
    ends: dict[Cell, bool] = {}
    for cell in cells(trace):
        if cell.row > 2 or cell.column > 2:
            continue
        for form in (LOCAL, CHAIN):
            explanation = explain(trace, cell, context, form)
            for digits in (4, None):
                for line in lines(explanation, digits):
                    rows = ["".join(piece.text for piece in row) for row in line.wrapped()]
                    assert all(len(row) <= 76 for row in rows), rows
                    assert "".join("".join(rows).split()) == "".join(line.text.split())
        formula, working = sentence(trace, cell, context)
        assert len(formula) <= 76
        assert len(working) <= 76
        result = lines(explanation)[-1 - len(explanation.notes)].text.lstrip("=≈ ")
        assert explanation.given or working.endswith((f"= {result}", f"≈ {result}"))
        assert _ends(trace, context, cell, ends, ())


def _ends(trace: Trace, context: Context, cell: Cell, known: dict[Cell, bool], trail: tuple[Cell, ...]) -> bool:
    """Whether every trail from a cell, term by term, ends at numbers that are given: none of them leads in a circle."""
    if cell in trail:
        return False
    if cell not in known:
        known[cell] = all(
            _ends(trace, context, entering, known, (*trail, cell)) for entering in inputs(trace, cell, context)
        )
    return known[cell]


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-30, 1e15, 1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("loss", LOSSES)
def test_numbers_beyond_all_measure_are_explained_too(engine: Engine, loss: str, size: float) -> None:
    last = LOSSES[loss].last or "tanh"
    network = Network(2, (Layer(2, "relu"), Layer(2, "tanh"), Layer(2, last)), loss)
    parameters = np.full(network.width, size, "float32")
    parameters[:3] *= -1
    program = Program(network, Optimizer("adam"))
    samples = Inline(numbers(np.array([[1.0, -2.0]])), numbers(np.array([[1.0, 0.0]])))
    answer = engine.answer(RunSteps(program, numbers(Optimizer("adam").first_state(parameters)), samples, 1e30))
    assert isinstance(answer, StepsRun)
    trace, context = Trace(network, 1e30, (0,), arrays(answer.trace)), Context(Optimizer("adam"))
    assert all(len(remark.text) <= 76 for remark in remarks(trace))
    for cell in cells(trace):
        for form in (LOCAL, CHAIN):
            found = explain(trace, cell, context, form)
            assert lines(found)
            found.evaluate()
        assert all(len(line) <= 76 for line in sentence(trace, cell, context))
        if (question := difference_request(trace, cell, context)) is not None:
            assert question.moved > 0
            compared = agreement(found, question, LossesFound(numbers(np.array([size, -size]))))
            assert compared.text
            # Neither infinite nor undefined gradients are ever said to agree.
            assert np.isfinite(found.value) or not compared.agree


# Row 0 of the notebook, with the weights that it prints in Part 4.


@pytest.fixture(scope="module")
def part_4(engine: Engine) -> Session:
    session = Session(Run(initial=PART_4, settings=Settings(lr=0.01)))
    session.timeline.step()
    settle(session, engine.answer)
    return session


def texts(session: Session, cell: Cell, form: str = CHAIN) -> list[str]:
    assert session.timeline.trace is not None
    return [line.text for line in lines(explain(session.timeline.trace, cell, context_of(session.timeline), form))]


def test_the_last_bias(part_4: Session) -> None:
    # The notebook prints gb2 = -11.906485; y is ln 313000.
    assert texts(part_4, Cell("gb2")) == [
        "∂L/∂b2 = ŷ - y",
        "= 0.7475 - 12.6540",
        "= -11.9065",
        "∂ŷ/∂b2 = 1: the bias is added as it is",
    ]


def test_the_first_weight(part_4: Session) -> None:
    # The notebook prints gw1[0, 0] = 0.24420656.
    assert texts(part_4, Cell("gw1"))[:4] == [
        "∂L/∂w1[1,1] = (ŷ - y)·w2[1]·h1[1](1 - h1[1])·x[1]",
        "= (0.7475 - 12.6540)·0.1908·0.5434(1 - 0.5434)·(-0.4332)",
        "= -11.9065·0.1908·0.2481·(-0.4332)",
        "= +0.2442",
    ]
    assert texts(part_4, Cell("gw1"), LOCAL) == ["∂L/∂w1[1,1] = ∂L/∂z1[1]·x[1]", "= -0.5637·(-0.4332)", "= +0.2442"]


def test_the_updated_weight(part_4: Session) -> None:
    # The notebook prints w1[0, 0] = 0.3715462 after the update with lr 0.01.
    assert texts(part_4, Cell("new_w1")) == [
        "new w1[1,1] = w1[1,1] - lr·∂L/∂w1[1,1]",
        "= 0.37399 - 0.01·0.24421",
        "= +0.3715",
    ]


def test_the_data(part_4: Session) -> None:
    # The notebook's row 0: 3 bedrooms, $313,000; x1 = -0.433198.
    assert texts(part_4, Cell("x"))[:4] == [
        "x[1] = (bedrooms - mean)/std",
        "= (3 - 3.4108)/0.9483",
        "= -0.4108/0.9483",
        "= -0.4332",
    ]
    assert texts(part_4, Cell("y"))[:3] == ["y = ln(price)", "= ln(313,000)", "= +12.6540"]


def test_the_loss_in_dollars(part_4: Session) -> None:
    # ½·11.906485² = 70.8822; e^0.7475 = 2.11.
    assert texts(part_4, Cell("loss")) == [
        "loss = ½(ŷ - y)²",
        "= ½(0.747473 - 12.653958)²",
        "= ½·141.7644",
        "= +70.8822",
        "e^ŷ = $2.11, price $313,000: $312,998 too low",
    ]


def test_sums_and_activations(part_4: Session) -> None:
    assert texts(part_4, Cell("y_pred"))[:2] == [
        "ŷ = w2[1]·h1[1] + w2[2]·h1[2] + b2",
        "= 0.1908·0.5434 + 0.3318·0.6233 + 0.4370",
    ]
    assert texts(part_4, Cell("h1"))[0] == "h1[1] = σ(w1[1,1]·x[1] + w1[1,2]·x[2] + b1[1])"
    assert texts(part_4, Cell("h1"), LOCAL) == [
        "h1[1] = σ(z1[1])",
        "= σ(0.1741)",
        "= +0.5434",
        "σ(z) = 1/(1 + e^-z)",
    ]


def test_phases_in_two_lines(part_4: Session) -> None:
    trace = part_4.timeline.trace
    assert trace is not None
    found = {phase.title: sentence(trace, phase, context_of(part_4.timeline)) for phase in phases.phases(trace.network)}
    assert found["z1"] == ("z1 = w1·x + b1", "z1[1] = 0.3740·(-0.4332) + 0.1319·(-0.7533) + 0.4355 = +0.1741")
    assert found["∂L/∂ŷ"] == ("∂L/∂ŷ = ŷ - y", "∂L/∂ŷ = 0.7475 - 12.6540 = -11.9065")
    assert found["update"] == ("new w = w - lr·∂L/∂w", "new w1[1,1] = 0.37399 - 0.01·0.24421 = +0.3715")


def test_where_a_parameter_comes_from(engine: Engine) -> None:
    session = Session(Run(seed=7))
    settle(session, engine.answer)
    session.timeline.step()
    settle(session, engine.answer)
    assert texts(session, Cell("w1"))[1:] == ["drawn by seed 7 (uniform)"]
    session.timeline.step()
    settle(session, engine.answer)
    assert session.timeline.trace is not None
    left = explain(session.timeline.trace, Cell("w1"), context_of(session.timeline))
    assert left.terms[0].value == session.timeline.history.states[0][0]
    assert left.evaluate() == left.value == session.timeline.history.states[1][0]
    session.timeline.change(Cell("w1"), 0.5)
    settle(session, engine.answer)
    assert texts(session, Cell("w1"))[0] == "w1[1,1] = +0.5000"
    assert texts(session, Cell("w1"))[1].startswith("typed by hand; it was ")
    assert not any("typed" in text for text in texts(session, Cell("w1", 0, 1)))


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(network=networks(), seed=st.integers(0, 2**31), optimizer=st.sampled_from(list(OPTIMIZERS)))
def test_nothing_is_explained_by_what_comes_later(engine: Engine, network: Network, seed: int, optimizer: str) -> None:
    """Whoever follows the terms in the middle of a step sees nothing that is not computed yet."""
    trace, context = traced(engine, network, seed, 1, "float32", Optimizer(optimizer))

    def is_done(cell: Cell, done: int) -> bool:
        columns = trace[cell.name].shape[1]
        return cell.row * columns + cell.column < phases.numbers_done(network, cell.name, done)

    for done in range(1, phases.count(network) + 1):
        cell = phases.last_cell(network, done)
        assert cell is not None
        for form in (LOCAL, CHAIN):
            for entering in explain(trace, cell, context, form).cells:
                assert is_done(entering, done), (cell, entering)


# Three ways


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(network=networks(), seed=st.integers(0, 2**31), batch=st.integers(1, 2))
def test_tape_chain_rule_and_difference_agree(engine: Engine, network: Network, seed: int, batch: int) -> None:
    trace, context = traced(engine, network, seed, batch, "float32", Optimizer())
    asked = 0
    for cell in cells(trace):
        question = difference_request(trace, cell, context)
        if cell.name[:2] in ("gw", "gb", "gz", "gh"):
            assert question is not None
        if question is None:
            continue
        asked += 1
        answer = engine.answer(question.request)
        assert isinstance(answer, LossesFound)
        found = agreement(explain(trace, cell, context), question, answer)
        assert found.agree, (cell, found)
    assert asked


def test_a_wrong_gradient_is_not_agreed_to(engine: Engine) -> None:
    trace, context = traced(engine, Network(), 1, 1, "float32", Optimizer())
    wrong = dict(trace.values)
    wrong["gw1"] = wrong["gw1"] * np.float32(1.001)
    trace = Trace(trace.network, trace.lr, trace.rows, wrong)
    question = difference_request(trace, Cell("gw1"), context)
    assert question is not None
    answer = engine.answer(question.request)
    assert isinstance(answer, LossesFound)
    assert not agreement(explain(trace, Cell("gw1"), context), question, answer).agree


def test_seven_digits_on_row_0(engine: Engine, part_4: Session) -> None:
    assert part_4.timeline.trace is not None
    context = context_of(part_4.timeline)
    for cell, printed in ((Cell("gw1"), 0.24420656), (Cell("gb2"), -11.906485)):
        question = difference_request(part_4.timeline.trace, cell, context)
        assert question is not None
        answer = engine.answer(question.request)
        assert isinstance(answer, LossesFound)
        found = agreement(explain(part_4.timeline.trace, cell, context), question, answer)
        assert found.digits == 7
        assert found.difference == pytest.approx(printed, rel=1e-7)
        assert found.text[-1] == "all three agree to 7 digits"


def test_what_one_update_does_alone(engine: Engine, part_4: Session) -> None:
    assert part_4.timeline.trace is not None
    trace = part_4.timeline.trace
    answer = engine.answer(effect_request(trace, Cell("new_b2"), context_of(part_4.timeline)))
    assert isinstance(answer, LossesFound)
    found = effect(answer)
    # b2 alone moves ŷ by as much as itself: the notebook prints b2 = 0.43695092 before and 0.5560158 after.
    assert found.alone == pytest.approx(0.5 * (11.906485 - (0.5560158 - 0.43695092)) ** 2, rel=1e-6)
    assert found.before == pytest.approx(trace.loss, rel=1e-6)
    assert found.together < found.alone < found.before


# Batches too large to be handed out


@pytest.mark.slow
def test_means_over_a_large_batch(engine: Engine) -> None:
    session = Session(Run(settings=Settings(sampling=Sampling(SHUFFLED, batch=100))))
    session.timeline.step()
    settle(session, engine.answer)
    trace = session.timeline.trace
    assert trace is not None
    assert trace.averaged
    context = context_of(session.timeline)
    for cell in cells(trace):
        found = explain(trace, cell, context)
        assert abs(found.evaluate() - found.value) <= 1e-5 * (found.scale + abs(found.value)), cell
        if cell.name in ("gw1", "h1", "gz1", "loss"):
            assert found.given
            assert "100 rows" in found.notes[0]
    question = difference_request(trace, Cell("gw1"), context)
    assert question is not None
    answer = engine.answer(question.request)
    assert isinstance(answer, LossesFound)
    assert question.difference(answer)[0] == pytest.approx(float(trace["gw1"][0, 0]), rel=1e-4)
    assert difference_request(trace, Cell("gz1"), context) is None


def test_a_row_that_fills_up_a_batch_does_not_count(engine: Engine) -> None:
    run = Run()
    rows = TableRows(run.table, numbers(np.array([[5, 7, -1]], "int32")))
    answer = engine.answer(RunSteps(run.program, numbers(run.first_state()), rows, 0.1))
    assert isinstance(answer, StepsRun)
    trace = Trace(run.network, 0.1, (5, 7), arrays(answer.trace))
    for cell in cells(trace):
        # In the third column there are numbers, but nothing flows back from them.
        if cell.column < 2 or cell.name not in ("gz1", "gz2", "gh1", "gy_pred"):
            found = explain(trace, cell, Context())
            assert abs(found.evaluate() - found.value) <= 1e-5 * (found.scale + 1), cell
    assert [len(explain(trace, Cell(name), Context(), LOCAL).terms) for name in ("gw1", "gb2", "loss")] == [2, 2, 2]


@pytest.mark.slow
@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "binary_cross_entropy"), ("tanh", "half_squared_error")])
@pytest.mark.parametrize("z", [-12.0, -0.7, 2.0, 9.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_by_a_prediction_is_found_three_ways(
    engine: Engine, last: str, loss: str, z: float, y: float, dtype: str
) -> None:
    network = Network(1, (Layer(1, last),), loss)
    samples = Inline(numbers(np.array([[1.0], [-0.5]])), numbers(np.array([[y], [1 - y]])))
    program = Program(network, dtype=dtype)  # type: ignore[arg-type]
    answer = engine.answer(RunSteps(program, numbers(np.array([z, 0.1], dtype)), samples, 0.1))
    assert isinstance(answer, StepsRun)
    trace, context = Trace(network, 0.1, (0, 1), arrays(answer.trace)), Context()
    for sample in (0, 1):
        cell = Cell("gy_pred", 0, sample)
        question = difference_request(trace, cell, context)
        assert question is not None
        losses = engine.answer(question.request)
        assert isinstance(losses, LossesFound)
        found = agreement(explain(trace, cell, context), question, losses)
        assert found.agree, found
        assert found.difference == pytest.approx(found.tape, rel=1e-3, abs=found.noise + float(np.finfo(dtype).eps))
        assert found.chain == pytest.approx(found.tape, rel=1e-5, abs=1e-30)


def test_a_cell_that_is_not_there(part_4: Session) -> None:
    assert part_4.timeline.trace is not None
    for cell in (Cell("w3"), Cell("w1", 2, 0), Cell("w1", -1, 0)):
        with pytest.raises(KeyError):
            explain(part_4.timeline.trace, cell)


def test_other_tables_are_explained_in_their_own_words(engine: Engine) -> None:
    table = TableSpec(features=("sqft_living",), targets=("bedrooms",), standardize=(), log_target=False)
    run = Run(table=table, network=Network(1, (Layer(1, "linear"),), MEAN_SQUARED), settings=Settings(lr=1e-9))
    session = Session(run)
    session.timeline.step()
    settle(session, engine.answer)
    assert texts(session, Cell("x")) == ["x = +1340.0000", "as it is in the table, not scaled"]
    assert texts(session, Cell("y")) == ["y = +3.0000", "as it is in the table"]
    assert texts(session, Cell("loss"))[-1].endswith(" too high")
    assert "$" not in texts(session, Cell("loss"))[-1]

"""Predict first: what is held for true is what the engine computes, for every kind of question; and the verdict."""

from math import isinf

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import LossesFound
from backprop_tui.core.explain import cell_name, context_of, difference_request, effect, effect_request
from backprop_tui.core.explain.quiz import CHOOSE, COMPUTE, Question, Score, judge, question
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from driving import Settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import hidden_layers

NOTEBOOK = {
    "gw1": [[0.24420656, 0.42463395], [0.40183094, 0.6987161]],
    "gb1": [[-0.5637301], [-0.92759264]],
    "gw2": [[-6.470312, -7.4215174]],
    "gb2": [[-11.906485]],
}
"""The gradients that the teaching notebook prints in its Part 4."""

anyhow = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def stepped(settle: Settle, run: Run, steps: int = 1) -> Session:
    """A session at the end of a step."""
    session = settle(Session(run))
    for _ in range(steps):
        session.timeline.step()
        settle(session)
    return session


def step_of(session: Session) -> Trace:
    assert session.timeline.trace is not None
    return session.timeline.trace


def loss_after(engine: Engine, session: Session) -> float:
    """The loss after the step in view, as the screen asks for it."""
    trace = step_of(session)
    cell = Cell("new_" + trace.network.parameters[0].name)
    answer = engine.answer(effect_request(trace, cell, context_of(session.timeline)))
    assert isinstance(answer, LossesFound)
    return effect(answer).together


def asked(engine: Engine, session: Session, level: str, number: int) -> Question:
    found = question(step_of(session), loss_after(engine, session), level, number)
    assert found is not None
    return found


@anyhow
@given(seed=st.integers(0, 2**20), number=st.integers(0, 500).map(lambda half: 2 * half))
def test_a_parameter_goes_against_its_gradient(engine: Engine, settle: Settle, seed: int, number: int) -> None:
    session = stepped(settle, Run(seed=seed))
    found = asked(engine, session, CHOOSE, number)
    gradient = step_of(session)[found.cell.name][found.cell.place]
    assert found.choices == ("up", "down", "stay")
    assert found.answer == (2 if gradient > 0 else 1)
    assert cell_name(session.timeline.run.network, Cell(found.cell.name[1:], *found.cell.place)) in found.text


@anyhow
@given(seed=st.integers(0, 2**20), lr=st.floats(0.001, 5), number=st.integers(0, 500).map(lambda n: 4 * n + 1))
def test_the_most_is_moved_where_the_gradient_is_largest(
    engine: Engine, settle: Settle, seed: int, lr: float, number: int
) -> None:
    session = stepped(settle, Run(seed=seed, settings=Settings(lr=lr)))
    found = asked(engine, session, CHOOSE, number)
    largest = {name: np.abs(step_of(session)["g" + name]).max() for name in found.choices}
    assert list(largest) == ["w1", "b1", "w2", "b2"]
    assert found.choices[int(found.answer) - 1] == max(largest, key=lambda name: largest[name])
    assert abs(step_of(session)[found.cell.name][found.cell.place]) == max(largest.values())


@anyhow
@given(seed=st.integers(0, 2**20), lr=st.floats(0.001, 5), number=st.integers(0, 500).map(lambda n: 4 * n + 3))
def test_what_is_left_of_the_loss_is_the_next_steps_loss(
    engine: Engine, settle: Settle, seed: int, lr: float, number: int
) -> None:
    session = stepped(settle, Run(seed=seed, settings=Settings(lr=lr)))
    found = asked(engine, session, CHOOSE, number)
    before = step_of(session).loss
    session.timeline.step()
    share = step_of(settle(session)).loss / before
    limits = {1: (1, np.inf), 2: (0.5, 1), 3: (0.1, 0.5), 4: (0, 0.1)}
    low, high = limits[int(found.answer)]
    # The question's loss is computed in float64, the next step's in float32.
    assert low * (1 - 1e-4) <= share <= high * (1 + 1e-4)


def test_rates_from_the_talk(engine: Engine, settle: Settle) -> None:
    """At row 0, seed 0, lr 0.2 lowers the loss and 2.0 raises it."""
    for lr, truth in ((0.2, "a tenth to half"), (2.0, "all or more"), (0.0, "all or more")):
        found = asked(engine, stepped(settle, Run(settings=Settings(lr=lr))), CHOOSE, 3)
        assert found.choices[int(found.answer) - 1] == truth


@anyhow
@given(seed=st.integers(0, 2**20), number=st.integers(0, 500))
def test_a_number_to_compute_is_what_the_finite_difference_finds(
    engine: Engine, settle: Settle, seed: int, number: int
) -> None:
    session = stepped(settle, Run(seed=seed))
    found = asked(engine, session, COMPUTE, number)
    difference = difference_request(step_of(session), found.cell, context_of(session.timeline))
    assert difference is not None
    answer = engine.answer(difference.request)
    assert isinstance(answer, LossesFound)
    gradient, noise = difference.difference(answer)
    assert found.choices == ()
    assert found.answer == pytest.approx(gradient, rel=1e-4, abs=noise)
    assert judge(found, gradient)[0]


def test_the_notebooks_gradients_are_the_truth(engine: Engine, settle: Settle) -> None:
    session = stepped(settle, bundled("notebook-part-4").run)
    seen = set()
    for number in range(60):
        found = asked(engine, session, COMPUTE, number)
        printed = NOTEBOOK[found.cell.name][found.cell.row][found.cell.column]
        assert found.answer == pytest.approx(printed, rel=1e-7)
        seen.add(found.cell)
    assert len(seen) == 9, "every parameter is asked about"


def test_the_same_number_asks_the_same(engine: Engine, settle: Settle) -> None:
    run = Run(network=Network(2, hidden_layers([3, 3], "tanh")))
    one, other = stepped(settle, run, 2), stepped(settle, run, 2)
    for number in range(40):
        for level in (CHOOSE, COMPUTE):
            assert asked(engine, one, level, number) == asked(engine, other, level, number)
    assert len({asked(engine, one, COMPUTE, number).text for number in range(40)}) > 10


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_answer_holds_for_every_optimizer(engine: Engine, settle: Settle, optimizer: str) -> None:
    """Also where the optimizer's memory takes a parameter the other way than its gradient."""
    session = stepped(settle, Run(optimizer=Optimizer(optimizer), settings=Settings(lr=0.5)), 8)
    against = 0
    for number in range(0, 80, 2):
        found = asked(engine, session, CHOOSE, number)
        trace, of = step_of(session), Cell(found.cell.name[1:], *found.cell.place)
        moved = float(trace["new_" + of.name][of.place]) - float(trace[of.name][of.place])
        assert found.answer == (1 if moved > 0 else 2 if moved < 0 else 3)
        other_way = moved * float(trace[found.cell.name][found.cell.place]) > 0
        assert other_way == ("remembers" in found.because)
        against += other_way
    if optimizer in ("sgd", "rmsprop"):
        assert against == 0, "it remembers no direction"
    if optimizer == "momentum":
        assert against > 0


def test_a_frozen_parameter_stays(engine: Engine, settle: Settle) -> None:
    network = Network(2, (Layer(2, "sigmoid"), Layer(1, "linear")), frozen=("w1", "b1", "b2"))
    session = stepped(settle, Run(network=network))
    found = [asked(engine, session, CHOOSE, number) for number in range(0, 40, 2)]
    stays = {one.cell.name for one in found if one.choices[int(one.answer) - 1] == "stay"}
    assert stays == {"gw1", "gb1", "gb2"}
    assert all("frozen" in one.because for one in found if one.answer == 3)
    most = asked(engine, session, CHOOSE, 1)
    assert most.choices[int(most.answer) - 1] == "w2"


def test_none_moves_the_most_where_two_move_alike(engine: Engine, settle: Settle) -> None:
    # One linear unit and x = 1: the weight and the bias have the same gradient.
    settings = Settings(x=(1.0,), y=(3.0,))
    run = Run(network=Network(1, (Layer(1, "linear"),)), settings=settings, table=bundled("talk-diverges").run.table)
    found = asked(engine, stepped(settle, run), CHOOSE, 1)
    assert found.choices == ("up", "down", "stay")


def test_nothing_is_asked_of_a_step_that_is_not_finite(engine: Engine, settle: Settle) -> None:
    run = Run(network=Network(2, hidden_layers([2], "linear")), settings=Settings(lr=50))
    session = stepped(settle, run)
    for _ in range(30):
        session.timeline.step()
        settle(session)
        trace = step_of(session)
        after = loss_after(engine, session)
        if not np.isfinite(trace["new_w1"]).all():
            break
        for number in range(4):
            assert question(trace, after, CHOOSE, number) is not None
    assert not np.isfinite(trace["new_w1"]).all()
    assert isinf(after) or np.isnan(after)
    assert all(question(trace, after, level, number) is None for number in range(4) for level in (CHOOSE, COMPUTE))


# The verdict


@pytest.mark.parametrize(
    ("answer", "prediction", "right"),
    [
        (2.0, 2.0, True),
        (2.0, 2.099, True),
        (2.0, 2.101, False),
        (-2.0, -1.901, True),
        (-2.0, -1.899, False),
        (-2.0, 2.0, False),
        (0.0, 4.9e-4, True),
        (0.0, -5.1e-4, False),
    ],
)
def test_a_number_is_right_within_a_twentieth(answer: float, prediction: float, right: bool) -> None:
    found, words = judge(Question("Compute it", (), answer, "", Cell("gb2")), prediction)
    assert found == right
    assert words.startswith("Right" if right else "Not quite")


def test_guess_truth_and_gap_are_told() -> None:
    _, words = judge(Question("Compute it", (), -11.906485, "", Cell("gb2")), -12.5)
    assert words == "Right: you said -12.5000, it is -11.9065, the gap 0.5935."


def test_a_choice_is_right_or_not() -> None:
    found = Question("Up or down?", ("up", "down", "stay"), 2, "", Cell("gb2"))
    assert judge(found, 2) == (True, "Right, down.")
    assert judge(found, 1) == (False, "No: you said up, it is down.")


def test_the_score_counts() -> None:
    assert Score().with_answer(True).with_answer(False).with_answer(True) == Score(2, 3)

"""Every condition, true and false, from facts of real runs; and what is said to wrong numbers."""

from dataclasses import replace

import numpy as np
import pytest
from backprop_tui.core.course.conditions import (
    Chosen,
    Condition,
    Explained,
    Extreme,
    Reached,
    Rises,
    Together,
    Typed,
    Within,
    check,
    is_asked,
    is_known,
    right_choice,
    truth,
)
from backprop_tui.core.course.course import Task
from backprop_tui.core.course.facts import Facts, cell_of, of_autograd, of_data, of_descent, of_step
from backprop_tui.core.course.truth import StepAhead, ahead
from backprop_tui.core.course.words import miss_words, mistake_of, right_words, worked
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.data import DataLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.names import MAIN, named
from backprop_tui.core.lessons.training import Overview
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import parse as parse_scenario
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec

# The first step of the house network (seed 0, row 0), as the teaching notebook computes it by hand:
# ŷ = 1.5844, y = 12.6540, h1 = 0.4127, 0.4936; w2 = 0.4376, 0.8918.
ERROR = 1.5844 - 12.6540


@pytest.fixture
def session(engine: Engine) -> Session:
    """The house network, three phases into its first step: ŷ is there, the loss is not."""
    found = Session(Run())
    for _ in range(3):
        found.timeline.phase()
    settle(found, engine.answer)
    return found


def step_ahead(session: Session, engine: Engine, step: int | None = None) -> Facts:
    wanted = StepAhead(MAIN, session, step)
    settle(wanted, engine.answer)
    return wanted.facts()


def test_a_place_is_reached_when_all_of_its_numbers_are_shown(session: Session) -> None:
    facts = of_step(MAIN, session)
    assert check(Reached("h1"), facts)
    assert check(Reached("y_pred", 1), facts)
    assert check(Reached("", 0, MAIN.name), facts)
    assert not check(Reached("loss"), facts)
    assert not check(Reached("y_pred", 2), facts)
    assert not check(Reached("", 0, "data"), facts)
    assert not check(Reached("h1"), Facts())


def test_a_step_that_lies_behind_is_reached(session: Session, engine: Engine) -> None:
    for _ in range(2):
        session.timeline.step()
    session.timeline.phase()
    settle(session, engine.answer)
    facts = of_step(MAIN, session)
    assert check(Reached("gw1", 1), facts)
    assert not check(Reached("gw1", 3), facts)


def test_a_number_lies_between_bounds_only_once_it_is_shown(session: Session) -> None:
    facts = of_step(MAIN, session)
    assert check(Within("y_pred", 1.5, 1.6), facts)
    assert check(Within("lr", 0.2, 0.2), facts)
    assert not check(Within("y_pred", 1.6, 2.0), facts)
    assert not check(Within("loss", 0.0), facts), "not computed yet"
    assert not check(Within("new_w1[1,1]"), facts)
    assert not check(Within("held_out_loss"), facts)
    assert check(Within("y_pred", 1.5, 1.6, steps=1), facts)
    later = replace(facts, numbers={**facts.numbers, "step": 9.0})
    assert not check(Within("y_pred", 1.5, 1.6, steps=8), later)


def test_all_that_must_hold_together_holds(session: Session) -> None:
    facts = of_step(MAIN, session)
    here, there = Reached("h1"), Within("lr", 1.0, 2.0)
    assert check(Together((here, Within("lr", 0.1, 0.3))), facts)
    assert not check(Together((here, there)), facts)


@pytest.mark.parametrize(
    ("losses", "rises"),
    [
        ((1.0, 2.0, 3.0, 4.0), True),
        ((9.0, 1.0, 2.0, 3.0, 4.0), True),
        ((1.0, 2.0, 3.0), False),
        ((1.0, 2.0, 3.0, 3.0), False),
        ((1.0, 2.0, 1.5, 4.0), False),
        ((1.0, float("inf")), True),
        ((1.0, float("nan")), True),
        ((), False),
    ],
)
def test_a_loss_that_rises_three_times(losses: tuple[float, ...], rises: bool) -> None:
    assert check(Rises(3), replace(Facts(), losses=losses)) is rises


def test_the_row_with_the_largest_value(engine: Engine) -> None:
    """Of the first six prices, 313,000 2,384,000 342,000 420,000 550,000 490,000, the second is the largest."""
    lesson = DataLesson(TableSpec())
    lesson.look(0, 8)
    settle(lesson, engine.answer)
    assert not check(Extreme("price", 6), of_data(lesson))
    assert check(Extreme("price", 6, smallest=True), of_data(lesson))
    lesson.choose(1)
    assert check(Extreme("price", 6), of_data(lesson))
    lesson.choose(7)
    assert not check(Extreme("price", 6), of_data(lesson)), "not among them"
    assert not check(Extreme("price", 6), Facts()), "not read yet"


def test_the_numbers_of_a_row(engine: Engine) -> None:
    lesson = DataLesson(TableSpec())
    settle(lesson, engine.answer)
    facts = of_data(lesson)
    assert facts.number("raw_y") == 313000
    assert check(Typed("y", 0.001), replace(facts, typed=float(np.log(313000))))
    assert not check(Typed("y", 0.001), replace(facts, typed=float(np.log10(313000))))


def test_a_why_that_was_opened(session: Session) -> None:
    facts = of_step(MAIN, session)
    assert not check(Explained("h1[2]"), facts)
    assert check(Explained("h1[2]"), replace(facts, explained=frozenset({Cell("h1", 1)})))
    assert not check(Explained("h1[1]"), replace(facts, explained=frozenset({Cell("h1", 1)})))
    assert not check(Explained("w9[1,1]"), replace(facts, explained=frozenset({Cell("h1", 1)})))
    assert not check(Explained("h1[2]"), Facts(explained=frozenset({Cell("h1", 1)})))


# Numbers that are typed: the truth is the session's


def test_a_number_that_is_not_shown_yet_is_known(session: Session, engine: Engine) -> None:
    facts = step_ahead(session, engine, 1)
    assert session.timeline.position.done == 5, "the session itself stays where it is"
    assert check(Typed("gy_pred", 0.01), replace(facts, typed=ERROR))
    assert not check(Typed("gy_pred", 0.01), replace(facts, typed=-ERROR))
    assert not check(Typed("gy_pred", 0.01), replace(facts, typed=ERROR + 0.02))
    assert not check(Typed("gy_pred", 0.01), facts), "nothing typed"
    assert not is_known(Typed("w9[1,1]", 1.0), facts)
    assert is_known(Typed("gy_pred", 1.0), facts)
    assert is_known(Rises(1), facts)


@pytest.mark.parametrize("step", [1, 2, 3, 6])
def test_the_numbers_of_any_step(engine: Engine, step: int) -> None:
    """Behind, in view, next, far ahead: those of a run that goes there by itself."""
    session = Session(Run())
    session.timeline.start_jump(3)
    settle(session, engine.answer)
    session.timeline.go_to(2)
    settle(session, engine.answer)
    other = Session(Run())
    other.timeline.start_jump(step)
    settle(other, engine.answer)
    assert other.timeline.trace is not None
    assert step_ahead(session, engine, step).number("loss") == other.timeline.trace.loss
    assert session.timeline.step_number == 2


def test_without_a_step_it_is_the_one_in_view_or_the_first(engine: Engine) -> None:
    session = Session(Run())
    settle(session, engine.answer)
    first = step_ahead(session, engine)
    assert first.number("step") == 1
    session.timeline.step()
    settle(session, engine.answer)
    assert step_ahead(session, engine).number("step") == 1
    session.timeline.phase()
    settle(session, engine.answer)
    assert step_ahead(session, engine).number("step") == 2


def test_a_jump_under_way_is_not_waited_for(engine: Engine) -> None:
    session = Session(Run())
    settle(session, engine.answer)
    session.timeline.start_jump(1_000_000)
    assert step_ahead(session, engine, 1).number("step") == 1
    assert session.timeline.jumping


def test_the_tape_is_known_before_it_is_shown(engine: Engine) -> None:
    """x² + 4x at 0: dy/dx is 4, and a step with lr 0.1 leads to -0.4."""
    lesson = AutogradLesson("x**2 + 4*x", 0.0, 0.1)
    settle(lesson, engine.answer)
    facts = of_autograd(lesson)
    assert check(Typed("derivative", 1e-6), replace(facts, typed=4.0))
    new_x = Typed("new_x", 1e-6)
    assert check(new_x, replace(facts, typed=-0.4))
    assert not check(new_x, replace(facts, typed=0.4))
    for typed, says in [
        (0.4, ""),  # the sign of the number, or of the step: it can't be told
        (-4.0, "x - dy/dx, without the learning rate"),
        (-0.1, "the learning rate alone taken off x"),
        (7.0, ""),
    ]:
        assert mistake_of(new_x, replace(facts, typed=typed)) == says
    assert mistake_of(Typed("derivative", 1e-6), replace(facts, typed=-4.0)) == "the right number with the wrong sign"


@pytest.mark.slow
def test_after_how_many_steps_a_descent_arrives(engine: Engine) -> None:
    """2·0.8ⁿ is below 0.01 from n = 24 on."""
    lesson = DescentLesson("x**2 + 4*x", 0.0, 0.1)
    settle(lesson, engine.answer)
    condition = Typed("steps", 1.0, near=-2.0, within=0.01)
    wanted = ahead(condition, named("descent"), Session(Run()), lesson)
    settle(wanted, engine.answer)
    facts = wanted.facts()
    assert truth(condition, facts) == 24
    assert check(condition, replace(facts, typed=25.0))
    assert not check(condition, replace(facts, typed=22.0))
    assert truth(Typed("steps", 1.0, near=5.0, within=0.01), facts) is None, "it never gets there"
    assert lesson.done == 0


def test_what_a_descent_leaves_at_each_step(engine: Engine) -> None:
    """1 - 2·lr on this curve."""
    lesson = DescentLesson("x**2 + 4*x", 0.0, 0.1)
    lesson.start_jump(5)
    settle(lesson, engine.answer)
    facts = of_descent(lesson)
    assert check(Typed("shrink", 1e-4), replace(facts, typed=0.8))
    assert check(Within("least_lr", 0.1, 0.1), facts)
    assert not check(Within("least_lr", 0.2), facts)


# Answers that are chosen


def test_which_answer_is_right_comes_from_the_session(session: Session, engine: Engine) -> None:
    facts = step_ahead(session, engine, 1)
    sign = Chosen(("negative", "positive"), sign="gy_pred")
    assert right_choice(sign, facts) == 1
    assert check(sign, replace(facts, chosen=1))
    assert not check(sign, replace(facts, chosen=2))
    assert right_choice(Chosen(("negative", "positive"), sign="gw1[1,1]"), facts) == 2
    most = Chosen(("w2[1]", "w2[2]"), most=("gw2[1,1]", "gw2[1,2]"))
    assert check(most, replace(facts, chosen=2)), "h1 is 0.4127 and 0.4936"
    assert not is_known(most, Facts())
    assert not check(most, replace(Facts(), chosen=2))
    stated = Chosen(("a", "b"), answer=2)
    assert check(stated, replace(Facts(), chosen=2))
    assert not check(stated, Facts())


def test_only_answers_are_asked_for() -> None:
    asked: tuple[Condition, ...] = (Typed("loss", 1.0), Chosen(("a", "b"), 1))
    others: tuple[Condition, ...] = (Reached("h1"), Within("lr"), Rises(1), Extreme("price", 1), Explained("h1[1]"))
    assert all(map(is_asked, asked))
    assert not any(map(is_asked, others))


# What is said


def test_a_wrong_number_is_diagnosed(session: Session, engine: Engine) -> None:
    """As in the tests of the mistakes themselves, worked with a pocket calculator."""
    facts = step_ahead(session, engine, 1)
    condition = Typed("gw1[1,1]", 0.01)
    task = Task("What is it?", condition, "Four factors.", "So it is.")
    mistake = mistake_of(condition, replace(facts, typed=2.0984))
    assert mistake == "the product without h1[1](1 - h1[1])"
    assert miss_words(task, mistake) == "No: that is the product without h1[1](1 - h1[1]). Hint: Four factors."
    assert mistake_of(condition, replace(facts, typed=77.0)) == ""
    assert miss_words(task, "") == "No. Hint: Four factors."
    assert mistake_of(condition, facts) == ""
    told = worked(task, facts, 78)
    assert told.startswith("It is 0.5086: ∂L/∂w1[1,1] = ")
    assert right_words(task, facts) == "Right: 0.5086. So it is."


def test_what_was_chosen_and_what_was_done_is_told() -> None:
    choice = Task("?", Chosen(("up", "down"), 2), "Think.", "It falls.")
    assert worked(choice, Facts(), 78) == "It is 2, down. It falls."
    assert right_words(choice, Facts()) == "Right. It falls."
    reach = Task("?", Reached("h1"), "s.", "There.", "Press s twice.", ("s", "s"))
    assert worked(reach, Facts(), 78) == "Press s twice."
    assert right_words(reach, Facts()) == "Done. There."
    assert miss_words(reach, "") == "Not yet. Hint: s."


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("w1[2,1]", Cell("w1", 1, 0)),
        ("x[2]", Cell("x", 0, 1)),
        ("h1[2]", Cell("h1", 1, 0)),
        ("b2", Cell("b2")),
        ("new_w2[1,2]", Cell("new_w2", 0, 1)),
        ("loss", Cell("loss")),
    ],
)
def test_names_of_numbers(name: str, cell: Cell) -> None:
    assert cell_of(Network(2), name) == cell


@pytest.mark.parametrize("name", ["w1", "w1[1]", "w1[3,1]", "h1[3]", "h2[1]", "w3[1,1]", "", "x", "x[3]", "loss[2]"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected|has no"):
        cell_of(Network(2), name)


def test_the_losses_over_the_table(engine: Engine) -> None:
    run = Run()
    session = Session(run)
    table = Overview(session)
    settle(session, engine.answer)
    assert of_step(MAIN, session, table).number("training_loss") is None
    settle(table, engine.answer)
    assert check(Within("training_loss", 60.0, 70.0), of_step(MAIN, session, table))
    assert of_step(MAIN, session, table).number("accuracy") is None, "of a price none is right"


FOUR_ROWS = """
title = "One unit says yes from x = 0 on"
[data]
x = [[-1.0], [1.0], [2.0], [-3.0]]
y = [[0.0], [1.0], [0.0], [0.0]]
targets = ["yes"]
[network]
layers = [{ units = 1, activation = "sigmoid" }]
loss = "binary_cross_entropy"
[parameters]
w1 = [[1.0]]
b1 = [[0.0]]
[training]
lr = 1e-6
rows = "shuffled"
batch = 2
"""


@pytest.mark.slow
def test_how_many_rows_are_right_and_in_how_many_epochs(engine: Engine) -> None:
    """σ(x) is at least 0.5 for x = 1 and 2, and y is 1 for x = 1 alone: three of four are right, by hand."""
    session = Session(parse_scenario(FOUR_ROWS, None, "it").run)
    table = Overview(session)
    settle(session, engine.answer)
    settle(table, engine.answer)
    facts = of_step(named("training"), session, table)
    assert facts.number("accuracy") == 0.75
    assert check(Within("accuracy", 0.75, 1.0, epochs=1), facts)
    assert not check(Within("accuracy", 0.76, 1.0), facts)
    assert not check(Within("held_out_accuracy", 0.0, 1.0), facts)
    for _ in range(3):
        session.timeline.step()
        settle(session, engine.answer)
    assert of_step(named("training"), session, table).number("accuracy") is None, "that was before these steps"
    settle(table, engine.answer)
    facts = of_step(named("training"), session, table)
    assert facts.number("epochs") == 1.5, "three steps of two rows each, of four"
    assert check(Within("accuracy", 0.7, 1.0, steps=3, epochs=2), facts)
    assert not check(Within("accuracy", 0.7, 1.0, epochs=1), facts)
    assert not check(Within("accuracy", 0.7, 1.0, steps=2), facts)

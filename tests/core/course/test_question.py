"""Questions to a class: what is typed, what is asked about a step, and what an answer is."""

from math import inf, nan

import pytest
from backprop_tui.core.course.classroom import about_step
from backprop_tui.core.course.classroom.question import (
    OTHER,
    RIGHT,
    Question,
    group,
    is_answer,
    is_right,
    typed,
    verdict,
)
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import LossesFound
from backprop_tui.core.explain import context_of, effect, effect_request
from backprop_tui.core.explain.mistakes import Mistake
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from driving import Settle


@pytest.fixture
def session(settle: Settle) -> Session:
    """After the notebook's first step: seed 0, row 0, lr 0.2."""
    session = Session(Run())
    session.timeline.step()
    return settle(session)


def test_a_typed_question_has_choices_and_one_of_them_may_be_right() -> None:
    asked = typed("What is η? | *a factor |a sum| ∂L/∂w ")
    assert (asked.text, asked.choices, asked.answer) == ("What is η?", ("a factor", "a sum", "∂L/∂w"), 1)
    assert asked.truth == "a factor"
    assert typed("Ready? | yes | no").answer is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "each after a |"),
        ("What?", "each after a |"),
        ("What? | one", "two to 9 choices"),
        ("What? | one | ", "a choice has"),
        (" | one | two", "a question has"),
        ("What? |" + "|".join("0123456789"), "two to 9 choices"),
        ("What? | *one | *two", "one choice is right at most"),
        ("x" * 400 + " | a | b", "up to 300 characters"),
        ("What? | a | " + "b" * 100, "up to 80 characters"),
    ],
)
def test_what_is_no_question_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="(?s).*" + told.replace("|", r"\|")):
        typed(text)


def test_what_comes_from_elsewhere_must_be_a_question() -> None:
    for arguments in [("What?",), ("What?", (), nan), ("What?", ("a", "b"), 3), ("What?", ("a", "b"), 1.5)]:
        with pytest.raises(ValueError, match=r"number|choice"):
            Question(*arguments)


def test_an_answer_is_a_choice_or_right_or_the_one_mistake_that_gives_it() -> None:
    choice = Question("Which?", ("up", "down"), 2)
    assert [is_answer(choice, answer) for answer in (0, 1, 2, 3, 1.5, nan)] == [False, True, True, False, False, False]
    assert (group(choice, 1), is_right(choice, 1), is_right(choice, 2)) == ("up", False, True)
    assert is_right(Question("Which?", ("up", "down")), 1) is None
    mistakes = (Mistake("half of it", 1.0), Mistake("twice it", 4.0), Mistake("its square", 4.0))
    number = Question("What is 2?", (), 2.0, (), mistakes)
    assert [group(number, answer) for answer in (2.001, 1.0, 4.0, 7.0)] == [RIGHT, "half of it", OTHER, OTHER]
    assert [is_answer(number, answer) for answer in (1e30, inf, nan)] == [True, False, False]
    assert verdict(number, 1.0) == "You said +1.0000: that is half of it."
    assert verdict(number, 7.0) == "You said +7.0000."
    assert verdict(choice, 2) == "You said down: right."


def test_will_the_loss_fall(engine: Engine, settle: Settle, session: Session) -> None:
    trace, context = session.timeline.trace, context_of(session.timeline)
    answer = engine.answer(effect_request(trace, Cell("new_w1"), context))
    assert isinstance(answer, LossesFound)
    asked = about_step.loss_question(trace, effect(answer))
    # (1.5844 - 12.6540)² / 2 = 61.2669, worked by hand; the truth is what the next step's own loss says.
    assert asked.text.startswith("The loss of this step is 61.26")
    before = trace.loss
    session.timeline.step()
    settle(session)
    assert asked.truth == ("smaller" if session.timeline.trace.loss < before else "larger")


def test_the_sign_of_a_gradient_and_a_number_with_its_mistakes(session: Session) -> None:
    trace, context = session.timeline.trace, context_of(session.timeline)
    sign = about_step.sign_question(trace, Cell("w1"))
    assert (sign.text, sign.truth) == ("Is ∂L/∂w1[1,1] positive or negative?", "positive")
    assert sign.because[0] == "∂L/∂w1[1,1] = +0.5086"
    number = about_step.number_question(trace, Cell("gw1"), context)
    assert number.text == "What is ∂L/∂w1[1,1]?"
    assert is_right(number, 0.5086)
    # By hand, as in test_mistakes: -11.0695·0.4376·(-0.4332), and -11.0695·0.4376·0.2424.
    assert group(number, 2.0984) == "the product without h1[1](1 - h1[1])"
    assert group(number, -1.1742) == "the product without x[1]"
    assert number.because[1].endswith("= +0.5086")
    with pytest.raises(ValueError, match="not computed in this step"):
        about_step.number_question(trace, Cell("w1"), context)
    with pytest.raises(ValueError, match="has no gradient"):
        about_step.sign_question(trace, Cell("y"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("∂L/∂w1[1,2]", Cell("gw1", 0, 1)),
        (" gw1[2,1] ", Cell("gw1", 1, 0)),
        ("dL/dw2[2]", Cell("gw2", 0, 1)),
        ("h1[2]", Cell("h1", 1)),
        ("ŷ", Cell("y_pred")),
        ("dL/dŷ", Cell("gy_pred")),
        ("new w2[1]", Cell("new_w2")),
        ("new_b2", Cell("new_b2")),
        ("loss", Cell("loss")),
        ("x[2]", Cell("x", 0, 1)),
    ],
)
def test_a_number_is_called_as_on_the_screen_or_as_in_files(session: Session, text: str, cell: Cell) -> None:
    assert about_step.named(session.timeline.trace, text) == cell


@pytest.mark.parametrize(
    "text", ["", "w9[1,1]", "w1", "w1[3,1]", "w1[0,1]", "w1[1,1,1]", "h1[[1]]", "\x1b[2J", "w1[x]"]
)
def test_a_name_that_is_none_is_told(session: Session, text: str) -> None:
    with pytest.raises(ValueError, match="this step has no number called"):
        about_step.named(session.timeline.trace, text)

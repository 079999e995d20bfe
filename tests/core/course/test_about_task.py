"""Questions of a course to a class: their truth is the run's own, never what its author says."""

from dataclasses import replace

import pytest
from backprop_tui.core.course import bundled, parse
from backprop_tui.core.course.classroom.about_task import askable, task_question
from backprop_tui.core.course.classroom.question import OTHER, RIGHT, Question, group
from backprop_tui.core.course.conditions import Chosen, Typed
from backprop_tui.core.course.facts import Facts, of_descent, of_step
from backprop_tui.core.course.progress import Progress
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.names import MAIN
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.cli.play import Asked, facts_at
from driving import Settle

FIRST_HOUR = bundled()
TASK = FIRST_HOUR.tasks[1]


@pytest.fixture
def facts(settle: Settle) -> Facts:
    """After the notebook's first step: seed 0, row 0, lr 0.2."""
    session = Session(Run())
    session.timeline.step()
    return of_step(MAIN, settle(session))


def asked(facts: Facts, condition: Typed | Chosen, text: str = "What is it?") -> Question:
    return task_question(4, replace(TASK, text=text, condition=condition), facts)


@pytest.mark.slow
def test_a_number_is_right_within_the_task_s_tolerance(facts: Facts) -> None:
    question = asked(facts, Typed("gw1[1,1]", 0.01, 1))
    assert question.text == "Task 5: What is it? (to within 0.01)"
    assert question.because[-1] == TASK.done
    # By hand, as in test_mistakes: -11.0695·0.4376·0.2424·(-0.4332), and without one factor each.
    answers = 0.5086, 0.516, 0.52, 2.0984, -1.1742
    assert [group(question, answer) for answer in answers] == [
        RIGHT,
        RIGHT,
        OTHER,
        "the product without h1[1](1 - h1[1])",
        "the product without x[1]",
    ]
    assert asked(facts, Typed("gw1[1,1]", 0.01, 1), "To within 0.01?").text == "Task 5: To within 0.01?"


@pytest.mark.slow
def test_which_sign_and_which_is_largest_is_the_run_s_own(facts: Facts) -> None:
    assert asked(facts, Chosen(("negative", "positive"), sign="gy_pred")).truth == "negative"
    # h1 = 0.4134 and 0.4943 in the first step: the second weight moves more.
    assert asked(facts, Chosen(("w2[1]", "w2[2]"), most=("gw2[1,1]", "gw2[1,2]"))).truth == "w2[2]"
    assert asked(facts, Chosen(("up", "down", "stay"), answer=3)).truth == "stay"


def test_what_the_run_does_not_tell_is_not_asked(facts: Facts) -> None:
    with pytest.raises(ValueError, match="has no gw9"):
        asked(facts, Typed("gw9", 0.01))
    with pytest.raises(ValueError, match="does not tell which"):
        asked(facts, Chosen(("negative", "positive"), sign="gw9"))
    with pytest.raises(ValueError, match="task 1 is done on the screen"):
        task_question(0, FIRST_HOUR.tasks[0], facts)
    with pytest.raises(ValueError, match="a tolerance is"):
        Question("What?", (), 1.0, tolerance=0.0)


def test_known_mistakes_that_would_be_right_are_none() -> None:
    """x² + 4x with lr 0.1 halves its way by a fifth: 0.8ⁿ·2 < 0.01 from n = 24 on."""
    lesson = DescentLesson("x**2 + 4*x", 0.0, 0.1)
    walk = tuple(-2 + 2 * 0.8**step for step in range(40))
    facts = replace(of_descent(lesson), walk=walk)
    exact = asked(facts, Typed("steps", 0.5, near=-2.0, within=0.01))
    assert [group(exact, answer) for answer in (24, 23, 25)] == [RIGHT, "one step too few", "one step too many"]
    rough = asked(facts, Typed("steps", 3.0, near=-2.0, within=0.01))
    assert [group(rough, answer) for answer in (24, 21, 27, 28)] == [RIGHT, RIGHT, RIGHT, OTHER]


def test_the_questions_of_the_first_hour() -> None:
    numbers = askable(FIRST_HOUR)
    assert 0 not in numbers
    assert {1, 2, 3, 4} < set(numbers)
    assert len(numbers) == 27


def test_only_what_a_task_needs_is_played() -> None:
    lengths = [len(FIRST_HOUR.up_to(number).tasks) for number in range(len(FIRST_HOUR.tasks))]
    firsts = [number for number in range(len(lengths)) if FIRST_HOUR.begins_lesson(number)]
    assert lengths == [number - max(first for first in firsts if first <= number) + 1 for number in range(len(lengths))]
    assert FIRST_HOUR.up_to(7).tasks[-1] is FIRST_HOUR.tasks[7]
    text = """
title = "Two parts"
[[lesson]]
title = "One"
screen = "back-propagation"
goal = "one"
[[lesson.task]]
text = "Which?"
choice = { of = ["a", "b"], answer = 1 }
hint = "a"
done = "a"
[[lesson]]
title = "Two"
screen = "back-propagation"
goal = "two"
[[lesson.task]]
text = "Which now?"
choice = { of = ["a", "b"], answer = 1 }
hint = "a"
done = "a"
"""
    course = parse(text, None, "it")
    assert len(course.up_to(1).tasks) == 2, "the second part goes on with what the first one left"
    assert len(Progress(course.up_to(0)).results) == 1


@pytest.mark.parametrize(
    ("number", "truth"),
    [
        (1, 14.6843),  # ln 2,384,000
        (8, -2.0),  # 0 - 0.5·4: lr was changed by the task before
        (15, 5.0),  # 3·2 - 1
    ],
)
async def test_the_course_is_played_up_to_the_question(number: int, truth: float, engine: Engine) -> None:
    facts = await facts_at(FIRST_HOUR, number, Asked(engine.answer))
    question = task_question(number, FIRST_HOUR.tasks[number], facts)
    assert question.answer == pytest.approx(truth, abs=1e-4)

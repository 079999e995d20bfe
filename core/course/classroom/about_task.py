"""Questions of a course, asked of everybody. Their truth comes from the facts of the course as it is played."""

from backprop_tui.core.course import Course, Task
from backprop_tui.core.course.conditions import Chosen, Typed, is_asked, right_choice, truth
from backprop_tui.core.course.facts import Facts, cell_of
from backprop_tui.core.course.words import wrong_numbers
from backprop_tui.core.explain import sentence
from backprop_tui.core.explain.mistakes import Mistake, mistakes
from backprop_tui.core.text.numerals import brief

from .question import MOST_LINES, MOST_MISTAKES, TEXT, Question


def askable(course: Course) -> list[int]:
    """The numbers, from 0, of the tasks that a class can be asked: those that are answered, not those that are done."""
    return [number for number, task in enumerate(course.tasks) if is_asked(task.condition)]


def task_question(number: int, task: Task, facts: Facts) -> Question:
    """The question of a task, by its number from 0. Raises ValueError if it asks nothing, or the facts do not tell."""
    text = f"Task {number + 1}: {task.text}"
    match task.condition:
        case Typed() as condition:
            right = truth(condition, facts)
            if right is None:
                raise ValueError(f"the run of the course has no {condition.of}")
            if "within" not in text:
                text += f" (to within {brief(condition.tolerance)})"
            known, because = _worked(condition, facts)
            lines = _lines(*(because or (task.worked,)), task.done)
            return Question(text, (), right, lines, known, condition.tolerance)
        case Chosen() as condition:
            answer = right_choice(condition, facts)
            if answer is None:
                raise ValueError("the run of the course does not tell which answer is right")
            return Question(text, condition.choices, answer, _lines(task.worked, task.done))
    raise ValueError(f"task {number + 1} is done on the screen: it asks for no answer")


def _worked(condition: Typed, facts: Facts) -> tuple[tuple[Mistake, ...], tuple[str, ...]]:
    """The wrong numbers that are known, none of them near enough to be right; and how the right one comes about."""
    if facts.trace is None or facts.network is None or condition.of in facts.numbers:
        return tuple(Mistake(says, value) for says, value in wrong_numbers(condition, facts)), ()
    cell = cell_of(facts.network, condition.of)
    right = facts.cell(cell) or 0.0
    known = [one for one in mistakes(facts.trace, cell, facts.context) if abs(one.value - right) > condition.tolerance]
    return tuple(known[:MOST_MISTAKES]), sentence(facts.trace, cell, facts.context)


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(line[:TEXT] for line in lines if line)[:MOST_LINES]

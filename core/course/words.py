"""What a course says: to an answer, at the end of a lesson, and what is known of a wrong number."""

from collections.abc import Sequence

from backprop_tui.core.explain import sentence
from backprop_tui.core.explain.mistakes import diagnosis, is_close
from backprop_tui.core.text.numerals import brief, plain

from .build import PLACEHOLDER
from .conditions import Chosen, Typed, right_choice, truth
from .course import CourseLesson, Task
from .facts import Facts, cell_of
from .progress import Result, counted


def mistake_of(condition: Typed, facts: Facts) -> str:
    """What gives the wrong number that was typed, in words that go on from `that is`; empty if nothing known does."""
    if facts.typed is None:
        return ""
    if facts.trace is not None and facts.network is not None and condition.of not in facts.numbers:
        found = diagnosis(facts.trace, cell_of(facts.network, condition.of), facts.context, facts.typed)
        return found.says if found else ""
    fitting = {says for says, value in wrong_numbers(condition, facts) if is_close(value, facts.typed)}
    return fitting.pop() if len(fitting) == 1 else ""


def wrong_numbers(condition: Typed, facts: Facts) -> list[tuple[str, float]]:
    """The wrong numbers that people give in the lessons without a network, with what was done."""
    right = truth(condition, facts)
    if right is None:
        return []
    found = [("the right number with the wrong sign", -right)]
    numbers = facts.numbers
    if condition.of == "new_x" and {"x", "derivative", "lr"} <= numbers.keys():
        x, slope, lr = numbers["x"], numbers["derivative"], numbers["lr"]
        found += [
            ("x - dy/dx, without the learning rate", x - slope),
            ("x + lr·dy/dx, with plus instead of minus", x + lr * slope),
            ("the learning rate alone taken off x", x - lr),
            ("lr·dy/dx, the step, not where it leads", lr * slope),
        ]
    if condition.near is not None:
        found += [("one step too few", right - 1), ("one step too many", right + 1)]
    return [(says, value) for says, value in found if abs(value - right) > condition.tolerance]


def right_words(task: Task, facts: Facts) -> str:
    """What is said to the right answer: the number itself, if one was typed, and what follows."""
    if isinstance(task.condition, Typed):
        value = truth(task.condition, facts)
        return f"Right: {brief(value or 0.0)}. {task.done}"
    return f"{'Right' if isinstance(task.condition, Chosen) else 'Done'}. {task.done}"


def miss_words(task: Task, mistake: str) -> str:
    """What is said to the first wrong answers."""
    said = f"No: that is {mistake}." if mistake else "No." if _is_answer(task) else "Not yet."
    return f"{said} Hint: {task.hint}"


def worked(task: Task, facts: Facts, width: int) -> str:
    """The answer, and where it comes from, after the third miss."""
    condition = task.condition
    if isinstance(condition, Typed):
        value = truth(condition, facts)
        text = "" if value is None else f"It is {brief(value, 6)}."
        if facts.trace is not None and facts.network is not None and condition.of not in facts.numbers:
            _, numbers = sentence(facts.trace, cell_of(facts.network, condition.of), facts.context, width)
            text = f"It is {plain(value or 0.0)}: {numbers}"
        return f"{text} {task.worked or ''}".rstrip()
    if isinstance(condition, Chosen):
        answer = right_choice(condition, facts)
        right = condition.choices[answer - 1] if answer is not None else ""
        return f"It is {answer}, {right}. {task.worked or task.done}"
    return task.worked


def _is_answer(task: Task) -> bool:
    return isinstance(task.condition, Typed | Chosen)


def summary(lesson: CourseLesson, results: Sequence[Result], facts: Facts) -> tuple[str, ...]:
    """What a lesson was about, with the person's own numbers, and how they did: a paragraph each."""

    def put_in(name: str) -> str:
        value = facts.number(name)
        return "…" if value is None else plain(value)

    text = PLACEHOLDER.sub(lambda found: put_in(found[1]), lesson.summary)
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return (*(part for part in paragraphs if part), how_it_went(results))


def how_it_went(results: Sequence[Result]) -> str:
    """`5 of 6 tasks done, 8 answers, 2 hints, 4 min`."""
    done, of, tries, hints, seconds = counted(results)
    answers = f"{tries} {'try' if tries == 1 else 'tries'}"
    return f"{done} of {of} tasks done, {answers}, {hints} {'hint' if hints == 1 else 'hints'}, {minutes(seconds)}"


def minutes(seconds: float) -> str:
    """`40 s`, `12 min`."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"

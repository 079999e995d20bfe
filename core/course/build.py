"""The parts of a course file given their meaning: what each lesson begins with, and what each task asks for."""

import re
from collections.abc import Callable
from dataclasses import replace
from textwrap import wrap

from backprop_tui.core.lessons.names import FUNCTIONS, NAMES, named
from backprop_tui.core.model import formula
from backprop_tui.core.model.limits import learning_rate
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.values import parse
from backprop_tui.core.scenario import Scenario, ScenarioError
from backprop_tui.core.scenario.places import Path
from backprop_tui.core.scenario.tasks import ChoicePart, NumberPart, ReachPart, TaskPart
from backprop_tui.core.scenario.values import Bad, choose
from backprop_tui.core.session.run import Run

from .conditions import Chosen, Condition, Explained, Extreme, Reached, Rises, Together, Typed, Within, is_asked
from .course import Course, CourseLesson, Function, Task
from .facts import ACCURACY, HELD_OUT_ACCURACY, LESSON_NAMES, cell_of
from .format import LONGEST_TITLE, CoursePart, LessonPart
from .keys import BadKeys, keys_of

WIDTH, LINES = 78, 2
"""What a pane of a terminal of 80x24 has for a task."""

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
"""Where a number stands in a summary."""

_ROW_NAME = re.compile(r"(raw_x|x|raw_y|y)(\[(\d+)\])?")

Open = Callable[[str], Scenario]
"""Opens a scenario by the name that stands in a course; raises ScenarioError."""


def build(part: CoursePart, open_scenario: Open) -> Course:
    """The course that the parts describe. Raises Bad."""
    return Course(part.title, tuple(_lesson(one, ("lesson", at), open_scenario) for at, one in enumerate(part.lesson)))


def build_alone(scenario: Scenario) -> Course:
    """The tasks that a scenario holds, as a course of its one lesson. Raises Bad."""
    screen, title = scenario.show.lesson, scenario.title[:LONGEST_TITLE]
    tasks = tuple(_task(one, screen, scenario.run, ("task", at)) for at, one in enumerate(scenario.tasks))
    goal = " ".join(scenario.subject.split())
    return Course(title, (CourseLesson(title, named(screen), goal, tasks, scenario=scenario),), scenario.origin)


def _lesson(part: LessonPart, at: Path, open_scenario: Open) -> CourseLesson:
    choose(part.screen, NAMES, (*at, "screen"))
    _fits(part.goal, (*at, "goal"))
    scenario = None
    if part.scenario is not None:
        try:
            scenario = open_scenario(part.scenario)
        except ScenarioError as error:
            raise Bad((*at, "scenario"), str(error)) from None
        scenario = replace(scenario, show=replace(scenario.show, lesson=part.screen))
        if part.function is not None:
            raise Bad((*at, "scenario"), "expected scenario or function, not both: lessons on a function have no run")
    run = scenario.run if scenario else Run()
    function = _function(part, at)
    tasks = tuple(_task(one, part.screen, run, (*at, "task", place)) for place, one in enumerate(part.task))
    for name in PLACEHOLDER.findall(part.summary):
        _known(name, part.screen, run, (*at, "summary"))
    return CourseLesson(part.title, named(part.screen), part.goal, tasks, part.summary, part.step, scenario, function)


def _function(part: LessonPart, at: Path) -> Function | None:
    if part.function is None:
        return None
    if part.screen not in FUNCTIONS:
        raise Bad((*at, "function"), f"expected only in the lessons {' and '.join(FUNCTIONS)}")
    try:
        formula.parse(part.function.formula)
    except formula.FormulaError as error:
        raise Bad((*at, "function", "formula"), str(error)) from None
    try:
        learning_rate(part.function.lr)
    except ValueError as error:
        raise Bad((*at, "function", "lr"), str(error)) from None
    return Function(part.function.formula, part.function.x, part.function.lr)


def _task(part: TaskPart, screen: str, run: Run, at: Path) -> Task:
    given = {key: getattr(part, key) for key in ("number", "choice", "reach", "why") if getattr(part, key) is not None}
    if len(given) != 1:
        raise Bad(at, "expected one of number, choice, reach and why: what the task asks for")
    ((kind, said),) = given.items()
    condition: Condition
    match kind:
        case "number":
            condition = _typed(said, screen, run, (*at, "number"))
        case "choice":
            condition = _chosen(said, screen, run, (*at, "choice"))
        case "reach":
            condition = _reached(said, screen, run, (*at, "reach"))
        case _:
            _cell(said, run.network, (*at, "why"))
            condition = Explained(said)
    shown = part.text if not isinstance(condition, Chosen) else f"{part.text}  {choices(condition)}"
    _fits(shown, (*at, "text"))
    for key in ("hint", "done", "worked"):
        if (text := getattr(part, key)) is not None:
            _fits(text, (*at, key), WIDTH * LINES - WIDTH // 2 if key == "hint" else None)
    try:
        keys = keys_of(part.keys)
    except BadKeys as error:
        raise Bad((*at, "keys"), str(error)) from None
    if is_asked(condition) and keys:
        raise Bad((*at, "keys"), "expected none: an answer is typed or chosen")
    if not is_asked(condition) and not (keys and part.worked):
        raise Bad(at, "expected keys, which do the task, and worked, which says in words how")
    return Task(part.text, condition, part.hint, part.done, part.worked or "", keys)


def choices(condition: Chosen) -> str:
    """The answers with their digits: `1 up  2 down`."""
    return "  ".join(f"{place} {choice}" for place, choice in enumerate(condition.choices, 1))


def _fits(text: str, at: Path, most: int | None = None) -> None:
    lines = len(wrap(text, WIDTH, break_on_hyphens=False))
    if lines > LINES:
        raise Bad(at, f"takes {lines} lines at 80x24, where {LINES} fit: make it shorter")
    if most is not None and len(text) > most:
        raise Bad(at, f"expected at most {most} characters, which leaves room for what was wrong, got {len(text)}")


def _typed(part: NumberPart, screen: str, run: Run, at: Path) -> Typed:
    if (part.near is None) != (part.within is None):
        raise Bad(at, "expected near and within together: the place, and how near counts")
    if part.near is not None:
        if screen != "descent" or part.of != "steps":
            raise Bad((*at, "near"), 'expected with of = "steps" in the lesson descent: after how many x is near')
    else:
        _known(part.of, screen, run, (*at, "of"))
    return Typed(part.of, part.tolerance, part.step, part.near, part.within or 0.0)


def _chosen(part: ChoicePart, screen: str, run: Run, at: Path) -> Chosen:
    if sum(one is not None for one in (part.answer, part.sign, part.most)) != 1:
        raise Bad(at, "expected one of answer, sign and most: which choice is right")
    if part.answer is not None and part.answer > len(part.of):
        raise Bad((*at, "answer"), f"expected a choice from 1 to {len(part.of)}, got {part.answer}")
    if part.sign is not None:
        _known(part.sign, screen, run, (*at, "sign"))
        if len(part.of) != 2:
            raise Bad((*at, "of"), "expected two choices: the first if the number is negative")
    for name in part.most or ():
        _known(name, screen, run, (*at, "most"))
    if part.most is not None and len(part.most) != len(part.of):
        raise Bad((*at, "most"), f"expected a number for each of the {len(part.of)} choices, got {len(part.most)}")
    return Chosen(part.of, part.answer, part.sign or "", part.most or (), part.step)


def _reached(part: ReachPart, screen: str, run: Run, at: Path) -> Condition:
    found: list[Reached | Within | Rises | Extreme] = []
    if part.value is not None or part.step is not None or part.lesson is not None:
        if part.value is not None:
            try:
                parse(part.value).shape(run.network)
            except (ValueError, KeyError):
                raise Bad((*at, "value"), f"expected a value of the step, such as gw1, got {part.value}") from None
        if part.lesson is not None:
            choose(part.lesson, NAMES, (*at, "lesson"))
        found.append(Reached(part.value or "", part.step or 0, part.lesson or ""))
    for name, (least, most) in part.between.items():
        _known(name, screen, run, (*at, "between", name))
        if least > most:
            raise Bad((*at, "between", name), f"expected the lower bound first, got [{least:g}, {most:g}]")
        found.append(Within(name, least, most, part.steps, part.epochs))
    for name, share in ((ACCURACY, part.accuracy), (HELD_OUT_ACCURACY, part.held_out_accuracy)):
        if share is not None:
            _known(name, screen, run, (*at, name))
            found.append(Within(name, share, 1.0, part.steps, part.epochs))
    for key in ("steps", "epochs"):
        if getattr(part, key) is not None and not any(isinstance(one, Within) for one in found):
            raise Bad((*at, key), f"expected between or accuracy as well: what must hold after so many {key}")
    if part.epochs is not None and screen != "training":
        raise Bad((*at, "epochs"), "expected in the lesson training: elsewhere count steps")
    if part.loss_rises is not None:
        found.append(Rises(part.loss_rises))
    for key in ("largest", "smallest"):
        if (column := getattr(part, key)) is not None:
            choose(column, (*run.table.features, *run.table.targets), (*at, key))
            if part.rows is None:
                raise Bad(at, "expected rows as well: among how many of the first rows")
            found.append(Extreme(column, part.rows, key == "smallest"))
    if not found:
        raise Bad(at, "expected one of value, step, lesson, between, accuracy, loss_rises, largest and smallest")
    return found[0] if len(found) == 1 else Together(tuple(found))


def _cell(name: str, network: Network, at: Path) -> None:
    try:
        cell_of(network, name)
    except ValueError as error:
        raise Bad(at, str(error)) from None


def _known(name: str, screen: str, run: Run, at: Path) -> None:
    """Raise Bad if a lesson has no number of this name."""
    names = LESSON_NAMES[screen]
    if name in (ACCURACY, HELD_OUT_ACCURACY):
        _has_accuracy(name, screen, run, at)
    if name in names:
        return
    if screen in FUNCTIONS:
        raise Bad(at, f"expected one of {', '.join(names)}, got {name}")
    if screen == "data":
        found = _ROW_NAME.fullmatch(name)
        counts = len(run.table.features), len(run.table.targets)
        if found is None or not 1 <= int(found[3] or 1) <= counts["y" in found[1]]:
            raise Bad(at, f"expected one of {', '.join(names)}, or raw_x[1], x[1] ..., raw_y, y, got {name}")
        return
    _cell(name, run.network, at)


def _has_accuracy(name: str, screen: str, run: Run, at: Path) -> None:
    """Raise Bad where no accuracy is shown."""
    if screen != "training":
        raise Bad(at, "expected in the lesson training, where an accuracy is shown")
    if not run.network.loss_row.classes:
        raise Bad(at, f"expected a scenario that predicts classes; {run.network.loss_row.title} is of numbers")
    if name == HELD_OUT_ACCURACY and not run.table.holdout:
        raise Bad(at, "expected a scenario with holdout in [data]: no row is held out here")

"""When a task is done: conditions as facts of their own, and one function that decides."""

from dataclasses import dataclass
from itertools import pairwise

from backprop_tui.core.model import phases
from backprop_tui.core.model.phases import Cell

from .facts import Facts, cell_of


@dataclass(frozen=True)
class Reached:
    """A place is reached: a value of the step is computed (`gw1`), at this step or later; a lesson is open."""

    value: str = ""
    step: int = 0
    lesson: str = ""


@dataclass(frozen=True)
class Within:
    """A number that is shown lies between two bounds, after at most so many steps or epochs if these are bounded."""

    of: str
    least: float = float("-inf")
    most: float = float("inf")
    steps: int | None = None
    epochs: int | None = None


@dataclass(frozen=True)
class Together:
    """Several conditions hold at once."""

    all: tuple["Reached | Within | Rises | Extreme", ...]


@dataclass(frozen=True)
class Rises:
    """The loss has risen in each of the last so many steps, or is no finite number any more."""

    times: int


@dataclass(frozen=True)
class Extreme:
    """The chosen row has the largest, or the smallest, value of a column among the first so many rows."""

    column: str
    first: int
    smallest: bool = False


@dataclass(frozen=True)
class Typed:
    """A number is typed. The truth is the session's own.

    `step` is the step that it belongs to; None is the one in view, or the first. With `near` it is the number of
    steps after which x comes within `within` of a place.
    """

    of: str
    tolerance: float
    step: int | None = None
    near: float | None = None
    within: float = 0.0


@dataclass(frozen=True)
class Chosen:
    """One of a few answers is chosen, by its number from 1.

    Which is right stands in the file (`answer`), or comes from the session: by the sign of a number (`sign`: of two
    answers the first is for a negative one), or it is the place of the number with the largest size (`most`).
    """

    choices: tuple[str, ...]
    answer: int | None = None
    sign: str = ""
    most: tuple[str, ...] = ()
    step: int | None = None


@dataclass(frozen=True)
class Explained:
    """The `why?` of a number was opened."""

    of: str


Condition = Reached | Within | Together | Rises | Extreme | Typed | Chosen | Explained


def is_asked(condition: Condition) -> bool:
    """Whether it wants an answer; the others are fulfilled by what is done on the screen."""
    return isinstance(condition, Typed | Chosen)


def is_known(condition: Condition, facts: Facts) -> bool:
    """Whether the facts tell which answer is right; of what is no question there is nothing to know."""
    match condition:
        case Typed():
            return truth(condition, facts) is not None
        case Chosen():
            return right_choice(condition, facts) is not None
    return True


def check(condition: Condition, facts: Facts) -> bool:
    """Whether the facts fulfil a condition. What is not known is not fulfilled."""
    match condition:
        case Reached():
            return _is_reached(condition, facts)
        case Within():
            value = facts.number(condition.of)
            soon = condition.steps is None or _steps(facts) <= condition.steps
            soon &= condition.epochs is None or (facts.number("epochs") or 0.0) <= condition.epochs
            return value is not None and condition.least <= value <= condition.most and soon
        case Together():
            return all(check(one, facts) for one in condition.all)
        case Rises():
            return _rises(facts.losses, condition.times)
        case Extreme():
            return _is_extreme(condition, facts)
        case Explained():
            cell = _cell(facts, condition.of)
            return cell is not None and cell in facts.explained
        case Typed():
            right = truth(condition, facts)
            return right is not None and facts.typed is not None and abs(facts.typed - right) <= condition.tolerance
        case Chosen():
            return facts.chosen is not None and facts.chosen == right_choice(condition, facts)


def truth(condition: Typed, facts: Facts) -> float | None:
    """The number that is asked for; None if the session has none."""
    if condition.near is not None:
        near = condition.near
        return next((float(n) for n, x in enumerate(facts.walk) if abs(x - near) <= condition.within), None)
    return facts.number(condition.of)


def right_choice(condition: Chosen, facts: Facts) -> int | None:
    """The number of the right answer, from 1; None if the session does not tell."""
    if condition.answer is not None:
        return condition.answer
    if condition.sign:
        value = facts.number(condition.sign)
        return None if value is None else 1 if value < 0 else 2
    values = [facts.number(name) for name in condition.most]
    sizes = [abs(value) for value in values if value is not None]
    return sizes.index(max(sizes)) + 1 if len(sizes) == len(values) else None


def _is_reached(condition: Reached, facts: Facts) -> bool:
    if condition.lesson and facts.lesson.name != condition.lesson:
        return False
    step = facts.number("step") or 0
    if step < condition.step:
        return False
    if not condition.value or step > condition.step > 0:
        return True
    if facts.network is None or facts.trace is None:
        return False
    rows, columns = phases.shape(facts.network, condition.value)
    return phases.numbers_done(facts.network, condition.value, facts.done) == rows * columns


def _steps(facts: Facts) -> float:
    return facts.number("step") or facts.number("steps") or 0.0


def _rises(losses: tuple[float, ...], times: int) -> bool:
    last = losses[-times - 1 :]
    if last and not last[-1] < float("inf"):
        return True
    return len(last) == times + 1 and all(one < other for one, other in pairwise(last))


def _is_extreme(condition: Extreme, facts: Facts) -> bool:
    values = facts.columns.get(condition.column, ())[: condition.first]
    row = facts.number("row")
    if len(values) < condition.first or row is None or not row < len(values):
        return False
    return values[int(row)] == (min(values) if condition.smallest else max(values))


def _cell(facts: Facts, name: str) -> Cell | None:
    try:
        return None if facts.network is None else cell_of(facts.network, name)
    except ValueError:
        return None

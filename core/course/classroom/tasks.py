"""What people did of a course: told bit by bit by their sessions, counted by person and by task."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from statistics import fmean, median
from typing import Annotated

import msgspec
from backprop_tui.core.course.format import MAX_LESSONS
from backprop_tui.core.course.progress import DONE, MOST_TRIES, OPEN, TOLD, State
from backprop_tui.core.scenario.tasks import MAX_TASKS
from msgspec import Meta

MOST = MAX_LESSONS * MAX_TASKS
"""Tasks of a course."""

LONGEST = 1e7
"""Seconds at a task."""

Count = Annotated[int, Meta(ge=0, le=MOST_TRIES)]


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What became of a task so far: its state, tries, hints, seconds. Raises ValueError for seconds that are none."""

    state: State
    tries: Count = 0
    hints: Count = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if not (isfinite(self.seconds) and 0 <= self.seconds <= LONGEST):
            raise ValueError(f"seconds are 0 to {LONGEST:.0f}")

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.state == OPEN

    @property
    def so_far(self) -> tuple[bool, int, float]:
        """The larger, the further."""
        return not self.is_open, self.tries + self.hints, self.seconds


@dataclass(frozen=True)
class Tasks:
    """What somebody did of a course: its title, how many tasks it has, and what became of them, by number from 0."""

    course: str
    of: int
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(outcome.state == DONE for outcome in self.outcomes.values())

    @property
    def tries(self) -> int:
        """All answers that were tried."""
        return sum(outcome.tries for outcome in self.outcomes.values())

    @property
    def hints(self) -> int:
        """All hints."""
        return sum(outcome.hints for outcome in self.outcomes.values())

    @property
    def seconds(self) -> float:
        """All time."""
        return sum(outcome.seconds for outcome in self.outcomes.values())


def told(before: Tasks | None, now: Tasks) -> Tasks:
    """With what a session tells of some tasks. Of each the furthest stays: who comes back may have lost the last of it.

    Of another course than before, that course alone. Tasks that the course does not have are left out.
    """
    if before is None or (before.course, before.of) != (now.course, now.of):
        before = replace(now, outcomes={})
    outcomes = dict(before.outcomes)
    for number, outcome in now.outcomes.items():
        if 0 <= number < now.of and (number not in outcomes or outcome.so_far >= outcomes[number].so_far):
            outcomes[number] = outcome
    return replace(before, outcomes=outcomes)


@dataclass(frozen=True)
class OfAll:
    """What became of a task, by its number from 0, among all who began it.

    `done` did it and `given` were given the answer; `tries` is the mean of theirs, `seconds` the median, both None if
    there is nobody. `waiting` are still at it.
    """

    number: int
    done: int
    given: int
    waiting: int
    tries: float | None
    seconds: float | None


def of_all(people: Iterable[Tasks]) -> Iterator[OfAll]:
    """Every task of their course up to the last one that anybody began. They are all in the same course."""
    found: dict[int, list[Outcome]] = {}
    for tasks in people:
        for number, outcome in tasks.outcomes.items():
            found.setdefault(number, []).append(outcome)
    for number in range(max(found, default=-1) + 1):
        outcomes = found.get(number, [])
        over = [outcome for outcome in outcomes if not outcome.is_open]
        yield OfAll(
            number,
            sum(outcome.state == DONE for outcome in over),
            sum(outcome.state == TOLD for outcome in over),
            len(outcomes) - len(over),
            fmean(outcome.tries for outcome in over) if over else None,
            median(outcome.seconds for outcome in over) if over else None,
        )

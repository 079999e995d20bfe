"""What a person has done of a course: the task they are at, and what became of each before it."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from .course import Course, CourseLesson, Task

DONE, TOLD, OPEN = "done", "told", "open"
HINT_AFTER, TOLD_AFTER = 1, 3
"""After so many misses there is a hint, and the worked answer."""

MOST_TRIES = 10_000

State = Literal["done", "told", "open"]


class Result(msgspec.Struct, frozen=True):
    """What became of a task: done, told (the worked answer was given), or open; answers tried, hints, seconds."""

    state: State = "open"
    tries: int = 0
    hints: int = 0
    seconds: float = 0.0
    mistakes: tuple[str, ...] = ()
    """What gives the wrong numbers that were typed, as far as it is known."""


class SavedProgress(msgspec.Struct, frozen=True):
    """Progress as a saved session holds it. `course` is what opens it again."""

    course: str
    place: int
    results: tuple[Result, ...]
    shown: bool = True


class Progress:
    """The task that a person is at (`place`, from 0; as many as there are tasks when all are done), and all results."""

    def __init__(self, course: Course) -> None:
        self.course, self.place = course, 0
        self.results: list[Result] = [Result() for _ in course.tasks]
        self.changed: Callable[[], None] = lambda: None
        """Called when something has become of a task."""

    @property
    def is_over(self) -> bool:
        """Whether there is no further task."""
        return self.place >= len(self.results)

    @property
    def task(self) -> Task:
        """The task that is open, or was done last. Raises IndexError if all are."""
        return self.course.tasks[self.place]

    @property
    def lesson(self) -> CourseLesson:
        """The lesson of this task; of the last one when all are done."""
        return self.course.lesson_of(min(self.place, len(self.results) - 1))

    @property
    def result(self) -> Result:
        """What became of this task so far."""
        return self.results[self.place]

    @property
    def is_open(self) -> bool:
        """Whether this task still waits."""
        return not self.is_over and self.result.state == OPEN

    def right(self, seconds: float, tried: bool = True) -> None:
        """It is done; `tried` if by an answer."""
        self._change(state=DONE, tries=self.result.tries + tried, seconds=self.result.seconds + seconds)

    def miss(self, seconds: float, mistake: str = "") -> None:
        """It is not: a hint is due, and after three times the answer."""
        tries = min(self.result.tries + 1, MOST_TRIES)
        hints = max(self.result.hints, int(tries >= HINT_AFTER))
        known = (*self.result.mistakes, mistake) if mistake else self.result.mistakes
        state = TOLD if tries >= TOLD_AFTER else OPEN
        seconds += self.result.seconds
        self._change(state=state, tries=tries, hints=hints, seconds=seconds, mistakes=known[:TOLD_AFTER])

    def hint(self) -> str:
        """The hint, which counts."""
        self._change(hints=min(self.result.hints + 1, MOST_TRIES))
        return self.task.hint

    def go_on(self) -> bool:
        """To the next task, if this one waits no more; whether there is one of another lesson, or none."""
        if self.is_over or self.is_open:
            return False
        lesson = self.lesson
        self.place += 1
        return self.is_over or self.lesson is not lesson

    def saved(self, shown: bool) -> SavedProgress:
        """What `resume` goes on from."""
        return SavedProgress(self.course.origin, self.place, tuple(self.results), shown)

    def resume(self, saved: SavedProgress) -> None:
        """Go on where a saved course was, as far as it still has those tasks."""
        for number, result in enumerate(saved.results[: len(self.results)]):
            self.results[number] = result
        reached = next((at for at, result in enumerate(self.results) if result.state == OPEN), len(self.results))
        self.place = min(max(saved.place, 0), reached)
        self.changed()

    def _change(self, **fields: object) -> None:
        self.results[self.place] = msgspec.structs.replace(self.result, **fields)
        self.changed()


def counted(results: Sequence[Result]) -> tuple[int, int, int, int, float]:
    """How many tasks were done, and of how many; all tries, hints and seconds."""
    done = sum(result.state == DONE for result in results)
    tries, hints = sum(result.tries for result in results), sum(result.hints for result in results)
    return done, len(results), tries, hints, sum(result.seconds for result in results)

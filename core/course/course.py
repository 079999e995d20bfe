"""What a course is, once it is read and checked."""

from dataclasses import dataclass, field, replace

from backprop_tui.core.lessons.names import Lesson
from backprop_tui.core.scenario import Scenario

from .conditions import Condition


class CourseError(Exception):
    """A course that can't be read: one line that names file, line, key, and what was expected."""


@dataclass(frozen=True)
class Function:
    """What a lesson on a function of x begins with."""

    formula: str
    x: float
    lr: float


@dataclass(frozen=True)
class Task:
    """What is to be done, the hint after the first miss, what is said when it is done.

    `worked` is the answer that is given after the third miss; empty if it is made from the numbers. `keys` do the
    task, in the words of Textual: none for an answer, which is typed or chosen.
    """

    text: str
    condition: Condition
    hint: str
    done: str
    worked: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class CourseLesson:
    """A part of a course: one of the program's lessons, what it begins with, its tasks, and its summary.

    The summary's {names} stand for the person's own numbers, those of `step` on the main screen.
    """

    title: str
    screen: Lesson
    goal: str
    tasks: tuple[Task, ...]
    summary: str = ""
    step: int = 1
    scenario: Scenario | None = None
    function: Function | None = None

    @property
    def stands_alone(self) -> bool:
        """Whether it begins with something of its own, and not with what is there."""
        return self.scenario is not None or self.function is not None


@dataclass(frozen=True)
class Course:
    """Lessons in their order."""

    title: str
    lessons: tuple[CourseLesson, ...]
    origin: str = field(default="", compare=False)
    """What `--course` opens it by: a name, or a file's full path."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in their order."""
        return tuple(task for lesson in self.lessons for task in lesson.tasks)

    def lesson_of(self, number: int) -> CourseLesson:
        """The lesson that a task belongs to, by the task's number from 0. Raises IndexError."""
        for lesson in self.lessons:
            if number < len(lesson.tasks):
                return lesson
            number -= len(lesson.tasks)
        raise IndexError("the course has fewer tasks")

    def up_to(self, number: int) -> "Course":
        """What must be played for a task, by its number from 0, to be open: the last tasks before it, and itself.

        It begins with its lesson, or an earlier one if that goes on with what is there.
        """
        lesson = self.lesson_of(number)
        last = next(at for at, one in enumerate(self.lessons) if one is lesson)
        before = sum(len(one.tasks) for one in self.lessons[:last])
        first = next((at for at in range(last, 0, -1) if self.lessons[at].stands_alone), 0)
        ending = replace(lesson, tasks=lesson.tasks[: number - before + 1])
        return replace(self, lessons=(*self.lessons[first:last], ending))

    def begins_lesson(self, number: int) -> bool:
        """Whether a task, by its number from 0, is the first of its lesson."""
        lesson = self.lesson_of(number)
        return self.tasks[number] is lesson.tasks[0] and (number == 0 or self.lesson_of(number - 1) is not lesson)

"""What may stand in a course file: its tables, their keys, types and bounds. `build` gives them their meaning."""

from typing import Annotated

import msgspec
from backprop_tui.core.scenario.decode import Format
from backprop_tui.core.scenario.tasks import MAX_TASKS, ChoicePart, Name, NumberPart, ReachPart, Step, TaskPart, Text
from msgspec import Meta

MAX_BYTES = 2**20
MAX_LESSONS = 50

LONGEST_TITLE = 60
Title = Annotated[str, Meta(min_length=1, max_length=LONGEST_TITLE)]
Long = Annotated[str, Meta(max_length=5_000)]


class FunctionPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`function`: what lessons 2 and 3 begin with."""

    formula: Text
    x: float
    lr: float


class LessonPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[lesson]]`"""

    title: Title
    screen: Name
    goal: Text
    task: Annotated[tuple[TaskPart, ...], Meta(min_length=1, max_length=MAX_TASKS)]
    summary: Long = ""
    step: Step = 1
    scenario: Name | None = None
    function: FunctionPart | None = None


class CoursePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    title: Title
    lesson: Annotated[tuple[LessonPart, ...], Meta(min_length=1, max_length=MAX_LESSONS)]


FORMAT = Format(
    CoursePart,
    {
        "": CoursePart,
        "lesson": LessonPart,
        "lesson.function": FunctionPart,
        "lesson.task": TaskPart,
        "lesson.task.number": NumberPart,
        "lesson.task.choice": ChoicePart,
        "lesson.task.reach": ReachPart,
    },
    ("lesson", "lesson.task"),
    "a course",
    MAX_BYTES,
    "a course is text",
)

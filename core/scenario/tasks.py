"""What may stand in a task, of a scenario or of a course. `core/course/build.py` gives it its meaning."""

from typing import Annotated

import msgspec
from backprop_tui.core.model.limits import MAX_STEPS
from msgspec import Meta

MAX_TASKS, MAX_CHOICES = 100, 9
"""As many answers can be chosen from, one for each digit."""

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=40)]
Share = Annotated[float, Meta(gt=0, le=1)]
Step = Annotated[int, Meta(ge=1, le=MAX_STEPS)]


class NumberPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`number`: a number is typed."""

    of: Name
    tolerance: Annotated[float, Meta(gt=0)]
    step: Step | None = None
    near: float | None = None
    within: Annotated[float, Meta(gt=0)] | None = None


class ChoicePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`choice`: an answer is chosen; which is right says one of `answer`, `sign` and `most`."""

    of: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=60)], ...], Meta(min_length=2, max_length=9)]
    answer: Annotated[int, Meta(ge=1, le=MAX_CHOICES)] | None = None
    sign: Name | None = None
    most: tuple[Name, ...] | None = None
    step: Step | None = None


class ReachPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reach`: something is done on the screen; all that is said must hold."""

    value: Name | None = None
    """A value of the step that is computed: `gw1`."""
    step: Step | None = None
    lesson: Name | None = None
    between: Annotated[dict[Name, tuple[float, float]], Meta(max_length=10)] = {}
    """Numbers by their names, each with the bounds that it must lie between: `{ lr = [0.5, 0.5] }`."""
    steps: Step | None = None
    """After so many steps at most."""
    epochs: Step | None = None
    """After so many epochs at most, with batches as they are."""
    accuracy: Share | None = None
    """So large a share of the rows that train is predicted rightly, or a larger one."""
    held_out_accuracy: Share | None = None
    """And of the rows held out."""
    loss_rises: Annotated[int, Meta(ge=1, le=1000)] | None = None
    largest: Name | None = None
    """The column in which the chosen row has the largest value, among the first `rows`."""
    smallest: Name | None = None
    rows: Annotated[int, Meta(ge=1, le=64)] | None = None


class TaskPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[task]]` of a scenario, `[[lesson.task]]` of a course: one of `number`, `choice`, `reach` and `why`."""

    text: Text
    hint: Text
    done: Text
    worked: Text | None = None
    keys: Annotated[str, Meta(max_length=1_000)] = ""
    number: NumberPart | None = None
    choice: ChoicePart | None = None
    reach: ReachPart | None = None
    why: Name | None = None

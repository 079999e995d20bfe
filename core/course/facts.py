"""What a condition is decided by: where a person is, the numbers there, and what they answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from backprop_tui.core.explain import Context, context_of
from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.data import PAGE, DataLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.names import MAIN, Lesson, named
from backprop_tui.core.lessons.training import HELD_OUT, TRAINING, Overview
from backprop_tui.core.model import phases
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.session import Session

_NAME = re.compile(r"([a-z]\w*)(?:\[(\d{1,6})(?:,(\d{1,6}))?\])?")

MOST_LOSSES = 1_001
"""So many of the newest losses are looked at."""

STEP_NAMES = ("step", "lr", "training_loss", "held_out_loss", "predicted", "batch")
ACCURACY, HELD_OUT_ACCURACY = "accuracy", "held_out_accuracy"
"""Shares of rows: of those that train, and of those held out."""
LESSON_NAMES: Mapping[str, tuple[str, ...]] = {
    "data": ("row", "phases"),
    "autograd": ("x", "y", "derivative", "new_x", "lr", "steps"),
    "descent": ("x", "start", "size", "lr", "least_lr", "steps", "shrink"),
    "back-propagation": STEP_NAMES,
    "training": (*STEP_NAMES, ACCURACY, HELD_OUT_ACCURACY, "epochs"),
}
"""What besides the numbers of a step and of a row has a name, by lesson."""


@dataclass(frozen=True)
class Facts:
    """What is so now, or will be in the step that is asked about.

    `numbers` are those with a name of their own. `trace` is the step's, of which `done` numbers are shown. `losses`
    are those of the run so far. `column` holds the rows of the table that are read: raw values by column, from row 0.
    `walk` are the x of a descent. `explained` are the numbers whose `why?` was opened since the task began.
    """

    lesson: Lesson = MAIN
    numbers: Mapping[str, float] = field(default_factory=dict)
    network: Network | None = None
    trace: Trace | None = None
    context: Context | None = None
    done: int = 0
    losses: tuple[float, ...] = ()
    columns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    walk: tuple[float, ...] = ()
    explained: frozenset[Cell] = frozenset()
    typed: float | None = None
    chosen: int | None = None

    def number(self, name: str) -> float | None:
        """A number by its name: `lr`, `w1[1,2]`; None if there is none, or it is not computed yet."""
        if name in self.numbers:
            return self.numbers[name]
        if self.trace is None or self.network is None:
            return None
        try:
            cell = cell_of(self.network, name)
        except ValueError:
            return None
        return self.cell(cell)

    def cell(self, cell: Cell) -> float | None:
        """A number of the step; None if it is not computed yet."""
        if self.trace is None or self.network is None or cell.name not in self.trace.values:
            return None
        at = cell.row * phases.shape(self.network, cell.name)[1] + cell.column
        if at >= phases.numbers_done(self.network, cell.name, self.done):
            return None
        return float(self.trace[cell.name][cell.place])


def cell_of(network: Network, name: str) -> Cell:
    """The number that a name means, places from 1: `w1[1,2]`, `z1[2]`, `x[1]`, `loss`. Raises ValueError."""
    found = _NAME.fullmatch(name.strip())
    known = phases.shapes(network)
    if found is None or found[1] not in {*known, "m_w1", "v_w1"}:
        raise ValueError(f"expected {', '.join(known)}, or one number of it such as w1[1,2], got {name}")
    try:
        shape = parse(found[1]).shape(network)
    except KeyError:
        raise ValueError(f"this network has no {found[1]}") from None
    first, second = int(found[2] or 1), int(found[3] or 1)
    if found[2] is None and prod(shape) > 1:
        example = f"{found[1]}[1,1]" if min(shape) > 1 else f"{found[1]}[1]"
        raise ValueError(f"expected one number of it, such as {example}, got {name}")
    if found[3] is None and shape[1] > 1:
        if shape[0] > 1:
            raise ValueError(f"expected a row and a column, as in {found[1]}[1,2], got {name}")
        first, second = 1, first
    if not (1 <= first <= shape[0] and 1 <= second <= shape[1]):
        raise ValueError(f"expected a place within {shape[0]} by {shape[1]}, counted from 1, got {name}")
    return Cell(found[1], first - 1, second - 1)


# The facts of each lesson


def of_step(
    lesson: Lesson, session: Session, table: Overview | None = None, explained: frozenset[Cell] = frozenset()
) -> Facts:
    """The facts of the main screen, and of the training loop with what is known over the whole table beside it."""
    timeline = session.timeline
    numbers = {"step": float(timeline.step_number), "lr": timeline.settings.lr}
    numbers["batch"] = float(timeline.settings.sampling.batch_size(timeline.training_rows))
    if rows := timeline.training_rows:
        numbers["epochs"] = timeline.steps / timeline.settings.sampling.steps_per_epoch(rows)
    if table is not None:
        numbers |= _of_table(table)
    return Facts(
        lesson,
        numbers,
        timeline.run.network,
        timeline.trace,
        context_of(timeline) if timeline.trace is not None else None,
        timeline.position.done if timeline.trace is not None else 0,
        tuple(timeline.losses[-MOST_LOSSES:].tolist()),
        explained=explained,
    )


def _of_table(table: Overview) -> dict[str, float]:
    """Losses and accuracy over all rows, as far as they are known where the session stands."""
    found, losses, worst = dict[str, float](), table.losses, table.worst
    for name, part in (("training_loss", TRAINING), ("held_out_loss", HELD_OUT)):
        if part in losses.parts and (latest := losses.latest(part)) is not None:
            found[name] = latest
    if worst.accuracy is not None and worst.is_current:
        found[HELD_OUT_ACCURACY if worst.held_out else ACCURACY] = worst.accuracy
    return found


def of_data(lesson: DataLesson) -> Facts:
    """The facts of the table: the chosen row, raw and scaled, and the rows that are read."""
    numbers = {"row": float(lesson.row), "phases": float(lesson.done)}
    row = lesson.read(lesson.row)
    if row is not None:
        for names, values in (("raw_x", row.raw), ("x", row.x), ("raw_y", row.raw_y), ("y", row.y)):
            numbers |= {f"{names}[{place}]": float(value) for place, value in enumerate(values, 1)}
        numbers |= {name: numbers[f"{name}[1]"] for name in ("raw_y", "y")}
    columns: dict[str, list[float]] = {name: [] for name in (*lesson.table.features, *lesson.table.targets)}
    number = 0
    while number < PAGE and (row := lesson.read(number)) is not None:
        for name, value in zip(columns, (*row.raw, *row.raw_y), strict=True):
            columns[name].append(float(value))
        number += 1
    return Facts(named("data"), numbers, columns={name: tuple(values) for name, values in columns.items()})


def of_autograd(lesson: AutogradLesson) -> Facts:
    """The facts of the tape, those too that are not shown yet: a condition asks for what has been done."""
    numbers = {"x": lesson.x, "lr": lesson.lr, "steps": float(lesson.steps)}
    if lesson.tape is not None:
        numbers |= {"y": lesson.tape.y, "derivative": lesson.tape.derivative}
    if lesson.new_x is not None:
        numbers["new_x"] = lesson.new_x
    return Facts(named("autograd"), numbers, done=lesson.done)


def of_descent(lesson: DescentLesson) -> Facts:
    """The facts of a descent: where it is, the least learning rate of its steps, what its last one made of dy/dx."""
    numbers = {"x": lesson.x, "start": lesson.start, "size": abs(lesson.x), "lr": lesson.lr}
    numbers["steps"] = float(lesson.done)
    if lesson.done:
        numbers["least_lr"] = min(step[3] for step in lesson.steps)
    derivatives = [step[1] for step in lesson.steps[-2:]]
    if len(derivatives) == 2 and derivatives[0]:
        numbers["shrink"] = derivatives[1] / derivatives[0]
    return Facts(named("descent"), numbers, walk=tuple(lesson.xs))

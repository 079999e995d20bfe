"""The tape of lesson 2: each operation forwards and backwards, the sum, the update; dots for what is ahead."""

from textwrap import wrap

from backprop_tui.core.lessons.autograd import BACKWARD, FORWARD, SUM, AutogradLesson, Stage
from backprop_tui.tui.widgets.line import Line, Span

HEADS = {FORWARD: "forward, recorded", BACKWARD: "backward, local ∂", SUM: "sum over the paths", "update": "update"}


def lines(lesson: AutogradLesson, width: int) -> list[Line]:
    """Lines: all phases of the step in order, a heading above each kind, folded to the width."""
    known = lesson.lines()
    found: list[Line] = []
    kind = ""
    for number, stage in enumerate(lesson.stages):
        if stage.kind != kind:
            kind = stage.kind
            found.append((Span(HEADS[kind], "label"),))
        if number >= len(known):
            found.append((Span(f"  {_ahead(lesson, stage)}", "pending"),))
            continue
        fresh = "fresh" if number == len(known) - 1 else ""
        for place, part in enumerate(wrap(known[number], max(width - 4, 20))):
            mark = "▸ " if fresh and place == 0 else "  " if place == 0 else "    "
            found.append((Span(mark + part, fresh),))
    return found


def newest(lesson: AutogradLesson, shown: list[Line]) -> int:
    """The number of the line that was computed last."""
    return next((number for number, line in enumerate(shown) if line[0].text.startswith("▸")), 0)


def _ahead(lesson: AutogradLesson, stage: Stage) -> str:
    """What a phase ahead will show, with dots in place of its numbers."""
    name = f"v{stage.operation + 1}"
    return {FORWARD: f"{name} = ·", BACKWARD: f"∂{name}/∂ ·", SUM: "dy/dx = ·"}.get(stage.kind, "x ← ·")

"""The steps of lesson 3: x as the notebook prints it, y and the slope before each step."""

from ...core.lessons.descent import DescentLesson
from ...core.lessons.function import number_text
from ..line import Line, Span

WIDTHS = (6, 13, 13, 13)


def lines(lesson: DescentLesson, height: int) -> list[Line]:
    """A heading and as many of the newest steps as fit below it."""
    found: list[Line] = [(Span(_columns("step", "y", "dy/dx", "x after"), "label"),)]
    steps = lesson.steps
    first = max(len(steps) - (height - 2), 0)
    if not first:
        found.append((Span(_columns("start", "", "", number_text(lesson.start))),))
    for number in range(first, len(steps)):
        y, slope, x, _ = steps[number]
        text = _columns(f"{number + 1:,}", *(number_text(value) for value in (y, slope, x)))
        found.append((Span(text, "fresh" if number == len(steps) - 1 else ""),))
    return found


def _columns(*texts: str) -> str:
    return "".join(text.rjust(width) for text, width in zip(texts, WIDTHS, strict=True))

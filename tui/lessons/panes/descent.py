"""The steps of lesson 3: x as the notebook prints it, y and the derivative before each step."""

from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.function import number_text
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets.line import Line, Span

WIDTHS = (5, 14, 9, 10)


def lines(lesson: DescentLesson, height: int) -> list[Line]:
    """Lines: a heading, and as many of the newest steps as fit below it."""
    found: list[Line] = [(Span(_columns("step", "x after", "y", "dy/dx"), "label"),)]
    steps = lesson.steps
    first = max(len(steps) - (height - 2), 0)
    if not first:
        found.append((Span(_columns("", number_text(lesson.start), "", "")),))
    for number in range(first, len(steps)):
        y, derivative, x, _ = steps[number]
        text = _columns(f"{number + 1}", number_text(x), brief(y, 4), brief(derivative, 4))
        found.append((Span(text, "fresh" if number == len(steps) - 1 else ""),))
    return found


def _columns(*texts: str) -> str:
    return "".join(text.rjust(width) for text, width in zip(texts, WIDTHS, strict=True))

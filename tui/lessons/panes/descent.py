"""The steps of lesson 3: x as the notebook prints it, with y and the derivative there; last, the x reached."""

from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.function import number_text
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets.line import Line, Span

WIDTHS = (5, 14, 9, 10)


def lines(lesson: DescentLesson, height: int) -> list[Line]:
    """Lines: a heading, as many of the newest steps as fit below it, the x that they lead to."""
    found: list[Line] = [(Span(_columns("step", "x", "y", "dy/dx"), "label"),)]
    steps, xs = lesson.steps, lesson.xs
    for number in range(max(len(steps) - (height - 2), 0), len(steps)):
        y, derivative, _, _ = steps[number]
        text = _columns(f"{number + 1}", number_text(xs[number]), brief(y, 4), brief(derivative, 4))
        found.append((Span(text),))
    found.append((Span(_columns("", number_text(xs[-1]), "", ""), "fresh" if steps else ""),))
    return found


def _columns(*texts: str) -> str:
    return "".join(text.rjust(width) for text, width in zip(texts, WIDTHS, strict=True))

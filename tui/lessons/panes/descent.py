"""The steps of lesson 3: x as the notebook prints it, with y and the derivative there; last, the x reached."""

from functools import partial

from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.function import number_text
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets.line import Line, Span

WIDTHS = (5, 14, 9, 10)
PRECISE_WIDTHS = (5, 13, 14, 14)


def lines(lesson: DescentLesson, height: int, precise: bool = False) -> list[Line]:
    """Lines: a heading, as many of the newest steps as fit below it, the x that they lead to.

    y and dy/dx have four significant digits, or if `precise` all that float32 has, as x always.
    """
    widths = PRECISE_WIDTHS if precise else WIDTHS
    write = number_text if precise else partial(brief, significant=4)
    found: list[Line] = [(Span(_columns(widths, "step", "x", "y", "dy/dx"), "label"),)]
    steps, xs = lesson.steps, lesson.xs
    for number in range(max(len(steps) - (height - 2), 0), len(steps)):
        y, derivative, _, _ = steps[number]
        text = _columns(widths, f"{number + 1}", number_text(xs[number]), write(y), write(derivative))
        found.append((Span(text),))
    found.append((Span(_columns(widths, "", number_text(xs[-1]), "", ""), "fresh" if steps else ""),))
    return found


def _columns(widths: tuple[int, ...], *texts: str) -> str:
    return "".join(text.rjust(width) for text, width in zip(texts, widths, strict=True))

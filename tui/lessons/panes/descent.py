"""The steps of lesson 3: x with all its digits, y and the derivative there; last, the x that they lead to."""

from functools import partial

from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.text.numerals import MIN_WIDTH, fixed, full
from backprop_tui.tui.widgets.line import Line, Span

WIDTHS = (5, 14, 9, 10)
PRECISE_WIDTHS = (5, 13, 14, 14)


def lines(lesson: DescentLesson, height: int, precise: bool = False) -> list[Line]:
    """Lines: a heading, as many of the newest steps as fit below it, the x that they lead to.

    y and dy/dx are written as on the main screen, with four decimals, or if `precise` with all digits, as x always.
    """
    widths = PRECISE_WIDTHS if precise else WIDTHS
    write = full if precise else partial(fixed, width=MIN_WIDTH)
    found: list[Line] = [(Span(_columns(widths, "step", "x", "y", "dy/dx"), "label"),)]
    steps, xs = lesson.steps, lesson.xs
    for number in range(max(len(steps) - (height - 2), 0), len(steps)):
        y, derivative, _, _ = steps[number]
        text = _columns(widths, f"{number + 1}", full(xs[number]), write(y), write(derivative))
        found.append((Span(text),))
    found.append((Span(_columns(widths, "", full(xs[-1]), "", ""), "fresh" if steps else ""),))
    return found


def _columns(widths: tuple[int, ...], *texts: str) -> str:
    return "".join(text.rjust(width) for text, width in zip(texts, widths, strict=True))

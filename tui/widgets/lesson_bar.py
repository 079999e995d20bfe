"""The bar of lessons, the first line of every screen: which one this is, and the keys of the others."""

from backprop_tui.core.lessons.names import LESSONS, Lesson

from .line import Line, Span, length_of

NARROW = 64
"""Below so many columns the names of all lessons don't fit beside each other."""

HELPS: Line = (Span("?", "key"), Span(" help"))


def line(here: Lesson, width: int) -> Line:
    """The lessons, this one in capitals; at the right the key that helps."""
    if width < NARROW:
        bar: Line = (Span(f"lesson {here.number}, {here.name}", "title"), Span("   1 to 5: others", "dim"))
        bar = bar if length_of(bar) + length_of(HELPS) < width else bar[:1]
    else:
        bar = tuple(span for lesson in LESSONS for span in _lesson(lesson, here))
    space = width - length_of(bar) - length_of(HELPS)
    return (*bar, Span(" " * space), *HELPS) if space > 0 else bar


def _lesson(lesson: Lesson, here: Lesson) -> Line:
    name, role = (lesson.name.upper(), "title") if lesson == here else (lesson.name, "dim")
    return Span(str(lesson.number), "key"), Span(f" {name}  ", role)

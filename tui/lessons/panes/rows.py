"""The table of lesson 1: the rows in view, raw and scaled side by side; the chosen one marked."""

from backprop_tui.core.lessons.data import DataLesson
from backprop_tui.core.table.form import words
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief, fixed, full, full_width
from backprop_tui.tui.widgets.line import Line, Span, clipped

NUMBER, COLUMN = 9, 11
PRECISE_COLUMN = full_width("float64") + 1


def lines(lesson: DataLesson, count: int, precise: bool = False) -> list[Line]:
    """Lines: a heading, then the rows from `lesson.first` on, with dots for what the engine has not sent yet.

    With four decimals, or if `precise` with all the digits that float64 has.
    """
    second = PRECISE_COLUMN if precise else COLUMN
    table = lesson.table
    head = "row".rjust(NUMBER)
    for name in (*table.features, *table.targets):
        head += (
            " " + clipped(escape_controls(name), COLUMN).rstrip().rjust(COLUMN) + _second(name, lesson).rjust(second)
        )
    found: list[Line] = [(Span(head, "label"),)]
    for number in range(lesson.first, min(lesson.first + count, lesson.rows)):
        chosen = number == lesson.row
        text = ("▸ " if chosen else "  ") + f"{number:,}".rjust(NUMBER - 2)
        row = lesson.read(number)
        if row is None:
            found.append((Span(text + "  ·" * 3, "pending"),))
            continue
        for raw, scaled in zip((*row.raw, *row.raw_y), (*row.x, *row.y), strict=True):
            written = full(float(scaled), "float64", second) if precise else fixed(scaled, width=second)
            text += " " + brief(raw, 8).rjust(COLUMN) + written
        found.append((Span(text, "fresh cursor" if chosen else ""),))
    return found


def column_end(column: int, precise: bool = False) -> int:
    """The place on the screen where a column of the table ends, its scaled twin included."""
    return NUMBER + (column + 1) * (1 + COLUMN + (PRECISE_COLUMN if precise else COLUMN))


def title(lesson: DataLesson) -> str:
    """The pane's title: the shape of the table as pandas has it, the row that is chosen, how a file is written."""
    if not lesson.rows:
        return "Table"
    columns = len(lesson.table.features) + len(lesson.table.targets)
    form = f"  {escape_controls(words(lesson.table.form))}" if lesson.table.path else ""
    return f"Table  shape ({lesson.rows}, {columns})  row {lesson.row:,}{form}"


def _second(name: str, lesson: DataLesson) -> str:
    """What the second column of a pair holds."""
    if name in lesson.table.targets:
        return {"log": "ln", "standardize": "scaled"}.get(lesson.table.transform, "as is")
    return "scaled" if name in lesson.table.standardize else "as is"

"""The data sample: the row's features raw and scaled, and its target."""

from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.view import PENDING, View
from backprop_tui.tui.widgets.line import Line, Span, clipped


def lines(view: View, width: int) -> list[Line]:
    """A line of headings, a line per feature, a line per target."""
    table, sample = view.run.table, view.sample
    wide = max(view.wide, 9)
    # All digits of float64 leave no room for the raw numbers.
    raw_wide = 11 if 8 + 14 + wide <= width else 0
    name_wide = max(8, width - wide - 1 - raw_wide - 3)
    several = view.trace is not None and len(view.trace.rows) > 1
    settings = view.shown_settings
    heading = f"{'':{name_wide}}{_right('' if several else 'raw', raw_wide)}   {'scaled':>{wide}}"
    found: list[Line] = [(Span(heading, "dim"),)]
    for column, name in enumerate(table.features):
        raw = "" if several else brief(float(sample.raw[column]), 9) if sample is not None else PENDING
        if settings.x is not None and sample is not None and settings.x[column] != sample.x[column]:
            raw = "changed"
        label = Span(clipped(escape_controls(name), name_wide), "label")
        found.append((label, Span(f"{_right(raw, raw_wide)}   "), view.number(Cell("x", 0, column), wide)))
    for column, name in enumerate(table.targets):
        raw = "" if several else brief(float(sample.raw_y[column]), 9) if sample is not None else PENDING
        if settings.y is not None and sample is not None and settings.y[column] != sample.y[column]:
            raw = "changed"
        label = Span(clipped(escape_controls(name), name_wide), "label")
        log = "ln" if table.log_target else "  "
        found.append((label, Span(f"{_right(raw, raw_wide)} {log}"), view.number(Cell("y", 0, column), wide)))
    return found


def _right(text: str, width: int) -> str:
    """At the right of so many columns; nothing if there are none."""
    return text.rjust(width) if width else ""

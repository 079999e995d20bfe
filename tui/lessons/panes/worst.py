"""The worst predictions of lesson 5, in the target's own unit."""

import numpy as np
from backprop_tui.core.lessons.training import HELD_OUT, TRAINING, Worst, part_in_words
from backprop_tui.core.table.units import currency
from backprop_tui.tui.widgets.line import Line, Span


def lines(worst: Worst, chosen: int, height: int) -> list[Line]:
    """Lines: a heading, then the rows, worst first, scrolled so that the chosen one is in view."""
    found: list[Line] = [(Span("    row predicted      true        off", "label"),)]
    table = worst.session.timeline.run.table
    first = max(min(chosen, len(worst.found)) - (height - 2), 0)
    for number, row in enumerate(worst.found[first : first + height - 1], first):
        off = row.error
        output = int(np.argmax(np.abs(np.nan_to_num(off, nan=np.inf))))
        amounts = (row.predicted[output], row.true[output], off[output])
        texts = [_amount(float(amount), currency(table, output)) for amount in amounts]
        mark = "▸" if number == chosen else " "
        text = f"{mark}{row.row:>6}" + texts[0].rjust(10) + texts[1].rjust(10) + texts[2].rjust(11)
        found.append((Span(text, "cursor" if number == chosen else ""),))
    return found


def title(worst: Worst) -> str:
    """The pane's title: among which rows these are the worst."""
    rows = part_in_words(worst.session.timeline, HELD_OUT if worst.held_out else TRAINING)
    return f"Worst of {worst.rows:,} {rows}" if worst.found else f"Worst {rows}"


def _amount(value: float, dollars: str) -> str:
    """`$1.23M` for the house table's dollars, short enough for a column."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "-∞"
    sign, size = ("-" if value < 0 else "") + dollars, abs(value)
    if size >= 1e12 or (size < 0.01 and size):
        return f"{sign}{size:.1e}"
    if size >= 1e6:
        return f"{sign}{size / 1e9:.2f}B" if size >= 1e9 else f"{sign}{size / 1e6:.3f}M"
    return f"{sign}{size:,.0f}" if size >= 1000 else f"{sign}{size:.4g}"

"""The worst predictions of lesson 5, in the target's own unit."""

import numpy as np

from ...core.lessons.training import HELD_OUT, TRAINING, Worst
from ...core.messages import TableSpec
from ..line import Line, Span


def lines(worst: Worst, chosen: int, height: int) -> list[Line]:
    """A heading, then the rows, worst first, so that the chosen one is in view."""
    found: list[Line] = [(Span("    row  predicted       true        off", "label"),)]
    table = worst.session.run.table
    first = max(min(chosen, len(worst.found)) - (height - 2), 0)
    for number, row in enumerate(worst.found[first : first + height - 1], first):
        off = row.error
        output = int(np.argmax(np.abs(np.nan_to_num(off, nan=np.inf))))
        amounts = (row.predicted[output], row.true[output], off[output])
        texts = [_amount(float(amount), table) for amount in amounts]
        mark = "▸" if number == chosen else " "
        text = f"{mark}{row.row:>6}" + "".join(text.rjust(11) for text in texts[:2]) + texts[2].rjust(11)
        found.append((Span(text, "cursor" if number == chosen else ""),))
    return found


def title(worst: Worst) -> str:
    """Among which rows, and how far off they all are on average."""
    part = HELD_OUT if worst.held_out else TRAINING
    if not worst.found:
        return f"Worst of the {part} rows"
    return f"Worst of {worst.rows:,} {part}   mean {_amount(worst.mean_error, worst.session.run.table)}"


def _amount(value: float, table: TableSpec) -> str:
    """`$1.23M` for the house table's dollars, short enough for a column."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    sign, unit, size = "−" if value < 0 else "", "" if table.path else "$", abs(value)
    if size >= 1e12 or (size < 0.01 and size):
        return f"{sign}{unit}{size:.1e}"
    for least, letter, digits in ((1e9, "B", 3), (1e7, "M", 2)):
        if size >= least:
            return f"{sign}{unit}{size / (1e9 if letter == 'B' else 1e6):.{digits}f}{letter}"
    return f"{sign}{unit}{size:,.0f}" if size >= 1000 else f"{sign}{unit}{size:.4g}"

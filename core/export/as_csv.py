"""CSV: a row per step, with its row of the table, learning rate, loss, parameters, gradients and new parameters.

The columns are `step,row,lr,loss`, then `w1[1,1]` ... before the update, `gw1[1,1]` ... the gradients, and
`new_w1[1,1]` ... after it, rows and columns from 1. Numbers are the shortest that read back the same, `nan` and `inf`
if they are not finite. The rows of a batch stand in one field, with spaces between; it is empty if the sample
was typed by hand, and if the batch is too large.
"""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.run import Run

from .steps import Event, Step
from .values import cell_names, shortest

_PREFIXES = ("", "g", "new_")


def csv_text(run: Run, events: Iterable[Event]) -> Iterator[str]:
    """The header line, then a line for each step."""
    parameters = run.network.parameters
    names = [cell for prefix in _PREFIXES for p in parameters for cell in cell_names(prefix + p.name, p.shape)]
    yield _line(["step", "row", "lr", "loss", *names])
    for event in events:
        if isinstance(event, Step):
            yield _line([str(event.number), " ".join(map(str, event.rows or ())), *_fields(event.trace)])


def _fields(trace: Trace) -> Iterator[str]:
    yield shortest(trace.lr)
    yield shortest(trace["loss"][0, 0])
    for prefix in _PREFIXES:
        for parameter in trace.network.parameters:
            yield from map(shortest, trace[prefix + parameter.name].flat)


def _line(fields: list[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()

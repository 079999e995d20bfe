"""JSON: one object with the settings, the initial parameters, and every number of every step.

    {"settings": {...}, "initial": {"w1": [[...]], ...}, "steps": [{"step": 1, "rows": [0], "lr": 0.2,
    "loss": 70.88, "x": [[...]], "w1": [[...]], "gw1": [[...]], "new_w1": [[...]], ...}, ...], "changes": []}

The names are those of `trace.py`. A step is a line, so that a long run can be written and read as it goes. `rows` is
null if a sample was typed by hand, and if a batch is so large that its values are means over it. NaN and
infinity, for which JSON has no numbers, are the strings "NaN", "Infinity" and "-Infinity".
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from backprop_tui.core.session.run import Run

from .steps import Changed, Event, Step
from .values import cell_name, plain, settings


def json_text(run: Run, events: Iterable[Event]) -> Iterator[str]:
    """The parts of the object: its head, each step, its tail."""
    initial = run.network.split(run.first_state()[: run.network.width])
    head = {"settings": settings(run), "initial": {name: plain(value) for name, value in initial.items()}}
    yield _written(head)[:-1] + ', "steps": ['
    separator, changes = "\n", []
    for event in events:
        if isinstance(event, Changed):
            changes.append(_change(run, event))
        else:
            yield separator + _written(_step(event))
            separator = ",\n"
    yield f'\n], "changes": {_written(changes)}}}\n'


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _step(step: Step) -> dict[str, Any]:
    values = {name: plain(value) for name, value in step.trace.values.items()}
    loss = values.pop("loss")[0][0]
    return {"step": step.number, "rows": step.rows, "lr": step.trace.lr, "loss": loss, **values}


def _change(run: Run, event: Changed) -> dict[str, Any]:
    cell, change = event.change.cell, event.change
    dtype = "float64" if cell.name in ("x", "y") else run.dtype
    old, new = plain(np.array([change.old, change.new], dtype))
    return {"after_step": event.after, "name": cell_name(cell), "old": old, "new": new}

"""Transcripts made in the plain way, one call of the engine a step and one number after the other.

What the program writes thousands of steps at a time must be the same to the last digit.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from math import isfinite
from typing import Any

from backprop_tui.core.explain import context_of
from backprop_tui.core.export.as_json import json_text as json_of_blocks
from backprop_tui.core.export.steps import Changed, Event, Step
from backprop_tui.core.export.values import cell_names
from backprop_tui.core.model.network import Array
from backprop_tui.core.session import requests
from backprop_tui.core.session.drive import Ask, settle
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline


def made(session: Session, ask: Ask, steps: int, bound: float | None = None) -> Iterator[Step]:
    """Make so many steps with the session, each as a key does; with a bound, until a loss is below it or not finite."""
    timeline = session.timeline
    for _ in range(steps):
        timeline.step()
        settle(session, ask)
        assert timeline.trace is not None
        yield Step(timeline.steps, timeline.trace, timeline.shown_settings.x is not None)
        if bound is not None and (timeline.trace.loss < bound or not isfinite(timeline.trace.loss)):
            return


def recorded(timeline: Timeline, ask: Ask) -> Iterator[Event]:
    """All whole steps of a timeline and the changes between them, each computed again by a call of its own."""
    past, number = timeline.copy(), 0
    past.sample = None
    for entry in range(past.whole_entries):
        if entry in past.history.changes:
            yield Changed(number, past.history.changes[entry])
            continue
        number += 1
        request = requests.past_step(past, entry)
        trace = requests.past_trace(past, entry, request, ask(request))
        past.position = Position(entry, past.whole)
        yield Step(number, trace, past.history.settings(entry).x is not None, context_of(past))


def csv_text(run: Run, events: Iterable[Event]) -> str:
    """As the program's CSV, by `csv.writer` and `str` of each number."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    parameters = run.network.parameters
    names = [cell for prefix in ("", "g", "new_") for p in parameters for cell in cell_names(prefix + p.name, p.shape)]
    writer.writerow(["step", "row", "lr", "loss", *names])
    for event in events:
        if isinstance(event, Step):
            values = [
                str(value)
                for prefix in ("", "g", "new_")
                for p in parameters
                for value in event.trace[prefix + p.name].flat
            ]
            row = " ".join(map(str, event.rows or ()))
            writer.writerow([event.number, row, event.trace.lr, str(event.trace["loss"][0, 0]), *values])
    return text.getvalue()


def json_text(run: Run, events: Iterable[Event]) -> str:
    """As the program's JSON, by `json.dumps` of each step; the head and the changes are the program's own."""
    events = list(events)
    empty = "".join(json_of_blocks(run, [event for event in events if isinstance(event, Changed)]))
    head, tail = empty.split("\n]")
    lines = [json.dumps(_plain_step(event), allow_nan=False) for event in events if isinstance(event, Step)]
    return head + "".join("\n" + line + "," * (line is not lines[-1]) for line in lines) + "\n]" + tail


def _plain_step(step: Step) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in step.trace.values.items()}
    loss = values.pop("loss")[0][0]
    return {"step": step.number, "rows": step.rows, "lr": step.trace.lr, "loss": loss, **values}


def _plain(array: Array) -> Any:
    if array.ndim:
        return [_plain(part) for part in array]
    value = float(str(array[()]))
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return words.get(str(value), value)

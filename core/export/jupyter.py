"""A Jupyter notebook that makes the same run again with plain TensorFlow: no part of this program is needed for it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import Failed, Inline, ReadRows, RowsRead
from backprop_tui.core.explain import cell_name
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.session import requests
from backprop_tui.core.session.drive import Ask
from backprop_tui.core.session.history import Change, Settings
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import split_rows

from . import source
from .markdown import escaped, settings_table
from .values import table_words

MAX_ROWS, MAX_CODE = 20_000, 5_000_000
"""A notebook holds no more rows of the table, and no more characters that say which step uses which."""

Cells = list[tuple[str, str]]
"""Kind (`markdown` or `code`) and text of each cell."""


def jupyter(timeline: Timeline, ask: Ask) -> str:
    """The notebook as text (nbformat 4). Raises ValueError if the run used too many rows to write them down."""
    import nbformat

    past = timeline.copy()
    cells: Cells = [("markdown", _introduction(past)), ("code", source.IMPORTS)]
    table = _used_rows(past)
    cells += _data(past, ask, table) if table else []
    cells += [
        ("markdown", "## The network"),
        ("code", source.network(past.run)),
        ("code", source.step(past.run)),
    ]
    cells += _steps(past, table)
    end = timeline.history.state(past.whole_entries)
    assert end is not None, "the state that is looked at is at hand"
    cells += [("markdown", "## The end"), ("code", source.end(past.run, end))]
    notebook = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "cells": [_cell(kind, text, f"cell-{number}") for number, (kind, text) in enumerate(cells)],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def _cell(kind: str, text: str, identifier: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": identifier, "metadata": {}, "source": text}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _introduction(past: Timeline) -> str:
    return (
        f"# {past.run.network.name}, {past.steps} steps\n\n"
        "A run of back-propagation, made again with TensorFlow alone. The last digit or two may differ from the run's: "
        "TensorFlow rounds a compiled step and a step done operation by operation differently.\n\n"
        f"{settings_table(past.run)}"
    )


# The rows


def _rows(past: Timeline, entry: int) -> list[int] | None:
    """The rows that a step used; None if its sample was typed by hand."""
    samples = requests.samples(past, entry, past.history.settings(entry))
    if isinstance(samples, Inline):
        return None
    if samples.rows.array.size:
        return [row for row in samples.rows.array[0].tolist() if row >= 0]
    return _training_rows(past)


def _training_rows(past: Timeline) -> list[int]:
    assert past.scaling is not None, "a recorded step had its table open"
    table, rows = past.run.table, past.scaling.rows
    return split_rows(rows, table.holdout, table.holdout_seed)[0].tolist() if table.holdout else list(range(rows))


def _used_rows(past: Timeline) -> list[int]:
    used: set[int] = set()
    for entry in range(past.whole_entries):
        if entry not in past.history.changes:
            used.update(_rows(past, entry) or ())
            if len(used) > MAX_ROWS:
                raise ValueError(f"this run used more than {MAX_ROWS:,} rows of the table: too many for a notebook")
    return sorted(used)


def _data(past: Timeline, ask: Ask, order: list[int]) -> Cells:
    assert past.scaling is not None, "a recorded step had its table open"
    answer = ask(ReadRows(past.run.table, numbers(np.array(order))))
    if not isinstance(answer, RowsRead):
        raise EngineRefused(answer.message if isinstance(answer, Failed) else "the engine did not read the rows")
    rows = source.rows(
        past.run,
        order,
        answer.raw.array,
        answer.raw_y.array,
        past.scaling,
    )
    return [
        (
            "markdown",
            f"## The data\n\nThe rows that the steps use. They are from: {escaped(table_words(past.run.table))}.",
        ),
        ("code", rows),
    ]


# The steps


def _steps(past: Timeline, table: list[int]) -> Cells:
    """A cell for each stretch of steps with the same settings, and for each change by hand."""
    cells: Cells = [("markdown", "## The steps")]
    written = 0
    for settings, used in _stretches(past):
        if isinstance(settings, Change):
            cells.append(("markdown", f"Changed by hand: {cell_name(past.run.network, settings.cell)}."))
            if settings.cell.name not in ("x", "y"):  # those are in the samples of the steps that follow
                cells.append(("code", source.change(settings)))
            continue
        code = source.steps(past.run, settings, used, table)
        cells.append(("code", code))
        written += len(code)
        if written > MAX_CODE:
            raise ValueError("the steps of this run use too many different rows to be written down in a notebook")
    return cells


def _stretches(past: Timeline) -> Iterator[tuple[Settings | Change, list[list[int] | None]]]:
    """Stretches of steps with their settings and the rows of each, and changes by hand, in order."""
    settings, used = past.run.settings, list[list[int] | None]()
    for entry in range(past.whole_entries):
        change, now = past.history.changes.get(entry), past.history.settings(entry)
        if used and (change is not None or now != settings):
            yield settings, used
            used = []
        if change is not None:
            yield change, []
        else:
            settings = now
            used.append(_rows(past, entry))
    if used:
        yield settings, used

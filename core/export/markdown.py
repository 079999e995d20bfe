"""Markdown: the settings, then each step with all of its numbers, for somebody who reads what was done."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import Failed, ReadRows, RowsRead
from backprop_tui.core.explain import cell_name
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import activations
from backprop_tui.core.model.values import symbol
from backprop_tui.core.session.drive import Ask
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls

from .explained import MOST_STEPS, explained
from .steps import Changed, Event, Step, recorded_steps
from .values import settings, shortest


def markdown(timeline: Timeline, ask: Ask, most: int | None = None) -> Iterator[str]:
    """The parts of the text: its head, then each step and each change by hand; the newest steps are explained."""
    return _parts(timeline.run, timeline.steps, recorded_steps(timeline, ask, most), _Samples(timeline.run.table, ask))


def _parts(run: Run, steps: int, events: Iterator[Event], samples: "_Samples") -> Iterator[str]:
    yield f"# {run.network.name}, {steps} step{'' if steps == 1 else 's'}\n\n{settings_table(run)}"
    yield f"\n## Initial parameters\n\n{_parameters(run)}"
    last = 0
    for event in events:
        if isinstance(event, Changed):
            yield f"\n## Changed by hand\n\n{_change(run, event)}\n"
            continue
        if event.number > last + 1:
            yield f"\n*Steps {last + 1} to {event.number - 1} are left out.*\n"
        last = event.number
        yield "\n" + "\n".join(_step(event, samples)) + "\n"
        if event.number > steps - MOST_STEPS:
            yield "\n".join(explained(event)) + "\n"


def escaped(text: str) -> str:
    """Text from outside as Markdown that shows just this text, inside of a line."""
    return re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", escape_controls(text))


def settings_table(run: Run) -> str:
    """The settings as a table of two columns."""
    lines = ["| setting | value |", "| --- | --- |"]
    lines += [f"| {name.replace('_', ' ')} | {_setting(value)} |" for name, value in settings(run).items()]
    return "\n".join(lines) + "\n"


def _setting(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_setting, value)) or "none"
    if isinstance(value, dict):
        return f"{value['units']} {value['activation']}{'' if value.get('bias', True) else ' without bias'}"
    return escaped(value) if isinstance(value, str) else str(value)


def _parameters(run: Run) -> str:
    lines = ["| parameter | value |", "| --- | ---: |"]
    for name, value in run.network.split(run.first_state()[: run.network.width]).items():
        cells = zip(_names(run.network, name, value.shape), value.flat, strict=True)
        lines += [f"| {cell} | {shortest(number)} |" for cell, number in cells]
    return "\n".join(lines) + "\n"


def _names(network: Network, name: str, shape: tuple[int, int]) -> list[str]:
    """What the numbers of a parameter are called on the screen, in the order of the flat row."""
    return [cell_name(network, Cell(name, row, column)) for row in range(shape[0]) for column in range(shape[1])]


def _change(run: Run, event: Changed) -> str:
    change, dtype = event.change, "float64" if event.change.cell.name in ("x", "y") else run.dtype
    old, new = (shortest(number) for number in np.array([change.old, change.new], dtype))
    return f"{cell_name(run.network, change.cell)} was {old} and is now {new}."


def _step(step: Step, samples: "_Samples") -> Iterator[str]:
    trace = step.trace
    yield f"## Step {step.number}\n"
    yield f"{samples.words(step)} Learning rate {trace.lr!r}.\n"
    yield "| value | | ∂L/∂value |"
    yield "| --- | ---: | ---: |"
    yield from _rows("x", trace["x"].T, trace["gx"].T, samples.table.features)
    for name in _computed(trace.network):
        yield from _rows(symbol(name), trace[name], trace["g" + name])
    yield from _rows("y", trace["y"].T, None, samples.table.targets)
    yield f"| **loss** | **{shortest(trace['loss'][0, 0])}** | |\n"
    yield "| parameter | before | ∂L/∂parameter | after |"
    yield "| --- | ---: | ---: | ---: |"
    for parameter in trace.network.parameters:
        columns = [trace[prefix + parameter.name].flat for prefix in ("", "g", "new_")]
        for cell, *cells in zip(_names(trace.network, parameter.name, parameter.shape), *columns, strict=True):
            yield f"| {cell} | {' | '.join(map(shortest, cells))} |"


def _computed(network: Network) -> list[str]:
    """z1, h1 ... ŷ. A linear last layer's z is its ŷ."""
    names = [name for pair in activations(network) for name in pair]
    return [name for name in names if name != f"z{network.depth}" or not network.ends_linear]


def _rows(name: str, values: Array, gradients: Array | None, words: tuple[str, ...] = ()) -> Iterator[str]:
    """A line for each unit; the samples of a batch stand side by side."""
    for unit, value in enumerate(values):
        label = f"{name}[{unit + 1}]" if len(values) > 1 else name
        label += f" ({escaped(words[unit])})" if words else ""
        gradient = "" if gradients is None else ", ".join(map(shortest, gradients[unit]))
        yield f"| {label} | {', '.join(map(shortest, value))} | {gradient} |"


class _Samples:
    """What the rows of the table hold, as it stands in the file. Each row is asked for once."""

    def __init__(self, table: TableSpec, ask: Ask) -> None:
        self.table, self._ask = table, ask
        self._known: dict[int, str] = {}

    def words(self, step: Step) -> str:
        """Which sample a step learned from."""
        if step.rows is None:
            return (
                "A batch of many rows: values are means over it." if step.trace.averaged else "A sample typed by hand."
            )
        if len(step.rows) > 1:
            return f"Rows {', '.join(map(str, step.rows))}, side by side."
        (row,) = step.rows
        if row not in self._known:
            self._known[row] = self._read(row)
        return f"Row {row}: {self._known[row]}."

    def _read(self, row: int) -> str:
        answer = self._ask(ReadRows(self.table, numbers(np.array([row]))))
        if not isinstance(answer, RowsRead):
            raise EngineRefused(answer.message if isinstance(answer, Failed) else "the engine did not read the row")
        values = (*answer.raw.array[0], *answer.raw_y.array[0])
        names = (*self.table.features, *self.table.targets)
        return ", ".join(f"{escaped(name)} {value:.15g}" for name, value in zip(names, values, strict=True))

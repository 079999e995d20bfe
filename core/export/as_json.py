"""JSON: one object with the settings, the initial parameters, and every number of every step.

    {"settings": {...}, "initial": {"w1": [[...]], ...}, "steps": [{"step": 1, "rows": [0], "lr": 0.2,
    "loss": 70.88, "x": [[...]], "w1": [[...]], "gw1": [[...]], "new_w1": [[...]], ...}, ...], "changes": []}

The names are those of `trace.py`. A step is a line, so that a long run can be written and read as it goes. `rows` is
null if a sample was typed by hand, and if a batch is so large that its values are means over it. NaN and
infinity, for which JSON has no numbers, are the strings "NaN", "Infinity" and "-Infinity".
"""

import json
from collections.abc import Iterable, Iterator
from math import prod
from typing import Any

import msgspec
import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.run import Run
from backprop_tui.core.text.shortest import decimals, is_plain

from .steps import Block, Changed, Part
from .values import cell_name, plain, settings


def json_text(run: Run, parts: Iterable[Part]) -> Iterator[str]:
    """The parts of the object: its head, each block of steps, its tail."""
    initial = run.network.split(run.first_state()[: run.network.width])
    head = {"settings": settings(run), "initial": {name: plain(value) for name, value in initial.items()}}
    yield _written(head)[:-1] + ', "steps": ['
    separator, changes = "\n", []
    for part in parts:
        if isinstance(part, Changed):
            changes.append(_change(run, part))
        else:
            yield separator + ",\n".join(_steps(part))
            separator = ",\n"
    yield f'\n], "changes": {_written(changes)}}}\n'


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _steps(block: Block) -> Iterator[str]:
    """A line for each step."""
    trace = block.made.trace
    numbers = np.concatenate([trace[name].reshape(len(block), -1) for name in trace], axis=1)
    simple = is_plain(numbers).all(axis=1) & is_plain(np.array([block.lr]))
    found = _by_name(decimals(numbers), trace)
    losses = found.pop("loss")
    batch = 1 if block.made.averaged else trace["x"].shape[1]
    for place, values in enumerate(zip(*found.values(), strict=True)):
        head = {"step": block.first + place, "rows": block.rows(place), "lr": block.lr, "loss": losses[place][0][0]}
        if block.samples(place) < batch or not np.isfinite(numbers[place]).all():
            named = {name: plain(value) for name, value in block.trace(place).values.items()}
            yield _written(head | named | {"loss": named["loss"][0][0]})
        else:
            step = head | dict(zip(found, values, strict=True))
            yield _quickly(step) if simple[place] else _written(step)


def _by_name(numbers: Array, trace: Any) -> dict[str, list[Any]]:
    """The numbers of the steps (n, all) as lists by name."""
    found, start = {}, 0
    for name, value in trace.items():
        end = start + prod(value.shape[1:])
        found[name] = numbers[:, start:end].reshape(value.shape).tolist()
        start = end
    return found


def _quickly(step: dict[str, Any]) -> str:
    """As `json.dumps` writes it, if no number is written with a power of ten and no name has a comma or a colon."""
    return msgspec.json.encode(step).decode("ascii").replace(",", ", ").replace(":", ": ")


def _change(run: Run, event: Changed) -> dict[str, Any]:
    cell, change = event.change.cell, event.change
    dtype = "float64" if cell.name in ("x", "y") else run.dtype
    old, new = plain(np.array([change.old, change.new], dtype))
    return {"after_step": event.after, "name": cell_name(cell), "old": old, "new": new}

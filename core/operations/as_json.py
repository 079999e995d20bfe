"""Steps as JSON: one object with the model, its weights, and every operation of every step.

    {"model": "notebook", "rows": "its own rows", "weights": [...], "steps": [{"step": 1, "loss": 65.9, "lr": 0.2,
    "operations": [{"name": ..., "type": "MatMul", "part": "forward", "layer": "hidden", "rule": "y = a @ b",
    "of": null, "inputs": ["x:0", ...], "outputs": [{"name": ..., "shape": [1, 2], "dtype": "float32",
    "values": [[...]]}]}, ...], "before": {...}, "after": {...}}, ...]}

Constants and the arithmetic of shapes are among the operations, with `"shown": false`. A tensor of more than
`MOST_VALUES` numbers has, instead of `values`, its `least`, `largest`, `mean`, `zeros` and `not_finite`. NaN and
infinity, for which JSON has no numbers, are the strings "NaN", "Infinity" and "-Infinity".
"""

import json
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

from .operation import Graph, Operation, Step, Tensor, Values
from .summary import summary
from .table import symbols

MOST_VALUES = 4096
"""A tensor of no more numbers is written out."""


def json_text(graph: Graph, steps: Iterable[Step], model: str, rows: str) -> Iterator[str]:
    """The parts of the object: its head, each step, its tail."""
    weights = [
        {"path": weight.path, "shape": weight.shape, "gradient": weight.gradient or None} for weight in graph.weights
    ]
    head = {"model": model, "rows": rows, "loss": graph.loss, "prediction": graph.prediction, "weights": weights}
    yield _written(head)[:-1] + ', "steps": ['
    separator = "\n"
    for step in steps:
        yield separator + _written(_step(graph, step))
        separator = ",\n"
    yield "\n]}\n"


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _step(graph: Graph, step: Step) -> dict[str, Any]:
    return {
        "step": step.number,
        "loss": number(step.loss),
        "lr": number(step.lr),
        "operations": [_operation(operation, step) for operation in graph.operations],
        "before": {path: _values(values) for path, values in step.before.items()},
        "after": {path: _values(values) for path, values in step.after.items()},
    }


def _operation(operation: Operation, step: Step) -> dict[str, Any]:
    return {
        "name": operation.name,
        "type": operation.type,
        "part": operation.part,
        "layer": operation.layer or None,
        "weight": operation.variable or None,
        "of": operation.of or None,
        "rule": symbols(operation) or None,
        "shown": operation.shown,
        "attributes": dict(operation.attributes),
        "inputs": operation.inputs,
        "outputs": [_output(tensor, step) for tensor in operation.outputs],
    }


def _output(tensor: Tensor, step: Step) -> dict[str, Any]:
    values = step.values.get(tensor.name)
    shape = tensor.shape if values is None else values.shape
    return {"name": tensor.name, "shape": shape, "dtype": tensor.dtype} | ({} if values is None else _values(values))


def _values(values: Values) -> dict[str, Any]:
    if values.size <= MOST_VALUES:
        return {"values": nested(values)}
    found = summary(values)
    ends = {"least": number(found.least), "largest": number(found.largest), "mean": number(found.mean)}
    return ends | {"zeros": found.zeros, "not_finite": found.not_finite}


def nested(values: Values) -> Any:
    """As nested lists. A float32 becomes the float whose shortest decimal is the float32's own."""
    if values.ndim:
        return [nested(part) for part in values]
    value = values[()]
    if values.dtype.kind == "b":
        return bool(value)
    return int(value) if values.dtype.kind in "iu" else number(float(str(value)))


def number(value: float) -> float | str:
    """A number, or the name of what is none."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"

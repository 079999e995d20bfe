"""The rows that a model is stepped with: those that came with it, of a CSV file, or made up by a seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from backprop_tui.core.operations.operation import Values

from .keras import keras
from .opening import ModelError, Opened

MADE_UP = 64
"""So many rows are made up if none are given."""


@dataclass(frozen=True)
class Rows:
    """All rows: `x` an array (rows, ...) for each input, `y` (rows, ...), and where they are from in a few words."""

    x: tuple[Values, ...]
    y: Values
    source: str

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.y)

    def batch(self, step: int, size: int) -> tuple[tuple[Values, ...], Values]:
        """The rows of a step, from 1: one batch after the other, again from the first row after the last."""
        which = (np.arange(size) + (step - 1) * size) % self.count
        return tuple(part[which] for part in self.x), self.y[which]


def rows_of(opened: Opened, data: str | None, target: Sequence[str] | None, seed: int) -> Rows:
    """The rows for a model. Raises ModelError if they don't fit it."""
    if data is not None:
        return _of_file(opened.model, data, target)
    if opened.x is not None:
        x = opened.x if isinstance(opened.x, list | tuple) else [opened.x]
        return Rows(tuple(map(np.asarray, x)), np.asarray(opened.y), "its own rows")
    return _made_up(opened.model, seed)


def kind_of_target(model: Any) -> str:
    """What a loss takes as its target: `class` numbers, `one of` (one-hot), `yes or no`, or any `number`."""
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    resolved = keras.losses.get(name) if isinstance(loss, str) else loss
    name = getattr(resolved, "name", getattr(resolved, "__name__", name))
    match name:
        case "sparse_categorical_crossentropy":
            return "class"
        case "categorical_crossentropy" | "categorical_focal_crossentropy" | "kl_divergence":
            return "one of"
        case "binary_crossentropy" | "binary_focal_crossentropy":
            return "yes or no"
        case _:
            return "number"


def _made_up(model: Any, seed: int) -> Rows:
    random = np.random.RandomState(seed)
    inputs, output = _inputs(model), _output(model)
    x = []
    for tensor in inputs:
        shape = (MADE_UP, *_sizes(tensor.shape))
        most = _vocabulary(model)
        if "int" in str(tensor.dtype) or most:
            x.append(random.randint(0, most or 2, shape).astype("int32"))
        else:
            x.append(random.standard_normal(shape).astype("float32"))
    shape = (MADE_UP, *_sizes(output.shape))
    match kind_of_target(model):
        case "class":
            y = random.randint(0, shape[-1], shape[:-1])
        case "one of":
            y = np.eye(shape[-1], dtype="float32")[random.randint(0, shape[-1], shape[:-1])]
        case "yes or no":
            y = random.randint(0, 2, shape).astype("float32")
        case _:
            y = random.standard_normal(shape).astype("float32")
    return Rows(tuple(x), y, f"{MADE_UP} rows made up with seed {seed}")


def _of_file(model: Any, data: str, target: Sequence[str] | None) -> Rows:
    import pandas as pd

    try:
        table = pd.read_csv(data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise ModelError(f"--data {data}: {reason}") from None
    if table.empty or len(table.columns) < 2:
        raise ModelError(f"--data {data}: needs a line of names, a row, and two columns at least")
    names = list(target or [table.columns[-1]])
    if missing := [name for name in names if name not in table.columns]:
        raise ModelError(f"--target: {data} has no column '{missing[0]}'")
    for name in table.columns:
        if table[name].dtype.kind not in "biuf" or table[name].isna().any():
            raise ModelError(f"--data {data}: the column '{name}' holds what is not a number, or nothing")
    inputs = _inputs(model)
    if len(inputs) != 1:
        raise ModelError(f"--data: this model has {len(inputs)} inputs, a table fills one; give a function with rows")
    features = table.drop(columns=names).to_numpy()
    sizes = _sizes(inputs[0].shape)
    if features.shape[1] != int(np.prod(sizes)):
        raise ModelError(
            f"--data {data}: has {features.shape[1]} columns besides the target, the model takes {int(np.prod(sizes))}"
        )
    whole = "int" in str(inputs[0].dtype) or _vocabulary(model)
    x = features.reshape(-1, *sizes).astype("int32" if whole else "float32")
    return Rows((x,), _targets(model, table[names].to_numpy(), data), data)


def _targets(model: Any, columns: Values, data: str) -> Values:
    sizes = _sizes(_output(model).shape)
    kind = kind_of_target(model)
    if kind in ("class", "one of") and columns.shape[1] == 1:
        classes = columns[:, 0]
        if not np.isin(classes, np.arange(sizes[-1])).all():
            raise ModelError(f"--data {data}: the target must be a class from 0 to {sizes[-1] - 1}")
        whole = classes.astype("int64")
        return whole if kind == "class" else np.eye(sizes[-1], dtype="float32")[whole]
    if columns.shape[1] != int(np.prod(sizes)):
        raise ModelError(f"--target: the model has {int(np.prod(sizes))} outputs, {columns.shape[1]} columns are named")
    return columns.reshape(-1, *sizes).astype("float32")


def _inputs(model: Any) -> Sequence[Any]:
    if not getattr(model, "inputs", None):
        raise ModelError("the model does not say the shape of its input: let the function return (model, x, y)")
    return list(model.inputs)


def _output(model: Any) -> Any:
    if len(model.outputs) != 1:
        raise ModelError(f"the model has {len(model.outputs)} outputs: let the function return (model, x, y)")
    return model.outputs[0]


def _sizes(shape: Sequence[int | None]) -> list[int]:
    """The sizes of one row; 4 where any would do."""
    return [size or 4 for size in shape[1:]]


def _vocabulary(model: Any) -> int:
    """How many numbers an Embedding that is the first layer takes; 0 if there is none."""
    first = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)][:1]
    return int(first[0].input_dim) if first and isinstance(first[0], keras.layers.Embedding) else 0

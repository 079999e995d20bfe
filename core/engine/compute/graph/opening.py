"""Opens a model: an example, a `.keras` file in safe mode, or what a function of a module returns."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from zipfile import is_zipfile

from backprop_tui.core.text.escape import escape_controls

from .examples import EXAMPLES
from .keras import keras


class ModelError(Exception):
    """A model that can't be opened or stepped: one line for a person that says why and how to mend it."""


@dataclass(frozen=True)
class Opened:
    """A model that is compiled, and the rows that come with it: x (rows, ...) and y (rows, ...), or None.

    `batch` is how many rows a step has, if the example says so.
    """

    name: str
    model: Any
    x: Any = None
    y: Any = None
    batch: int | None = None


def open_model(where: str, loss: str | None = None, optimizer: str | None = None, lr: float | None = None) -> Opened:
    """The model, compiled: with its own loss and optimizer, or with these. Raises ModelError."""
    found = _found(where)
    model = found.model
    if not isinstance(model, keras.Model):
        raise ModelError(f"{where}: is {_kind(model)}, not a Keras 3 model")
    if not model.compiled and loss is None:
        raise ModelError(f"{where}: the model is not compiled: say its loss, as in --loss mse")
    if loss is not None or optimizer is not None:
        _compile(model, loss, optimizer)
    if getattr(model, "optimizer", None) is None:
        raise ModelError(f"{where}: the model has no optimizer: say one, as in --optimizer sgd")
    if lr is not None:
        try:
            model.optimizer.learning_rate = lr
        except Exception as error:
            raise ModelError(f"--lr: {first_line(error)}") from None
    return found


def _found(where: str) -> Opened:
    if where in EXAMPLES:
        return Opened(where, *EXAMPLES[where].make(), EXAMPLES[where].batch)
    if where.endswith(".keras"):
        return Opened(where, _loaded(Path(where)))
    module, colon, function = where.partition(":")
    if colon and function.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        made = _attempt(where, _function(where, module, function))
        return Opened(where, *made) if isinstance(made, tuple) and len(made) == 3 else Opened(where, made)
    names = ", ".join(EXAMPLES)
    raise ModelError(f"{where}: give a file.keras, module:function, or one of the examples {names}")


def _loaded(path: Path) -> Any:
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    if not is_zipfile(path):
        raise ModelError(f"{path}: is not a .keras file, which Keras 3 writes with model.save")
    try:
        return keras.models.load_model(path, safe_mode=True)
    except Exception as error:
        raise ModelError(f"{path}: Keras does not load it: {first_line(error)}") from None


def _function(where: str, module: str, function: str) -> Callable[[], Any]:
    folder = os.getcwd()
    sys.path.insert(0, folder)  # as `python -c` does
    try:
        found: Any = getattr(_attempt(where, lambda: import_module(module)), function, None)
    finally:
        sys.path.remove(folder)
    if not callable(found):
        raise ModelError(f"{where}: the module {module} has no function {function}")
    return cast(Callable[[], Any], found)


def _attempt(where: str, work: Callable[[], object]) -> Any:
    """What somebody's code returns. Whatever it raises is told in one line."""
    try:
        return work()
    except Exception as error:
        raise ModelError(f"{where}: {type(error).__name__}: {first_line(error)}") from None


def _compile(model: Any, loss: str | None, optimizer: str | None) -> None:
    try:
        named = keras.losses.get(loss) if loss is not None else model.loss
        chosen = (
            keras.optimizers.get(optimizer) if optimizer is not None else getattr(model, "optimizer", None) or "sgd"
        )
        model.compile(optimizer=chosen, loss=named)
    except Exception as error:
        raise ModelError(f"--loss, --optimizer: {first_line(error)}") from None


def _kind(model: object) -> str:
    return "nothing" if model is None else f"a {type(model).__module__}.{type(model).__name__}"


def first_line(error: Exception) -> str:
    """The first line of what an exception says, short and printable."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = escape_controls(lines[0]) if lines else type(error).__name__
    return text if len(text) <= 160 else text[:159] + "…"

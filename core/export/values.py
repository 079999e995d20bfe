"""Numbers, names and settings as files hold them."""

from dataclasses import replace
from math import isfinite
from typing import Any

from backprop_tui.core.model.losses import MEAN
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.batches import SHUFFLED
from backprop_tui.core.table.spec import TableSpec


def shortest(value: Any) -> str:
    """The shortest text that reads back as the same number in its own precision: `0.37398827`, `nan`, `inf`."""
    return str(value)


def plain(array: Array) -> Any:
    """An array as nested lists of numbers for JSON, which has none for "NaN", "Infinity" and "-Infinity": text.

    A float32 becomes the float whose shortest decimal is the float32's own: 0.37398827, not 0.37398827075958252.
    """
    if array.ndim:
        return [plain(part) for part in array]
    value = float(shortest(array[()]))
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def cell_names(name: str, shape: tuple[int, int]) -> list[str]:
    """`w1[1,1]`, `w1[1,2]` ... for files that programs read: row and column from 1, in the order of the flat row."""
    rows, columns = shape
    return [f"{name}[{row},{column}]" for row in range(1, rows + 1) for column in range(1, columns + 1)]


def cell_name(cell: Cell) -> str:
    """`w1[1,2]`, for files that programs read."""
    return f"{cell.name}[{cell.row + 1},{cell.column + 1}]"


def table_words(table: TableSpec) -> str:
    """The table's file, or which table it is."""
    if table.x is not None:
        return "samples written in the scenario"
    return table.path or (f"the built-in table {table.built_in}" if table.built_in else "the bundled house table")


def settings(run: Run) -> dict[str, Any]:
    """What defines a run, by name, as plain values: the settings are those of its first step."""
    table, sampling, optimizer = run.table, run.settings.sampling, run.optimizer
    found: dict[str, Any] = {
        "data": table_words(table),
        "features": list(table.features),
        "targets": list(table.targets),
        "standardized": list(table.standardize),
        "target_transform": table.transform,
        "layers": [
            {"units": layer.units, "activation": layer.activation} | ({} if layer.bias else {"bias": False})
            for layer in run.network.layers
        ],
        "loss": run.network.loss,
        "frozen": list(run.network.frozen),
        "optimizer": optimizer.name,
        "lr": run.settings.lr,
        "rows": sampling.rule,
        "row": sampling.row,
        "precision": run.dtype,
        "seed": run.seed,
        "initializer": "given" if run.initial is not None else run.initializer,
    }
    if run.network != replace(run.network, reduction=MEAN, over_outputs=""):
        found |= {"reduction": run.network.reduction, "over_outputs": run.network.over}
    if run.network.l2:
        found["l2"] = run.network.l2
    if table.holdout:
        found |= {"held_out": table.holdout, "held_out_by_seed": table.holdout_seed}
    if sampling.rule == SHUFFLED:
        found["batch"] = sampling.batch
    found |= optimizer.constants
    if run.initial is None and run.initializer == "constant":
        found["constant"] = run.constant
    return found

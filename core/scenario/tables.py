"""`[data]`: the table that a scenario names, or holds."""

from pathlib import Path as FilePath

from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.spec import TableSpec

from .format import MAX_INLINE, DataPart
from .places import Path
from .values import Bad, counted, matrix


def build_table(data: DataPart, folder: FilePath | None) -> TableSpec:
    """The table; a CSV file is looked for in `folder`, or nowhere. Raises Bad."""
    at: Path = ("data",)
    if data.csv is not None and (data.x is not None or data.y is not None):
        raise Bad((*at, "csv"), "expected either csv, or x and y, not both")
    house = TableSpec()
    x = y = None
    path = ""
    if data.csv is not None:
        path = _inside(data.csv, folder, (*at, "csv"))
        for key in ("features", "targets"):
            if not getattr(data, key):
                raise Bad((*at, key), f"expected the columns of {data.csv} that are the {key}")
    elif data.x is not None or data.y is not None:
        x, y = _inline(data)
        house = TableSpec(features=_columns("x", x.shape[1]), targets=_columns("y", y.shape[1]))
    features = data.features or house.features
    targets = data.targets or house.targets
    for key, values, names in (("features", x, features), ("targets", y, targets)):
        if values is not None and values.shape[1] != len(names):
            raise Bad((*at, key), f"expected {values.shape[1]} names, one for each column, got {len(names)}")
    if len({*features, *targets}) < len(features) + len(targets):
        raise Bad((*at, "features" if len({*features}) < len(features) else "targets"), "a column is named twice")
    whole = path == "" and x is None
    standardize = data.standardize if data.standardize is not None else features if whole else ()
    for place, name in enumerate(standardize):
        if name not in features:
            raise Bad((*at, "standardize", place), f"expected one of the features {', '.join(features)}, got {name}")
    log_target = whole if data.log_target is None else data.log_target
    if log_target and y is not None and y.min() <= 0:
        raise Bad((*at, "log_target"), f"{y.min():g} in y has no logarithm; write log_target = false")
    sent = (None, None) if x is None or y is None else (numbers(x), numbers(y))
    return TableSpec(path, features, targets, standardize, log_target, data.holdout, data.holdout_seed, *sent)


def _inline(data: DataPart) -> tuple[Array, Array]:
    found = []
    for key, other in (("x", data.x), ("y", data.y)):
        if other is None:
            raise Bad(("data", key), f"expected x and y, one row each for every sample; {key} is missing")
        found.append(matrix(other, ("data", key)))
    x, y = found
    if len(x) != len(y):
        raise Bad(("data", "y"), f"expected {counted(len(x), 'row')}, as many as x has, got {len(y)}")
    if x.size + y.size > MAX_INLINE:
        raise Bad(("data", "x"), f"expected up to {MAX_INLINE:,} numbers in x and y; put more rows into a CSV file")
    return x, y


def _columns(letter: str, count: int) -> tuple[str, ...]:
    return (letter,) if count == 1 else tuple(f"{letter}{number}" for number in range(1, count + 1))


def _inside(csv: str, folder: FilePath | None, at: Path) -> str:
    """The CSV file's absolute path: a file in the scenario's own folder or below it, links followed."""
    if folder is None:
        raise Bad(at, "expected x and y: this scenario is in no folder, so it has no CSV file")
    try:
        home = folder.resolve()
        path = (home / csv).resolve()
    except (OSError, ValueError, RuntimeError):
        raise Bad(at, f"no such file: {csv}") from None
    if FilePath(csv).is_absolute() or not path.is_relative_to(home):
        raise Bad(at, f"expected a file in the scenario's own folder, got {csv}")
    if not path.is_file():
        raise Bad(at, f"no such file: {csv}")
    return str(path)

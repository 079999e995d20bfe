"""`[data]`: the table that a scenario names, or holds."""

from pathlib import Path as FilePath

from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.losses import LOSSES, OUTPUT
from backprop_tui.core.model.network import Array
from backprop_tui.core.table import built_in
from backprop_tui.core.table.built_in import BUILT_IN
from backprop_tui.core.table.choose import in_columns
from backprop_tui.core.table.form import Form, Told, encoding, separator
from backprop_tui.core.table.opened import HeaderError
from backprop_tui.core.table.sniff import look
from backprop_tui.core.table.spec import MISSING_RULES, Category, TableSpec
from msgspec.structs import replace

from .format import MAX_INLINE, DataPart, FilePart
from .places import Path
from .values import Bad, choose, counted, matrix

Names = tuple[str, ...]


def build_table(part: FilePart, folder: FilePath | None) -> TableSpec:
    """The table; a CSV file is looked for in `folder`, or nowhere. Raises Bad."""
    at: Path = ("data",)
    data = part.data
    if data.csv is not None and (data.x is not None or data.y is not None):
        raise Bad((*at, "csv"), "expected either csv, or x and y, not both")
    if data.table is not None:
        choose(data.table, BUILT_IN, (*at, "table"))
        if data.csv is not None or data.x is not None or data.y is not None:
            raise Bad((*at, "table"), "expected one of table, csv, or x and y")
    house = TableSpec()
    x = y = None
    path = ""
    if data.csv is not None:
        instead = "expected x and y: this scenario is in no folder, so it has no CSV file"
        path = inside(data.csv, folder, (*at, "csv"), instead)
    if data.csv is not None or data.table is not None:
        for key in ("features", "targets"):
            if not getattr(data, key):
                raise Bad((*at, key), f"expected the columns of {data.csv or data.table} that are the {key}")
    elif data.x is not None or data.y is not None:
        x, y = _inline(_with_targets(part))
        house = TableSpec(features=_columns("x", x.shape[1]), targets=_columns("y", y.shape[1]))
    form, categories = Form(), tuple[Category, ...]()
    features, targets = data.features or house.features, data.targets or house.targets
    if path or data.table:
        form, features, targets, categories = _written(part, path)
    for key, values, names in (("features", x, features), ("targets", y, targets)):
        if values is not None and values.shape[1] != len(names):
            raise Bad((*at, key), f"expected {values.shape[1]} names, one for each column, got {len(names)}")
    if len({*features, *targets}) < len(features) + len(targets):
        raise Bad((*at, "features" if len({*features}) < len(features) else "targets"), "a column is named twice")
    whole = path == "" and not data.table and x is None
    standardize = data.standardize if data.standardize is not None else features if whole else ()
    for place, name in enumerate(standardize):
        if name not in features:
            raise Bad((*at, "standardize", place), f"expected one of the features {', '.join(features)}, got {name}")
    log_target = whole and not data.standardize_target if data.log_target is None else data.log_target
    if log_target and data.standardize_target:
        raise Bad((*at, "standardize_target"), "expected one of log_target and standardize_target")
    if log_target and y is not None and y.min() <= 0:
        raise Bad((*at, "log_target"), f"{y.min():g} in y has no logarithm; write log_target = false")
    return TableSpec(
        path,
        features,
        targets,
        standardize,
        log_target,
        data.holdout,
        data.holdout_seed,
        None if x is None else numbers(x),
        None if y is None else numbers(y),
        form,
        categories,
        data.missing,  # type: ignore[arg-type]
        data.na,
        data.standardize_target,
        data.table or "",
    )


def _written(part: FilePart, path: str) -> tuple[Form, Names, Names, tuple[Category, ...]]:
    """How a CSV file is written, and the features, targets and categories that its columns are. Raises Bad."""
    data, at = part.data, ("data",)
    choose(data.missing, MISSING_RULES, (*at, "missing"))
    try:
        decimal = data.decimal
        choose(decimal or ".", (".", ","), (*at, "decimal"))
        told = Told(
            None if data.separator is None else separator(data.separator),
            decimal,
            None if data.encoding is None else encoding(data.encoding),
            data.header,
            data.na,
            data.missing,
        )
    except ValueError as error:
        raise Bad((*at, "separator" if "separator" in str(error) else "encoding"), str(error)) from None
    features, targets = data.features or (), data.targets or ()
    given = tuple(Category(it.name, it.column, it.value) for it in data.categories)
    named = {it.name for it in given}
    try:
        seen = built_in.look(data.table) if data.table else look(path, told)
        # A column that is not there is told when the table is opened.
        inputs, outputs = ([name for name in names if name in seen.names] for names in (features, targets))
        inputs, outputs = ([name for name in names if name not in named] for names in (inputs, outputs))
        _, _, made = in_columns(path or data.table or "", seen, told, inputs, outputs, _are_classes(part, targets))
    except HeaderError as error:
        raise Bad((*at, "table" if data.table else "csv"), _in_keys(str(error))) from None
    of_column: dict[str, list[str]] = {}
    for it in made:
        of_column.setdefault(it.column, []).append(it.name)
    several = [tuple(it for name in names for it in of_column.get(name, [name])) for names in (features, targets)]
    return seen.form, several[0], several[1], (*given, *made)


def _in_keys(message: str) -> str:
    """A message that names options, in the words of a scenario."""
    words = {
        "--no-header": "header = false",
        "--header": "header = true",
        "--encoding": "encoding",
        "--target": "target",
    }
    for option, key in words.items():
        message = message.replace(option, key)
    return message


def _are_classes(part: FilePart, targets: Names) -> bool:
    """Whether one column of targets is meant for several outputs, of which each is a class."""
    network = part.network
    if network is None or network.loss not in LOSSES or len(targets) != 1:
        return False
    return LOSSES[network.loss].classes and network.layers[-1].units > 1


def _with_targets(part: FilePart) -> DataPart:
    """The data; without targets 0 stands for them if the loss is the output, for which they do not matter."""
    data, network = part.data, part.network
    if data.y is None and data.x is not None and network is not None and network.loss == OUTPUT:
        return replace(data, y=tuple((0.0,) * network.layers[-1].units for _ in data.x))
    return data


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


def inside(name: str, folder: FilePath | None, at: Path, instead: str) -> str:
    """A file's absolute path: in the scenario's own folder or below it, links followed. Raises Bad.

    `instead` is what to do if the scenario is in no folder.
    """
    if folder is None:
        raise Bad(at, instead)
    try:
        home = folder.resolve()
        path = (home / name).resolve()
    except (OSError, ValueError, RuntimeError):
        raise Bad(at, f"no such file: {name}") from None
    if FilePath(name).is_absolute() or not path.is_relative_to(home):
        raise Bad(at, f"expected a file in the scenario's own folder, got {name}")
    if not path.is_file():
        raise Bad(at, f"no such file: {name}")
    return str(path)

"""The parts of a scenario file given their meaning: the table, the network, the run, the expectations."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import msgspec
import numpy as np

from ..history import Settings
from ..initial import INITIALISERS
from ..messages import TableSpec, numbers
from ..network import Array, Layer, Network
from ..optimizers import OPTIMIZERS, Update
from ..phases import shapes
from ..run import Run
from ..sampling import RULES, Sampling
from .facts import LESSONS, PANES, Expectation, Matrix, Scenario, Show
from .format import MAX_INLINE, DataPart, ExpectPart, FilePart, NetworkPart, Rows, TrainingPart
from .places import Path

_NAME = re.compile(r"([a-z]\w*)(?:\[\s*(\d{1,6})\s*(?:,\s*(\d{1,6})\s*)?\])?")


class Bad(Exception):
    """What is wrong, at which key; `line` where the key does not tell it."""

    def __init__(self, path: Path, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.path, self.message, self.line = path, message, line


def build(part: FilePart, folder: FilePath | None) -> Scenario:
    """The scenario that the parts describe. Raises Bad."""
    table = _table(part.data, folder)
    network = _network(part.network, table)
    run = _run(part, table, network)
    expectations = tuple(_expectation(expect, run, ("expect", place)) for place, expect in enumerate(part.expect))
    return Scenario(part.title, part.source, part.notes, run, expectations, _show(part))


def _table(data: DataPart, folder: FilePath | None) -> TableSpec:
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
    standardise = data.standardise if data.standardise is not None else features if whole else ()
    for place, name in enumerate(standardise):
        if name not in features:
            raise Bad((*at, "standardise", place), f"expected one of the features {', '.join(features)}, got {name}")
    log_target = whole if data.log_target is None else data.log_target
    if log_target and y is not None and y.min() <= 0:
        raise Bad((*at, "log_target"), f"{y.min():g} in y has no logarithm; write log_target = false")
    sent = (None, None) if x is None or y is None else (numbers(x), numbers(y))
    return TableSpec(path, features, targets, standardise, log_target, data.holdout, data.holdout_seed, *sent)


def _inline(data: DataPart) -> tuple[Array, Array]:
    found = []
    for key, other in (("x", data.x), ("y", data.y)):
        if other is None:
            raise Bad(("data", key), f"expected x and y, one row each for every sample; {key} is missing")
        found.append(_matrix(other, ("data", key)))
    x, y = found
    if len(x) != len(y):
        raise Bad(("data", "y"), f"expected {len(x)} rows, as many as x has, got {len(y)}")
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


def _network(part: NetworkPart | None, table: TableSpec) -> Network:
    features, targets = len(table.features), len(table.targets)
    if part is None:
        if targets != 1:
            raise Bad(("network",), f"expected [network] with a last layer of {targets} units, one for each target")
        return Network(features)
    layers = tuple(Layer(layer.units, layer.activation) for layer in part.layers)
    if layers[-1].units != targets:
        raise Bad(
            ("network", "layers"), f"expected {targets} units in the last layer, one a target, got {layers[-1].units}"
        )
    try:
        return Network(features, layers, part.loss, part.frozen)
    except ValueError as error:
        key = next((key for key in ("freeze", "loss", "cross_entropy") if key in str(error)), "")
        key = {"freeze": "frozen", "loss": "loss", "cross_entropy": "loss"}.get(key, "layers")
        raise Bad(("network", key), str(error)) from None


def _run(part: FilePart, table: TableSpec, network: Network) -> Run:
    training, initial = part.training, part.initial
    precision = part.network.precision if part.network else "float32"
    _choose(precision, ("float32", "float64"), ("network", "precision"))
    _choose(initial.initialiser, INITIALISERS, ("initial", "initialiser"))
    _choose(training.optimizer, OPTIMIZERS, ("training", "optimizer"))
    _choose(training.rows, RULES, ("training", "rows"))
    update = Update(
        training.optimizer, training.momentum, training.rho, training.beta_1, training.beta_2, training.epsilon
    )
    return Run(
        table,
        network,
        update,
        _settings(training, table),
        initial.seed,
        initial.initialiser,
        initial.constant,
        _state(part, network, update, precision),
        precision,
    )


def _choose(value: str, options: Sequence[str], at: Path) -> None:
    if value not in options:
        raise Bad(at, f"expected one of {', '.join(options)}, got {value}")


def _settings(training: TrainingPart, table: TableSpec) -> Settings:
    if table.x is not None and training.row >= table.x.shape[0]:
        raise Bad(("training", "row"), f"expected a row from 0 to {table.x.shape[0] - 1}, got {training.row}")
    if (training.x is None) != (training.y is None):
        key = "y" if training.y is None else "x"
        raise Bad(("training", key), f"expected x and y of the sample together; {key} is missing")
    for key, sample, names in (("x", training.x, table.features), ("y", training.y, table.targets)):
        if sample is not None and len(sample) != len(names):
            raise Bad(("training", key), f"expected {len(names)} numbers, got {len(sample)}")
    sampling = Sampling(training.rows, training.row, training.batch)
    return Settings(training.lr, sampling, -training.drawn, training.x, training.y)


def _state(part: FilePart, network: Network, update: Update, precision: str) -> tuple[float, ...] | None:
    """The parameters where they are given, with the optimizer's moments where those are given as well."""
    if not part.parameters:
        if part.moments:
            raise Bad(("moments",), "expected [parameters] as well: the moments belong to them")
        return None
    wanted = {parameter.name: parameter.shape for parameter in network.parameters}
    rows = [_by_name(part.parameters, wanted, "parameters", precision)]
    if part.moments:
        moments = {f"{letter}_{name}": shape for letter in update.moments for name, shape in wanted.items()}
        moments |= {"t": (1, 1)} if update.optimizer == "adam" else {}
        rows.append(_by_name(part.moments, moments, "moments", precision))
    return tuple(np.concatenate(rows).tolist())


def _by_name(given: Mapping[str, Any], wanted: Mapping[str, tuple[int, int]], table: str, precision: str) -> Array:
    """Matrices by name as one flat row, in the order of `wanted`."""
    for name in given:
        if name not in wanted:
            there = f"expected {', '.join(wanted)}" if wanted else "sgd keeps no moments"
            raise Bad((table, name), f"no such name for this network: {there}")
    found = []
    for name, shape in wanted.items():
        at: Path = (table, name)
        if name not in given:
            raise Bad((table,), f"the key {name} is missing: expected {', '.join(wanted)}")
        try:
            rows = msgspec.convert(given[name], float | Rows)
        except msgspec.ValidationError:
            raise Bad(at, f"expected {_shape(shape)}, written [[1.0, 2.0], [3.0, 4.0]]") from None
        value = _matrix(rows, at)
        if value.shape != shape:
            raise Bad(at, f"expected {_shape(shape)}, got {_shape(value.shape)}")
        limit = np.finfo(precision).max
        if np.abs(value).max() > limit:
            raise Bad(at, f"expected numbers up to {limit:.4g}, the largest of {precision}")
        found.append(value.reshape(-1))
    return np.concatenate(found) if found else np.zeros(0)


def _matrix(rows: float | Rows, at: Path) -> Array:
    """A number, or rows of equal length, as (rows, columns) in float64."""
    if isinstance(rows, float):
        return np.array([[rows]])
    if not rows or not rows[0]:
        raise Bad(at, "expected at least one row with at least one number")
    for place, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise Bad((*at, place), f"expected {len(rows[0])} numbers, as in the first row, got {len(row)}")
    return np.array(rows, "float64")


def _shape(shape: Sequence[int]) -> str:
    return f"{shape[0]} row{'s' * (shape[0] != 1)} of {shape[1]} number{'s' * (shape[1] != 1)}"


def _expectation(part: ExpectPart, run: Run, at: Path) -> Expectation:
    wrong = part.published is not None or part.correct is not None
    if wrong == (part.value is not None):
        raise Bad(at, "expected either value, or published, correct and because")
    if wrong and (part.published is None or part.correct is None or not part.because):
        raise Bad(at, "expected published, correct and because together: what stands there, what is right, and why")
    shape, index = _named(part, run, (*at, "name"))
    key = "correct" if wrong else "value"
    value = _value(part.correct if wrong else part.value, shape, (*at, key))
    published = _value(part.published, shape, (*at, "published")) if wrong else None
    name = part.name.partition("[")[0].strip()
    return Expectation(part.step, name, value, part.tolerance, index, part.source, published, part.because)


def _named(part: ExpectPart, run: Run, at: Path) -> tuple[tuple[int | None, int | None], tuple[int, int] | None]:
    """The shape that the value must have (None where the batch decides), and the index where one number is named."""
    match = _NAME.fullmatch(part.name.strip())
    known = {name: shape for name, shape in shapes(run.network).items() if not name.startswith("new_")}
    parameters = [parameter.name for parameter in run.network.parameters]
    moments = [f"{letter}_{name}" for letter in run.update.moments for name in parameters]
    known |= {name: known[name[2:]] for name in moments}
    if match is None or match[1] not in known:
        raise Bad(at, f"expected {', '.join(known)}, or one number of it such as w1[1,2], got {part.name}")
    name, shape = match[1], known[match[1]]
    if part.step == 0 and name not in (*parameters, *moments):
        raise Bad((*at[:-1], "step"), f"expected 1 or more: step 0 has computed nothing, so it has no {name}")
    free = _free_axis(name)
    bounds = tuple(None if axis == free else size for axis, size in enumerate(shape))
    if match[2] is None:
        return (bounds[0], bounds[1]), None
    if match[3] is None and shape[1] != 1:
        raise Bad(at, f"expected a row and a column, as in {name}[1,2], got {part.name}")
    index = int(match[2]), int(match[3] or 1)
    for place, bound in zip(index, bounds, strict=True):
        if place < 1 or (bound is not None and place > bound):
            raise Bad(at, f"expected a number within {_shape(shape)}, counted from 1, got {part.name}")
    return (1, 1), index


def _free_axis(name: str) -> int | None:
    """The axis of a value that is as long as the batch: the first of samples, the second of what they give."""
    if name in ("x", "y"):
        return 0
    return 1 if name.lstrip("g")[0] in "zhy" else None


def _value(given: float | Rows | None, shape: tuple[int | None, int | None], at: Path) -> Matrix:
    assert given is not None
    value = _matrix(given, at)
    if any(wanted not in (None, size) for size, wanted in zip(value.shape, shape, strict=True)):
        wanted = tuple(size if bound is None else bound for size, bound in zip(value.shape, shape, strict=True))
        raise Bad(at, f"expected {_shape(wanted)}, got {_shape(value.shape)}")
    return tuple(map(tuple, value.tolist()))


def _show(part: FilePart) -> Show:
    show = part.show
    _choose(show.lesson, LESSONS, ("show", "lesson"))
    for place, pane in enumerate(show.hide_panes):
        _choose(pane, PANES, ("show", "hide_panes", place))
    for lesson in show.texts:
        _choose(lesson, LESSONS, ("show", "texts", lesson))
    return Show(show.lesson, show.hide_panes, show.hide_keys, dict(show.texts))

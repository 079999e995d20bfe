"""Writing a scenario: a run as a file that a person can read, change and hand on."""

from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import msgspec
import numpy as np
import tomlkit
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import ALL_ROWS, THIS_ROW
from backprop_tui.core.table.form import Form
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.files import reason, replace_file
from tomlkit import TOMLDocument
from tomlkit.items import InlineTable, Item

from .build import UNITS_FIRST
from .facts import Expectation, Matrix, Scenario, ScenarioError
from .format import MAX_BYTES
from .tasks import TaskPart


def present(timeline: Timeline, opened: Scenario | None = None) -> Scenario:
    """A scenario that starts where the session is, with the texts of the one that it was opened from.

    What that one expects, and its tasks, are kept only if the run is still the same.
    """
    run, opened = present_run(timeline), opened or Scenario()
    return replace(opened, run=run) if run == opened.run else replace(opened, run=run, expectations=(), tasks=())


def present_run(timeline: Timeline) -> Run:
    """The run whose first step is this session's next one: the same parameters, moments, rows and settings."""
    entry = timeline.whole_entries
    settings = timeline.settings
    drawn = max(timeline.history.steps(entry) - settings.since, 0)
    ordered = settings.sampling.rule not in (THIS_ROW, ALL_ROWS) and settings.x is None
    settings = replace(settings, since=-drawn if ordered else 0)
    state = timeline.history.state(entry)
    assert state is not None, "the state that is looked at is at hand"
    if state.tobytes() == timeline.run.first_state().tobytes():  # bit by bit: 0 is not -0
        return replace(timeline.run, settings=settings)
    width = timeline.run.network.width
    return replace(timeline.run, settings=settings, initial=shortest(state if state[width:].any() else state[:width]))


def shortest(values: Array) -> tuple[float, ...]:
    """Numbers (n,) as the floats with the fewest digits that come back as the same numbers in their own precision."""
    return tuple(_shortest(value) for value in values)


def _shortest(value: Any) -> float:
    number = float(str(value))
    return number if type(value)(number) == value else float(value)


def write(scenario: Scenario, path: FilePath) -> None:
    """Write a scenario to a file, in one piece. Raises ScenarioError."""
    name = escape_controls(str(path))
    text = dumps(scenario, path.parent)
    if len(text.encode()) > MAX_BYTES:
        raise ScenarioError(f"{name}: this run has too many numbers for a scenario; save it as a session instead")
    try:
        replace_file(path, [text.encode()])
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{name}: can't be written: {reason(error)}") from None


def dumps(scenario: Scenario, folder: FilePath | None = None) -> str:
    """A scenario as TOML, the table's path relative to `folder`. Raises ScenarioError if the table lies elsewhere."""
    run = scenario.run
    document = tomlkit.document()
    document["title"] = scenario.title or run.network.name
    texts = {"source": scenario.source, "subject": scenario.subject}
    texts |= {"notes": _text(scenario.notes), "look": _text(scenario.look)}
    _put(document, texts, dict.fromkeys(texts, ""))
    tolerance = _tolerance_of_all(scenario)
    if tolerance is not None:
        document["tolerance"] = tolerance
    document["data"] = _data(run.table, folder)
    document["network"] = _network(run)
    document["initial"] = {"seed": run.seed, "initializer": run.initializer, "constant": run.constant}
    _put_state(document, run)
    document["training"] = _training(run.settings, run.optimizer)
    show = msgspec.to_builtins(scenario.show)
    if scenario.show != Scenario().show:
        document["show"] = {key: value for key, value in show.items() if value}
    if scenario.expectations:
        document["expect"] = [_expectation(expectation, tolerance) for expectation in scenario.expectations]
    if scenario.tasks:
        document["task"] = [_task(task) for task in scenario.tasks]
    return tomlkit.dumps(document)


def _task(task: TaskPart) -> dict[str, Any]:
    """What is said of a task; what it asks for in one line."""
    said = {key: value for key, value in msgspec.to_builtins(task).items() if value}
    for key, value in said.items():
        if isinstance(value, dict):
            said[key] = _inline(**{inner: it for inner, it in value.items() if it is not None and it != {}})
    return said


def _tolerance_of_all(scenario: Scenario) -> float | None:
    """The tolerance of several expectations, if all have the same: it is written once."""
    found = {expectation.tolerance for expectation in scenario.expectations}
    return found.pop() if len(found) == 1 and len(scenario.expectations) > 1 else None


def _put(table: Any, values: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Put values that are not the defaults into a table."""
    for key, value in values.items():
        if value != defaults[key]:
            table[key] = value


def _text(text: str) -> Any:
    return tomlkit.string(text, multiline=True) if "\n" in text else text


def _data(table: TableSpec, folder: FilePath | None) -> Item:
    found = tomlkit.table()
    if table.x is not None and table.y is not None:
        found["x"] = _rows(table.x.array)
        found["y"] = _rows(table.y.array)
    elif table.path:
        found["csv"] = _relative(table.path, folder)
    elif table.built_in:
        found["table"] = table.built_in
    else:
        found.add(tomlkit.comment("the house table that comes with the program"))
    found["features"], found["targets"] = list(table.features), list(table.targets)
    found["standardize"], found["log_target"] = list(table.standardize), table.log_target
    if table.standardize_target:
        found["standardize_target"] = True
    if table.categories:
        made = tomlkit.array()
        for it in table.categories:
            made.append(_inline(name=it.name, column=it.column, value=it.value))
        found["categories"] = made.multiline(True)
    if table.form != Form():
        form = table.form
        found["separator"], found["decimal"] = form.separator, form.decimal
        found["encoding"], found["header"] = form.encoding, form.header
    _put(found, {"missing": table.missing, "na": list(table.na)}, {"missing": "drop", "na": []})
    holdout = {"holdout": table.holdout, "holdout_seed": table.holdout_seed}
    _put(found, holdout, {"holdout": 0.0, "holdout_seed": 0})
    return found


def _relative(path: str, folder: FilePath | None) -> str:
    """A table's path as the scenario names it: from its own folder, and inside it."""
    try:
        home = (folder or FilePath()).resolve()
        return FilePath(path).resolve().relative_to(home).as_posix()
    except (ValueError, OSError):
        table = escape_controls(path)
        raise ScenarioError(f"{table}: lies outside the scenario's folder; save the scenario beside it") from None


def _network(run: Run) -> dict[str, Any]:
    layers = tomlkit.array()
    for layer in run.network.layers:
        layers.append(
            _inline(units=layer.units, activation=layer.activation, **({} if layer.bias else {"bias": False}))
        )
    found = {"layers": layers.multiline(True), "loss": run.network.loss, "precision": run.dtype}
    found |= {"frozen": list(run.network.frozen)} if run.network.frozen else {}
    plain = Network()
    said = {name: getattr(run.network, name) for name in ("l2", "reduction", "over_outputs")}
    return found | {name: value for name, value in said.items() if value != getattr(plain, name)}


def _inline(**values: Any) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _put_state(document: TOMLDocument, run: Run) -> None:
    """The parameters and the moments by name, in the notebook's shapes."""
    if run.initial is None:
        return
    row, network = np.array(run.initial), run.network
    if not np.isfinite(row).all():
        raise ScenarioError("the parameters are not finite any more; go back to a step where they are")
    width = network.width
    given: dict[str, Any] = {name: _rows(value) for name, value in network.split(row[:width]).items()}
    square = any(p.shape[0] == p.shape[1] > 1 for p in network.parameters)
    document["parameters"] = ({"layout": UNITS_FIRST} if square else {}) | given
    if len(row) == width:
        return
    moments = {}
    for place, letter in enumerate(run.optimizer.moments, 1):
        for name, value in network.split(row[place * width : (place + 1) * width]).items():
            moments[f"{letter}_{name}"] = _rows(value)
    if run.optimizer.rule.counts:
        moments["t"] = [[float(row[-1])]]
    document["moments"] = moments


def _rows(value: "Array | Matrix") -> list[list[float]]:
    return [[float(number) for number in row] for row in value]


def _training(settings: Settings, optimizer: Optimizer) -> dict[str, Any]:
    found: dict[str, Any] = {"lr": settings.lr, "optimizer": optimizer.name}
    constants = msgspec.to_builtins(optimizer)
    _put(found, constants, msgspec.to_builtins(Optimizer()) | {"name": optimizer.name})
    sampling = settings.sampling
    found |= {"rows": sampling.rule, "row": sampling.row, "batch": sampling.batch}
    if settings.since < 0:
        found["drawn"] = -settings.since
    if settings.x is not None and settings.y is not None:
        found |= {"x": list(settings.x), "y": list(settings.y)}
    return found


def _expectation(expectation: Expectation, tolerance: float | None) -> dict[str, Any]:
    index = f"[{expectation.index[0]},{expectation.index[1]}]" if expectation.index else ""
    found: dict[str, Any] = {"step": expectation.step, "name": expectation.name + index}
    if expectation.published is None:
        found["value"] = _number_or_rows(expectation.value)
    else:
        found["published"] = _number_or_rows(expectation.published)
        found["correct"] = _number_or_rows(expectation.value)
        found["because"] = expectation.because
    if expectation.tolerance != tolerance:
        found["tolerance"] = expectation.tolerance
    return found | ({"source": expectation.source} if expectation.source else {})


def _number_or_rows(value: Matrix) -> float | list[list[float]]:
    return value[0][0] if len(value) == len(value[0]) == 1 else _rows(value)

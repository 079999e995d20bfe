"""The parts of a scenario file given their meaning: the table, the network, the run, the expectations."""

from collections.abc import Collection, Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec
import numpy as np
from backprop_tui.core.lessons.names import NAMES
from backprop_tui.core.model.initializers import INITIALIZERS
from backprop_tui.core.model.limits import learning_rate
from backprop_tui.core.model.network import Array, Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.weights import Weights, WeightsError, read_weights
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.batches import RULES, Sampling
from backprop_tui.core.table.spec import TableSpec

from .expected import build_expectation
from .facts import PANES, Scenario, Show
from .format import FilePart, NetworkPart, Rows, TrainingPart
from .places import Path
from .tables import build_table, inside
from .values import Bad, choose, counted, example, in_words, matrix


def build(part: FilePart, folder: FilePath | None, keys: Collection[str] = ()) -> Scenario:
    """The scenario that the parts describe; `keys` are those that may be hidden, if that is known. Raises Bad."""
    table = build_table(part, folder)
    weights = _weights(part, folder)
    network = _network(part.network, table) if weights is None else _network_of(weights, part, table)
    run = _run(part, table, network, weights)
    _check_targets(part, table, network)
    expectations = tuple(
        build_expectation(expect, run, ("expect", place), part.tolerance) for place, expect in enumerate(part.expect)
    )
    return Scenario(
        title=part.title,
        source=part.source,
        notes=part.notes,
        run=run,
        expectations=expectations,
        show=_show(part, keys),
        subject=part.subject,
        look=part.look,
        tasks=part.task,
        layout_unsaid=_layout_unsaid(part),
    )


def _network(part: NetworkPart | None, table: TableSpec) -> Network:
    features, targets = len(table.features), len(table.targets)
    if part is None:
        if targets != 1:
            raise Bad(("network",), f"expected [network] with a last layer of {targets} units, one for each target")
        return Network(features)
    layers = tuple(Layer(layer.units, layer.activation, layer.bias) for layer in part.layers)
    if layers[-1].units != targets:
        raise Bad(
            ("network", "layers"),
            f"expected {counted(targets, 'unit')} in the last layer, one a target, got {layers[-1].units}",
        )
    try:
        return Network(
            features, layers, part.loss, part.frozen, part.l2, reduction=part.reduction, over_outputs=part.over_outputs
        )
    except ValueError as error:
        key = next(
            (
                key
                for key in ("freeze", "l2", "reduction", "over_outputs", "loss", "cross_entropy")
                if key in str(error)
            ),
            "",
        )
        own = ("l2", "reduction", "over_outputs", "loss")
        key = key if key in own else {"freeze": "frozen", "cross_entropy": "loss"}.get(key, "layers")
        raise Bad(("network", key), str(error)) from None


FILE = "file"
"""The key of [parameters] that names a file, in place of w1, b1 ..."""

LAYOUT, UNITS_FIRST, INPUTS_FIRST = "layout", "units, inputs", "inputs, units"
"""The key of [parameters] that says how weights are typed, and what it may say: ours, or that of Keras."""


def _weights(part: FilePart, folder: FilePath | None) -> Weights | None:
    """The weights in the file that [parameters] names; None if it names none. Raises Bad."""
    if FILE not in part.parameters:
        return None
    at, name = ("parameters", FILE), part.parameters[FILE]
    if not isinstance(name, str) or not name:
        raise Bad(at, "expected the name of a file in quotes")
    if len(part.parameters) > 1:
        raise Bad(at, "expected either file, or w1, b1 ... and layout, not both")
    instead = "expected w1, b1 ...: this scenario is in no folder, so it has no file"
    path = FilePath(inside(name, folder, at, instead))
    try:
        return read_weights(path)
    except WeightsError as error:
        raise Bad(at, str(error).replace(str(path), name)) from None


def _network_of(weights: Weights, part: FilePart, table: TableSpec) -> Network:
    """The network that [network] says, or, without one, that of the file. Raises Bad if they don't fit."""
    at: Path = ("parameters", FILE)
    try:
        found = weights.network(_network(part.network, table) if part.network is not None else Network())
    except ValueError as error:
        raise Bad(at, str(error)) from None
    sizes = "-".join(map(str, (found.features, *(layer.units for layer in found.layers))))
    if part.network is None:
        if (found.features, found.outputs) != (len(table.features), len(table.targets)):
            wanted = f"{counted(len(table.features), 'feature')} and {counted(len(table.targets), 'target')}"
            raise Bad(at, f"holds a network {sizes}, the table has {wanted}")
        return found
    network = _network(part.network, table)
    if (found.features, [one.units for one in found.layers]) != (
        network.features,
        [one.units for one in network.layers],
    ):
        wanted = "-".join(map(str, (network.features, *(layer.units for layer in network.layers))))
        raise Bad(at, f"holds a network {sizes}, expected {wanted}")
    return network


def _run(part: FilePart, table: TableSpec, network: Network, weights: Weights | None) -> Run:
    training, initial = part.training, part.initial
    precision = _precision(part)
    choose(initial.initializer, INITIALIZERS, ("initial", "initializer"))
    choose(training.rows, RULES, ("training", "rows"))
    optimizer = _optimizer(training, weights)
    own_lr = weights.lr if weights is not None and training.optimizer is None else None
    return Run(
        table,
        network,
        optimizer,
        _settings(training, table, precision, own_lr),
        initial.seed,
        initial.initializer,
        initial.constant,
        _state(part, network, optimizer, precision, weights),
        precision,
    )


def _precision(part: FilePart) -> str:
    """What [network] says, or the file for all; float32 if neither does. Raises Bad."""
    found = "float32"
    network = part.network.precision if part.network else None
    for said, at in ((part.precision, ("precision",)), (network, ("network", "precision"))):
        if said is not None:
            choose(said, ("float32", "float64"), at)
            found = said
    if None not in (part.precision, network) and part.precision != network:
        raise Bad(("precision",), f"expected {network}, as in [network], or one of the two left out")
    return found


def _check_targets(part: FilePart, table: TableSpec, network: Network) -> None:
    """The targets that the file itself holds are some that the loss can have; those of a CSV file are read later."""
    loss = network.loss_row
    if table.y is not None:
        y = np.log(table.y.array) if table.log_target else table.y.array
        if (row := loss.first_refused(y)) is not None:
            raise Bad(("data", "y", row), f"row {row}: {loss.refusal(y[row])}")
    if part.training.y is not None and loss.first_refused(np.array([part.training.y])) is not None:
        raise Bad(("training", "y"), loss.refusal(np.array(part.training.y)))


def _optimizer(training: TrainingPart, weights: Weights | None) -> Optimizer:
    """The one that [training] says; else that of the file of weights, if it names one."""
    if training.optimizer is None and weights is not None and weights.optimizer is not None:
        return weights.optimizer
    name = training.optimizer or Optimizer().name
    choose(name, OPTIMIZERS, ("training", "optimizer"))
    return Optimizer(name, training.momentum, training.rho, training.beta_1, training.beta_2, training.epsilon)


def _settings(training: TrainingPart, table: TableSpec, precision: str, own_lr: float | None) -> Settings:
    given = training.lr if training.lr is not None else own_lr if own_lr is not None else Settings().lr
    try:
        lr = learning_rate(given, precision)
    except ValueError as error:
        raise Bad(("training", "lr"), str(error)) from None
    if table.x is not None and training.row >= table.x.shape[0]:
        raise Bad(("training", "row"), f"expected a row from 0 to {table.x.shape[0] - 1}, got {training.row}")
    if (training.x is None) != (training.y is None):
        key = "y" if training.y is None else "x"
        raise Bad(("training", key), f"expected x and y of the sample together; {key} is missing")
    for key, sample, names in (("x", training.x, table.features), ("y", training.y, table.targets)):
        if sample is not None and len(sample) != len(names):
            raise Bad(("training", key), f"expected {len(names)} numbers, got {len(sample)}")
    sampling = Sampling(training.rows, training.row, training.batch)
    return Settings(lr, sampling, -training.drawn, training.x, training.y)


def _state(
    part: FilePart, network: Network, optimizer: Optimizer, precision: str, weights: Weights | None
) -> tuple[float, ...] | None:
    """The parameters that are given, as a flat row; the optimizer's moments after them if those are given as well."""
    if not part.parameters:
        if part.moments:
            raise Bad(("moments",), "expected [parameters] as well: the moments belong to them")
        return None
    wanted = {parameter.name: parameter.shape for parameter in network.parameters}
    given = {name: value for name, value in part.parameters.items() if name != LAYOUT}
    turned = _layout(part) == INPUTS_FIRST
    rows = [_by_name(given, wanted, "parameters", precision, turned) if weights is None else weights.row(network)]
    if part.moments:
        moments = {f"{letter}_{name}": shape for letter in optimizer.moments for name, shape in wanted.items()}
        moments |= {"t": (1, 1)} if optimizer.rule.counts else {}
        rows.append(_by_name(part.moments, moments, "moments", precision, turned))
    return tuple(np.concatenate(rows).tolist())


def _layout(part: FilePart) -> str:
    """How the weights are typed. Raises Bad."""
    said = part.parameters.get(LAYOUT, UNITS_FIRST)
    at, words = ("parameters", LAYOUT), f'expected "{UNITS_FIRST}", as here, or "{INPUTS_FIRST}", as in Keras'
    if not isinstance(said, str):
        raise Bad(at, words)
    found = ", ".join(word.strip() for word in said.strip("() ").split(","))
    if found not in (UNITS_FIRST, INPUTS_FIRST):
        raise Bad(at, f"{words}, got {said}")
    return found


def _layout_unsaid(part: FilePart) -> tuple[str, ...]:
    """The weights that would fit as well if they were turned, and be others; none if their layout is said."""
    if LAYOUT in part.parameters:
        return ()
    typed = {name: np.array(rows) for name, rows in part.parameters.items() if isinstance(rows, list)}
    square = {name: rows for name, rows in typed.items() if rows.ndim == 2 and rows.shape == rows.T.shape}
    return tuple(name for name, rows in square.items() if (rows != rows.T).any())


def _by_name(
    given: Mapping[str, Any], wanted: Mapping[str, tuple[int, int]], table: str, precision: str, turned: bool = False
) -> Array:
    """Matrices by name as one flat row, in the order of `wanted`. `turned`: they are typed as (inputs, units)."""
    for name in given:
        if name not in wanted:
            there = f"expected {', '.join(wanted)}" if wanted else "sgd keeps no moments"
            raise Bad((table, name), f"no such name for this network: {there}")
    found = []
    for name, shape in wanted.items():
        at: Path = (table, name)
        if name not in given:
            raise Bad((table,), f"the key {name} is missing: expected {', '.join(wanted)}")
        typed = (shape[1], shape[0]) if turned else shape
        layout = f' with layout = "{INPUTS_FIRST}"' if turned else ""
        # Beside the kernels of Keras the biases are a plain list; a row and a column mean the same.
        of_biases = turned and name.rpartition("_")[2].startswith("b")
        plain_list = of_biases and isinstance(given[name], list) and not any(isinstance(it, list) for it in given[name])
        try:
            rows = msgspec.convert([given[name]] if plain_list else given[name], float | Rows)
        except msgspec.ValidationError:
            raise Bad(at, f"expected {in_words(typed)}{layout}, written {example(typed)}") from None
        value = matrix(rows, at)
        if value.shape != typed and not (of_biases and value.shape == shape):
            raise Bad(at, f"expected {in_words(typed)}{layout}, got {in_words(value.shape)}")
        value = value.T if turned and value.shape == typed else value
        limit = np.finfo(precision).max
        if np.abs(value).max() > limit:
            raise Bad(at, f"expected numbers up to {limit:.4g}, the largest of {precision}")
        found.append(value.reshape(-1))
    return np.concatenate(found) if found else np.zeros(0)


def _show(part: FilePart, keys: Collection[str]) -> Show:
    show = part.show
    choose(show.lesson, NAMES, ("show", "lesson"))
    for place, pane in enumerate(show.hide_panes):
        choose(pane, PANES, ("show", "hide_panes", place))
    for place, key in enumerate(show.hide_keys):
        if keys and key not in keys:
            raise Bad(
                ("show", "hide_keys", place), f"expected a key as ? lists it (r, +, ctrl+p), but not q; got {key}"
            )
    for lesson in show.texts:
        choose(lesson, NAMES, ("show", "texts", lesson))
    return Show(show.lesson, show.hide_panes, show.hide_keys, dict(show.texts))

"""What a person chooses of a run, on the command line or on the page that sets one up, and the run that comes of it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backprop_tui.core.model.activations import SIGMOID
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import CONSTANTS
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls
from msgspec.structs import replace as with_fields

from .run import Run, ending

if TYPE_CHECKING:
    from backprop_tui.core.table.form import Told


@dataclass(frozen=True)
class Chosen:
    """Each choice; None leaves what the run that it is made from has.

    `data` is a file or the name of a built-in table, `told` how that file is written. With `data` and without
    `features`, `target` or `target_transform` these are found out; several targets have commas between. `rows` are the
    rule and the size of its batches.
    """

    data: str | None = None
    told: "Told | None" = None
    features: tuple[str, ...] | None = None
    target: str | None = None
    target_transform: str | None = None
    standardize: tuple[str, ...] | None = None
    row: int | None = None
    hidden: tuple[int, ...] | None = None
    activation: tuple[str, ...] | None = None
    """Of all hidden layers, or one for each."""
    last: str | None = None
    """The activation of the last layer."""
    bias: bool | None = None
    freeze: tuple[str, ...] | None = None
    loss: str | None = None
    init: str | None = None
    constant: float | None = None
    precision: str | None = None
    lr: float | None = None
    seed: int | None = None
    rows: tuple[str, int] | None = None
    optimizer: str | None = None
    l2: float | None = None
    reduction: str | None = None
    over_outputs: str | None = None
    momentum: float | None = None
    rho: float | None = None
    beta_1: float | None = None
    beta_2: float | None = None
    epsilon: float | None = None
    holdout: float | None = None
    holdout_seed: int | None = None


def run_with(chosen: Chosen, base: Run) -> Run:
    """The run that is as chosen, and else as `base`. Raises ValueError, in one line, for what can't be."""
    found = replace(base, table=_table(chosen, base))
    if chosen.holdout is not None:
        found = replace(found, table=with_fields(found.table, holdout=chosen.holdout))
    if chosen.optimizer is not None:
        initial = found.initial and found.initial[: found.network.width]
        found = replace(found, optimizer=replace(found.optimizer, name=chosen.optimizer), initial=initial)
    constants = {name: getattr(chosen, name) for name in CONSTANTS if getattr(chosen, name) is not None}
    if chosen.holdout_seed is not None:
        found = replace(found, table=with_fields(found.table, holdout_seed=chosen.holdout_seed))
    if constants:
        found = replace(found, optimizer=replace(found.optimizer, **constants))
    if chosen.precision is not None:
        found = replace(found, dtype=chosen.precision)
    if chosen.init is not None:
        found = replace(found, initializer=chosen.init, initial=None)
    if chosen.constant is not None:
        found = replace(found, constant=chosen.constant)
    network = _network(chosen, base.network, base.table, found.table)
    as_before = replace(network, frozen=base.network.frozen) if network.parameters == base.network.parameters else None
    if as_before != base.network or chosen.seed is not None:
        found = replace(found, initial=None)
    found = replace(found, network=network)
    return _settled(chosen, found)


def _settled(chosen: Chosen, found: Run) -> Run:
    settings = found.settings
    if chosen.row is not None:
        settings = replace(settings, sampling=replace(settings.sampling, row=chosen.row), x=None, y=None)
    if chosen.lr is not None:
        settings = replace(settings, lr=chosen.lr)
    if chosen.rows is not None:
        rule, batch = chosen.rows
        settings = replace(settings, sampling=replace(settings.sampling, rule=rule, batch=batch), x=None, y=None)
    return replace(found, settings=settings, seed=found.seed if chosen.seed is None else chosen.seed)


def _table(chosen: Chosen, base: Run) -> TableSpec:
    """The table that is chosen; the base's own if nothing is said of one."""
    found = _opened(chosen, base)
    if chosen.standardize is None:
        return found
    for name in chosen.standardize:
        if name not in found.features:
            raise ValueError(f"no feature '{escape_controls(name)}' to standardize: {', '.join(found.features[:12])}")
    return with_fields(found, standardize=chosen.standardize)


def _opened(chosen: Chosen, base: Run) -> TableSpec:
    if all(part is None for part in (chosen.data, chosen.features, chosen.target, chosen.target_transform)):
        return base.table
    from backprop_tui.core.table.choose import AS_IT_IS, table

    transform = chosen.target_transform
    if transform is None and not chosen.data:
        transform = base.table.transform
    loss = None if chosen.loss is None else LOSSES[chosen.loss]
    classes = loss is not None and loss.classes
    if loss is not None and classes and loss.least_outputs > 1 and "," in (chosen.target or ""):
        classes, transform = False, transform or AS_IT_IS  # a column of ones and zeros for each class
    return table(chosen.data or "", chosen.features, chosen.target, transform, chosen.told, classes)


def _network(chosen: Chosen, base: Network, before: TableSpec, table: TableSpec) -> Network:
    """The base's layers with other hidden ones, if so chosen, and a last one that fits the table's targets."""
    *hidden, last = base.layers
    loss = base.loss
    if chosen.hidden is not None:
        each = [layer.activation for layer in hidden] or [SIGMOID]
        hidden = [Layer(units, each[min(place, len(each) - 1)], last.bias) for place, units in enumerate(chosen.hidden)]
    if chosen.activation is not None:
        hidden = _activated(hidden, chosen.activation)
    if chosen.loss is not None or table.targets != before.targets or table.classes != before.classes:
        bias = last.bias
        last, loss = ending(table, chosen.loss)
        last = replace(last, bias=bias)
    if chosen.last is not None:
        last = replace(last, activation=chosen.last)
    layers = [*hidden, last]
    if chosen.bias is not None:
        layers = [replace(layer, bias=chosen.bias) for layer in layers]
    said = {name: getattr(chosen, name) for name in ("l2", "reduction", "over_outputs")}
    said = {name: getattr(base, name) if value is None else value for name, value in said.items()}
    found = Network(len(table.features), tuple(layers), loss, **said)
    if chosen.freeze is not None:
        return replace(found, frozen=chosen.freeze)
    return replace(found, frozen=tuple(name for name in base.frozen if found.can_freeze(name)))


def _activated(hidden: list[Layer], activations: tuple[str, ...]) -> list[Layer]:
    """Hidden layers with other activations: one for all, or one for each. Raises ValueError."""
    if len(activations) not in (1, len(hidden)):
        layers = f"{len(hidden)} hidden layer{'s' * (len(hidden) != 1)}"
        raise ValueError(f"{len(activations)} activations for {layers}: give one for all, or one for each")
    each = activations * len(hidden) if len(activations) == 1 else activations
    return [replace(layer, activation=name) for layer, name in zip(hidden, each, strict=True)]

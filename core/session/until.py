"""What a jump can stop at: a sign that changes, a loss that rises, a unit that is saturated, a number that is none.

A condition looks at the steps of a piece of a jump, whose states are all recorded, and finds the first that it holds
of: so the jump stops at that very step.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from backprop_tui.core.engine.protocol.limits import TRACE_ROWS
from backprop_tui.core.model.activations import LINEAR
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.saturation import SATURATED, steepest
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.table.batches import ALL_ROWS, THIS_ROW
from backprop_tui.core.text.numerals import brief, fixed

from .history import Settings

SAME_ROWS = (THIS_ROW, ALL_ROWS)
"""The rules by which every step uses the same rows."""

MOST_AT_ONCE = 2**18
"""So many numbers are looked at together."""


@dataclass(frozen=True, eq=False)
class Made:
    """Steps that were made: the state before the first (state_width,), those after each (n, state_width), their losses.

    `loss_before` is the loss of the step before the first, if it used the same rows. The trace is the last step's.
    """

    before: Array
    states: Array
    losses: Array
    trace: Trace
    loss_before: float | None


@dataclass(frozen=True)
class Found:
    """The first step that a condition holds of, counted from 0, and what a person is told."""

    step: int
    reason: str


class Until(Protocol):
    """A condition."""

    @property
    def words(self) -> str:
        """What is waited for, as it is typed."""

    @property
    def missed(self) -> str:
        """What is said if it did not come, before the number of steps."""

    def check(self, network: Network, settings: Settings, rows: int) -> None:
        """Raise ValueError if it can't be decided in a run of this network, settings and number of rows."""

    def single(self, settings: Settings) -> bool:
        """Whether it needs the trace of every step, so that they are made one by one."""

    def first(self, made: Made) -> Found | None:
        """The first step that it holds of."""


@dataclass(frozen=True)
class SignChanges:
    """A parameter's sign changes."""

    cell: Cell
    name: str

    @property
    def words(self) -> str:
        """As it is typed."""
        return f"sign {self.name}"

    @property
    def missed(self) -> str:
        """What is said if it did not come."""
        return f"{self.name} kept its sign"

    def check(self, network: Network, settings: Settings, rows: int) -> None:
        """No update changes a parameter that is frozen."""
        if network.is_frozen(self.cell.name, *self.cell.place):
            raise ValueError(f"{self.cell.name} is frozen: no update changes it")

    def single(self, settings: Settings) -> bool:
        """The states say it."""
        return False

    def first(self, made: Made) -> Found | None:
        """The first update that leads over 0, or away from it."""
        parameter = made.trace.network.parameter(self.cell.name)
        place = parameter.offset + self.cell.row * parameter.shape[1] + self.cell.column
        values = np.concatenate([made.before[place : place + 1], made.states[:, place]]).astype("float64")
        signs = np.sign(values)
        changed = (signs[1:] != 0) & (signs[1:] != signs[:-1])
        # A weight that lands on 0 has not changed its sign yet: it may go back.
        for step in np.flatnonzero(changed).tolist():
            earlier = signs[: step + 1][signs[: step + 1] != 0]
            if not len(earlier) or earlier[-1] != signs[step + 1]:
                way = f"{fixed(values[step])} → {fixed(values[step + 1])}"
                return Found(step, f"{self.name} changes its sign, {way}")
        return None


@dataclass(frozen=True)
class LossRises:
    """The loss is larger than that of the step before, by more than rounding, and so that it is seen."""

    words = "rises"
    missed = "the loss never rose"

    def check(self, network: Network, settings: Settings, rows: int) -> None:
        """Losses of other rows can't be compared."""
        if settings.sampling.rule not in SAME_ROWS:
            raise ValueError("until rises compares steps over the same rows: take this row or all rows (m in lesson 5)")

    def single(self, settings: Settings) -> bool:
        """The losses say it."""
        return False

    def first(self, made: Made) -> Found | None:
        """The first loss above the one before it."""
        start = np.nan if made.loss_before is None else made.loss_before
        losses = np.concatenate([[start], made.losses.astype("float64")])
        eps = 16 * float(np.finfo(made.losses.dtype).eps)
        sizes = float(np.abs(made.trace["y_pred"]).max() + np.abs(made.trace["y"]).max())
        with np.errstate(all="ignore"):
            # Of ŷ and y, whose rounding the loss inherits, only the sizes are known.
            rounding = eps * (np.abs(losses[:-1]) + sizes * np.sqrt(2 * np.abs(losses[:-1])))
            rises = losses[1:] > losses[:-1] + rounding
        for step in np.flatnonzero(rises).tolist():
            before, after = brief(losses[step]), brief(losses[step + 1])
            if before != after:
                return Found(step, f"the loss rises, {before} → {after}")
        return None


@dataclass(frozen=True)
class UnitSaturated:
    """A unit is saturated for every row of the step: its activation's derivative is below the bound of the remarks."""

    words = "saturated"
    missed = "no unit was saturated"

    def check(self, network: Network, settings: Settings, rows: int) -> None:
        """There must be a unit that can be, and a batch that is known row by row."""
        if not _may_saturate(network):
            raise ValueError("no unit of this network can be saturated: a sigmoid or a tanh can")
        if settings.sampling.batch_size(rows or 1) > TRACE_ROWS:
            raise ValueError(f"until saturated looks at each row: it takes batches of {TRACE_ROWS} rows at most")

    def single(self, settings: Settings) -> bool:
        """If the rows change, only the trace knows which they were."""
        return settings.sampling.rule not in SAME_ROWS

    def first(self, made: Made) -> Found | None:
        """The first step in whose forward pass a unit is."""
        network = made.trace.network
        count = min(len(made.trace.rows) or made.trace.batch, made.trace.batch)
        x = made.trace["x"][:count].astype("float64").T
        starts = np.concatenate([made.before[None], made.states[:-1]])
        many = max(MOST_AT_ONCE // (max(layer.units for layer in network.layers) * count), 1)
        for first in range(0, len(starts), many):
            found = _first_saturated(network, starts[first : first + many].astype("float64"), x)
            if found is not None:
                return Found(first + found.step, found.reason)
        return None


def _may_saturate(network: Network) -> list[int]:
    """The layers, from 1, whose units can be saturated: not the last if its z goes into the loss at once."""
    layers = range(1, network.depth + (not network.loss_row.from_z))
    rows = ((layer, network.activation(layer)) for layer in layers)
    return [layer for layer, row in rows if row.elementwise and row.flat == "saturated" and row.name != LINEAR]


def _first_saturated(network: Network, states: Array, x: Array) -> Found | None:
    """Of states (n, state_width), the first from which a forward pass over x (features, batch) meets such a unit."""
    layers, h = _may_saturate(network), np.broadcast_to(x, (len(states), *x.shape))
    best: Found | None = None
    for layer in range(1, network.depth + 1):
        w = network.parameter(f"w{layer}")
        with np.errstate(all="ignore"):
            z = states[:, w.span].reshape(-1, *w.shape) @ h
            if network.layers[layer - 1].bias:
                b = network.parameter(f"b{layer}")
                z = z + states[:, b.span].reshape(-1, *b.shape)
            h = _applied(network, layer, z)
            flat = steepest(network.activation(layer), z, h) if layer in layers else None
        if flat is None or not (flat < SATURATED).any():
            continue
        step = int(np.argmax((flat < SATURATED).any(axis=1)))
        if best is None or step < best.step:
            unit = int(np.nanargmin(flat[step]))
            output = "ŷ" if layer == network.depth else f"h{layer}"
            units = network.layers[layer - 1].units
            name = f"{output}[{unit + 1}]" if units > 1 else output
            best = Found(step, f"{name} is saturated, its derivative is {brief(float(flat[step, unit]), 2)}")
    return best


def _applied(network: Network, layer: int, z: Array) -> Array:
    """The activation of z (n, units, batch)."""
    row = network.activation(layer)
    return row.function(z) if row.elementwise else z  # the last layer: nothing comes after it


@dataclass(frozen=True)
class NotANumber:
    """The loss or a parameter is infinite or undefined."""

    words = "nan"
    missed = "all numbers stayed finite"

    def check(self, network: Network, settings: Settings, rows: int) -> None:
        """It can be decided of any run."""

    def single(self, settings: Settings) -> bool:
        """States and losses say it."""
        return False

    def first(self, made: Made) -> Found | None:
        """The first step whose loss, or whose update, is not finite."""
        lost, broken = ~np.isfinite(made.losses), ~np.isfinite(made.states).all(axis=1)
        if not (lost | broken).any():
            return None
        step = int(np.argmax(lost | broken))
        if lost[step]:
            return Found(step, f"the loss is {fixed(float(made.losses[step]))}")
        network = made.trace.network
        for parameter in network.parameters:
            values = made.states[step, parameter.span]
            if not np.isfinite(values).all():
                value = float(values[~np.isfinite(values)][0])
                return Found(step, f"{fixed(value)} in {parameter.name} after the update")
        return Found(step, "a moment of the optimizer is not finite")

"""What a teacher would say about a step, when it is so: one short sentence each, with the numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model import phases
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import brief, fixed, plain

from .terms import couples, name_of, output_name, samples

SATURATED = 0.01
"""A derivative of the activation below this lets almost nothing through: |z| above 4.6 for sigmoid, 3.0 for tanh."""

VANISHED, EXPLODED = 0.01, 100.0
"""The gradient's size at the first layer against that at the last."""

FAR = 10.0
"""A step that moves a parameter by this many times its own size is a leap."""


@dataclass(frozen=True)
class Remark:
    """One sentence of at most 76 columns: its kind, and what it is about: whole values, or rows of values (units).

    `after` names the value that must be computed before the remark gives nothing away (`h1`, `gz1`, `new_w1` ...).
    """

    kind: str
    text: str
    after: str
    names: tuple[str, ...] = ()
    units: frozenset[tuple[str, int]] = frozenset()


def remarks(trace: Trace, after: Trace | None = None, next_loss: float | None = None) -> tuple[Remark, ...]:
    """All that is worth a remark in a step.

    `after` is the next step's trace, `next_loss` its loss: give them only if that step uses the same rows.
    """
    found: list[Remark] = []
    if (broken := first_not_finite(trace)) is not None:
        found.append(_not_finite(trace, broken))
    # What is not finite is told above; numpy need not warn of it.
    with np.errstate(all="ignore"):
        for layer in range(1, trace.network.depth + 1):
            found += _flat_units(trace, layer)
            found += _equal_units(trace, layer)
        found += _along_the_layers(trace)
        found += _leap(trace)
        found += _overshoot(trace, after, next_loss)
    return tuple(found)


def about(found: Iterable[Remark], cells: Iterable[Cell]) -> tuple[Remark, ...]:
    """The remarks about any of these cells: those of an explanation, and its own."""
    units = {(cell.name, cell.row) for cell in cells}
    names = {name for name, _ in units}
    return tuple(remark for remark in found if not (units.isdisjoint(remark.units) and names.isdisjoint(remark.names)))


def known(found: Iterable[Remark], network: Network, done: int) -> tuple[Remark, ...]:
    """The remarks that give nothing away when `done` numbers of the step are computed."""
    return tuple(remark for remark in found if phases.numbers_done(network, remark.after, done) > 0)


def first_not_finite(trace: Trace) -> Cell | None:
    """The first infinite or undefined number in the order of the computation; None if all are finite.

    ∂L/∂ŷ of a cross-entropy comes last: the program goes from the loss to z without it.
    """
    network = trace.network
    names = ["x", "y", *(parameter.name for parameter in network.parameters)]
    names += [name for phase in phases.phases(network) for name in phase.names]
    if network.loss_row.from_z:
        names.remove("gy_pred")
        names.append("gy_pred")
    for name in names:
        finite = np.isfinite(trace[name])
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            return Cell(name, int(row), int(column))
    return None


def _not_finite(trace: Trace, cell: Cell) -> Remark:
    value, name = float(trace[cell.name][cell.place]), name_of(trace, cell)
    largest = np.finfo(trace["loss"].dtype).max
    if cell.name == "gy_pred" and trace.network.loss_row.from_z:
        text = f"{name} is {fixed(value)}: 1/ŷ is beyond all numbers; the tape goes from loss to z"
    elif parse(cell.name).is_base and (parse(cell.name).is_parameter or parse(cell.name).is_row):
        text = f"{name} is {fixed(value)} before this step: what follows from it is lost"
    elif np.isnan(value):
        text = f"{name} is the first undefined number: ∞ - ∞, 0·∞ or 0/0 makes NaN"
    else:
        text = f"{name} is the first infinite number: beyond {brief(float(largest), 2)}, the largest there is"
    return Remark("not finite", text, cell.name, units=frozenset({(cell.name, cell.row)}))


def _flat_units(trace: Trace, layer: int) -> Iterator[Remark]:
    """Units that hardly pass a gradient on: a saturated sigmoid or tanh, a ReLU below 0, in every row of the batch."""
    activation, units = trace.network.activation(layer), trace.network.layers[layer - 1].units
    last_and_coupled = layer == trace.network.depth and couples(trace)
    if trace.averaged or last_and_coupled:
        return
    shown = slice(len(samples(trace)))
    at = (trace[name][:, shown].astype("float64") for name in (f"z{layer}", output_name(trace, layer)))
    derivatives = activation.derivative_at(*at).max(axis=1)
    flat = np.flatnonzero(derivatives < SATURATED)
    if not len(flat):
        return
    rows, unit = len(samples(trace)), int(flat[np.argmin(derivatives[flat])])
    z, h = f"z{layer}", output_name(trace, layer)
    who = _unit_name(trace, h, unit)
    if len(flat) > 1:
        every = "both" if units == 2 else f"all {units}"
        who = f"{every} units" if len(flat) == units else f"{who} and {len(flat) - 1} more"
        who += f" of layer {layer}"
    is_are, z_value = "is" if len(flat) == 1 else "are", fixed(float(trace[z][unit, 0]))
    where = f"in all {rows} rows"
    if activation.flat == "off":
        if rows == 1:
            where = f"{_unit_name(trace, z, unit)} = {z_value}" if len(flat) == 1 else "z ≤ 0"
        text = f"{who} {is_are} {'a dead ReLU' if len(flat) == 1 else 'dead ReLUs'}: {where}, no gradient passes"
    else:
        where = where if rows > 1 else f"at z = {z_value}"
        text = f"{who} {is_are} saturated: {where} the derivative is {brief(float(derivatives[unit]), 2)}"
    about_them = frozenset((name, int(unit)) for unit in flat for name in (z, h))
    yield Remark("dead" if activation.flat == "off" else "saturated", text, h, units=about_them)


def _equal_units(trace: Trace, layer: int) -> Iterator[Remark]:
    """Units that start alike and feel alike: without something to tell them apart they stay one unit."""
    if layer == trace.network.depth:
        return
    parts = (trace[f"w{layer}"], trace[f"b{layer}"], trace[f"w{layer + 1}"].T)
    after = (trace[f"gw{layer}"], trace[f"gb{layer}"], trace[f"gw{layer + 1}"].T)
    same: dict[bytes, list[int]] = {}
    for unit, row in enumerate(np.concatenate([*parts, *after], axis=1) + 0.0):  # -0 becomes 0
        same.setdefault(row.tobytes(), []).append(unit)
    alike = max(same.values(), key=len)
    if len(alike) < 2:
        return
    who = f"units {alike[0] + 1} and {alike[1] + 1}" if len(alike) == 2 else f"{len(alike)} units"
    text = f"{who} of layer {layer} are equal, so are their gradients: they stay equal"
    names = [prefix + letter + str(layer) for letter in "wb" for prefix in ("", "g", "new_")]
    about_them = frozenset((name, unit) for unit in alike for name in names)
    yield Remark("symmetric", text, f"gb{layer}", units=about_them)


def _along_the_layers(trace: Trace) -> Iterator[Remark]:
    """A gradient that fades, or grows, on its way from the last layer to the first."""
    depth = trace.network.depth
    first, last = (float(np.abs(trace[f"gz{layer}"].astype("float64")).mean()) for layer in (1, depth))
    # A dead ReLU has its own remark; a gradient of 0 is nothing to compare with.
    if depth == 1 or not (np.isfinite(first) and np.isfinite(last) and first and last):
        return
    ratio = first / last
    rate = brief(ratio ** (1 / (depth - 1)), 2)
    each = f"{brief(last, 3)} at layer {depth}, {brief(first, 3)} at layer 1, ×{rate} a layer"
    names = ("gz1", "gw1", "gb1")
    if ratio < VANISHED:
        yield Remark("vanishing", f"the gradient vanishes: {each}", "gz1", names=names)
    if ratio > EXPLODED:
        yield Remark("exploding", f"the gradient explodes: {each}", "gz1", names=names)


def _leap(trace: Trace) -> Iterator[Remark]:
    """An update that is far larger than what it changes."""
    leaps = []
    for parameter in trace.network.parameters:
        before, after = trace[parameter.name].astype("float64"), trace["new_" + parameter.name].astype("float64")
        moved, size = np.abs(after - before), float(np.abs(before).max())
        if size and np.isfinite(moved).all() and moved.max() > FAR * size:
            row, column = np.unravel_index(int(moved.argmax()), moved.shape)
            leaps.append((float(moved.max()) / size, Cell(parameter.name, int(row), int(column))))
    if leaps:
        times, cell = max(leaps, key=lambda leap: leap[0])
        new = Cell("new_" + cell.name, *cell.place)
        old_value, new_value = float(trace[cell.name][cell.place]), float(trace[new.name][new.place])
        name = name_of(trace, cell)
        way = f"from {brief(old_value, 4)} to {brief(new_value, 4)}"
        text = f"a leap: {name} moves {way}, {brief(times, 2)} times the size of {cell.name}"
        yield Remark("leap", text, new.name, units=frozenset({(new.name, new.row)}))


def _overshoot(trace: Trace, after: Trace | None, next_loss: float | None) -> Iterator[Remark]:
    """A step past the minimum: the loss is larger after it, or the error has changed its sign."""
    if after is not None and after.rows == trace.rows and np.array_equal(after["x"], trace["x"]):
        next_loss = after.loss
    else:
        after = None
    if next_loss is None or not np.isfinite(trace.loss):
        return
    last = "new_" + trace.network.parameters[-1].name
    names = ("loss", "gy_pred", *("new_" + parameter.name for parameter in trace.network.parameters))
    worse, turned = not next_loss <= trace.loss, after is not None and _turned(trace, after)
    if worse:
        text = f"the step overshoots: the loss goes from {plain(trace.loss)} to {plain(next_loss)}"
        yield Remark("overshoot", text + (", ŷ - y turns" if turned else ""), last, names=names)
    elif turned and after is not None:
        before, now = (fixed(float((found["y_pred"] - found["y"].T)[0, 0])) for found in (trace, after))
        text = f"the step goes past the minimum: ŷ - y was {before} and is {now} after it"
        yield Remark("overshoot", text, last, names=names)


def _turned(trace: Trace, after: Trace) -> bool:
    """Whether the one error that there is has changed its sign."""
    if trace["y_pred"].size != 1:
        return False
    before, now = (float((found["y_pred"] - found["y"].T)[0, 0]) for found in (trace, after))
    return before * now < 0


def _unit_name(trace: Trace, name: str, unit: int) -> str:
    return name_of(trace, Cell(name, unit)).split("⁽")[0]

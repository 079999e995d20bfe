"""What a teacher would say about a step, when it is so: one short sentence each, with the numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model import phases
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.saturation import SATURATED, steepest
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import brief, fixed, plain

from .context import Context
from .context import known as known_context
from .terms import couples, name_of, output_name, pre_activation, samples

VANISHED, EXPLODED = 0.01, 100.0
"""The gradient's size at the first layer against that at the last."""

FAR = 10.0
"""A step that moves a parameter by this many times its own size is a leap."""

SAME_WAY = 0.01
"""The way back is as long as the way there if it differs by less than this share."""

PLAIN = "sgd"
"""Only plain descent always starts downhill: what a rise of the loss means depends on it."""


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


def remarks(
    trace: Trace, context: Context | None = None, loss_before: float | None = None, next_loss: float | None = None
) -> tuple[Remark, ...]:
    """All that is worth a remark in a step: how the steps went first, then the state of the network.

    `loss_before` and `next_loss` are the losses of the steps before and after it: give them only if those steps use
    the same rows.
    """
    found: list[Remark] = []
    if (broken := first_not_finite(trace)) is not None:
        found.append(_not_finite(trace, broken, context))
    # What is not finite is told above; numpy need not warn of it.
    with np.errstate(all="ignore"):
        facts = known_context(trace, context)
        found += _rose(trace, facts, loss_before)
        found += _overshoot(trace, facts, next_loss)
        found += _to_and_fro(trace, facts, loss_before)
        found += _leap(trace)
        for layer in range(1, trace.network.depth + 1):
            found += _flat_units(trace, layer)
            found += _equal_units(trace, layer)
        found += _along_the_layers(trace)
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


def _not_finite(trace: Trace, cell: Cell, context: Context | None) -> Remark:
    value, name, of = float(trace[cell.name][cell.place]), name_of(trace, cell), parse(cell.name)
    dtype = trace["loss"].dtype
    largest = brief(float(np.finfo(dtype).max), 2)
    if cell.name == "gy_pred" and trace.network.loss_row.from_z:
        # -1/ŷ for a target of 1, 1/(1 - ŷ) for one of 0.
        quotient = "1/ŷ" if value < 0 else "1/(1 - ŷ)"
        text = f"{name} is {fixed(value)}: {quotient} is beyond {largest}; the tape goes from loss to z"
    elif of.is_base and (of.is_parameter or of.is_row):
        text = f"{name} is {fixed(value)} before this step: no update mends it"
    elif of.updated and not of.moment and _divided_by_nothing(trace, cell, context):
        text = f"{name} is 0/0: its gradient was 0 in every step so far, and ε is 0"
    elif np.isnan(value):
        text = f"{name} is the first undefined number: ∞ - ∞, 0·∞ or 0/0 makes NaN"
    else:
        text = f"{name} is the first infinite number: beyond {largest}, the largest {dtype}"
    return Remark("not finite", text, cell.name, units=frozenset({(cell.name, cell.row)}))


def _divided_by_nothing(trace: Trace, cell: Cell, context: Context | None) -> bool:
    """Whether a parameter's update is 0/0: the optimizer divides by v, which is 0, as is what it divides."""
    optimizer = known_context(trace, context).optimizer
    if optimizer.epsilon or "epsilon" not in optimizer.constants:
        return False
    of = parse(cell.name).base.name
    above = f"new_m_{of}" if "m" in optimizer.moments else f"g{of}"
    return not (trace[f"new_v_{of}"][cell.place] or trace[above][cell.place])


def _flat_units(trace: Trace, layer: int) -> Iterator[Remark]:
    """Units that hardly pass a gradient on: a saturated sigmoid or tanh, a ReLU below 0, in every row of the batch.

    Of other rows the step knows nothing: a ReLU that is off here need not be dead.
    """
    activation, units = trace.network.activation(layer), trace.network.layers[layer - 1].units
    last_and_coupled = layer == trace.network.depth and couples(trace)
    if trace.averaged or last_and_coupled or not activation.elementwise:
        return
    rows = len(samples(trace))
    z, h = f"z{layer}", output_name(trace, layer)
    derivatives = steepest(activation, trace[z][:, :rows], trace[h][:, :rows])
    flat = np.flatnonzero(derivatives < SATURATED)
    if not len(flat):
        return
    unit = int(flat[np.argmin(derivatives[flat])])
    who = _unit_name(trace, h, unit)
    if len(flat) > 1:
        every = "both" if units == 2 else f"all {units}"
        who = f"{every if len(flat) == units else len(flat)} units of layer {layer}"
    is_are, one = "is" if len(flat) == 1 else "are", len(flat) == 1 and rows == 1
    z_value = fixed(float(trace[z][unit, 0]))
    if activation.flat == "off":
        where = "this row" if rows == 1 else f"the batch's {rows} rows"
        z_there = f"{_unit_name(trace, z, unit)} = {z_value}, " if one else "z ≤ 0, " if rows == 1 else ""
        text = f"{who} {is_are} off for {where}: {z_there}no gradient passes"
    elif one:
        text = f"{who} is saturated: at z = {z_value} the derivative is {brief(float(derivatives[unit]), 2)}"
    else:
        where = "" if rows == 1 else f" in all {rows} rows"
        text = f"{who} {is_are} saturated{where}: derivative < {brief(SATURATED)}"
    about_them = frozenset((name, int(unit)) for unit in flat for name in (z, h))
    yield Remark(activation.flat, text, h, units=about_them)


def _equal_units(trace: Trace, layer: int) -> Iterator[Remark]:
    """Units that start alike and feel alike: without something to tell them apart they stay one unit.

    An optimizer's moments may tell them apart even so.
    """
    if layer == trace.network.depth:
        return
    kinds = ["", "g", *dict.fromkeys(f"{value.moment}_" for value in map(parse, trace.values) if value.moment)]
    letters = "wb" if trace.network.layers[layer - 1].bias else "w"
    own = [trace[f"{kind}{of}{layer}"] for kind in kinds for of in letters]
    onward = [trace[f"{kind}w{layer + 1}"].T for kind in kinds]
    same: dict[bytes, list[int]] = {}
    for unit, row in enumerate(np.concatenate([*own, *onward], axis=1) + 0.0):  # -0 becomes 0
        if np.isfinite(row).all():
            same.setdefault(row.tobytes(), []).append(unit)
    alike = max(same.values(), key=len, default=[])
    if len(alike) < 2:
        return
    who = f"units {alike[0] + 1} and {alike[1] + 1}" if len(alike) == 2 else f"{len(alike)} units"
    text = f"{who} of layer {layer} are equal, so are their gradients: they stay equal"
    names = [prefix + letter + str(layer) for letter in letters for prefix in ("", "g", "new_")]
    about_them = frozenset((name, unit) for unit in alike for name in names)
    yield Remark("symmetric", text, f"g{letters[-1]}{layer}", units=about_them)


def _along_the_layers(trace: Trace) -> Iterator[Remark]:
    """A gradient that fades, or grows, on its way from the last layer to the first.

    It has faded if the paths have, each for itself. If large ones cancel each other it is small without fading.
    """
    depth = trace.network.depth
    if depth == 1 or trace.averaged:
        return
    rows = len(samples(trace))
    first, last = (float(np.abs(trace[f"gz{layer}"][:, :rows].astype("float64")).mean()) for layer in (1, depth))
    # If all units are off there is a remark of its own; a gradient of 0 is nothing to compare with.
    if not (np.isfinite(first) and np.isfinite(last) and first and last):
        return
    along = f"|∂L/∂z| is {brief(last, 2)} at layer {depth}, {brief(first, 2)} at layer 1"
    names = ("gz1", "gw1", "gb1")
    if _along_all_paths(trace) < VANISHED * last:
        yield Remark("vanishing", f"the gradient vanishes: {along}", "gz1", names=names)
    if first > EXPLODED * last:
        yield Remark("exploding", f"the gradient explodes: {along}", "gz1", names=names)


def _along_all_paths(trace: Trace) -> float:
    """What |∂L/∂z1| would be on the mean if no two paths to it had opposite signs."""
    rows, network = slice(len(samples(trace))), trace.network
    found = np.abs(trace[f"gz{network.depth}"][:, rows].astype("float64"))
    for layer in range(network.depth - 1, 0, -1):
        z, h = (trace[f"{of}{layer}"][:, rows].astype("float64") for of in "zh")
        back = np.abs(trace[f"w{layer + 1}"].astype("float64").T) @ found
        found = np.abs(network.activation(layer).derivative_at(z, h)) * back
    return float(found.mean())


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


def _rose(trace: Trace, context: Context, loss_before: float | None) -> Iterator[Remark]:
    """A loss that is larger than that of the step before."""
    if loss_before is None or not _rises(trace, loss_before, trace.loss):
        return
    way = f"loss {brief(loss_before)} → {brief(trace.loss)}"
    # Of plain descent a rise says one thing only; moments may carry a step uphill for a while.
    if context.optimizer.name == PLAIN:
        text = f"the last step went too far: {way}; - is a smaller lr"
    else:
        text = f"the last step went uphill: {way}"
    yield Remark("rose", text, "loss", names=("loss",))


def _overshoot(trace: Trace, context: Context, next_loss: float | None) -> Iterator[Remark]:
    """A step after which the loss is larger: past the minimum, if it went straight down."""
    if next_loss is None or not np.isfinite(trace.loss):
        return
    if not (np.isnan(next_loss) or _rises(trace, trace.loss, next_loss)):
        return
    way = f"from {brief(trace.loss)} to {brief(next_loss)}"
    if np.isnan(next_loss):
        text = f"after this step the loss is {plain(next_loss)}"
    elif context.optimizer.name == PLAIN:
        text = f"the step overshoots: the loss goes {way}"
    else:
        text = f"the loss rises in this step, {way}"
    yield Remark("overshoot", text, _last(trace), names=("loss", "gy_pred", *_updated(trace)))


def _to_and_fro(trace: Trace, context: Context, loss_before: float | None) -> Iterator[Remark]:
    """A parameter that the last step moved and this one moves back by as much: each step overshoots.

    It needs the same rows, so a loss before it; and plain descent, that no moment turns.
    """
    before = context.before
    if before is None or loss_before is None or context.changes or context.optimizer.name != PLAIN:
        return
    found: list[tuple[float, Cell]] = []
    earlier = trace.network.split(before)
    for parameter in trace.network.parameters:
        old, now, new = (
            values.astype("float64")
            for values in (earlier[parameter.name], trace[parameter.name], trace["new_" + parameter.name])
        )
        there, back = now - old, new - now
        # More than rounding, and both ways are equal up to a hundredth.
        seen = np.abs(there) > 1e3 * float(np.finfo(trace["loss"].dtype).eps) * np.maximum(np.abs(now), np.abs(old))
        fro = np.where(seen & (np.abs(there + back) <= SAME_WAY * np.abs(there)), np.abs(there), 0)
        if fro.any():
            row, column = np.unravel_index(int(fro.argmax()), fro.shape)
            found.append((float(fro.max()), Cell(parameter.name, int(row), int(column))))
    if found:
        _, cell = max(found, key=lambda way: way[0])
        new_cell = Cell("new_" + cell.name, *cell.place)
        steps = (earlier[cell.name], trace[cell.name], trace[new_cell.name])
        way = [brief(float(values[cell.place]), 4) for values in steps]
        text = f"the steps overshoot: {name_of(trace, cell)} goes {' → '.join(way)}"
        yield Remark("to and fro", text, new_cell.name, units=frozenset({(new_cell.name, new_cell.row)}))


def _rises(trace: Trace, before: float, after: float) -> bool:
    """Whether a loss is larger than one before it by more than rounding, and so that it is seen."""
    return after > before + _rounding(trace) and brief(after) != brief(before)


def _rounding(trace: Trace) -> float:
    """By how much the loss may differ because ŷ is rounded: a rise by less tells nothing."""
    eps = 16 * float(np.finfo(trace["loss"].dtype).eps)
    if trace.averaged:
        # Of the rows' own errors only their mean square is known.
        sizes = float(np.abs(trace["y_pred"]).max() + np.abs(trace["y"]).max())
        return float(eps * (abs(trace.loss) + sizes * np.sqrt(2 * abs(trace.loss))))
    rows = slice(len(samples(trace)))
    y_pred, y = trace["y_pred"][:, rows].astype("float64"), trace["y"][rows].T.astype("float64")
    # Each product that goes into the last pre-activation is rounded by its own size.
    last = trace.network.depth
    entering = trace["x"][rows].T if last == 1 else trace[f"h{last - 1}"][:, rows]
    bias = np.abs(trace[f"b{last}"]) if trace.network.layers[-1].bias else 0
    products = np.abs(trace[f"w{last}"].astype("float64")) @ np.abs(entering) + bias
    off = eps * (np.abs(y_pred) + np.abs(y) + products)
    # The gradient of the last pre-activation is finite where that of ŷ is not.
    slopes = np.abs(trace[f"g{pre_activation(trace, trace.network.depth)}"][:, rows].astype("float64"))
    return float(eps * abs(trace.loss) + (slopes * off + off**2).sum())


def _updated(trace: Trace) -> tuple[str, ...]:
    return tuple("new_" + parameter.name for parameter in trace.network.parameters)


def _last(trace: Trace) -> str:
    return _updated(trace)[-1]


def _unit_name(trace: Trace, name: str, unit: int) -> str:
    return name_of(trace, Cell(name, unit)).split("⁽")[0]

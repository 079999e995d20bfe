"""The third opinion: a gradient by the central finite difference, which knows nothing of the chain rule.

    ∂L/∂w ≈ (L(w + ε) - L(w - ε)) / 2ε

The engine is asked for both losses, in float64, on the very numbers that the step used.
"""

from dataclasses import dataclass
from math import floor, isfinite, log2, log10

import numpy as np
from backprop_tui.core.engine.protocol.messages import FindLosses, Inline, LossesFound, TableRows
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import bracketed, brief, fixed, full, plain, shortest

from .context import Context
from .terms import Explanation, couples, loss_constants, name_of, number, output_name, pre_activation, samples

ROUNDING = float(np.finfo("float64").eps)


@dataclass(frozen=True)
class Question:
    """What to ask the engine for the finite difference of one number, and how to read the answer.

    `moved` is how far the number itself is moved between the two losses: 2ε, or what becomes of that. `share` is the
    part of the batch's loss that the asked loss is: 1/B for a number of a single sample, if that is a mean. `size` is
    how large the numbers are that `moved` is the difference of, if it is one. `name` is what the moved one is called.
    """

    request: FindLosses
    moved: float
    share: float
    name: str
    size: float = 0.0

    def difference(self, answer: LossesFound) -> tuple[float, float]:
        """The central finite difference, and how far off it may be by rounding alone."""
        up, down = (float(loss) for loss in answer.losses.array)
        with np.errstate(all="ignore"):
            found = float((np.float64(up) - down) / self.moved * self.share)
            of_losses = 8 * ROUNDING * max(abs(up), abs(down)) / abs(self.moved) * self.share
            return found, of_losses + 4 * ROUNDING * self.size / abs(self.moved) * abs(found)

    def working(self, answer: LossesFound) -> tuple[str, str]:
        """The difference in symbols, and with both losses put in: all their digits, since most of them cancel."""
        up, down, moved = (shortest(float(value)) for value in (*answer.losses.array, self.moved))
        of, rows = ("1/B · ", f"{brief(self.share)} · ") if self.share != 1 else ("", "")
        by = f"Δ{self.name}" if self.size else "2ε"
        return (
            f"= {of}[L({self.name} + ε) - L({self.name} - ε)] / {by}",
            f"= {rows}({up} - {bracketed(down)}) / {bracketed(moved)}",
        )


def difference_request(trace: Trace, cell: Cell, context: Context) -> Question | None:
    """How to find a gradient by the finite difference; None if no change of parameters moves that number alone.

    A parameter is moved itself. A z moves as its unit's bias does, for its own sample; an h, and an x, as the next
    layer's biases do along its weights; ŷ as its z does, if it has one of its own: ΔL/Δŷ.
    """
    found = _direction(trace, cell) if parse(cell.name).gradient else None
    if found is None:
        return None
    direction, chosen = found
    parameters = _parameters(trace, trace.network.with_biases)
    step = _step(trace, cell)
    with np.errstate(all="ignore"):
        rows = np.stack([parameters + step * direction, parameters - step * direction])
    share = 1.0 if chosen is None or trace.network.sums_rows else 1 / len(samples(trace))
    request = FindLosses(trace.network.with_biases, numbers(rows), _samples(trace, context, chosen))
    name = name_of(trace, Cell(parse(cell.name).base.name, *cell.place))
    if parse(cell.name).of != "y_pred" or trace.network.ends_linear:
        return Question(request, 2 * step, share, name)
    up, down = (_prediction(trace, cell, change) for change in (step, -step))
    moved = up - down
    return Question(request, moved, share, name, max(abs(up), abs(down))) if moved and isfinite(moved) else None


@dataclass(frozen=True)
class Agreement:
    """A gradient found three ways: by the tape, by the chain rule's own terms, by the finite difference.

    `digits` is to how many significant digits all that there are agree. `noise` is what rounding may have done
    to the difference, which is None if it can't be asked. `working` is how the difference was computed.
    """

    tape: float
    chain: float
    difference: float | None
    noise: float
    digits: int
    agree: bool
    dtype: str = "float32"
    working: tuple[str, ...] = ()

    @property
    def text(self) -> tuple[str, ...]:
        """The three numbers, and what to make of them, a line each."""
        found = [f"tape         {full(self.tape, self.dtype)}", f"chain rule   {full(self.chain, self.dtype)}"]
        if self.difference is None:
            return (*found, self._verdict("both"), "no change of parameters moves this number alone: no difference")
        found.append(f"difference   {full(self.difference, self.dtype)}")
        found += [f"           {text}" for text in self.working]
        if self.agree and abs(self.tape) <= self.noise and self.difference != self.tape:
            return (*found, f"too small for the difference to see: its own rounding is {plain(self.noise, 0)}")
        return (*found, self._verdict("all three"))

    def _verdict(self, who: str) -> str:
        if not isfinite(self.tape):
            return "no number to compare: the gradient is not finite"
        if not self.agree:
            return f"{who} do not agree: is there a kink within the difference's step?"
        return f"{who} agree" + (f" to {self.digits} digit{'s' * (self.digits > 1)}" if self.digits else "")


def agreement(explanation: Explanation, question: Question | None, answer: LossesFound | None) -> Agreement:
    """Compares the tape's value, the explanation's own terms, and the finite difference if it was asked."""
    tape, chain = explanation.value, explanation.evaluate()
    difference, noise = question.difference(answer) if question and answer else (None, 0.0)
    others = [chain] if difference is None else [chain, difference]
    precision = float(np.finfo(explanation.dtype).eps)
    gap = max(abs(other - tape) for other in others)
    allowed = 1e-4 * abs(tape) + noise + 8 * precision * explanation.scale
    most = floor(-log10(precision)) + 1
    if tape == 0 or not gap < abs(tape):
        digits = 0
    elif gap == 0:
        digits = most
    else:
        digits = min(floor(-log10(gap / abs(tape))), most)
    working = question.working(answer) if question and answer else ()
    return Agreement(tape, chain, difference, noise, digits, bool(gap <= allowed), explanation.dtype, working)


def awaited(explanation: Explanation) -> tuple[str, ...]:
    """An agreement's lines while the engine is asked: what is known already, and room for the rest."""
    tape, chain, *_ = agreement(explanation, None, None).text
    return tape, chain, "difference   …", "", "", ""


@dataclass(frozen=True)
class Effect:
    """The loss before the update, after the update of one parameter alone, and after that of all."""

    before: float
    alone: float
    together: float

    def text(self, precise: bool = False) -> tuple[str, str]:
        """What the one update does to the loss, and what all do together, a line each; with all digits if `precise`."""
        alone, together = (
            f"loss {shortest(self.before)} → {shortest(after)} ({full(after - self.before, 'float64')})"
            if precise
            else f"loss {plain(self.before)} → {plain(after)} ({fixed(after - self.before)})"
            for after in (self.alone, self.together)
        )
        return f"this update alone: {alone}", f"all updates together: {together}"


def effect_request(trace: Trace, cell: Cell, context: Context) -> FindLosses:
    """What to ask for the effect of one parameter's update (a cell `w1` or `new_w1`) on the loss of its batch."""
    before = _parameters(trace, trace.network)
    after = trace.network.join({p.name: trace["new_" + p.name] for p in trace.network.parameters}, "float64")
    alone, place = before.copy(), _place(trace.network, Cell(parse(cell.name).base.name, *cell.place))
    alone[place] = after[place]
    return FindLosses(trace.network, numbers(np.stack([before, alone, after])), _samples(trace, context, None))


def effect(answer: LossesFound) -> Effect:
    """Reads the answer to `effect_request`."""
    return Effect(*(float(loss) for loss in answer.losses.array))


def _direction(trace: Trace, cell: Cell) -> tuple[Array, int | None] | None:
    """How all parameters (width,) move when the cell's number moves by 1; the one sample that it is about, or None."""
    network, value = trace.network.with_biases, parse(cell.name).base
    direction = np.zeros(network.width)
    if value.is_parameter:
        direction[_place(network, Cell(value.name, *cell.place))] = 1
        return direction, None
    place, sample = (cell.column, cell.row) if value.is_row else cell.place
    if trace.averaged or sample not in samples(trace):
        return None
    layer = 0 if value.of == "x" else value.layer_in(network)
    if value.of in ("h", "x"):
        direction[network.parameter(f"b{layer + 1}").span] = trace[f"w{layer + 1}"][:, place]
    elif value.of == "z" or network.activation(layer).elementwise:
        direction[_place(network, Cell(f"b{layer}", cell.row))] = 1
    else:
        return None
    return direction, sample


def _prediction(trace: Trace, cell: Cell, change: float) -> float:
    """ŷ in float64 if its z changes by so much."""
    depth = trace.network.depth
    z = float(trace[f"z{depth}"][cell.place])
    with np.errstate(all="ignore"):
        return float(trace.network.activation(depth).function(np.array(z + change)))


def _step(trace: Trace, cell: Cell) -> float:
    """ε: the cube root of float64's rounding, at which rounding and the curve's own bend weigh alike.

    It is more if the loss is so large against its gradient that rounding would hide it, but not so much more that
    the bend would show. A power of two, so that adding it is exact.
    """
    if parse(cell.name).of == "y_pred":
        # It is moved by its z.
        cell = Cell(f"gz{trace.network.depth}", *cell.place)
    of = Cell(parse(cell.name).base.name, *cell.place)
    size = max(1.0, abs(number(trace[of.name], of)))
    gradient, loss = abs(number(trace[cell.name], cell)), abs(trace.loss)
    best = ROUNDING ** (1 / 3) * size
    if gradient and isfinite(loss / gradient):
        most = min(4 * best * max(loss, 1.0) ** (1 / 3), 1e-3 * size)
        best = min(max(best, 1e-8 * loss / gradient), most)
    return float(2.0 ** round(log2(best))) if isfinite(best) else ROUNDING ** (1 / 3)


def _parameters(trace: Trace, network: Network) -> Array:
    return network.join(trace.network.filled(trace.values), "float64")


def _place(network: Network, cell: Cell) -> int:
    parameter = network.parameter(cell.name)
    return parameter.offset + cell.row * parameter.shape[1] + cell.column


def _samples(trace: Trace, context: Context, chosen: int | None) -> Inline | TableRows:
    """The batch of the step, or one sample of it; from the table if the trace holds only means."""
    if trace.averaged:
        return TableRows(context.table, numbers(np.array([trace.rows], "int32")))
    places = list(samples(trace)) if chosen is None else [chosen]
    return Inline(numbers(trace["x"][places].astype("float64")), numbers(trace["y"][places].astype("float64")))


def sizes(trace: Trace, layer: int) -> Array:
    """For each ∂L/∂z (units, batch) of a layer: what it changes by, to first order, if each number changes by its size.

    The sizes are those of `Factor.size`: 1 - h is a difference of numbers near 1, however small it is itself. From the
    loss back, each layer adds what its own derivatives may change to what comes from the layer after it.
    """
    with np.errstate(all="ignore"):
        ends = np.prod([constant.value for constant in loss_constants(trace)]) * (
            np.abs(trace["y_pred"].astype("float64")) + np.abs(trace["y"].T)
        )
        found = ends
        if not trace.network.activation(trace.network.depth).elementwise and not couples(trace):
            y_pred = trace["y_pred"].astype("float64")
            back = ends + np.abs(trace["gy_pred"])
            found = y_pred * (back + (y_pred * back).sum(axis=0))
        elif not couples(trace):
            derivatives, changes = _derivatives(trace, trace.network.depth)
            found = derivatives * ends + changes * np.abs(trace["gy_pred"])
        for number in range(trace.network.depth - 1, layer - 1, -1):
            derivatives, changes = _derivatives(trace, number)
            weights = np.abs(trace[f"w{number + 1}"].astype("float64").T)
            back = weights @ (found + np.abs(trace["g" + pre_activation(trace, number + 1)]))
            found = derivatives * back + changes * np.abs(trace[f"gh{number}"])
    return np.asarray(found)


def _derivatives(trace: Trace, layer: int) -> tuple[Array, Array]:
    """The derivatives (units, batch) of a layer's activation, and what each may change by."""
    row = trace.network.activation(layer)
    z, h = (trace[name].astype("float64") for name in (f"z{layer}", output_name(trace, layer)))
    return row.derivative_at(z, h), row.size_at(z, h)

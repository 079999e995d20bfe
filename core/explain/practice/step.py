"""Questions about a step: the signs of its numbers, which is the largest, a factor, a product, an update, the loss."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from backprop_tui.core.engine.protocol.checks import read_steps
from backprop_tui.core.engine.protocol.messages import Answer, RunSteps
from backprop_tui.core.model.phases import Cell, phases, shapes
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import Value, parse
from backprop_tui.core.session import requests
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import THIS_ROW
from backprop_tui.core.text.numerals import brief, fixed, plain
from numpy.random import RandomState

from ..context import Context
from ..layout import NUMBERS, SYMBOLS
from ..lines import one_line
from ..names import of_sample, sample_of
from ..terms import LOCAL, Explanation, Factor, Term, name_of, number
from ..why import explain
from .practice import Kind
from .question import SIGNS, TOLERANCE, UP, WAYS, Question, choice, sign, way
from .signs import reasons

SIGN, MOST, FACTOR, PRODUCT, UPDATE, LOSS = "sign", "most", "factor", "product", "update", "loss"

MOST_CHOICES, MOST_LISTED, FEW = 9, 4, 4
"""As many answers can be chosen from, one for each digit; as many moves are told; as many numbers are compared."""

ALIKE = 1e-5
"""Numbers that differ by less than this share are alike: too close to ask about."""

SHARES = (1.0, 0.5, 0.1)
"""The shares of the loss that part the answers to `how much of it is left`."""

WIDE = 72
"""Columns of a formula in a question."""


@dataclass(frozen=True)
class StepAhead:
    """What is computed next: the step's trace, and the cells of it that are not shown yet, in their order.

    `loss_after` is the loss of the same rows after the update; None if the update is not among what comes.
    `form` is how a gradient is explained: by what is shown then, the numbers just before, or all back to the loss.
    """

    trace: Trace
    cells: tuple[Cell, ...]
    context: Context | None = None
    loss_after: float | None = None
    form: str = LOCAL


# What comes next


def cells_between(timeline: Timeline, start: int, end: int, sample: int = 0) -> tuple[Cell, ...]:
    """The cells that are computed from `start` numbers of a step on, up to `end`; of a batch those of one sample."""
    network, found = timeline.run.network, []
    for phase in phases(network):
        place = phase.start
        for name in phase.names:
            rows, columns = shapes(network)[name]
            for at in range(rows * columns):
                if start <= place + at < end:
                    found.append(_of_sample(Cell(name, *divmod(at, columns)), sample))
            place += rows * columns
    return tuple(found)


def _of_sample(cell: Cell, sample: int) -> Cell:
    return cell if sample_of(cell) is None else of_sample(cell, sample)


def step_request(timeline: Timeline) -> RunSteps | None:
    """Asks for the step that is made next, without making it; None if the engine must find its start first."""
    entry = timeline.next_position.entry
    if timeline.history.state(entry) is None or timeline.scaling is None:
        return None
    return requests.steps_from(timeline, entry, timeline.settings)


def step_trace(timeline: Timeline, request: RunSteps, answer: Answer) -> Trace:
    """The trace from the answer to `step_request`. Raises EngineRefused and WireError."""
    made = read_steps(request, answer)
    return requests.trace_of(timeline, made, timeline.next_position.entry, timeline.settings)


def other_row(timeline: Timeline) -> int | None:
    """The row for the next step, if every step would use the same one; None where rows change by themselves.

    From row to row the answers differ. Only at the end of the newest step: what is recorded stays.
    """
    settings, at = timeline.settings, timeline.next_position
    rows = 0 if timeline.scaling is None else timeline.scaling.rows
    stays = settings.sampling.rule == THIS_ROW and settings.x is None
    if not stays or rows < 2 or at.done or not at.entry or at.entry < timeline.history.entries:
        return None
    return (settings.sampling.row + 1) % rows


def is_finite(trace: Trace) -> bool:
    """Whether there is something to predict: the loss and all parameters, gradients and updates are numbers."""
    parts = (prefix + parameter.name for parameter in trace.network.parameters for prefix in ("", "g", "new_"))
    return all(np.isfinite(trace[name]).all() for name in ("loss", *parts))


# The kinds


def _signs(ahead: StepAhead, random: RandomState) -> Iterator[Question]:
    for cell in _shuffled(ahead.cells, random):
        question = _direction(ahead, cell) if parse(cell.name).updated else _sign(ahead, cell)
        if question is not None:
            yield question


def _sign(ahead: StepAhead, cell: Cell) -> Question | None:
    """Is this number positive or negative?"""
    found = _explained(ahead, cell)
    because = reasons(found) if cell.name != "loss" else None
    if because is None:
        return None
    return choice(SIGN, f"Is {found.symbol} positive or negative?", SIGNS, sign(found.value), *because, cell=cell)


def _direction(ahead: StepAhead, cell: Cell) -> Question | None:
    """Will this parameter go up or down?"""
    trace, of = ahead.trace, Cell(parse(cell.name).base.name, *cell.place)
    gradient_cell, name = _gradient_of(cell), name_of(trace, of)
    old, new = number(trace[of.name], of), number(trace[cell.name], cell)
    gradient, goes = number(trace[gradient_cell.name], of), way(new - old)
    shown = gradient_cell not in ahead.cells
    because = () if shown else reasons(_explained(ahead, gradient_cell)) or ()
    because = because or (f"{name_of(trace, gradient_cell)} is {sign(gradient)}",)
    text = f"Will {name} = {fixed(old)} go up or down?"
    last = _therefore(trace, of, gradient, goes)
    return choice(SIGN, text, WAYS, goes, *because, last, cell=gradient_cell)


def _therefore(trace: Trace, of: Cell, gradient: float, goes: str) -> str:
    """What follows from the gradient for the way that a parameter goes."""
    name = name_of(trace, of)
    if trace.network.is_frozen(of.name):
        return f"but {of.name} is frozen: {name} stays"
    if trace.network.is_frozen(of.name, *of.place):
        return f"but {name} is frozen: it stays"
    if gradient == 0:
        moved = f"only what the optimizer remembers moves it: {name} goes {goes}"
        return f"and that moves nothing: {name} stays" if goes == "stay" else moved
    if goes == "stay":
        return f"but that is too small to move it: {name} stays"
    if (goes == UP) == (gradient > 0):
        return f"but the optimizer remembers others: {name} goes {goes}"
    return f"and the update goes against it: {name} goes {goes}"


def _most(ahead: StepAhead, random: RandomState) -> Iterator[Question]:
    """Which of the parameters moves the most; else which of some numbers is furthest from zero."""
    trace = ahead.trace
    names = [parameter.name for parameter in trace.network.parameters][-MOST_CHOICES:]
    if {"new_" + name for name in names} <= {cell.name for cell in ahead.cells}:
        question = _moves_most(trace, names)
        if question is not None:
            yield question
    compared = [cell for cell in ahead.cells if not parse(cell.name).updated and cell.name != "loss"]
    kind = next((parse(cell.name).of + str(parse(cell.name).layer) for cell in compared[:1]), "")
    compared = [cell for cell in compared if parse(cell.name).of + str(parse(cell.name).layer) == kind]
    for _ in range(FEW):
        some = sorted(_shuffled(tuple(compared), random)[:FEW])
        question = _furthest(ahead, some)
        if question is not None:
            yield question


def _moves_most(trace: Trace, names: list[str]) -> Question | None:
    moved = [np.abs(trace["new_" + name].astype("float64") - trace[name]) for name in names]
    moves = np.array([float(move.max()) for move in moved])
    order = np.argsort(-moves, kind="stable")
    if len(moves) < 2 or moves[order[0]] <= moves[order[1]] * (1 + ALIKE):
        return None  # none moves the most
    answer = int(order[0])
    row, column = np.unravel_index(int(moved[answer].argmax()), moved[answer].shape)
    cell = Cell("g" + names[answer], int(row), int(column))
    listed = ", ".join(f"{names[place]} by {brief(moves[place], 3)}" for place in order[:MOST_LISTED])
    because = ("the largest gradient moves the most: at most " + listed + (" ..." if len(names) > MOST_LISTED else ""),)
    if np.argmax([np.abs(trace["g" + name]).max() for name in names]) != answer:
        because = ("not the gradient alone counts here: at most " + listed,)
    text = "In which of these does a number move the most?"
    return choice(MOST, text, tuple(names), names[answer], *because, cell=cell)


def _furthest(ahead: StepAhead, some: list[Cell]) -> Question | None:
    values = [abs(number(ahead.trace[cell.name], cell)) for cell in some]
    order = np.argsort(-np.array(values), kind="stable")
    if len(some) < 2 or values[order[0]] <= values[order[1]] * (1 + ALIKE):
        return None
    names = tuple(name_of(ahead.trace, cell) for cell in some)
    because = (one_line(_explained(ahead, some[int(place)]), NUMBERS, WIDE // 2) for place in order[:2])
    answer = int(order[0])
    return choice(MOST, "Which of these is the furthest from zero?", names, names[answer], *because, cell=some[answer])


def _factor(ahead: StepAhead, random: RandomState) -> Iterator[Question]:
    """Which factor is missing in a product?"""
    for cell in _shuffled(ahead.cells, random):
        found = _explained(ahead, cell)
        if found.given or found.function or parse(cell.name).updated or cell.name == "loss":
            continue
        term = found.terms[random.randint(len(found.terms))]
        hidden = [factor for factor in term.factors if len(factor.cells) and not factor.divides]
        if len(term.factors) + len(found.common) < 2 or not hidden or len(found.terms) > FEW:
            continue
        question = _missing(ahead, found, term, hidden[-1], random)
        if question is not None:
            yield question


def _missing(ahead: StepAhead, found: Explanation, term: Term, hidden: Factor, random: RandomState) -> Question | None:
    others = _others(ahead.trace, found, hidden)
    if not others:
        return None
    wrong = [others[place] for place in random.permutation(len(others))[: FEW - 1]]
    choices = [*wrong, hidden.symbol]
    choices = [choices[place] for place in random.permutation(len(choices))]
    factors = tuple(replace(it, symbol="?") if it is hidden else it for it in term.factors)
    terms = tuple(replace(it, factors=factors) if it is term else it for it in found.terms)
    text = one_line(replace(found, terms=terms), SYMBOLS, WIDE) + ": what stands at ?"
    because = (f"{hidden.derivative} = {hidden.symbol}",) if hidden.derivative else ()
    return choice(
        FACTOR, text, tuple(choices), hidden.symbol, *because, one_line(found, NUMBERS, WIDE), cell=found.cell
    )


def _others(trace: Trace, found: Explanation, hidden: Factor) -> list[str]:
    """Other numbers that could be taken for a factor: shown ones, of another name and another value."""
    names = ["x", "y_pred", *(f"h{layer}" for layer in range(1, trace.network.depth))]
    names += [parameter.name for parameter in trace.network.parameters]
    sample = max((sample_of(cell) or 0 for cell in hidden.cells), default=0)
    used, said = {hidden.symbol}, []
    for name in names:
        rows, columns = parse(name).shape(trace.network)
        for at in range(min(rows * columns, FEW)):
            cell = _of_sample(Cell(name, *divmod(at, columns)), sample)
            value, symbol = number(trace[name], cell), name_of(trace, cell)
            differs = abs(value - hidden.value) > 1e-3 * max(abs(hidden.value), 1e-3)
            if symbol not in used and differs and np.isfinite(value):
                used.add(symbol)
                said.append(symbol)
    return said if abs(found.value) > 0 else []


def _product(ahead: StepAhead, random: RandomState) -> Iterator[Question]:
    """Compute a number."""
    for cell in _shuffled(ahead.cells, random):
        found = _explained(ahead, cell)
        if found.given or parse(cell.name).updated or not np.isfinite(found.value):
            continue
        formula = one_line(found, SYMBOLS, WIDE)
        text = f"Compute {formula}" if "…" not in formula else f"Compute {found.symbol}"
        because = (one_line(found, NUMBERS, WIDE), "enter shows where it comes from")
        yield Question(PRODUCT, text, (), found.value, because, cell)


def _update(ahead: StepAhead, random: RandomState) -> Iterator[Question]:
    """Compute a parameter after the update."""
    trace = ahead.trace
    for cell in _shuffled(ahead.cells, random):
        if not parse(cell.name).updated:
            continue
        of, gradient = Cell(parse(cell.name).base.name, *cell.place), _gradient_of(cell)
        found = explain(trace, cell, ahead.context)
        plainly = len(found.terms) == 2 and [it.symbol for it in found.terms[1].factors][:1] == ["lr"]
        move = found.value - number(trace[of.name], of)
        if not plainly or len(found.terms[1].factors) != 2 or abs(move) < 5e-3:
            continue
        text = f"Compute {one_line(found, SYMBOLS, WIDE)}"
        if gradient in ahead.cells:
            text += f", where {name_of(trace, gradient)} = {fixed(number(trace[gradient.name], of))}"
        because = (one_line(found, NUMBERS, WIDE),)
        yield Question(UPDATE, text, (), found.value, because, gradient, tolerance=2 * TOLERANCE * abs(move))


def _loss(ahead: StepAhead, random: RandomState) -> Iterator[Question]:
    """Will the loss fall, and how far, roughly?"""
    trace = ahead.trace
    if ahead.loss_after is None or np.isnan(ahead.loss_after) or trace.loss < 0:
        return
    share = ahead.loss_after / trace.loss if trace.loss else np.inf
    answer = 1 if not share < SHARES[0] else 2 if share >= SHARES[1] else 3 if share >= SHARES[2] else 4
    choices = ("all or more", "over half", "a tenth to half", "under a tenth")
    text = f"What is left of the loss {plain(trace.loss)} after this step?"
    yield choice(LOSS, text, choices, choices[answer - 1], *_promise(trace, ahead.loss_after), cell=Cell("loss"))


def _promise(trace: Trace, after: float) -> tuple[str, str]:
    """What the gradients alone promise of the update, and what the loss does."""
    change = 0.0
    for it in trace.network.parameters:
        moves = trace["new_" + it.name].astype("float64") - trace[it.name]
        change += float((trace["g" + it.name].astype("float64") * moves).sum())
    promised = f"the gradients times the moves come to {fixed(change)}"
    return promised, f"and the loss goes from {plain(trace.loss)} to {plain(after)} with lr {brief(trace.lr)}"


KINDS: tuple[Kind[StepAhead], ...] = (
    Kind(SIGN, _signs),
    Kind(MOST, _most),
    Kind(FACTOR, _factor),
    Kind(PRODUCT, _product),
    Kind(UPDATE, _update),
    Kind(LOSS, _loss),
)
"""From easy to hard."""


def _explained(ahead: StepAhead, cell: Cell) -> Explanation:
    return explain(ahead.trace, cell, ahead.context, ahead.form)


def _gradient_of(cell: Cell) -> Cell:
    base = parse(cell.name).base
    return Cell(Value(base.of, base.layer, gradient=True).name, *cell.place)


def _shuffled(cells: tuple[Cell, ...], random: RandomState) -> list[Cell]:
    return [cells[place] for place in random.permutation(len(cells))]

"""Automatic differentiation (Part 2): the operations as the tape records them, then the chain rule backwards.

A step is: each operation forwards, each operation that depends on x backwards, the sum at x, one update of x.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import (
    Answer,
    Descend,
    Descended,
    Differentiate,
    Differentiated,
    Failed,
    Request,
    WireError,
)
from backprop_tui.core.model.formula import Formula, Operand, Operation, Result, X, operand_text, parse
from backprop_tui.core.model.limits import learning_rate
from backprop_tui.core.text.numerals import bracketed, brief, equals, full, inner, read_number

from .function import (
    NOTEBOOK_FORMULA,
    NOTEBOOK_LR,
    NOTEBOOK_X,
    Curve,
    Tape,
    ask_curve,
    ask_tape,
    check_x,
    read_curve,
    read_tape,
    window,
)

FORWARD, BACKWARD, SUM, UPDATE = "forward", "backward", "sum", "update"


@dataclass(frozen=True)
class Stage:
    """A phase of the step: its kind and, forwards and backwards, which operation."""

    kind: str
    operation: int = -1


@dataclass(frozen=True)
class Path:
    """One way from y to x: through which operation's which operand; the product along it is derivative · local."""

    operation: Operation
    place: int
    derivative: float
    local: float

    @property
    def product(self) -> float:
        """What this path adds to dy/dx, in float32."""
        with np.errstate(all="ignore"):
            return float(np.float32(self.derivative) * np.float32(self.local))


def stages(formula: Formula) -> tuple[Stage, ...]:
    """The phases of one step, in order."""
    forward = [Stage(FORWARD, operation.index) for operation in formula.operations]
    backward = [
        Stage(BACKWARD, operation.index) for operation in reversed(formula.operations) if operation.depends_on_x
    ]
    return (*forward, *backward, Stage(SUM), Stage(UPDATE))


def paths(tape: Tape) -> list[Path]:
    """All ways from y to x, the one nearest to y first. Their products add up to dy/dx."""
    return [
        Path(operation, place, float(tape.derivatives[operation.index]), float(tape.local[operation.index, place]))
        for operation in reversed(tape.formula.operations)
        for place, operand in enumerate(operation.operands)
        if isinstance(operand, X)
    ]


def why(formula: Formula, stage: Stage | None) -> str:
    """What a phase is for, in a sentence."""
    if stage is None:
        return "the tape will record every operation on x, in the order in which y is computed"
    if stage.kind == FORWARD:
        if not formula.operations[stage.operation].depends_on_x:
            return "no x goes into this, so the tape does not record it: its derivative is 0"
        return "recorded: backwards, the tape needs this operation's operands for its derivative"
    return {
        BACKWARD: "how much this result moves for each of its operands, if only that operand moves",
        SUM: "along a path the derivatives multiply (chain rule); all paths to x add up",
        UPDATE: "a step against the derivative, lr times as long, sets out down the curve",
    }[stage.kind]


def operand_value(tape: Tape, operand: Operand) -> str:
    """An operand's number: with all digits of a float32, or as it was typed."""
    if isinstance(operand, Result):
        return inner(tape.values[operand.index])
    return inner(tape.x) if isinstance(operand, X) else operand.text


def remark(tape: Tape, done: int) -> str:
    """What a teacher says when a number stops being one, of the first such operation that is shown; else empty."""
    for stage in stages(tape.formula)[:done]:
        if stage.kind != FORWARD:
            break
        operation, value = tape.formula.operations[stage.operation], tape.values[stage.operation]
        if not np.isfinite(value):
            inside = operation.written(*(operand_value(tape, operand) for operand in operation.operands))
            outside = _outside(tape, operation)
            infinite = "is infinity" if outside else "is beyond float32: infinity"
            what = "is not a number (NaN)" if np.isnan(value) else infinite
            return f"{operation.name}: {inside} {what}" + (f"; {outside}" if outside else "")
    if done > len(tape.formula.operations) and not np.isfinite(tape.derivative):
        return f"the derivative here is {full(tape.derivative)}: a product on its way is no finite number"
    return ""


def _outside(tape: Tape, operation: Operation) -> str:
    """Why the operation has no value at its operands, if they lie outside of where it is defined; else empty."""
    *_, first, last = (0.0, *(_operand(tape, operand) for operand in operation.operands))
    match operation.function:
        case "log" if last <= 0:
            return "log is defined above 0"
        case "sqrt" if last < 0:
            return "sqrt is defined from 0 on"
        case "/" if last == 0:
            return "the divisor must not be 0"
        case "**" if first == 0 and last < 0:
            return "0 has no negative powers"
        case "**" if first < 0 and last != round(last):
            return "a number below 0 has whole powers only"
    return ""


def _operand(tape: Tape, operand: Operand) -> float:
    if isinstance(operand, Result):
        return float(tape.values[operand.index])
    return tape.x if isinstance(operand, X) else operand.value


class SavedAutograd(msgspec.Struct, frozen=True):
    """The lesson as a saved session holds it: its settings, and how far it has come.

    `xs` are x before each step that was begun, `rates` the learning rate of each whole one, `done` the phases of the
    last, `stops` the places (steps begun, phases done) that `back` goes to.
    """

    formula: str
    start: float
    lr: float
    xs: tuple[float, ...]
    rates: tuple[float, ...]
    done: int
    stops: tuple[tuple[int, int], ...]


class AutogradLesson:
    """A formula, an x, and how far its derivative has been followed."""

    def __init__(self, formula: str = NOTEBOOK_FORMULA, x: float = NOTEBOOK_X, lr: float = NOTEBOOK_LR) -> None:
        self.lr = learning_rate(lr)
        self.start = check_x(x)
        self.set_formula(formula)

    def set_formula(self, formula: str, x: float | None = None) -> None:
        """Another function, from another x or the same start. Raises FormulaError, or ValueError for x."""
        parsed, start = parse(formula), check_x(self.start if x is None else x)
        self.formula, self.start = parsed, start
        self.stages = stages(parsed)
        self.again()

    def again(self) -> None:
        """Back to the start: nothing computed yet."""
        self.xs = [self.start]
        """x before each step that was begun."""
        self.done = 0
        self._rates: list[float] = []
        self._been: list[tuple[int, int]] = []
        self.tape: Tape | None = None
        self.curve: Curve | None = None
        self._after: Descended | None = None
        self._after_lr = self.lr
        """The learning rate that it was asked for with."""

    @property
    def saved(self) -> SavedAutograd:
        """What `resume` goes on from."""
        parts = self.formula.text, self.start, self.lr, tuple(self.xs), tuple(self._rates), self.done, tuple(self._been)
        return SavedAutograd(*parts)

    def resume(self, saved: SavedAutograd) -> None:
        """Go on where a saved lesson was. Raises FormulaError, or ValueError if it could not have been there: then
        as much of its settings holds as can be used, and it is at its start.
        """
        self.set_formula(saved.formula, saved.start)
        self.set_lr(saved.lr)
        xs, rates = [check_x(x) for x in saved.xs], [learning_rate(rate) for rate in saved.rates]
        whole = saved.done == len(self.stages)
        if xs[:1] != [self.start] or not 0 <= saved.done <= len(self.stages) or len(rates) != len(xs) - 1 + whole:
            raise ValueError("the phases of a saved lesson do not fit its steps")
        self.xs, self._rates, self.done = xs, rates, saved.done
        here = len(xs), self.done
        self._been = sorted(stop for stop in saved.stops if (1, 0) <= stop < here and 0 <= stop[1] <= len(self.stages))

    @property
    def x(self) -> float:
        """x before this step's update."""
        return self.xs[-1]

    @property
    def steps(self) -> int:
        """How many steps are complete."""
        return len(self.xs) - 1 + (self.done == len(self.stages))

    @property
    def step_number(self) -> int:
        """The number, from 1, of the step that is being made or was made last; 0 before the first."""
        return len(self.xs) - 1 + (self.done > 0)

    @property
    def new_x(self) -> float | None:
        """x after this step's update; None before it is computed."""
        return None if self._after is None or self._after_lr != self.rate else float(self._after.x.array[0])

    @property
    def rate(self) -> float:
        """The learning rate of this step's update: a whole step keeps the one it was made with."""
        return self._rates[-1] if self.done == len(self.stages) else self.lr

    @property
    def stage(self) -> Stage | None:
        """The phase that was computed last; None at the start of a step."""
        return self.stages[self.done - 1] if self.done else None

    @property
    def shown_range(self) -> tuple[float, float]:
        """The lowest and the highest x of the curve that is wanted."""
        return window([*self.xs, *([] if self.new_x is None else [self.new_x])])

    # Moving

    def phase(self) -> None:
        """One phase further; after the last, the first of the next step."""
        self._move(1 if self.done == len(self.stages) else self.done + 1)

    def step(self) -> None:
        """One step: finishes the one begun, else makes the next whole."""
        self._move(len(self.stages))

    def back(self) -> None:
        """Back to the last place that was stopped at."""
        if self._been:
            entries, done = self._been.pop()
            if entries != len(self.xs):
                self._forget(entries)
            self.done = done
            del self._rates[self.steps :]

    def set_lr(self, lr: float) -> None:
        """Another learning rate for this update, if it is not shown yet, and the next ones."""
        self.lr = learning_rate(lr)

    def _move(self, done: int) -> None:
        """To so many phases of this step, or of the next if this one is whole and its update is known."""
        if self.done == len(self.stages):
            if self.new_x is None or not np.isfinite(self.new_x):
                return
            self._been.append((len(self.xs), self.done))
            self.xs.append(self.new_x)
            self._forget(len(self.xs))
        else:
            self._been.append((len(self.xs), self.done))
        self.done = done
        if done == len(self.stages):
            self._rates.append(self.lr)

    def _forget(self, entries: int) -> None:
        del self.xs[entries:]
        self.tape = self._after = None

    # The engine

    def request(self) -> Request | None:
        """What must be asked next; None when all is there."""
        if self.tape is None:
            return ask_tape(self.formula, self.x)
        if self.new_x is None:
            return Descend(self.formula.text, self.x, self.rate, 1)
        low, high = self.shown_range
        if self.curve is None or self.curve.x[0] != np.float32(low) or self.curve.x[-1] != np.float32(high):
            return ask_curve(self.formula, low, high)
        return None

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        match request, answer:
            case _, Failed():
                raise EngineRefused(answer.message)
            case Differentiate(), Differentiated() if request.x.shape == (1,):
                self.tape = read_tape(self.formula, request, answer)
            case Differentiate(), Differentiated():
                self.curve = read_curve(request, answer)
            case Descend(), Descended() if answer.x.shape == (1,):
                self._after, self._after_lr = answer, request.lr
            case _:
                raise WireError("the engine's answer is not one to this request")

    # In words

    def lines(self) -> list[str]:
        """One line for each phase that is shown, in order, with the numbers put in."""
        if self.tape is None:
            return []
        return [self._line(self.tape, stage) for stage in self.stages[: self.done]]

    def _line(self, tape: Tape, stage: Stage) -> str:
        if stage.kind == FORWARD:
            return forward_line(tape, self.formula.operations[stage.operation])
        if stage.kind == BACKWARD:
            return backward_line(tape, self.formula.operations[stage.operation])
        if stage.kind == SUM:
            return sum_line(tape)
        if self.new_x is None:
            return f"{UPDATED} = {_difference(tape, self.rate)} = …"
        after = full(self.new_x)
        found = read_number(inner(tape.x)) - read_number(brief(self.rate)) * read_number(inner(tape.derivative))
        return f"{UPDATED} = {_difference(tape, self.rate)} {equals(found, after)} {after}"


UPDATED = "x ← x - lr·dy/dx"


def forward_line(tape: Tape, operation: Operation) -> str:
    """`v1 = x ** 2 = (-0.4) ** 2 = +0.16000001`."""
    texts = [operand_value(tape, operand) for operand in operation.operands]
    inside, result = operation.written(*texts), full(tape.values[operation.index])
    name = "y = " if tape.formula.result == Result(operation.index) else ""
    written = operation.written()
    middle = "" if inside in (written, result.removeprefix("+")) else f" = {inside}"
    constant = "" if operation.depends_on_x else "   (no x in it: not on the tape)"
    sign = equals(operation.worked(*map(read_number, texts)), result)
    return f"{name}{operation.name} = {written}{middle} {sign} {result}{constant}"


def backward_line(tape: Tape, operation: Operation) -> str:
    """`∂v1/∂x = 2·x**(2 - 1) = -0.8`, for each operand that depends on x."""
    texts = []
    for place, operand in enumerate(operation.operands):
        if tape.formula.depends_on_x(operand):
            derivative, value = operation.derivative_written(place), full(tape.local[operation.index, place])
            equal = derivative in (bare := value.removeprefix("+"), bare.removesuffix(".0"))
            texts.append(f"∂{operation.name}/∂{operand_text(operand)} = {'' if equal else f'{derivative} = '}{value}")
    return ",  ".join(texts)


def sum_line(tape: Tape) -> str:
    """`dy/dx = 1.0·4.0 + 1.0·(-0.8) = +3.2`: over every path from y to x, the product of its derivatives."""
    found = [(inner(path.derivative), inner(path.local)) for path in paths(tape)]
    terms = [f"{bracketed(derivative)}·{bracketed(local)}" for derivative, local in found]
    total = sum(read_number(derivative) * read_number(local) for derivative, local in found)
    result = full(tape.derivative)
    if isinstance(tape.formula.result, X):
        terms, total = ["1"], 1.0
    return f"dy/dx = {' + '.join(terms) or 'no x in y'} {equals(total, result)} {result}"


def _difference(tape: Tape, rate: float) -> str:
    return f"{inner(tape.x)} - {brief(rate)}·{bracketed(inner(tape.derivative))}"

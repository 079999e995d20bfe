"""Gradient descent on a function of x (Part 3): x ← x - lr·dy/dx, again and again, in float32."""

from itertools import pairwise

import msgspec
import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.limits import descent_steps
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
from backprop_tui.core.model.formula import parse
from backprop_tui.core.model.limits import learning_rate, step_count
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief, full

from .function import (
    NOTEBOOK_FORMULA,
    NOTEBOOK_LR,
    NOTEBOOK_X,
    Curve,
    ask_curve,
    check_x,
    read_curve,
    window,
)

MOST_RECORDED = 100_000
FAR = 100.0
"""Points further out than this, or than as many times the start, are off the picture: the valley must stay in it."""


class SavedDescent(msgspec.Struct, frozen=True):
    """The lesson as a saved session holds it: its settings, and how far it has come.

    `steps` are y and dy/dx before each step, x after it, and its learning rate; `stops` after how many of them `back`
    stops.
    """

    formula: str
    start: float
    lr: float
    steps: tuple[tuple[float, float, float, float], ...]
    stops: tuple[int, ...]


class DescentLesson:
    """A formula, where it starts, and the steps that have been made: `done` of them are shown."""

    def __init__(self, formula: str = NOTEBOOK_FORMULA, x: float = NOTEBOOK_X, lr: float = NOTEBOOK_LR) -> None:
        self.lr = learning_rate(lr)
        self.start = check_x(x)
        self.set_formula(formula)

    def set_formula(self, formula: str, x: float | None = None) -> None:
        """Another function, from another x or the same start. Raises FormulaError, or ValueError for x."""
        parsed, start = parse(formula), check_x(self.start if x is None else x)
        self.formula, self.start = parsed, start
        self.again()

    def again(self) -> None:
        """Back to the start: no step made."""
        self._record: list[tuple[float, float, float, float]] = []
        self._been: list[int] = []
        self.curve: Curve | None = None
        self.done = self.target = 0

    @property
    def saved(self) -> SavedDescent:
        """What `resume` goes on from. Of a jump under way, the steps that are made."""
        return SavedDescent(self.formula.text, self.start, self.lr, tuple(self.steps), tuple(self._been))

    def resume(self, saved: SavedDescent) -> None:
        """Go on where a saved lesson was, as far as a descent can go. Raises FormulaError, or ValueError if it could
        not have been there: then as much of its settings holds as can be used, and it is at its start.
        """
        self.set_formula(saved.formula, saved.start)
        self.set_lr(saved.lr)
        y, derivative, x, rates = np.array(saved.steps[:MOST_RECORDED]).reshape(-1, 4).T
        for rate in np.unique(rates):
            learning_rate(rate)
        with np.errstate(over="ignore"):
            x = x.astype("float32")
        self._append(y, derivative, x, rates)
        self.done = self.target = len(self._record)
        self._been = sorted(stop for stop in saved.stops if 0 <= stop < self.done)

    @property
    def xs(self) -> list[float]:
        """x at the start and after each step that is shown."""
        return [self.start, *(step[2] for step in self._record[: self.done])]

    @property
    def steps(self) -> list[tuple[float, float, float, float]]:
        """Of each step shown: y and dy/dx before it, x after it, and its learning rate."""
        return self._record[: self.done]

    @property
    def x(self) -> float:
        """x after the last step shown."""
        return self.xs[-1]

    @property
    def ended(self) -> bool:
        """Whether there is no next step: x is not a finite number any more."""
        return not np.isfinite(self.x)

    @property
    def jumping(self) -> bool:
        """Whether steps that were asked for are still to be made."""
        return self.done < self.target

    @property
    def shown_range(self) -> tuple[float, float]:
        """The lowest and the highest x of the curve that is wanted."""
        near = FAR * max(1.0, abs(self.start))
        return window([x for x in self.xs if abs(x) <= near])

    # Moving

    def step(self) -> None:
        """One step."""
        self.start_jump(1)

    def phase(self) -> None:
        """A step has one phase here."""
        self.start_jump(1)

    def start_jump(self, steps: int) -> None:
        """So many steps."""
        step_count(steps)
        if self.ended or self.jumping:
            return
        if self.done + steps > MOST_RECORDED:
            raise ValueError(f"this lesson records up to {MOST_RECORDED:,} steps")
        self._been.append(self.done)
        if self._record[self.done : self.done + 1] and self._record[self.done][3] != self.lr:
            del self._record[self.done :]
        self.target = self.done + steps
        self._show()

    def cancel(self) -> None:
        """Make no more steps than there are."""
        self.target = self.done

    def back(self) -> None:
        """Back to the last place that was stopped at."""
        if self._been:
            self.done = self.target = self._been.pop()

    def set_lr(self, lr: float) -> None:
        """Another learning rate for the steps to come."""
        self.lr = learning_rate(lr)

    def _show(self) -> None:
        """Show what is recorded, up to where a jump goes, and end the jump if x is not finite."""
        self.done = min(self.target, len(self._record))
        if self.ended:
            self.cancel()

    def _append(self, y: Array, derivative: Array, x: Array, rates: Array) -> None:
        """Record steps, each part (n,): none after the first x that is not finite."""
        last = np.flatnonzero(~np.isfinite(x))
        count = int(last[0]) + 1 if len(last) else len(x)
        self._record += zip(*(part[:count].tolist() for part in (y, derivative, x, rates)), strict=True)

    # The engine

    def request(self) -> Request | None:
        """What must be asked next; None when all is there."""
        if self.jumping:
            most = descent_steps(len(self.formula.operations))
            return Descend(self.formula.text, self.x, self.lr, min(most, self.target - self.done))
        low, high = self.shown_range
        if self.curve is None or self.curve.x[0] != np.float32(low) or self.curve.x[-1] != np.float32(high):
            return ask_curve(self.formula, low, high)
        return None

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        match request, answer:
            case _, Failed():
                self.cancel()
                raise EngineRefused(answer.message)
            case Descend(), Descended():
                y, derivative, x = (part.array for part in (answer.y, answer.derivative, answer.x))
                if not y.shape == derivative.shape == x.shape == (request.steps,):
                    raise WireError("the engine did not make as many steps as were asked for")
                del self._record[self.done :]
                self._append(y, derivative, x, np.full(len(x), request.lr))
                self._show()
            case Differentiate(), Differentiated():
                self.curve = read_curve(request, answer)
            case _:
                raise WireError("the engine's answer is not one to this request")

    # In words

    def verdict(self) -> str:
        """How the last steps went, and no more than they show. Empty before there are enough of them to tell."""
        if self.ended:
            return f"diverged: after {self.done} steps x is {full(self.x)}; try a smaller learning rate"
        steps = self.steps[-3:]
        if len(steps) < 2:
            return ""
        (_, before, _, rate_before), (_, now, _, rate) = steps[-2:]
        if now == 0:
            return "dy/dx is 0: a place where y is level, and no step leads away"
        if np.float32(self.x) == np.float32(self.xs[-2]):
            return "x stays where it is: the step is smaller than what float32 can add to it"
        if before * now < 0:
            return _jumped(steps)
        if rate != rate_before:
            times = brief(abs(rate * now / (rate_before * before)), 3)
            return f"another learning rate: the last step was {times} times as long"
        if abs(now) > abs(before):
            return "speeds up: the derivative grows, so the steps get longer"
        if abs(now) == abs(before):
            return "goes on: the derivative stays as it is, so the steps are of one length"
        return "slows down: the derivative falls, so the steps get shorter"


def _jumped(steps: list[tuple[float, float, float, float]]) -> str:
    """What to say if the derivative has changed its sign: by the heights at both ends, over one jump or two."""
    heights, derivatives = [step[0] for step in steps], [step[1] for step in steps]
    if not np.isfinite(heights).all():
        return "y is beyond float32 here: the steps are far too long; try a smaller learning rate"
    again = len(steps) > 2 and derivatives[0] * derivatives[1] < 0
    who = "each step jumps over a lowest place and lands" if again else "the step jumped over a lowest place and landed"
    ways = {int(np.sign(after - before)) for before, after in list(pairwise(heights))[0 if again else -1 :]}
    if len(ways) > 1:
        return "oscillates: the steps jump over a lowest place, now higher, now lower"
    match ways.pop():
        case 1:
            return f"{'diverges' if again else 'overshoots'}: {who} higher; try a smaller learning rate"
        case 0:
            return f"oscillates: {who} as high on the other side; try a smaller learning rate"
    return f"oscillates: {who} lower"

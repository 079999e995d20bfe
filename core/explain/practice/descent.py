"""Questions about a descent along a function of x (lesson 3)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.messages import Answer, Descend, Descended, WireError
from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.function import number_text
from backprop_tui.core.text.numerals import brief
from numpy.random import RandomState

from .practice import Kind
from .question import HEIGHTS, SIGNS, WAYS, Question, choice, height, sign, way

SHORTER, LONGER, AS_LONG = LENGTHS = ("shorter", "longer", "as long")


@dataclass(frozen=True)
class StepDown:
    """One step x ← x - lr·dy/dx that is not made yet: y and dy/dx at x, the new x, and y and dy/dx there.

    `before` is dy/dx at the step before, if it had the same learning rate; None if there was none.
    """

    x: float
    lr: float
    y: float
    derivative: float
    new_x: float
    new_y: float
    new_derivative: float
    before: float | None = None

    @property
    def is_finite(self) -> bool:
        """Whether there is something to predict."""
        return bool(np.isfinite([self.y, self.derivative, self.new_x]).all())


def down_request(lesson: DescentLesson | AutogradLesson, x: float) -> Descend:
    """Asks for the step from x, and for y where it leads."""
    return Descend(lesson.formula.text, x, lesson.lr, 2)


def read_down(request: Descend, answer: Answer, before: float | None = None) -> StepDown:
    """The step from the answer to `down_request`. Raises WireError if it does not fit."""
    if not isinstance(answer, Descended) or answer.x.shape != (2,):
        raise WireError("the engine's answer is not one to this request")
    y, derivative, x = (part.array.tolist() for part in (answer.y, answer.derivative, answer.x))
    return StepDown(request.x, request.lr, y[0], derivative[0], x[0], y[1], derivative[1], before)


def last_derivative(lesson: DescentLesson) -> float | None:
    """dy/dx of the last step that was made, if it had the learning rate of the next."""
    return lesson.steps[-1][1] if lesson.steps and lesson.steps[-1][3] == lesson.lr else None


def way_of_x(down: StepDown) -> Question:
    """Will x go up or down?"""
    against = "and x goes against it" if down.new_x != down.x else "and the step is too short to move x"
    goes = way(down.new_x - down.x)
    because = (f"dy/dx = {number_text(down.derivative)} is {sign(down.derivative)}", f"{against}: x goes {goes}")
    return choice("sign", f"Will x = {number_text(down.x)} go up or down?", WAYS, goes, *because)


def _next_x(down: StepDown) -> Question:
    """Compute x after the step."""
    told = f"where dy/dx = {number_text(down.derivative)}"
    text = f"Compute x - lr·dy/dx at x = {number_text(down.x)}, lr {brief(down.lr)}, {told}"
    worked = f"{number_text(down.x)} - {brief(down.lr)}·({number_text(down.derivative)}) = {number_text(down.new_x)}"
    within = 0.1 * abs(down.new_x - down.x)
    return Question("update", text, (), down.new_x, (worked,), tolerance=within)


def _height(down: StepDown) -> Iterator[Question]:
    """Will y be lower after the step?"""
    if not np.isfinite(down.new_y):
        return
    turned = down.derivative * down.new_derivative < 0
    jumped = "dy/dx changes its sign on the way: the step jumps over a level place"
    why = jumped if turned else "dy/dx keeps its sign: the step ends before it jumps over a lowest place"
    if down.derivative == 0:
        why = "dy/dx is 0: no step leads away"
    told = f"y goes from {number_text(down.y)} to {number_text(down.new_y)}"
    text = f"y = {number_text(down.y)}: what will it be after this step?"
    yield choice("loss", text, HEIGHTS, height(down.y, down.new_y), why, told)


def _signs_down(down: StepDown, random: RandomState) -> Iterator[Question]:
    if down.is_finite:
        yield way_of_x(down)
        told = {"positive": "rises", "negative": "falls", "zero": "is level"}[sign(down.derivative)]
        text = f"Is dy/dx at x = {number_text(down.x)} positive or negative?"
        because = (f"the curve {told} there", f"so dy/dx is {sign(down.derivative)}")
        yield choice("sign", text, SIGNS, sign(down.derivative), *because)


def _length(down: StepDown, random: RandomState) -> Iterator[Question]:
    """Is this step longer than the last one?"""
    if down.before is None or not down.is_finite:
        return
    last, now = (abs(np.float32(value)) for value in (down.before, down.derivative))
    answer = AS_LONG if now == last else SHORTER if now < last else LONGER
    because = (
        "a step is lr·dy/dx long",
        f"and dy/dx was {number_text(down.before)}, it is {number_text(down.derivative)} now",
    )
    yield choice("most", "Will this step be shorter or longer than the last?", LENGTHS, answer, *because)


def heights(down: StepDown, random: RandomState) -> Iterator[Question]:
    """Will y be lower after the step? Nothing if the step has no numbers."""
    if down.is_finite:
        yield from _height(down)


def _derivative(down: StepDown, random: RandomState) -> Iterator[Question]:
    if down.is_finite:
        text = f"Compute dy/dx at x = {number_text(down.x)}"
        because = (f"dy/dx = {number_text(down.derivative)}", "key 2 shows it operation by operation")
        yield Question("product", text, (), down.derivative, because)


def next_values(down: StepDown, random: RandomState) -> Iterator[Question]:
    """Compute x after the step. Nothing if it does not move."""
    if down.is_finite and down.new_x != down.x:
        yield _next_x(down)


DESCENT: tuple[Kind[StepDown], ...] = (
    Kind("sign", _signs_down),
    Kind("most", _length),
    Kind("loss", heights),
    Kind("product", _derivative),
    Kind("update", next_values),
)
"""From easy to hard."""

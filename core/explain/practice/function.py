"""Questions about a function of x: its derivative on the tape (lesson 2), and a descent along it (lesson 3)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.messages import (
    Answer,
    Descend,
    Descended,
    Differentiate,
    Differentiated,
    WireError,
)
from backprop_tui.core.lessons.autograd import (
    BACKWARD,
    FORWARD,
    SUM,
    UPDATE,
    AutogradLesson,
    Stage,
    forward_line,
    paths,
    sum_line,
)
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.function import Tape, ask_tape, number_text, read_tape
from backprop_tui.core.model.formula import Operation, X, operand_text
from backprop_tui.core.text.numerals import brief
from numpy.random import RandomState

from .practice import Kind
from .question import HEIGHTS, SIGNS, WAYS, Question, choice, height, sign, way

SHORTER, LONGER, AS_LONG = LENGTHS = ("shorter", "longer", "as long")

MOST_PATHS = 3
"""The products along so many paths are told one by one."""


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


# Both lessons


def _way(down: StepDown) -> Question:
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


# Lesson 3


def _signs_down(down: StepDown, random: RandomState) -> Iterator[Question]:
    if down.is_finite:
        yield _way(down)
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


def _heights_down(down: StepDown, random: RandomState) -> Iterator[Question]:
    if down.is_finite:
        yield from _height(down)


def _derivative(down: StepDown, random: RandomState) -> Iterator[Question]:
    if down.is_finite:
        text = f"Compute dy/dx at x = {number_text(down.x)}"
        because = (f"dy/dx = {number_text(down.derivative)}", "key 2 shows it operation by operation")
        yield Question("product", text, (), down.derivative, because)


def _next(down: StepDown, random: RandomState) -> Iterator[Question]:
    if down.is_finite and down.new_x != down.x:
        yield _next_x(down)


DESCENT: tuple[Kind[StepDown], ...] = (
    Kind("sign", _signs_down),
    Kind("most", _length),
    Kind("loss", _heights_down),
    Kind("product", _derivative),
    Kind("update", _next),
)
"""From easy to hard."""


# Lesson 2


@dataclass(frozen=True)
class TapeAhead:
    """What comes next on the tape: the stages that are not shown yet, the tape itself, and the step at its end."""

    tape: Tape
    stages: tuple[Stage, ...]
    down: StepDown

    def operations(self, kind: str) -> list[Operation]:
        """The operations of these stages, of one kind."""
        return [self.tape.formula.operations[stage.operation] for stage in self.stages if stage.kind == kind]

    def has(self, kind: str) -> bool:
        """Whether such a stage is among them."""
        return any(stage.kind == kind for stage in self.stages)


def next_x(lesson: AutogradLesson) -> float | None:
    """x of the step whose next phase comes; None if there is none."""
    if lesson.done < len(lesson.stages):
        return lesson.x
    return lesson.new_x if lesson.new_x is not None and np.isfinite(lesson.new_x) else None


def tape_request(lesson: AutogradLesson, x: float) -> Differentiate:
    """Asks for the tape at x."""
    return ask_tape(lesson.formula, x)


def tape_ahead(
    lesson: AutogradLesson, whole: bool, request: Differentiate, answer: Answer, down: StepDown
) -> TapeAhead:
    """What a key computes next, a phase or the `whole` rest, from the answer to `tape_request`. Raises WireError."""
    if not isinstance(answer, Differentiated):
        raise WireError("the engine's answer is not one to this request")
    return TapeAhead(read_tape(lesson.formula, request, answer), stages_ahead(lesson, whole), down)


def stages_ahead(lesson: AutogradLesson, whole: bool) -> tuple[Stage, ...]:
    """The stages that a key computes next: one, or all that are left of the step."""
    done = lesson.done % len(lesson.stages)
    return lesson.stages[done:] if whole else lesson.stages[done : done + 1]


def _locals(ahead: TapeAhead) -> Iterator[tuple[Operation, int, float]]:
    """Each derivative of an operation by an operand that depends on x: operation, place, value."""
    for operation in ahead.operations(BACKWARD):
        for place, operand in enumerate(operation.operands):
            if ahead.tape.formula.depends_on_x(operand):
                yield operation, place, float(ahead.tape.local[operation.index, place])


def _name(operation: Operation, place: int) -> str:
    return f"∂{operation.name}/∂{operand_text(operation.operands[place])}"


def _worked(operation: Operation, place: int, value: float) -> str:
    derivative, text = operation.derivative_written(place), number_text(value)
    return f"{_name(operation, place)} = {derivative}" + ("" if derivative == text else f" = {text}")


def _signs_tape(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    tape = ahead.tape
    for operation in ahead.operations(FORWARD):
        value = float(tape.values[operation.index])
        if np.isfinite(value):
            text = f"Is {operation.name} = {operation.written()} positive or negative?"
            yield choice("sign", text, SIGNS, sign(value), forward_line(tape, operation).strip())
    for operation, place, value in _locals(ahead):
        if np.isfinite(value):
            text = f"Is {_name(operation, place)} positive or negative?"
            yield choice("sign", text, SIGNS, sign(value), _worked(operation, place, value))
    if ahead.has(SUM) and np.isfinite(tape.derivative):
        yield choice("sign", "Is dy/dx positive or negative?", SIGNS, sign(tape.derivative), *_of_paths(tape))
    if ahead.has(UPDATE) and ahead.down.is_finite:
        yield _way(ahead.down)


def _of_paths(tape: Tape) -> tuple[str, ...]:
    found = paths(tape)
    told: tuple[str, ...] = ()
    if 0 < len(found) <= MOST_PATHS:
        texts = [(f"{_bare(path.derivative)}·{_bare(path.local)}", path.product) for path in found]
        told = tuple(f"{text} is {sign(value)}" for text, value in texts if np.isfinite(value))
    return (*told, f"so dy/dx = {number_text(tape.derivative)} is {sign(tape.derivative)}")


def _bare(value: float) -> str:
    text = number_text(value)
    return f"({text})" if text.startswith("-") else text


def _paths(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    """Which path adds the most to dy/dx?"""
    found = paths(ahead.tape)
    sizes = [abs(path.product) for path in found]
    if not ahead.has(SUM) or not 2 <= len(found) <= 9 or not np.isfinite(sizes).all():
        return
    order = np.argsort(-np.array(sizes), kind="stable")
    if sizes[order[0]] <= sizes[order[1]] * (1 + 1e-5):
        return
    names = tuple(
        f"{path.operation.name}, {'first' if path.place == 0 else 'second'} x"
        if isinstance(path.operation.operands[1 - path.place] if len(path.operation.operands) > 1 else None, X)
        else path.operation.name
        for path in found
    )
    if len(set(names)) == len(names):
        text = "Through which operation does x reach y with the most weight?"
        yield choice("most", text, names, names[order[0]], sum_line(ahead.tape))


def _rules(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    """Which rule is the derivative of an operation?"""
    every = [
        (operation, place, float(ahead.tape.local[operation.index, place]))
        for operation in ahead.tape.formula.operations
        for place in range(len(operation.operands))
    ]
    for operation, place, value in _locals(ahead):
        if not np.isfinite(value):
            continue
        right = operation.derivative_written(place)
        others = {one.derivative_written(at): found for one, at, found in every}
        others |= {"x": ahead.tape.x, "0": 0.0, "1": 1.0, "-1": -1.0}
        wrong = [text for text, found in others.items() if text != right and not np.isclose(found, value)]
        some = [wrong[at] for at in random.permutation(len(wrong))[:3]]
        choices = [*some, right]
        choices = [choices[at] for at in random.permutation(len(choices))]
        text = f"{operation.name} = {operation.written()}: what is {_name(operation, place)}?"
        if some:
            yield choice("factor", text, tuple(choices), right, _worked(operation, place, value))


def _numbers(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    """Compute a result, a local derivative, or dy/dx."""
    tape = ahead.tape
    for operation in ahead.operations(FORWARD):
        value = float(tape.values[operation.index])
        if np.isfinite(value):
            text = f"Compute {operation.name} = {operation.written()} at x = {number_text(tape.x)}"
            yield Question("product", text, (), value, (forward_line(tape, operation).strip(),))
    for operation, place, value in _locals(ahead):
        if np.isfinite(value):
            text = f"Compute {_name(operation, place)} of {operation.name} = {operation.written()}"
            yield Question("product", text, (), value, (_worked(operation, place, value),))
    if ahead.has(SUM) and np.isfinite(tape.derivative):
        text = f"Compute dy/dx at x = {number_text(tape.x)}"
        yield Question("product", text, (), tape.derivative, (sum_line(tape),))


def _next_tape(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    if ahead.has(UPDATE):
        yield from _next(ahead.down, random)


def _heights_tape(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    if ahead.has(UPDATE):
        yield from _heights_down(ahead.down, random)


AUTOGRAD: tuple[Kind[TapeAhead], ...] = (
    Kind("sign", _signs_tape),
    Kind("most", _paths),
    Kind("factor", _rules),
    Kind("product", _numbers),
    Kind("update", _next_tape),
    Kind("loss", _heights_tape),
)
"""From easy to hard."""

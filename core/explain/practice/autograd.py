"""Questions about a derivative on the tape, and the step that it leads to (lesson 2)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.messages import Answer, Differentiate, Differentiated, WireError
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
from backprop_tui.core.lessons.function import Tape, ask_tape, number_text, read_tape
from backprop_tui.core.model.formula import Operation, X, operand_text
from numpy.random import RandomState

from .descent import StepDown, heights, next_values, way_of_x
from .practice import Kind
from .question import SIGNS, Question, choice, sign

MOST_PATHS = 3
"""The products along so many paths are told one by one."""


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
        yield way_of_x(ahead.down)


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
        yield from next_values(ahead.down, random)


def _heights_tape(ahead: TapeAhead, random: RandomState) -> Iterator[Question]:
    if ahead.has(UPDATE):
        yield from heights(ahead.down, random)


AUTOGRAD: tuple[Kind[TapeAhead], ...] = (
    Kind("sign", _signs_tape),
    Kind("most", _paths),
    Kind("factor", _rules),
    Kind("product", _numbers),
    Kind("update", _next_tape),
    Kind("loss", _heights_tape),
)
"""From easy to hard."""

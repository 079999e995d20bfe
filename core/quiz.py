"""Predict first: a question about a step whose loss is known and whose gradients are not shown yet, and its verdict."""

from dataclasses import dataclass

import numpy as np

from .explain import cell_name
from .numerals import brief, fixed, plain
from .phases import Cell
from .trace import Trace

OFF, CHOOSE, COMPUTE = "off", "choose", "compute"
LEVELS = (OFF, CHOOSE, COMPUTE)
"""Not asking; questions with a few answers; numbers to be computed and typed."""

TOLERANCE = 0.05
"""A typed number is right within this share of the true one."""

SHARES = (1.0, 0.5, 0.1)
"""Where the answers to `how much of the loss is left` part."""


@dataclass(frozen=True)
class Question:
    """What is asked. `choices` are the answers, picked by number from 1; without them a number is typed.

    `truth` is the number of the right choice, or the number itself; `because` says why; `cell` is what it is about.
    """

    text: str
    choices: tuple[str, ...]
    truth: float
    because: str
    cell: Cell


@dataclass(frozen=True)
class Score:
    """How many questions were answered, and how many rightly."""

    right: int = 0
    asked: int = 0

    def with_answer(self, right: bool) -> "Score":
        """One more."""
        return Score(self.right + right, self.asked + 1)


def question(trace: Trace, loss_after: float, level: str, number: int) -> Question:
    """The question with this number; the same trace and number give the same one."""
    random = np.random.RandomState(number)
    if level == COMPUTE:
        return _gradient(trace, random)
    match number % 4:
        case 1:
            return _most(trace)
        case 3:
            return _loss(trace, loss_after)
        case _:
            return _direction(trace, random)


def judge(asked: Question, guess: float) -> tuple[bool, str]:
    """Whether a guess is right, and what to say: guess, truth and gap."""
    if asked.choices:
        right = guess == asked.truth
        truth = asked.choices[int(asked.truth) - 1]
        word = f"Right, {truth}." if right else f"No: you said {asked.choices[int(guess) - 1]}, it is {truth}."
        return right, word
    gap = guess - asked.truth
    right = bool(abs(gap) <= max(TOLERANCE * abs(asked.truth), 5e-4))
    word = "Right" if right else "Not quite"
    return right, f"{word}: you said {fixed(guess)}, it is {fixed(asked.truth)}, the gap {plain(abs(gap))}."


def _direction(trace: Trace, random: np.random.RandomState) -> Question:
    """Will this weight go up or down?"""
    cell, name = _some_parameter(trace, random)
    gradient = float(trace["g" + cell.name][cell.index])
    old, new = float(trace[cell.name][cell.index]), float(trace["new_" + cell.name][cell.index])
    truth = 1 if new > old else 2 if new < old else 3
    sign = "positive" if gradient > 0 else "negative" if gradient < 0 else "0"
    because = f"∂L/∂{name} = {fixed(gradient)} is {sign}: {name} goes from {fixed(old)} to {fixed(new)}"
    return Question(
        f"Will {name} = {fixed(old)} go up or down?", ("up", "down", "stay"), truth, because, _of(cell, "g")
    )


def _most(trace: Trace) -> Question:
    """Which parameter moves the most?"""
    names = [parameter.name for parameter in trace.network.parameters][-9:]
    moves = [float(np.abs(trace["new_" + name].astype("float64") - trace[name]).max()) for name in names]
    truth = int(np.argmax(np.nan_to_num(moves, nan=-1.0)))
    listed = ", ".join(f"{name} {brief(move, 3)}" for name, move in zip(names, moves, strict=True))
    place = np.unravel_index(int(np.abs(trace["g" + names[truth]]).argmax()), trace["g" + names[truth]].shape)
    cell = Cell("g" + names[truth], int(place[0]), int(place[1]))
    return Question("Which parameter moves the most in this step?", tuple(names), truth + 1, f"by {listed}", cell)


def _loss(trace: Trace, loss_after: float) -> Question:
    """Will the loss fall, and how far, roughly?"""
    share = loss_after / trace.loss if trace.loss else np.inf
    truth = 1 if not share < SHARES[0] else 2 if share >= SHARES[1] else 3 if share >= SHARES[2] else 4
    choices = ("it rises", "more than half is left", "a tenth to a half is left", "less than a tenth is left")
    because = f"from {plain(trace.loss)} to {plain(loss_after)} with lr {brief(trace.lr)}"
    return Question(f"The loss is {plain(trace.loss)}. After this step?", choices, truth, because, Cell("loss"))


def _gradient(trace: Trace, random: np.random.RandomState) -> Question:
    """Compute a gradient."""
    cell, name = _some_parameter(trace, random)
    gradient = float(trace["g" + cell.name][cell.index])
    return Question(f"Compute ∂L/∂{name}", (), gradient, "enter shows the chain rule with its numbers", _of(cell, "g"))


def _some_parameter(trace: Trace, random: np.random.RandomState) -> tuple[Cell, str]:
    parameters = trace.network.parameters
    parameter = parameters[random.randint(len(parameters))]
    cell = Cell(parameter.name, random.randint(parameter.shape[0]), random.randint(parameter.shape[1]))
    return cell, cell_name(trace.network, cell)


def _of(cell: Cell, prefix: str) -> Cell:
    return Cell(prefix + cell.name, *cell.index)

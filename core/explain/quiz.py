"""Predict first: a question about a step whose loss is known and whose gradients are not shown yet, and its verdict."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.text.numerals import brief, fixed, plain

from . import cell_name

OFF, CHOOSE, COMPUTE = "off", "choose", "compute"
LEVELS = (OFF, CHOOSE, COMPUTE)
"""The levels: no question, questions with a few answers, numbers to compute and type."""

TOLERANCE = 0.05
"""A typed number is right within this share of the true one."""

MOST_CHOICES, MOST_LISTED = 9, 4
"""As many answers can be chosen from, one for each digit, and the moves of as many parameters are told."""

SAME = 1e-5
"""Moves that differ by less than this share are alike: too close to ask about."""

SHARES = (1.0, 0.5, 0.1)
"""The shares of the loss that part the answers to `how much of it is left`."""


@dataclass(frozen=True)
class Question:
    """What is asked. `choices` are the answers, picked by number from 1; without them a number is typed.

    `answer` is the number of the right choice, or the right number itself; `because` says why; `cell` is what it is
    about.
    """

    text: str
    choices: tuple[str, ...]
    answer: float
    because: str
    cell: Cell


@dataclass(frozen=True)
class Score:
    """How many questions were answered, and how many of them rightly."""

    right: int = 0
    asked: int = 0

    def with_answer(self, right: bool) -> "Score":
        """The score with one more answer."""
        return Score(self.right + right, self.asked + 1)


def question(trace: Trace, loss_after: float, level: str, number: int) -> Question | None:
    """The question with this number; the same trace and number give the same one.

    None if the step's numbers are not finite: there is nothing to predict.
    """
    parts = (prefix + parameter.name for parameter in trace.network.parameters for prefix in ("", "g", "new_"))
    if not all(np.isfinite(trace[name]).all() for name in ("loss", *parts)):
        return None
    random = np.random.RandomState(number % 2**32)
    if level == COMPUTE:
        return _gradient(trace, random)
    match number % 4:
        case 1:
            return _most(trace, random)
        case 3 if trace.loss > 0:
            return _loss(trace, loss_after)
        case _:
            return _direction(trace, random)


def judge(asked: Question, prediction: float) -> tuple[bool, str]:
    """Whether a prediction is right, and what to say: prediction, answer and gap."""
    if asked.choices:
        right = prediction == asked.answer
        answer = asked.choices[int(asked.answer) - 1]
        word = f"Right, {answer}." if right else f"No: you said {asked.choices[int(prediction) - 1]}, it is {answer}."
        return right, word
    gap = prediction - asked.answer
    right = bool(abs(gap) <= max(TOLERANCE * abs(asked.answer), 5e-4))
    word = "Right" if right else "Not quite"
    return right, f"{word}: you said {fixed(prediction)}, it is {fixed(asked.answer)}, the gap {plain(abs(gap))}."


def _direction(trace: Trace, random: np.random.RandomState) -> Question:
    """Will this weight go up or down?"""
    cell, name = _some_parameter(trace, random)
    gradient = float(trace["g" + cell.name][cell.place])
    old, new = float(trace[cell.name][cell.place]), float(trace["new_" + cell.name][cell.place])
    answer = 1 if new > old else 2 if new < old else 3
    because = f"∂L/∂{name} = {fixed(gradient)}{_therefore(trace, cell, gradient, answer)}"
    if answer != 3:
        because += f": {name} goes from {fixed(old)} to {fixed(new)}"
    return Question(
        f"Will {name} = {fixed(old)} go up or down?", ("up", "down", "stay"), answer, because, _of(cell, "g")
    )


def _therefore(trace: Trace, cell: Cell, gradient: float, answer: int) -> str:
    """What follows from the gradient for the way that a parameter goes (1 up, 2 down, 3 stays)."""
    if trace.network.is_frozen(cell.name, *cell.place):
        return f", but {cell.name} is frozen" if trace.network.is_frozen(cell.name) else ", but it is frozen"
    if gradient == 0:
        return " moves nothing" if answer == 3 else " moves nothing, what the optimizer remembers does"
    if answer == 3:
        return " is too small to move it"
    against = (answer == 2) == (gradient > 0)
    sign = "positive" if gradient > 0 else "negative"
    return f" is {sign}" if against else f" is {sign}, but the optimizer remembers others"


def _most(trace: Trace, random: np.random.RandomState) -> Question:
    """Which parameter moves the most? Of those nearest to the loss, as many as there are keys to answer."""
    names = [parameter.name for parameter in trace.network.parameters][-MOST_CHOICES:]
    moved = [np.abs(trace["new_" + name].astype("float64") - trace[name]) for name in names]
    moves = np.array([float(move.max()) for move in moved])
    order = np.argsort(-moves, kind="stable")
    if len(moves) > 1 and moves[order[0]] <= moves[order[1]] * (1 + SAME):
        return _direction(trace, random)  # none moves the most
    answer = int(order[0])
    row, column = np.unravel_index(int(moved[answer].argmax()), moved[answer].shape)
    cell = Cell("g" + names[answer], int(row), int(column))
    listed = ", ".join(f"{names[place]} by {brief(moves[place], 3)}" for place in order[:MOST_LISTED])
    because = "at most " + listed + (" ..." if len(names) > MOST_LISTED else "")
    return Question("In which of these does a number move the most?", tuple(names), answer + 1, because, cell)


def _loss(trace: Trace, loss_after: float) -> Question:
    """Will the loss fall, and how far, roughly?"""
    share = loss_after / trace.loss if trace.loss else np.inf
    answer = 1 if not share < SHARES[0] else 2 if share >= SHARES[1] else 3 if share >= SHARES[2] else 4
    choices = ("all or more", "over half", "a tenth to half", "under a tenth")
    because = f"it goes from {plain(trace.loss)} to {plain(loss_after)} with lr {brief(trace.lr)}"
    text = f"What is left of the loss {plain(trace.loss)} after this step?"
    return Question(text, choices, answer, because, Cell("loss"))


def _gradient(trace: Trace, random: np.random.RandomState) -> Question:
    """Compute a gradient."""
    cell, name = _some_parameter(trace, random)
    gradient = float(trace["g" + cell.name][cell.place])
    return Question(f"Compute ∂L/∂{name}", (), gradient, "enter shows the chain rule with its numbers", _of(cell, "g"))


def _some_parameter(trace: Trace, random: np.random.RandomState) -> tuple[Cell, str]:
    parameters = trace.network.parameters
    parameter = parameters[random.randint(len(parameters))]
    cell = Cell(parameter.name, random.randint(parameter.shape[0]), random.randint(parameter.shape[1]))
    return cell, cell_name(trace.network, cell)


def _of(cell: Cell, prefix: str) -> Cell:
    return Cell(prefix + cell.name, *cell.place)

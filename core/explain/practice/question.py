"""A question about a number that is not shown yet, the verdict on an answer, and the score."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.numerals import fixed, plain

TOLERANCE, LEAST = 0.05, 5e-4
"""A typed number is right within this share of the true one, and within this much: four decimals are shown."""


@dataclass(frozen=True)
class Question:
    """What is asked. `choices` are the answers, picked by number from 1; without them a number is typed.

    `kind` names what sort of question it is. `answer` is the number of the right choice, or the right number itself.
    `because` says how one could have known, a clause each, the last of them what follows. `cell` is the number of a
    step that it is about, if it is one. A typed number is right within `tolerance` of the answer.
    """

    kind: str
    text: str
    choices: tuple[str, ...]
    answer: float
    because: tuple[str, ...]
    cell: Cell | None = None
    tolerance: float | None = None

    @property
    def is_typed(self) -> bool:
        """Whether the answer is a number that is typed."""
        return not self.choices

    @property
    def reason(self) -> str:
        """How one could have known, in a line."""
        return ", ".join(self.because)


@dataclass(frozen=True)
class Score:
    """How many questions were answered, and how many of them rightly."""

    right: int = 0
    asked: int = 0

    def with_answer(self, right: bool) -> "Score":
        """The score with one more answer."""
        return Score(self.right + right, self.asked + 1)


def judge(asked: Question, prediction: float) -> tuple[bool, str]:
    """Whether a prediction is right, and what to say: prediction, answer and gap."""
    if asked.choices:
        right = prediction == asked.answer
        answer = asked.choices[int(asked.answer) - 1]
        word = f"Right, {answer}." if right else f"No: you said {asked.choices[int(prediction) - 1]}, it is {answer}."
        return right, word
    gap = prediction - asked.answer
    within = TOLERANCE * abs(asked.answer) if asked.tolerance is None else asked.tolerance
    right = bool(abs(gap) <= max(within, LEAST))
    word = "Right" if right else "Not quite"
    return right, f"{word}: you said {fixed(prediction)}, it is {fixed(asked.answer)}, the gap {plain(abs(gap))}."


POSITIVE, NEGATIVE, ZERO = SIGNS = ("positive", "negative", "zero")
"""What a sign is called, and the answers to what it is."""

UP, DOWN, STAY = WAYS = ("up", "down", "stay")
"""Where a number goes."""

LOWER, HIGHER, SAME = HEIGHTS = ("lower", "higher", "the same")
"""How a loss compares with the one before."""


def sign(value: float) -> str:
    """What the sign of a number is called. Raises ValueError for what has none."""
    if np.isnan(value):
        raise ValueError("what is not a number has no sign")
    return POSITIVE if value > 0 else NEGATIVE if value < 0 else ZERO


def way(change: float) -> str:
    """Where a number goes that changes by so much. Raises ValueError for what is no number."""
    return WAYS[SIGNS.index(sign(change))]


def height(before: float, after: float, same: float = 0.0) -> str:
    """How a loss compares with the one before; it is the same within this share."""
    change = after - before
    return SAME if abs(change) <= same * abs(before) else HEIGHTS[{NEGATIVE: 0, POSITIVE: 1, ZERO: 2}[sign(change)]]


def choice(
    kind: str, text: str, choices: tuple[str, ...], answer: str, *because: str, cell: Cell | None = None
) -> Question:
    """A question to choose the answer of, by what it says. Raises ValueError if it is none of the choices."""
    return Question(kind, text, choices, choices.index(answer) + 1, because, cell)

"""A question to a whole class: its text, its choices or the number that is asked for, its truth, and what answers are.

A number that is wrong is told by the mistake that gives it, if one of those that are known does and no other.
"""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from backprop_tui.core.explain.mistakes import Mistake, is_close
from backprop_tui.core.text.numerals import fixed

MOST_CHOICES, MOST_MISTAKES, MOST_LINES = 9, 100, 6
TEXT, CHOICE = 300, 80
"""Characters of a text or a line of it, and of a choice."""

Kind = Literal["loss", "sign", "number"]
"""Of a question about a step: will the loss rise or fall; which sign has a gradient; what is a number?"""

RIGHT, OTHER = "right", "another number"
"""The groups of answers that are numbers, besides those of the known mistakes."""

HOW = "type the question, then its choices, each after a |; a * before the right one: What is η? | *a factor | a sum"


@dataclass(frozen=True)
class Question:
    """What is asked. `choices` are the answers, picked by number from 1; without them a number is typed.

    `answer` is the number of the right choice, or the right number itself; None if nobody has said which choice is
    right. `because` are the lines that say why; `mistakes` are the wrong numbers that are known. Raises ValueError if
    it is no question: what comes from elsewhere is checked by making it.
    """

    text: str
    choices: tuple[str, ...] = ()
    answer: float | None = None
    because: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    tolerance: float | None = None
    """How far from the right number one may be; None: as if worked out with three digits."""

    def __post_init__(self) -> None:
        if not 0 < len(self.text) <= TEXT:
            raise ValueError(f"a question has up to {TEXT} characters, and some")
        if len(self.choices) == 1 or len(self.choices) > MOST_CHOICES:
            raise ValueError(f"give two to {MOST_CHOICES} choices; {HOW}")
        if any(not 0 < len(choice) <= CHOICE for choice in self.choices):
            raise ValueError(f"a choice has up to {CHOICE} characters, and some")
        if len(self.because) > MOST_LINES or any(len(line) > TEXT for line in self.because):
            raise ValueError(f"what says why has up to {MOST_LINES} lines of {TEXT} characters")
        if len(self.mistakes) > MOST_MISTAKES or any(len(mistake.says) > TEXT for mistake in self.mistakes):
            raise ValueError(f"a question knows up to {MOST_MISTAKES} mistakes of {TEXT} characters")
        if self.tolerance is not None and not 0 < self.tolerance < inf:
            raise ValueError("a tolerance is a number above 0")
        if not self.choices and (self.answer is None or not isfinite(self.answer)):
            raise ValueError("a number that is asked for is known, and finite")
        if self.choices and self.answer is not None and self.answer not in range(1, len(self.choices) + 1):
            raise ValueError("the right choice is one of the choices")

    @property
    def truth(self) -> str:
        """The right answer as it is written; empty if nobody has said which it is."""
        return "" if self.answer is None else self.written(self.answer)

    def written(self, answer: float) -> str:
        """An answer as it is written: the choice, or the number with four decimals."""
        return self.choices[int(answer) - 1] if self.choices else fixed(answer)


def typed(text: str) -> Question:
    """The question that somebody types: `text | choice | *right choice`. Raises ValueError for what is none."""
    asked, *choices = (part.strip() for part in text.split("|"))
    if not choices:
        raise ValueError(HOW)
    right = [place for place, choice in enumerate(choices, 1) if choice.startswith("*")]
    if len(right) > 1:
        raise ValueError("one choice is right at most: only one * may stand before a choice")
    options = tuple(choice.removeprefix("*").strip() for choice in choices)
    return Question(asked, options, right[0] if right else None)


def is_answer(question: Question, answer: float) -> bool:
    """Whether it is one at all: one of the choices, or a finite number."""
    return answer in range(1, len(question.choices) + 1) if question.choices else isfinite(answer)


def is_right(question: Question, answer: float) -> bool | None:
    """Whether an answer is right; None if nobody has said what is."""
    if question.answer is None:
        return None
    if question.choices:
        return answer == question.answer
    if question.tolerance is not None:
        return abs(answer - question.answer) <= question.tolerance
    return is_close(answer, question.answer)


def group(question: Question, answer: float) -> str:
    """What an answer is counted as: its choice; or right, the one mistake that gives it, or another number."""
    if question.choices:
        return question.written(answer)
    if is_right(question, answer):
        return RIGHT
    fitting = {mistake.says for mistake in question.mistakes if is_close(mistake.value, answer)}
    return fitting.pop() if len(fitting) == 1 else OTHER


def verdict(question: Question, answer: float) -> str:
    """What is said to who gave this answer, once the truth is out; empty if nobody knows it."""
    right = is_right(question, answer)
    if right is None:
        return ""
    said = question.written(answer)
    if right:
        return f"You said {said}: right."
    counted = group(question, answer)
    if question.choices or counted == OTHER:
        return f"You said {said}."
    return f"You said {said}: that is {counted}."

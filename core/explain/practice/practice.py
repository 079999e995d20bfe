"""What was asked and missed in a lesson, and what is asked next: easy to hard, and again what was missed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from numpy.random import RandomState

from .question import Question, Score

A = TypeVar("A")

RISE = 2
"""After so many right answers one after the other the questions get harder."""

ALIKE = 2
"""After so many answers of a kind that were the same, another one is looked for."""

MOST_LOOKED_AT = 24
"""Of so many questions of a kind one is chosen."""


class Kind(NamedTuple, Generic[A]):
    """A kind of question: its name, and the questions of this kind that can be asked about what comes next."""

    name: str
    makes: Callable[[A, RandomState], Iterable[Question]]


@dataclass(frozen=True)
class Practice:
    """Where a person stands in one lesson.

    `level` is the place of the present kind of question in the lesson's table, the easiest first; `streak` how many
    right answers in a row it has had. `missed` are the kinds to ask again, and `since` how many questions ago one of
    them was asked. `answers` are the last right answers of each kind. `number` counts the questions.
    """

    level: int = 0
    streak: int = 0
    missed: tuple[str, ...] = ()
    since: int = 0
    answers: tuple[tuple[str, str], ...] = ()
    number: int = 0
    score: Score = Score()

    def order(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """The kinds in the order in which they are tried: one that was missed, the present one, those nearest to it.

        What was missed does not come twice in a row: another kind is between. Whoever has done them all gets each in
        turn.
        """
        level = min(self.level, len(kinds) - 1)
        if level == len(kinds) - 1 and self.streak >= RISE:
            level = self.number % len(kinds)
        again = [kind for kind in self.missed if kind in kinds]
        rest = sorted(kinds, key=lambda kind: (abs(kinds.index(kind) - level), kinds.index(kind)))
        found = [*again, *rest] if self.since else [*(kind for kind in rest if kind not in again), *again]
        return tuple(dict.fromkeys(found))

    def posed(self, question: Question) -> "Practice":
        """A question is asked."""
        said = str(question.answer)
        others = [it for it in self.answers if it[0] != question.kind]
        mine = [it for it in self.answers if it[0] == question.kind]
        return replace(
            self,
            number=self.number + 1,
            since=0 if question.kind in self.missed else self.since + 1,
            answers=(*others, *[*mine, (question.kind, said)][-ALIKE:]),
        )

    def answered(self, kinds: tuple[str, ...], question: Question, right: bool) -> "Practice":
        """A question is answered: rightly, and it counts for its level; or not, and its kind comes again soon."""
        missed = tuple(kind for kind in self.missed if kind != question.kind)
        score = self.score.with_answer(right)
        if not right:
            return replace(self, score=score, streak=0, missed=(*missed, question.kind), since=0)
        # What comes again because it was missed does not make the level rise.
        streak, level = self.streak + (question.kind not in self.missed), min(self.level, len(kinds) - 1)
        if streak >= RISE and level < len(kinds) - 1:
            streak, level = 0, level + 1
        return replace(self, score=score, missed=missed, level=level, streak=streak)


def next_question(practice: Practice, kinds: tuple[Kind[A], ...], ahead: A, seed: int = 0) -> Question | None:
    """The question to ask about what comes next; None if there is nothing to predict.

    The same arguments give the same one. After answers that were the same, one with another answer is preferred.
    """
    random = RandomState((seed + 7919 * practice.number) % 2**32)
    by_name = {kind.name: kind for kind in kinds}
    for name in practice.order(tuple(by_name)):
        found = list(islice(by_name[name].makes(ahead, random), MOST_LOOKED_AT))
        if found:
            return _varied(practice, name, found, random)
    return None


def _varied(practice: Practice, name: str, found: list[Question], random: RandomState) -> Question:
    last = [said for kind, said in practice.answers if kind == name]
    tired = last[0] if len(last) == ALIKE and len(set(last)) == 1 else None
    by_answer: dict[str, list[Question]] = {}
    for question in found:
        by_answer.setdefault(str(question.answer), []).append(question)
    if len(by_answer) > 1:
        by_answer.pop(tired or "", None)
    answers = list(by_answer.values())
    chosen = answers[random.randint(len(answers))]
    return chosen[random.randint(len(chosen))]

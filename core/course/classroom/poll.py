"""A question and its votes, round by round. It is open, closed, open once more for a second vote, and revealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from .question import Question, group, is_answer, is_right

OPEN: Literal["open"] = "open"
CLOSED: Literal["closed"] = "closed"
REVEALED: Literal["revealed"] = "revealed"
Stage = Literal["open", "closed", "revealed"]

MOST_ROUNDS = 2
"""A vote, and one more after people have talked."""


@dataclass(frozen=True)
class Vote:
    """One person's answer, what it is counted as, and the seconds from the question to it."""

    answer: float
    group: str
    seconds: float


Votes = Mapping[str, Vote]
"""By the person's label; each has one, the last that was given."""


@dataclass(frozen=True)
class Poll:
    """A question with its number, from 1, the votes of each round, and what may be done with it now."""

    number: int
    question: Question
    rounds: tuple[Votes, ...] = field(default=({},))
    stage: Stage = OPEN

    @property
    def round(self) -> int:
        """The number of the present round, from 1."""
        return len(self.rounds)

    @property
    def votes(self) -> Votes:
        """Those of the present round."""
        return self.rounds[-1]

    def vote_of(self, label: str) -> Vote | None:
        """Somebody's vote in the present round."""
        return self.votes.get(label)

    def last_vote_of(self, label: str) -> Vote | None:
        """Somebody's vote in the last round in which they voted."""
        return next((votes[label] for votes in reversed(self.rounds) if label in votes), None)

    def is_right(self, label: str) -> bool | None:
        """Whether somebody's last vote is right; None without a vote, or if nobody has said what is right."""
        vote = self.last_vote_of(label)
        return None if vote is None else is_right(self.question, vote.answer)


def voted(poll: Poll, round_: int, label: str, answer: float, seconds: float) -> Poll:
    """With somebody's answer, in the place of the one before. Raises ValueError if it can't be counted."""
    if poll.stage != OPEN or round_ != poll.round:
        raise ValueError("the vote is closed")
    if not is_answer(poll.question, answer):
        raise ValueError("that is no answer to the question")
    vote = Vote(answer, group(poll.question, answer), seconds)
    return replace(poll, rounds=(*poll.rounds[:-1], {**poll.votes, label: vote}))


def closed(poll: Poll) -> Poll:
    """No more votes are taken."""
    return replace(poll, stage=CLOSED)


def once_more(poll: Poll) -> Poll:
    """A second vote begins. Raises ValueError if there was one, or the truth is out."""
    if poll.stage == REVEALED or poll.round == MOST_ROUNDS:
        raise ValueError("there is no further vote")
    return replace(poll, rounds=(*poll.rounds, {}), stage=OPEN)


def revealed(poll: Poll) -> Poll:
    """The truth is out, and no more votes are taken."""
    return replace(poll, stage=REVEALED)

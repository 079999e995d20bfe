"""How answers spread: a bar for each choice, or for right, each mistake that was made, and other numbers."""

from collections import Counter
from dataclasses import dataclass

from .poll import Poll, Votes
from .question import OTHER, RIGHT, Question

BLOCKS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Bar:
    """Answers that are counted together: how many in each round, and which share of that round's votes, 0 to 1.

    `number` is the choice's, 0 for others; `is_right` is None if nobody has said what is right.
    """

    name: str
    number: int
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    is_right: bool | None


def spread(poll: Poll) -> tuple[Bar, ...]:
    """The bars of a poll, all rounds side by side.

    The choices stand in their order; of numbers the right ones come first, then the mistakes, the commonest first,
    then all others.
    """
    counted = [counts(poll.question, votes) for votes in poll.rounds]
    totals = [max(count.total(), 1) for count in counted]
    bars = []
    for number, key in enumerate(_keys(poll.question, counted), 1):
        found = tuple(count[key] for count in counted)
        bars.append(
            Bar(
                poll.question.choices[number - 1] if poll.question.choices else str(key),
                number if poll.question.choices else 0,
                found,
                tuple(many / total for many, total in zip(found, totals, strict=True)),
                _is_right(poll.question, key),
            )
        )
    return tuple(bars)


def counts(question: Question, votes: Votes) -> Counter[float | str]:
    """How many votes there are for each choice, by its number, or of each group of numbers."""
    return Counter(vote.answer if question.choices else vote.group for vote in votes.values())


def _keys(question: Question, counted: list[Counter[float | str]]) -> list[float | str]:
    if question.choices:
        return [*range(1, len(question.choices) + 1)]
    together = sum(counted, Counter[float | str]())
    made = [key for key, _ in together.most_common() if key not in (RIGHT, OTHER)]
    return [RIGHT, *made, OTHER]


def _is_right(question: Question, key: float | str) -> bool | None:
    if question.answer is None:
        return None
    return key == (question.answer if question.choices else RIGHT)


def commonest_mistake(poll: Poll) -> tuple[str, int] | None:
    """What most of those who were wrong said in the first vote, and how many; None if nobody did or nobody can know."""
    wrong = [(bar.counts[0], bar.name) for bar in spread(poll) if bar.is_right is False and bar.name != OTHER]
    most, name = max(wrong, key=lambda pair: pair[0], default=(0, ""))
    return (name, most) if most else None


def blocks(share: float, width: int) -> str:
    """A bar of a share of so many columns, to an eighth of one, with blanks to its end."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (BLOCKS[rest] if rest else "")).ljust(width)


def percent(share: float) -> str:
    """`52 %`, in five columns."""
    return f"{100 * share:3.0f} %"

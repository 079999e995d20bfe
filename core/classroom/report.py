"""What is kept of a workshop: a row a person as CSV, a part a question as Markdown."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from backprop_tui.core.export.markdown import escaped
from backprop_tui.core.text.spreadsheet import safe_cell

from .poll import Poll
from .spread import commonest_mistake, percent, spread

COLUMNS = ("name", "questions", "right", "seconds_to_answer", "minutes_here", "tasks_done", "tries", "hints")
"""The columns of `report.csv`, before those of the questions, `question_1` ... with everybody's last answer."""


@dataclass(frozen=True)
class Tasks:
    """What somebody did of a course: tasks done, tries and hints in all."""

    done: int
    tries: int
    hints: int


@dataclass(frozen=True)
class Person:
    """Somebody who was in the workshop: their label, the seconds they were there, and their tasks, if they had any."""

    label: str
    seconds: float
    tasks: Tasks | None = None


def csv_text(people: Iterable[Person], polls: Sequence[Poll]) -> Iterator[str]:
    """The header line, then a line for each person, in the order of their names."""
    yield line([*COLUMNS, *(f"question_{poll.number}" for poll in polls)])
    for person in sorted(people, key=lambda person: person.label):
        yield line(_row(person, polls))


def line(fields: Iterable[str]) -> str:
    """A line of CSV, every cell of it safe to open in a spreadsheet."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow([safe_cell(field) for field in fields])
    return text.getvalue()


def _row(person: Person, polls: Sequence[Poll]) -> Iterator[str]:
    votes = [poll.last_vote_of(person.label) for poll in polls]
    given = [vote for vote in votes if vote is not None]
    tasks = person.tasks
    yield person.label
    yield str(len(given))
    yield str(sum(poll.is_right(person.label) is True for poll in polls))
    yield f"{sum(vote.seconds for vote in given) / len(given):.1f}" if given else ""
    yield f"{person.seconds / 60:.1f}"
    yield from ("", "", "") if tasks is None else map(str, (tasks.done, tasks.tries, tasks.hints))
    for poll, vote in zip(polls, votes, strict=True):
        yield "" if vote is None else poll.question.written(vote.answer)


def markdown(people: int, polls: Sequence[Poll]) -> Iterator[str]:
    """The head, then of each question its text, its spread in each vote, its truth and its commonest mistake."""
    yield f"# The workshop\n\n{_counted(people, 'person', 'people')}, {_counted(len(polls), 'question', 'questions')}\n"
    for poll in polls:
        yield "\n" + "\n".join(_question(poll)) + "\n"


def _question(poll: Poll) -> Iterator[str]:
    question = poll.question
    heads = [f" vote {number} | |" for number in range(1, poll.round + 1)] if poll.round > 1 else [" votes | |"]
    yield f"## {poll.number}. {escaped(question.text)}"
    yield ""
    yield "| answer |" + "".join(heads)
    yield "| --- |" + " ---: | ---: |" * poll.round
    for bar in spread(poll):
        mark = " **right**" if bar.is_right and question.choices else ""
        cells = (f" {many} | {percent(share).strip()} |" for many, share in zip(bar.counts, bar.shares, strict=True))
        yield f"| {escaped(bar.name)}{mark} |" + "".join(cells)
    yield ""
    yield f"Answered: {', then '.join(str(len(votes)) for votes in poll.rounds)}."
    if question.truth:
        yield f"Right: {escaped(question.truth)}. {' '.join(map(escaped, question.because))}".rstrip()
    mistake = commonest_mistake(poll)
    if mistake is not None:
        yield f"Commonest mistake: {escaped(mistake[0])} ({_counted(mistake[1], 'time', 'times')} in the first vote)."


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"

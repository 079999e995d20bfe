"""What is kept of a workshop: a row a person as CSV; a part a question, and the tasks of the course, as Markdown."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from backprop_tui.core.course.words import minutes
from backprop_tui.core.export.markdown import escaped
from backprop_tui.core.text.spreadsheet import safe_cell

from .poll import Poll
from .spread import commonest_mistake, percent, spread
from .tasks import OfAll, Tasks, of_all

COLUMNS = (
    *("name", "questions", "right", "seconds_to_answer", "minutes_here"),
    *("tasks_done", "tries", "hints", "minutes_at_tasks"),
)
"""The columns of `report.csv`, before those of the questions, `question_1` ... with everybody's last answer."""


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
    yield from ("", "", "", "") if tasks is None else _of_tasks(tasks)
    for poll, vote in zip(polls, votes, strict=True):
        yield "" if vote is None else poll.question.written(vote.answer)


def _of_tasks(tasks: Tasks) -> Iterator[str]:
    yield from map(str, (tasks.done, tasks.tries, tasks.hints))
    yield f"{tasks.seconds / 60:.1f}"


def markdown(
    people: Sequence[Person], polls: Sequence[Poll], texts: Mapping[str, Sequence[str]] | None = None
) -> Iterator[str]:
    """The head; of each question its text, its spread in each vote, its truth and its commonest mistake; the tasks.

    `texts` are those of the tasks, by the title of their course, as far as they are known.
    """
    counted = _counted(len(people), "person", "people")
    yield f"# The workshop\n\n{counted}, {_counted(len(polls), 'question', 'questions')}\n"
    for poll in polls:
        yield "\n" + "\n".join(_question(poll)) + "\n"
    courses: dict[tuple[str, int], list[Tasks]] = {}
    for person in people:
        if person.tasks is not None and person.tasks.outcomes:
            courses.setdefault((person.tasks.course, person.tasks.of), []).append(person.tasks)
    for (title, count), all_tasks in sorted(courses.items()):
        known = (texts or {}).get(title, ())
        yield "\n" + "\n".join(_course(title, count, all_tasks, known if len(known) == count else ())) + "\n"


def _course(title: str, count: int, people: Sequence[Tasks], texts: Sequence[str]) -> Iterator[str]:
    """A row a task, up to the last one that anybody began."""
    began, done = _counted(len(people), "person", "people"), sum(tasks.done == count for tasks in people)
    yield f"## The course: {escaped(title)}"
    yield ""
    yield f"{began} began it, {done} did all of its {_counted(count, 'task', 'tasks')}."
    yield ""
    yield "| task | done | told | at it | tries | time | what |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    for task in of_all(people):
        yield _task(task, texts[task.number] if texts else "")
    yield ""
    yield "Told: the answer was given, after three misses. Tries are the mean and time the median of those two."


def _task(task: OfAll, text: str) -> str:
    tries = "" if task.tries is None else f"{task.tries:.1f}"
    time = "" if task.seconds is None else minutes(task.seconds)
    cells = task.number + 1, task.done, task.given, task.waiting, tries, time, escaped(" ".join(text.split()))
    return f"| {' | '.join(map(str, cells))} |"


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

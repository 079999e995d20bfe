"""What a person did of a course, as Markdown and as CSV: a line a task."""

import csv
from collections.abc import Iterator
from io import StringIO

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.spreadsheet import safe_cell

from .progress import Progress
from .words import how_it_went, minutes

MARKDOWN, CSV = ".course.md", ".course.csv"
"""How the names of these files end."""

HEADER = ("part", "task", "state", "tries", "hints", "seconds", "mistakes", "text")


def report(progress: Progress, ending: str) -> str:
    """The report in the form of one of the endings. Raises KeyError."""
    return {MARKDOWN: markdown, CSV: as_csv}[ending](progress)


def markdown(progress: Progress) -> str:
    """A section a lesson, a row a task."""
    lines = [f"# {_cell(progress.course.title)}", "", how_it_went(progress.results), ""]
    number = 0
    for place, lesson in enumerate(progress.course.lessons, 1):
        lines += [f"## {place}. {_cell(lesson.title)}", "", "| task | state | tries | hints | time | what |"]
        lines.append("| --- | --- | --- | --- | --- | --- |")
        for task in lesson.tasks:
            result = progress.results[number]
            number += 1
            cells = number, result.state, result.tries, result.hints, minutes(result.seconds), _cell(task.text)
            lines.append(f"| {' | '.join(map(str, cells))} |")
        lines.append("")
    return "\n".join(lines)


def as_csv(progress: Progress) -> str:
    """A row a task; nothing in it is a formula to a spreadsheet."""
    found = StringIO()
    writer = csv.writer(found, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_rows(progress))
    return found.getvalue()


def _rows(progress: Progress) -> Iterator[tuple[object, ...]]:
    number = 0
    for lesson in progress.course.lessons:
        for task in lesson.tasks:
            result = progress.results[number]
            number += 1
            known = safe_cell("; ".join(result.mistakes))
            counts = result.tries, result.hints, round(result.seconds)
            yield _in_a_line(lesson.title), number, result.state, *counts, known, _in_a_line(task.text)


def _in_a_line(text: str) -> str:
    return safe_cell(" ".join(text.split()))


def _cell(text: str) -> str:
    return escape_controls(" ".join(text.split())).replace("|", "\\|")

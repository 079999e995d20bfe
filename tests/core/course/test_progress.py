"""What became of the tasks: misses, hints, the worked answer, going on, saved and resumed; the reports."""

import csv
from io import StringIO

import msgspec
import pytest
from backprop_tui.core.course import parse
from backprop_tui.core.course.facts import Facts
from backprop_tui.core.course.progress import DONE, OPEN, TOLD, Progress, SavedProgress
from backprop_tui.core.course.report import CSV, HEADER, MARKDOWN, report
from backprop_tui.core.course.words import how_it_went, minutes, summary
from backprop_tui.core.text.spreadsheet import safe_cell

LESSON = '[[lesson]]\ntitle = "=1+1 | two"\nscreen = "back-propagation"\ngoal = "to see"\nsummary = "It was {loss}."\n'
TASK = '[[lesson.task]]\ntext = "Do."\nhint = "So."\ndone = "Well."\nnumber = { of = "loss", tolerance = 0.1 }\n'


@pytest.fixture
def progress() -> Progress:
    """Two lessons, of two tasks and of one."""
    return Progress(parse('title = "T"\n' + LESSON + TASK + TASK + LESSON + TASK, None, "it"))


def test_a_hint_after_the_first_miss_and_the_answer_after_the_third(progress: Progress) -> None:
    progress.miss(1.0, "the sign")
    assert (progress.result.state, progress.result.tries, progress.result.hints) == (OPEN, 1, 1)
    assert not progress.go_on()
    assert progress.place == 0, "no key leads past a task that is open"
    progress.miss(1.0)
    progress.miss(1.0)
    assert progress.result.state == TOLD
    assert progress.result.mistakes == ("the sign",)
    assert progress.result.seconds == 3
    assert not progress.go_on()
    assert progress.place == 1


def test_the_end_of_a_lesson_and_of_the_course(progress: Progress) -> None:
    ends = []
    for _ in range(3):
        progress.right(2.0)
        assert progress.result.state == DONE
        ends.append(progress.go_on())
    assert ends == [False, True, True]
    assert progress.is_over
    assert not progress.is_open
    assert not progress.go_on()
    assert progress.lesson == progress.course.lessons[-1]


def test_a_hint_counts(progress: Progress) -> None:
    assert progress.hint() == "So."
    progress.right(0.0, tried=False)
    assert (progress.result.hints, progress.result.tries) == (1, 0)


def test_it_goes_on_as_it_was_saved(progress: Progress) -> None:
    progress.miss(1.0, "x")
    progress.right(1.0)
    progress.go_on()
    progress.miss(3.0)
    saved = msgspec.convert(msgspec.to_builtins(progress.saved(False)), SavedProgress)
    again = Progress(progress.course)
    again.resume(saved)
    assert again.results == progress.results
    assert again.place == 1
    assert not saved.shown


@pytest.mark.parametrize("place", [-3, 2, 99])
def test_no_saved_place_lies_beyond_a_task_that_is_open(progress: Progress, place: int) -> None:
    saved = SavedProgress("x", place, tuple(progress.results) * 2)
    progress.resume(saved)
    assert progress.place == 0


def test_the_reports(progress: Progress) -> None:
    progress.miss(20.0, "=cmd|' /C calc'!A0")
    progress.right(100.0)
    rows = list(csv.reader(StringIO(report(progress, CSV))))
    assert rows[0] == list(HEADER)
    assert len(rows) == 4
    assert rows[1] == ["'=1+1 | two", "1", "done", "2", "1", "120", "'=cmd|' /C calc'!A0", "Do."]
    assert rows[2][2] == "open"
    text = report(progress, MARKDOWN)
    assert "1 of 3 tasks done, 2 tries, 1 hint, 2 min" in text
    assert "## 1. =1+1 \\| two" in text
    assert "| 1 | done | 2 | 1 | 2 min | Do. |" in text


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(f"\n{text}").startswith("'")
    assert safe_cell("1=1") == "1=1"


def test_a_summary_has_the_persons_own_numbers(progress: Progress) -> None:
    lesson = progress.course.lessons[0]
    facts = Facts(numbers={"loss": 1.25})
    assert summary(lesson, progress.results[:2], facts)[0] == "It was 1.2500."
    assert summary(lesson, progress.results[:2], Facts())[0] == "It was …."
    assert how_it_went(progress.results) == "0 of 3 tasks done, 0 tries, 0 hints, 0 s"
    assert minutes(89) == "89 s"
    assert minutes(600) == "10 min"

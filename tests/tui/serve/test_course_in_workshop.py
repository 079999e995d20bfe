"""A course in a workshop: open for everybody, told to the report as it is done, kept when a session is lost."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from backprop_tui.core.course import parse
from backprop_tui.core.course.classroom.tasks import Outcome
from backprop_tui.core.course.progress import Progress
from backprop_tui.tui.serve import limits, notes
from backprop_tui.tui.serve.notes import MOST_OUTCOMES, Progressed
from backprop_tui.tui.serve.seat.telling import Telling
from instructor import LONG, WORKSHOP, mode_of, read_and_press, rows_of, served
from real_terminal import RealTerminal
from served import come, line_of

COURSE = """
title = "=A step"

[[lesson]]
title = "By hand"
screen = "back-propagation"
goal = "one step, number by number"

[[lesson.task]]
text = "=What is ∂L/∂w1[1,1] of the first step?"
number = { of = "gw1[1,1]", step = 1, tolerance = 0.01 }
hint = "four factors"
done = "One for each link."

[[lesson.task]]
text = "Which sign has ∂L/∂ŷ?"
choice = { of = ["negative", "positive"], sign = "gy_pred", step = 1 }
hint = "ŷ - y"
done = "Too low."
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    path = tmp_path / "step.toml"
    path.write_text(COURSE, "utf-8")
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def dashboard(state: Path, course: Path) -> Iterator[RealTerminal]:
    with served(state, "--course", str(course)) as terminal:
        terminal.wait_for("nobody is here yet", 180)
        yield terminal


def begin(dashboard: RealTerminal, name: str) -> RealTerminal:
    """Come in, and close the page that the course begins with."""
    person = come(dashboard, name, "By hand: one step")
    person.press("\x1b")
    person.wait_for("Task 1 of 2", LONG)
    return person


class TestWithPeople:
    pytestmark = WORKSHOP

    def test_what_is_done_is_in_the_report_of_who_is_lost_as_well(self, dashboard: RealTerminal, state: Path) -> None:
        with begin(dashboard, "anna") as anna, begin(dashboard, "idle"):
            # -11.0695·0.4376·(-0.4332) = 2.0984 leaves the slope out; the whole product is 0.5086, by hand.
            anna.press("2.0984\r")
            anna.wait_for("No: that is the product without", LONG)
            anna.press("A")
            anna.wait_for("to within 0.01", LONG)
            anna.press("0.5086\r")
            anna.wait_for("Right: 0.5086", LONG)
            anna.press("H")
            os.killpg(os.getpgid(anna.process.pid), 9)
            dashboard.wait_until(lambda: line_of(dashboard, "anna") == "", LONG, "anna is gone")
            dashboard.press("e")
            dashboard.wait_for("the report is in", LONG)
            self._check(state, "1", "2")
            # Who comes back is at the next task; nothing is counted twice.
            with come(dashboard, "anna", "Task") as again:
                again.press("A")
                again.wait_for("Task 2 of 2", LONG)
                again.press("2")
                again.wait_for("No. Hint: ŷ - y", LONG)
                again.press("1")
                again.wait_for("Right. Too low.", LONG)
                time.sleep(1)
                dashboard.press("q")
                dashboard.wait_for("end the workshop", LONG)
                dashboard.press("y")
                assert dashboard.wait_for_end(LONG) == 0
        self._check(state, "2", "4")
        text = (state / "report.md").read_text()
        assert "## The course: =A step" in text
        assert "1 person began it, 1 did all of its 2 tasks." in text
        assert "| 2 | 1 | 0 | 0 | 2.0 | " in text
        assert text.count("=What is") == 1

    def test_a_question_of_the_course_is_asked(self, dashboard: RealTerminal) -> None:
        with begin(dashboard, "anna") as anna:
            dashboard.press("a")
            dashboard.wait_for("one of the course's questions", LONG)
            dashboard.press("5")
            dashboard.wait_for("By hand: =What is", LONG)
            dashboard.press("\r")
            asked = "Task 1: =What is ∂L/∂w1[1,1] of the first step? (to within 0.01)"
            read_and_press(anna, asked, "2.0984\r", "Your answer: +2.0984; it may be changed")
            dashboard.wait_for("1 answered, 1 here", LONG)
            dashboard.press("r")
            anna.wait_for("The answer: +0.5086.", LONG)
            assert "that is the product without h1[1](1 - h1[1])." in " ".join(anna.text.split())
            # The list begins at the one after it.
            dashboard.press("a")
            dashboard.wait_for("one of the course's questions", LONG)
            dashboard.press("5")
            dashboard.wait_for("By hand: =What is", LONG)
            dashboard.press("\r")
            read_and_press(anna, "Task 2: Which sign has", "2", "Your answer: positive; it may be changed")
            dashboard.press("r")
            anna.wait_for("The answer: negative.", LONG)
            anna.press("\x1b")
            anna.wait_for("Task 1 of 2", LONG)

    def _check(self, state: Path, done: str, tries: str) -> None:
        rows = rows_of(state)
        assert (rows["anna"]["tasks_done"], rows["anna"]["tries"]) == (done, tries)
        assert float(rows["anna"]["minutes_at_tasks"]) < 3
        assert (rows["idle"]["tasks_done"], rows["idle"]["tries"]) == ("", "")
        assert [mode_of(state / name) for name in limits.REPORTS] == [0o600, 0o600]


# What is sent


def test_only_what_is_new_is_told_and_what_is_not_taken_is_told_again() -> None:
    ours, theirs = notes.pair()
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        telling, progress = Telling(ours), Progress(parse(COURSE, None, "step"))
        assert not telling.is_behind(progress), "nothing is begun"
        progress.miss(5.0, "a mistake")
        telling.tell(progress)
        assert heard(theirs) == [Progressed("=A step", 2, {0: Outcome("open", 1, 1, 5.0)})]
        assert not telling.is_behind(progress)
        progress.right(2.0)
        progress.go_on()
        progress.hint()
        while notes.send(ours, Progressed("full", 1, {})):
            pass
        telling.tell(progress)
        assert telling.is_behind(progress)
        assert {note.course for note in heard(theirs)} == {"full"}
        telling.tell(progress)
        told = {0: Outcome("done", 2, 1, 7.0), 1: Outcome("open", 0, 1, 0.0)}
        assert heard(theirs) == [Progressed("=A step", 2, told)]


@pytest.mark.slow
def test_the_longest_course_is_told_in_parts_that_fit() -> None:
    """5,000 tasks, as many as a course may have."""
    task = COURSE[COURSE.index("[[lesson.task]]") :].replace("=What", "What")
    lesson = COURSE[COURSE.index("[[lesson]]") : COURSE.index("[[lesson.task]]")] + task * 50
    progress = Progress(parse('title = "Long"\n' + lesson * 50, None, "long"))
    assert len(progress.results) == 5_000
    for number in range(5_000):
        progress.place = number
        for _ in range(3):
            progress.miss(1e6 / 3)
    ours, theirs = notes.pair()
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        telling, told = Telling(ours), dict[int, Outcome]()
        while telling.is_behind(progress):
            telling.tell(progress)
            parts = heard(theirs)
            assert parts
            assert all(len(part.outcomes) <= MOST_OUTCOMES for part in parts)
            for part in parts:
                told |= part.outcomes
    assert len(told) == 5_000


def heard(link) -> list[Progressed]:  # type: ignore[no-untyped-def]
    found = []
    while True:
        try:
            found.append(notes.decode(link.recv(notes.MAX_NOTE), notes.FromSession))
        except BlockingIOError:
            return found


@pytest.mark.parametrize(
    "wrong",
    [
        {"course": "x" * 61},
        {"of": 0},
        {"of": 5_001},
        {"outcomes": {0: ["ajar", 1, 0, 1.0]}},
        {"outcomes": {0: ["done", -1, 0, 1.0]}},
        {"outcomes": {0: ["done", 1, 10_001, 1.0]}},
        {"outcomes": {0: ["done", 1, 0, float("nan")]}},
        {"outcomes": {0: ["done", 1, 0, -1.0]}},
        {"outcomes": {"one": ["done", 1, 0, 1.0]}},
        {"outcomes": {number: ["done", 1, 0, 1.0] for number in range(501)}},
    ],
)
def test_what_is_told_is_bounded_and_typed(wrong: dict[str, object]) -> None:
    right = {"type": "Progressed", "course": "A", "of": 2, "outcomes": {0: ["done", 1, 0, 1.0]}}
    assert notes.decode(msgspec.msgpack.encode(right), notes.FromSession) == Progressed(
        "A", 2, {0: Outcome("done", 1, 0, 1.0)}
    )
    with pytest.raises(msgspec.MsgspecError):
        notes.decode(msgspec.msgpack.encode(right | wrong), notes.FromSession)

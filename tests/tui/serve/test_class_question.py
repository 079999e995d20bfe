"""The question to the class: asked on the instructor's screen, answered over SSH and the page, revealed, reported."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from backprop_tui.core.course.classroom.question import Question
from backprop_tui.core.explain.mistakes import Mistake
from backprop_tui.tui.serve import limits, notes
from backprop_tui.tui.serve.notes import Answered, ClassQuestion, Posed
from browser import Browser, Tab
from instructor import LONG, READING, WORKSHOP, bars, mode_of, read_and_press, rows_of, served, show
from programs import SSH
from real_terminal import RealTerminal
from served import SSH_OPTIONS, come, line_of

FORMULA = '=HYPERLINK("http://127.0.0.1/","look")'


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def dashboard(state: Path) -> Iterator[RealTerminal]:
    with served(state) as terminal:
        terminal.wait_for("nobody is here yet", 180)
        yield terminal


class TestWithPeople:
    pytestmark = WORKSHOP

    def test_two_votes_the_answer_and_the_report(self, dashboard: RealTerminal, state: Path) -> None:
        refused = served_ssh(dashboard, "=1+1")
        assert "choose a name of up to 32 letters" in refused
        with (
            come(dashboard, "anna") as anna,
            come(dashboard, "sum.1-1") as odd,
            come(dashboard, "idle") as idle,
            come(dashboard, "prof") as prof,
        ):
            dashboard.press("r")
            dashboard.wait_for("there is no question", LONG)
            dashboard.press("a")
            dashboard.wait_for("1 to 3 need a step that is shown", LONG)
            dashboard.press("1")
            dashboard.wait_for("choose yourself", LONG)
            show(dashboard, "prof")
            dashboard.press("a")
            dashboard.wait_for("prof's step is shown", LONG)
            dashboard.press("1")
            dashboard.wait_for("the step that is shown is not begun", LONG)

            prof.press("s")
            prof.wait_for("phase 1")
            anna.press("  ")
            anna.wait_for("step 2")
            anna.press("j5")
            dashboard.press("a")
            dashboard.wait_for("prof's step is shown", LONG)
            dashboard.press("1")
            dashboard.wait_for("0 answered, 3 here", LONG)

            # The first vote. What anna was doing stays as it is; who vanishes comes back to what they said.
            text = "The loss of this step is 61.2673. What will it be after the update?"
            read_and_press(anna, text, "  91", "Your answer: smaller; it may be changed")
            read_and_press(anna, text, "2", "Your answer: larger; it may be changed")
            read_and_press(odd, text, "qx0=1+1\r;1", "Your answer: smaller; it may be changed")
            prof.wait_for("Your class answers.", LONG)
            dashboard.wait_for("2 answered, 3 here", LONG)
            assert (bars(dashboard, "smaller"), bars(dashboard, "larger")) == ([1], [1])
            anna.process.kill()
            dashboard.wait_until(lambda: line_of(dashboard, "anna") == "", 40, "anna is gone")
            dashboard.wait_for("2 answered, 2 here", LONG)
            with come(dashboard, "late") as late, come(dashboard, "anna") as again:
                again.wait_for("Your answer: larger; it may be changed", LONG)
                read_and_press(late, text, "3", "Your answer: the same; it may be changed")
                dashboard.wait_for("3 answered, 4 here", LONG)
                dashboard.press("a")
                again.wait_for("The vote is closed. Your answer: larger.", LONG)
                idle.wait_for("The vote is closed. You have not answered.", LONG)

                # The second vote, and the truth.
                dashboard.press("a")
                read_and_press(again, "second vote", "1", "Your answer: smaller; it may be changed")
                read_and_press(late, "second vote", "1", "Your answer: smaller; it may be changed")
                idle.wait_for("second vote", LONG)
                idle.press("\x1b")
                idle.wait_until(lambda: "second vote" not in idle.text, LONG, "put away")
                idle.press("  ")
                idle.wait_for("step 2", LONG)
                idle.press("Q")
                idle.wait_for("second vote", LONG)
                idle.press("\x1b")
                dashboard.wait_for("2 answered, 4 here", LONG)
                assert (bars(dashboard, "smaller"), bars(dashboard, "larger")) == ([1, 2], [1, 0])
                dashboard.press("a")
                dashboard.wait_for("the vote is closed", LONG)
                dashboard.press("a")
                dashboard.wait_for("two votes are counted", LONG)
                dashboard.press("r")
                for person, verdict in (
                    (again, "You said smaller: right."),
                    (late, "You said smaller: right."),
                    (idle, "The answer: smaller."),
                ):
                    person.wait_for(verdict, LONG)
                    assert "With lr 0.2 the update takes it from 61.2673 to 27.3387." in person.text
                dashboard.wait_for("right  ", LONG)
                again.press("\x1b")
                again.wait_until(lambda: "Question 1" not in again.text and "step 2" in again.text, LONG, "anna's own")
                again.press(" ")
                again.wait_for("step 3", LONG)

                # A number, and what was done wrong.
                dashboard.press("a")
                dashboard.wait_for("Ask everybody", LONG)
                dashboard.press("3")
                dashboard.wait_for("which number?", LONG)
                dashboard.press("w7[1,1]\r")
                dashboard.wait_for("this step has no number called 'w7[1,1]'", LONG)
                dashboard.press("a")
                dashboard.wait_for("Ask everybody", LONG)
                dashboard.press("3")
                dashboard.wait_for("which number?", LONG)
                dashboard.press("gw1[1,1]\r")
                asked = "What is ∂L/∂w1[1,1]?"
                read_and_press(again, asked, "lots\r", "'lots' is not a number")
                again.press("\x7f" * 4 + "2.0984\r")
                again.wait_for("Your answer: +2.0984; it may be changed", LONG)
                read_and_press(late, asked, "0.5086\r", "Your answer: +0.5086; it may be changed")
                read_and_press(odd, asked, "-77\r", "Your answer: -77.0000; it may be changed")
                dashboard.wait_for("3 answered", LONG)
                assert bars(dashboard, "right") == bars(dashboard, "another number") == [1]
                assert bars(dashboard, re.escape("the product without h1[1](1 - h1[1])")) == [1]
                dashboard.press("r")
                again.wait_for("that is the product without h1[1](1 - h1[1]).", LONG)

                # A question that is typed.
                dashboard.press("a")
                dashboard.wait_for("Ask everybody", LONG)
                dashboard.press("4")
                dashboard.wait_for("type the question", LONG)
                dashboard.press(f"Ready, [b]class[/]? | yes | *{FORMULA}\r")
                read_and_press(again, "Ready, [b]class[/]?", "2", "Your answer: =HYPER")
                dashboard.wait_for("1 answered", LONG)

                dashboard.press("e")
                dashboard.wait_for("the report is in", LONG)
                self._check_report(state)
        dashboard.press("q")
        dashboard.wait_for("end the workshop", LONG)
        (state / "report.csv").unlink()
        dashboard.press("y")
        assert dashboard.wait_for_end(LONG) == 0
        self._check_report(state)

    def _check_report(self, state: Path) -> None:
        rows = rows_of(state)
        assert sorted(rows) == ["anna", "idle", "late", "prof", "sum.1-1"]
        assert (rows["anna"]["questions"], rows["anna"]["right"]) == ("3", "2")
        assert (rows["idle"]["questions"], rows["idle"]["right"]) == ("0", "0")
        assert (rows["late"]["question_1"], rows["late"]["question_2"]) == ("smaller", "'+0.5086")
        assert rows["sum.1-1"]["question_2"] == "'-77.0000"
        assert rows["anna"]["question_3"] == f"'{FORMULA}"
        assert 0 < float(rows["anna"]["seconds_to_answer"]) < 60
        text = (state / "report.md").read_text()
        assert "| smaller **right** | 1 | 33 % | 2 | 100 % |" in text
        assert "Commonest mistake: larger (1 time in the first vote)." in text
        assert "Commonest mistake: the product without h1" in text
        assert [mode_of(state / name) for name in limits.REPORTS] == [0o600, 0o600]

    def test_it_comes_over_a_pause_and_over_following_and_goes_back_to_them(self, dashboard: RealTerminal) -> None:
        with come(dashboard, "anna") as anna, come(dashboard, "prof") as prof:
            prof.press(" ")
            prof.wait_for("step 1")
            show(dashboard, "prof")
            dashboard.press("p")
            anna.wait_for("paused the workshop", LONG)
            dashboard.press("a")
            dashboard.wait_for("Ask everybody", LONG)
            dashboard.press("2")
            dashboard.wait_for("which number?", LONG)
            dashboard.press("\r")
            read_and_press(anna, "Is ∂L/∂w1[1,1] positive or negative?", "1", "Your answer: positive; it may")
            # The pause ends beneath the question, and begins again.
            for said in ("everybody goes on", "paused: nobody's keys are taken"):
                dashboard.press("p")
                dashboard.wait_for(said, LONG)
            dashboard.press("a")
            anna.wait_for("The vote is closed", LONG)
            dashboard.press("p")
            dashboard.wait_for("everybody goes on", LONG)
            anna.press("\x1b")
            anna.wait_until(lambda: "Question 1" not in anna.text and "paused" not in anna.text, LONG, "anna's own")
            anna.press(" f")
            anna.wait_for("following prof", LONG)
            dashboard.press("r")
            anna.wait_for("The answer: positive.", LONG)
            assert "You said positive: right." in anna.text
            prof.press("\x1b")
            anna.press("\x1b")
            anna.wait_until(
                lambda: "The answer" not in anna.text and "following prof" in anna.text, 40, "prof's screen"
            )
            anna.press("Q")
            anna.wait_for("The answer: positive.", LONG)
            anna.press("\x1b")
            anna.wait_until(lambda: "The answer" not in anna.text, LONG)
            anna.press("f")
            anna.wait_until(lambda: "step 1" in anna.text and "following" not in anna.text, LONG, "anna's own")

    @pytest.mark.needs("chromium")
    def test_in_a_browser(self, state: Path, tmp_path: Path) -> None:
        with served(state, "--web", "--web-port", "0") as dashboard, Browser(tmp_path / "profile") as browser:
            dashboard.wait_for("nobody is here yet", 180)
            address = re.search(r"http://[\d.:]+", dashboard.text)[0]
            password = re.search(r"password: (\S+)", dashboard.text)[1]
            with browser.tab() as tab:
                tab.go(address)
                tab.type("anna")
                tab.click("#password")
                tab.type(password + "\r")
                tab.wait_for("Gradients")
                dashboard.press("a")
                dashboard.wait_for("Ask everybody", LONG)
                dashboard.press("4")
                dashboard.wait_for("type the question", LONG)
                dashboard.press("Ready? | yes | no\r")
                tab.wait_for("Ready?")
                time.sleep(READING)
                tab.type("1")
                tab.wait_for("Your answer: yes; it may be changed")
                dashboard.wait_for("1 answered, 1 here", LONG)
                dashboard.press("r")
                tab.wait_for("Nobody has said which answer is right.")
                type_escape(tab)
                tab.type(" ")
                tab.wait_for("step 1")


def type_escape(tab: Tab) -> None:
    tab.type("\x1b")
    tab.wait_until(lambda: "Question 1" not in tab.screen(), "one's own screen")


def served_ssh(dashboard: RealTerminal, name: str) -> str:
    """What somebody of a name is told who is not let in."""
    port, password = re.search(r"ssh -p (\d+)", dashboard.text)[1], re.search(r"password: (\S+)", dashboard.text)[1]
    with RealTerminal(program=[SSH, *SSH_OPTIONS, "-p", port, "-l", name, "127.0.0.1"]) as client:
        client.wait_until(lambda: "password:" in client.text or client.process.poll() is not None, 40)
        client.press(f"{password}\r")
        client.wait_for_end(LONG)
        return client.output


# What is sent to and fro


def test_no_name_is_a_report_s() -> None:
    assert [limits.label(name) for name in ("report.csv", "Report.MD", "report", FORMULA)] == [
        None,
        None,
        "report",
        None,
    ]


def test_what_is_sent_is_bounded_and_typed() -> None:
    mistakes = tuple(Mistake("x" * 300, float(number)) for number in range(100))
    question = Question("What?", (), 1.0, ("because",), mistakes)
    data = msgspec.msgpack.encode(Posed(question))
    assert len(data) < notes.MAX_NOTE
    assert notes.decode(data, notes.FromSession) == Posed(question)
    for wrong in (
        {"type": "Posed", "question": {"text": "What?", "choices": [], "answer": None, "because": [], "mistakes": []}},
        {"type": "Posed", "question": {"text": "x" * 301, "choices": ["a", "b"]}},
        {"type": "Answered", "number": 1, "round": 1, "answer": "1"},
        {"type": "ClassQuestion", "number": 1},
    ):
        with pytest.raises(msgspec.MsgspecError):
            notes.decode(msgspec.msgpack.encode(wrong), notes.FromSession)
    with pytest.raises(msgspec.MsgspecError):
        notes.decode(msgspec.msgpack.encode({"type": "ClassQuestion", "number": 1, "stage": "ajar"}), notes.ToSession)
    assert notes.decode(msgspec.msgpack.encode(ClassQuestion(0)), notes.ToSession).number == 0
    assert notes.decode(msgspec.msgpack.encode(Answered(1, 1, 2.0)), notes.FromSession).answer == 2.0


@pytest.mark.slow
@pytest.mark.serve
@pytest.mark.one_worker
def test_fifty_people_two_votes_and_the_report() -> None:
    """One has vanished and comes back, one comes late, one types nonsense: all are counted, each once."""
    script = Path(__file__).parents[2] / "benchmarks" / "class_question.py"
    command = [sys.executable, str(script), "--sessions", "50"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Answered: 50, then 50." in done.stdout
    assert "exit code is 0; report.csv has 51 people, 50 right in the end" in done.stdout

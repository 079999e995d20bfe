"""Sessions of the real program in real terminals: hung up, terminated, killed, resumed; two at once; a bad home."""

import base64
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import read
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.store import load
from driving import Settle
from real_terminal import RealTerminal
from saved_file import rewrite, with_parts

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_engine")]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of these programs."""
    return tmp_path / "state"


def started(state: Path, *arguments: str, **more: Any) -> RealTerminal:
    return RealTerminal(*arguments, XDG_STATE_HOME=str(state), **more)


def loaded(terminal: RealTerminal) -> None:
    terminal.wait_for("q quit")
    terminal.wait_until(lambda: "loading" not in terminal.text)


def quit_it(terminal: RealTerminal) -> None:
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def files(state: Path) -> list[Path]:
    return sorted((state / "backprop-tui").glob("*.session"))


def is_the_runs_own(session: Session, settle: Settle) -> None:
    """Made anew from its start, with the same settings, it comes to the same numbers bit for bit."""
    again = Session(session.timeline.run)
    if session.timeline.history.entries:
        again.timeline.start_jump(session.timeline.history.entries)
        settle(again)
    assert again.timeline.history.states.tobytes() == session.timeline.history.states.tobytes()
    assert again.timeline.history.losses.tobytes() == session.timeline.history.losses.tobytes()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_ended_in_the_middle_of_autoplay(number: signal.Signals, state: Path, settle: Settle) -> None:
    with started(state, "--seed", "5", "--lr", "0.01") as terminal:
        loaded(terminal)
        terminal.press("a" + ">" * 7)
        terminal.wait_until(lambda: "step 0" not in terminal.text)
        time.sleep(0.7)
        terminal.process.send_signal(number)
        assert terminal.wait_for_end() == 128 + number
        assert "saved as" in terminal.output
        assert terminal.is_restored()
    (path,) = files(state)
    saved = load(path).session
    assert saved.timeline.history.entries > 50
    is_the_runs_own(saved, settle)
    with started(state, "--resume") as terminal:
        terminal.wait_for(f"resumed at step {saved.timeline.steps:,}")
        assert "may differ" not in terminal.text
        terminal.press(" w")
        terminal.wait_for("saved as")
        resumed = load(path).session
        assert resumed.timeline.steps == saved.timeline.steps + 1
        is_the_runs_own(resumed, settle)
        quit_it(terminal)
    assert files(state) == [path], "it goes on under its own name"


def test_a_closed_terminal_saves(state: Path, settle: Settle) -> None:
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("a>>>>")
        terminal.wait_until(lambda: "step 0" not in terminal.text)
        terminal.close()
        terminal.wait_for_end(4)
    (path,) = files(state)
    is_the_runs_own(load(path).session, settle)


def test_quit_between_phases_and_resumed_in_the_same_place(state: Path) -> None:
    with started(state, "--seed", "3") as terminal:
        loaded(terminal)
        terminal.press("  sssd+")
        terminal.wait_for("phase 3 of 10")
        terminal.wait_for("lr 0.5")
        before = panes(terminal)
        quit_it(terminal)
    with started(state, "--resume") as terminal:
        terminal.wait_for("resumed at step 3")
        assert panes(terminal) == before
        terminal.press("s")
        terminal.wait_for("phase 4 of 10")
        terminal.press("bb")
        terminal.wait_for("phase 2 of 10")
        quit_it(terminal)


def panes(terminal: RealTerminal) -> list[str]:
    """All but the line for notices."""
    lines = terminal.text.splitlines()
    return lines[:-2] + lines[-1:]


def test_the_lesson_and_its_function_come_back(state: Path) -> None:
    with started(state) as terminal:
        loaded(terminal)
        terminal.press(" 3")
        terminal.wait_for("DESCENT")
        terminal.press("=\x7f\x7f\x7fx\r")
        terminal.wait_for("y = x**2 + x ")
        terminal.press("  +  ")
        terminal.wait_for("-0.3848")  # -0.1, -0.18; with lr 0.2 -0.308, -0.3848
        terminal.press("b")
        terminal.wait_until(lambda: "-0.3848" not in terminal.text)
        before = terminal.text
        quit_it(terminal)
    with started(state, "--resume") as terminal:
        terminal.wait_for("DESCENT")
        terminal.wait_for("y = x**2 + x ")
        terminal.wait_until(lambda: terminal.text == before)
        terminal.press("4")
        terminal.wait_for("step 1\n")
        quit_it(terminal)


def test_steps_in_a_lesson_alone_are_saved_at_the_end(state: Path) -> None:
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("3")
        terminal.wait_for("DESCENT")
        quit_it(terminal)
    assert files(state) == [], "looked at, nothing done"
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("3  ")
        terminal.wait_for("-0.72")
        terminal.process.send_signal(signal.SIGHUP)
        terminal.wait_for_end()
    with started(state, "--resume") as terminal:
        terminal.wait_for("-0.72")
        terminal.press("b")
        terminal.wait_until(lambda: "-0.72" not in terminal.text)
        assert "-0.4" in terminal.text
        quit_it(terminal)
    assert len(files(state)) == 1


def test_killed_it_has_lost_what_came_after_the_last_save(state: Path, settle: Settle) -> None:
    program = (
        "import sys; from backprop_tui.tui.app import StepperApp\n"
        "StepperApp.SAVE_EVERY = 0.3\n"
        "from backprop_tui.tui.__main__ import main\n"
        "sys.exit(main())"
    )
    with started(state, program=(sys.executable, "-c", program)) as terminal:
        loaded(terminal)
        assert files(state) == [], "nothing done, nothing saved"
        terminal.press("   ")
        terminal.wait_for("step 3\n")
        until(terminal, lambda: len(files(state)) == 1)
        path = files(state)[0]
        until(terminal, lambda: load(path).session.timeline.steps == 3)
        saved_at = path.stat().st_mtime_ns
        for _ in range(20):
            terminal.read(0.05)
        assert path.stat().st_mtime_ns == saved_at, "nothing done, nothing saved again"
        terminal.press("a" + ">" * 7)
        until(terminal, lambda: load(path).session.timeline.steps > 30)
        terminal.process.kill()
        terminal.wait_for_end()
    saved = load(path).session
    is_the_runs_own(saved, settle)
    with started(state, "--resume") as terminal:
        terminal.wait_for(f"resumed at step {saved.timeline.steps:,}")
        quit_it(terminal)
    assert files(state) == [path]


def until(terminal: RealTerminal, is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that is not on the screen."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        terminal.read(0.05)


def test_two_programs_at_once(state: Path) -> None:
    with started(state, "--seed", "1") as first:
        loaded(first)
        first.press("  w")
        first.wait_for("saved as")
        (path,) = files(state)
        with started(state, "--resume") as second:
            assert second.wait_for_end(20) == 2
            assert "every saved session is open in another program" in second.text
        with started(state, "--resume", path.stem, columns=200) as second:
            assert second.wait_for_end(20) == 2
            assert f"no session '{path.stem}' is saved, or it is open in another program" in second.text
        with started(state, "--seed", "2") as second:
            loaded(second)
            second.press(" w")
            second.wait_for("saved as")
            assert path.stem not in second.text
            first.press(" w")
            first.wait_for("step 3\n")
            first.wait_for("saved as")
            quit_it(second)
        quit_it(first)
    assert {(load(one).session.timeline.run.seed, load(one).session.timeline.steps) for one in files(state)} == {
        (1, 3),
        (2, 1),
    }


def test_a_home_that_can_not_be_written_is_a_notice_and_no_end(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    with started(in_the_way, columns=120) as terminal:
        loaded(terminal)
        terminal.press(" w")
        terminal.wait_for("sessions can't be saved in")
        terminal.press(" ")
        terminal.wait_for("step 2\n")
        quit_it(terminal)
        assert "sessions can't be saved in" in terminal.output.rpartition("\x1b[?1049l")[2]
        assert "Traceback" not in terminal.output


def test_a_damaged_file_is_told_and_left_alone(state: Path) -> None:
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("  ")
        terminal.wait_for("step 2\n")
        quit_it(terminal)
    (path,) = files(state)
    content = bytearray(path.read_bytes())
    content[-7] ^= 4
    path.write_bytes(content)
    with started(state, "--resume", columns=200) as terminal:
        assert terminal.wait_for_end(20) == 2
        assert "is damaged: its checksum does not fit; it is left as it is" in terminal.text
        assert terminal.is_restored()
    assert path.read_bytes() == content
    assert files(state) == [path]


# A session is a list of runs


def test_a_new_run_leaves_the_earlier_one_also_over_an_end(state: Path) -> None:
    """j 50 Enter r b stands at step 50 again; j 50 Enter r q and --resume, then b, too."""
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("j50\r")
        terminal.wait_for("step 50\n")
        terminal.press("r")
        terminal.wait_for("seed 1 ")
        terminal.press("b")
        terminal.wait_for("step 50\n")
        assert "seed 0 " in terminal.text
        assert "run 1 of 2, as it was left" in terminal.text
        terminal.press("r")
        terminal.wait_for("seed 1 ")
        quit_it(terminal)
    (path,) = files(state)
    assert [run.history.entries for run in load(path).session.timelines] == [50, 0, 0]
    with started(state, "--resume") as terminal:
        terminal.wait_for("resumed at step 0")
        terminal.press("b")
        terminal.wait_for("step 50\n")
        assert "seed 0 " in terminal.text
        quit_it(terminal)


def test_an_example_opened_over_a_run_leaves_it_too(state: Path, settle: Settle) -> None:
    """Another network, another table: b leads back, and quitting saves both in one file."""
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("j9\r")
        terminal.wait_for("step 9\n")
        terminal.press("o")
        terminal.wait_for("mazur-2015")
        terminal.press("\r")
        terminal.wait_for("Look for:")  # the example's story
        terminal.press("\x1b")
        terminal.wait_until(lambda: "Look for:" not in terminal.text)
        terminal.press("  ")
        terminal.wait_for("Training   step 2")
        quit_it(terminal)
    (path,) = files(state)
    first, second = load(path).session.timelines
    assert (first.history.entries, second.history.entries) == (9, 2)
    assert second.opened_from is not None
    with started(state, "--resume") as terminal:
        terminal.wait_for("resumed at step 2")
        terminal.press("bbb")
        terminal.wait_for("Training   step 9")
        terminal.press(" ")
        terminal.wait_for("Training   step 10")
        quit_it(terminal)


# Where the next digits may differ


def test_a_session_from_elsewhere_says_that_its_next_digits_may_differ(state: Path) -> None:
    with started(state) as terminal:
        loaded(terminal)
        terminal.press("  ")
        terminal.wait_for("step 2\n")
        quit_it(terminal)
    (path,) = files(state)
    xla = load(path).xla
    for changes, told in (
        ({"machine": "Linux, ENIAC\x1b]0;x\x07"}, "it is from another machine, Linux, ENIAC\\x1b"),
        ({"xla": not xla}, f"it was made {'without' if xla else 'with'} XLA"),
    ):
        rewrite(path, lambda saved, changes=changes: with_parts(saved, changes))
        with started(state, "--resume", columns=160) as terminal:
            terminal.wait_for("resumed at step 2; next digits may differ: ")
            assert told in terminal.text
            assert b"\x1b]0;x" not in terminal.written
            terminal.press(" ")
            terminal.wait_for("step 3\n")
            terminal.press("b")
            terminal.wait_for("step 2\n")
            quit_it(terminal)


@pytest.mark.parametrize("as_scenario", [False, True])
def test_a_table_by_a_relative_path_from_another_folder_and_changed(
    as_scenario: bool, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKPROP_TUI_ENGINE")  # which opens no tables of one's own
    folder = tmp_path / "course"
    folder.mkdir()
    table = folder / "t.csv"
    table.write_text("a,b,y\n1,2,3\n2,5,4\n7,1,2\n")
    scenario = folder / "mine.toml"
    scenario.write_text(
        'title = "Mine"\n[data]\ncsv = "t.csv"\nfeatures = ["a", "b"]\ntargets = ["y"]\n'
        'standardize = ["a", "b"]\nlog_target = true\n'
    )
    inside = f"cd {shlex.quote(str(folder))} && exec {shlex.quote(sys.executable)} -m backprop_tui.tui "
    inside += "mine.toml" if as_scenario else "--data t.csv"
    with started(state, program=("sh", "-c", inside)) as terminal:
        loaded(terminal)
        terminal.press("  ")
        terminal.wait_for("step 2\n")
        before = panes(terminal)
        quit_it(terminal)
    with started(state, "--resume") as terminal:  # from /
        terminal.wait_for("resumed at step 2")
        assert "may differ" not in terminal.text
        assert panes(terminal) == before
        quit_it(terminal)
    table.write_text("a,b,y\n1,2,3\n2,5,4\n7,1,2\n0,0,1\n")
    with started(state, "--resume") as terminal:
        terminal.wait_for("resumed at step 2; next digits may differ: the table has changed since")
        quit_it(terminal)
    table.write_text("a,b,y\n1,2,3\n2,5,4\n7,1,2\n0,0,1.5\n")
    with started(state, "--resume") as terminal:
        terminal.wait_for("resumed at step 2; next digits may differ: the table has changed since")
        quit_it(terminal)
    table.unlink()
    with started(state, "--resume", columns=200) as terminal:
        assert terminal.wait_for_end(30) == 2
        assert "t.csv" in terminal.output.rpartition("\x1b[?1049l")[2]
    assert len(files(state)) == 1


# Taking it elsewhere


def test_save_writes_where_the_last_session_stopped(
    state: Path, tmp_path: Path, engine: Engine, settle: Settle
) -> None:
    with started(state, "--seed", "8") as terminal:
        loaded(terminal)
        terminal.press("  ")
        terminal.wait_for("step 2\n")
        quit_it(terminal)
    done = subprocess.run(
        [sys.executable, "-m", "backprop_tui.tui", "save", "mine.toml"],
        cwd=tmp_path,
        env=os.environ | {"XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout + done.stderr == ""
    again, session = Session(read(tmp_path / "mine.toml").run), load(files(state)[0]).session
    for either in (again, session):
        either.timeline.step()
        settle(either)
    assert again.timeline.history.states[-1].tobytes() == session.timeline.history.states[-1].tobytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--seed", "7", "--hidden", "3", "--activation", "tanh"),
        ("mazur-2015",),
        ("--rows", "32", "--optimizer", "adam", "--lr", "0.01"),
    ],
)
def test_the_line_of_y_goes_through_the_clipboard_and_a_shell(arguments: tuple[str, ...], state: Path) -> None:
    with started(state, *arguments) as terminal:
        loaded(terminal)
        terminal.press("   ")
        terminal.wait_for("step 3\n")
        terminal.press("y")
        terminal.wait_for("The line that leads here")
        terminal.wait_for("else select it here.")
        found = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)(?:\x07|\x1b\\)", terminal.written)
        assert found, "OSC 52"
        line = base64.b64decode(found[1]).decode()
        assert line in terminal.text
        assert len(line) <= 78, "it fits into one row of a small terminal, so that it can be selected"
        assert "can't say" not in terminal.text
        terminal.press("\x1b")
        terminal.wait_for("q quit")
        quit_it(terminal)
    assert shlex.split(line)[0] == "backprop-tui"
    here = Path(sys.executable).parent
    with started(state, program=("sh", "-c", line), PATH=f"{here}:{os.environ['PATH']}") as terminal:
        terminal.wait_for("step 3\n")
        loaded(terminal)
        quit_it(terminal)
    one, other = (load(path).session for path in files(state))
    assert one.timeline.history.states.tobytes() == other.timeline.history.states.tobytes()
    assert (one.timeline.run.network, one.timeline.run.optimizer, one.timeline.steps) == (
        other.timeline.run.network,
        other.timeline.run.optimizer,
        other.timeline.steps,
    )
    assert one.timeline.settings == other.timeline.settings

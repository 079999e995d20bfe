"""A program that has lost its terminal is gone within two seconds, whatever it was doing; what was done is saved."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from backprop_tui.core.storage.store import load
from command import PROGRAM
from ends import WAYS, ended, paint
from processes import wait_until, wait_until_gone
from real_terminal import RealTerminal

pytestmark = [pytest.mark.slow, pytest.mark.one_worker]

SHORT = (
    "hung up while painting",
    "hung up, SIGCONT",
    "SIGCONT, hung up",
    "SIGHUP SIGCONT",
    "SIGSTOP SIGHUP SIGCONT",
    "SIGTSTP, hung up, SIGCONT",
    "SIGCONT, q",
    "SIGTSTP SIGCONT, many, q",
    "SIGWINCH, many, SIGTERM",
    "SIGINT",
    "blocked, hung up",
    "blocked, SIGTERM",
    "blocked, q",
)
"""Of the ways, those that are least alike; `tests/benchmarks/ends.py` does them all, many times."""


@pytest.fixture(scope="module")
def engine_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shared engine: none of these programs has to load TensorFlow."""
    path = tmp_path_factory.mktemp("engine") / "engine"
    process = subprocess.Popen([*PROGRAM, "engine", "--socket", str(path)], stdout=subprocess.DEVNULL)
    wait_until(path.is_socket, 30)
    yield str(path)
    process.send_signal(signal.SIGTERM)
    process.wait(20)


@pytest.mark.parametrize("way", SHORT)
def test_gone_in_two_seconds_saved_and_restored(way: str, engine_socket: str, tmp_path: Path) -> None:
    with RealTerminal("--engine", engine_socket, XDG_STATE_HOME=str(tmp_path)) as terminal:
        assert ended(terminal, WAYS[way], tmp_path).well


def test_sighup_is_ignored_and_the_terminal_goes(engine_socket: str, tmp_path: Path) -> None:
    ignored = [signal.SIGHUP]
    with RealTerminal("--engine", engine_socket, ignored=ignored, XDG_STATE_HOME=str(tmp_path)) as terminal:
        assert ended(terminal, WAYS["hung up while painting"], tmp_path).well


TYPIST = """
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], preexec_fn=lambda: os.login_tty(os.dup(theirs)))
os.close(theirs)
seen = b""
while b"Gradients" not in seen:
    seen += os.read(ours, 65536)
os.write(ours, b"   a>>>>>>>")
painted = 0
while painted < 30000:
    painted += len(os.read(ours, 65536))
print(child.pid, flush=True)
while True:
    os.read(ours, 65536)
"""
"""A terminal emulator of its own, which does some steps and goes on with autoplay."""


def test_the_emulator_is_killed_while_the_program_paints(engine_socket: str, tmp_path: Path) -> None:
    emulator = subprocess.Popen(
        [sys.executable, "-c", TYPIST, *PROGRAM, "--engine", engine_socket],
        stdout=subprocess.PIPE,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path), "TERM": "xterm"},
    )
    assert emulator.stdout is not None
    pid = int(emulator.stdout.readline())
    emulator.kill()
    emulator.wait()
    assert wait_until_gone([pid]) == []
    (path,) = (tmp_path / "backprop-tui").glob("*.session")
    assert load(path).session.timeline.steps > 3


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("prefix", ["", "trap '' HUP; ", "setsid -w "])
def test_the_shell_is_killed(prefix: str, engine_socket: str, tmp_path: Path) -> None:
    with RealTerminal(program=("bash", "--norc", "-i"), XDG_STATE_HOME=str(tmp_path)) as terminal:
        terminal.press(f"{prefix}{' '.join(PROGRAM)} --engine {engine_socket}\r")
        terminal.wait_for("q quit")
        terminal.press("   ")
        terminal.wait_for("step 3")
        paint(terminal)
        pids = terminal.children()
        terminal.process.kill()
        # A session that has lost its leader still has its terminal, if that stays open; this one goes with it.
        terminal.close()
        assert wait_until_gone(pids) == []
    (path,) = (tmp_path / "backprop-tui").glob("*.session")
    assert load(path).session.timeline.steps >= 3


BLOCKED = """
import sys, threading, time
from backprop_tui.tui.stepper import screen as stepper
def block(self):
    {how}
stepper.StepperScreen.action_precision = block
from backprop_tui.tui.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("how", ["time.sleep(60)", "threading.Event().wait()", "\n    while True: pass"])
@pytest.mark.parametrize("closes", [True, False])
def test_the_loop_is_blocked(how: str, closes: bool, engine_socket: str, tmp_path: Path) -> None:
    program = (sys.executable, "-c", BLOCKED.format(how=how))
    with RealTerminal("--engine", engine_socket, program=program, XDG_STATE_HOME=str(tmp_path)) as terminal:
        terminal.wait_for("q quit")
        terminal.press("   ")
        terminal.wait_for("step 3")
        terminal.press("d")
        time.sleep(0.3)
        assert terminal.process.poll() is None
        began = time.monotonic()
        if closes:
            terminal.close()
        else:
            terminal.process.send_signal(signal.SIGTERM)
        code = terminal.wait_for_end(3)
        assert time.monotonic() - began < 2
        assert code == 128 + (signal.SIGHUP if closes else signal.SIGTERM)
        assert closes or terminal.is_restored(), terminal.modes_left()
    (path,) = (tmp_path / "backprop-tui").glob("*.session")
    assert load(path).session.timeline.steps == 3

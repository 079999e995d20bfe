"""Wherever stdin, stdout and stderr lead: the screen is painted on the terminal that was checked, or refused."""

import shlex
from pathlib import Path

import pytest
from command import PROGRAM
from real_terminal import RealTerminal

pytestmark = pytest.mark.slow

COMMAND = shlex.join(PROGRAM)


@pytest.mark.parametrize(
    "line",
    [
        "exec {} 2>/dev/null",
        "exec {} 2>&-",
        "exec {} 2>/dev/full",
        "{} 2>/dev/null | cat; {} 2>&-",  # the first is refused: its output is no terminal
        "setsid -w {} 2>/dev/null",
        "nohup {} 2>&-; {}",
        "script -qec {quoted} /dev/null",
        "(exec {} <&1)",
    ],
)
def test_the_screen_is_painted_whatever_stderr_is(line: str, tmp_path: Path) -> None:
    command = line.replace("{quoted}", shlex.quote(COMMAND)).replace("{}", COMMAND)
    with RealTerminal(program=("sh", "-c", f"cd {tmp_path}; {command}"), XDG_STATE_HOME=str(tmp_path)) as terminal:
        terminal.wait_for("1340")
        terminal.press(" ")
        terminal.wait_for("step 1")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored(), terminal.modes_left()


@pytest.mark.parametrize("line", ["{} </dev/null", "{} <&-", "{} | cat", "{} >&-", "{} >/dev/full", "echo | {}"])
def test_without_a_terminal_there_is_one_clear_line(line: str, tmp_path: Path) -> None:
    program = ("sh", "-c", line.replace("{}", COMMAND))
    with RealTerminal(program=program, columns=200, XDG_STATE_HOME=str(tmp_path)) as terminal:
        assert terminal.wait_for_end(20) == (0 if line.endswith("cat") else 2)
        (told,) = terminal.output.splitlines()
        assert "the screen needs a terminal as its input and output" in told

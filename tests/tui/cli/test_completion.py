"""Completion in a shell: a script for each, and a real bash that completes with it."""

import subprocess
import sys
from collections.abc import Iterator

import pexpect
import pytest
from backprop_tui.core.scenario import bundled_names
from backprop_tui.tui.cli.options import COMMANDS
from backprop_tui.tui.cli.screen import SHELLS
from command import PROGRAM

PROMPT = "ready: "


def printed(shell: str) -> str:
    """What `--print-completion` prints."""
    return subprocess.run([*PROGRAM, "--print-completion", shell], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_knows_commands_options_and_examples(shell: str) -> None:
    script = printed(shell)
    for word in (*COMMANDS, *bundled_names(), "--hidden", "--until-loss", "--password-file"):
        assert word.lstrip("-") in script, word


def test_another_shell_is_refused_in_a_line() -> None:
    done = subprocess.run([*PROGRAM, "--print-completion", "sh"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "bash" in done.stderr


def test_the_program_starts_without_it() -> None:
    code = "import sys, backprop_tui.tui.cli.screen as screen; screen.parser(); print('shtab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pexpect.spawn]:
    """A bash in a folder with a scenario, a table and a folder, which has read the script."""
    folder = tmp_path_factory.mktemp("bash")
    (folder / "lecture.toml").touch()
    (folder / "lengths.csv").touch()
    (folder / "letters").mkdir()
    (folder / "script").write_text(printed("bash"))
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "-i"], cwd=str(folder), env={"PS1": PROMPT, "TERM": "dumb"}, encoding="utf-8"
    )
    shell.expect_exact(PROMPT)
    shell.sendline("source ./script; bind 'set enable-bracketed-paste off'")
    shell.expect_exact(PROMPT)
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("maz", "mazur-2015 "),
        ("che", "check "),
        ("lec", "lecture.toml "),
        ("let", "letters/"),
        ("--hid", "--hidden "),
        ("--data leng", "--data lengths.csv "),
        ("run --forma", "run --format "),
        ("run --format jup", "run --format jupyter "),
        ("run --optimizer mo", "run --optimizer momentum "),
        ("check han", "check han-kamber-2012 "),
        ("check mazur-2015 lec", "check mazur-2015 lecture.toml "),
        ("serve --state-dir le", "serve --state-dir letters/"),
    ],
)
def test_bash_completes(bash: pexpect.spawn, typed: str, completed: str) -> None:
    """After the tab a word goes behind the cursor and a command before the line, which says what the line became."""
    bash.send(f"backprop-tui {typed}\t^\x01printf '<%s>' \n")
    bash.expect(r"\n(<.*\^>)")
    words = f"backprop-tui {completed}^".split(" ")
    assert bash.match[1] == "".join(f"<{word}>" for word in words)
    bash.expect_exact(PROMPT)

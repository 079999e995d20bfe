"""A workshop with its instructor's screen in a terminal, and what people do who have time to read."""

import csv
import os
import re
import stat
import time
from pathlib import Path

import pytest
from command import PROGRAM
from real_terminal import RealTerminal
from served import line_of

LONG = 30.0
"""Seconds that anything may take on a busy machine."""

READING = 0.7
"""Seconds that a person takes at least: what is typed as the question comes up is no answer."""

WORKSHOP = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]


def served(state: Path, *options: str) -> RealTerminal:
    """A workshop, and its instructor's screen."""
    root = ["--allow-root"] if os.geteuid() == 0 else []
    options = ("serve", "--port", "0", "--state-dir", str(state), *root, *options)
    return RealTerminal(*options, columns=120, rows=30, program=PROGRAM)


def show(dashboard: RealTerminal, name: str) -> None:
    """Choose somebody on the instructor's screen, and let all follow them."""
    dashboard.wait_until(lambda: line_of(dashboard, name) != "", LONG, f"{name}'s line")
    lines = (re.match(r"│([a-z0-9][\w.-]*) +\S+ +\d", line) for line in dashboard.screen.display)
    names = sorted(found[1] for found in lines if found)
    dashboard.press("\x1b[A" * (len(names) + 1) + "\x1b[B" * names.index(name))
    dashboard.press("f")
    dashboard.wait_until(lambda: f"{name} ▸" in line_of(dashboard, name), LONG, f"{name} is shown")


def read_and_press(person: RealTerminal, seen: str, keys: str, then: str) -> None:
    """See something, take the time to read it, answer, and see what comes of it."""
    person.wait_for(seen, LONG)
    person.read(0.01)
    time.sleep(READING)
    person.press(keys)
    person.wait_for(then, LONG)


def bars(dashboard: RealTerminal, name: str) -> list[int]:
    """How many answers the instructor's screen shows beside a name, a number a vote."""
    line = next((line for line in dashboard.screen.display if re.match(rf"│(\d )?{name} ", line)), "")
    return [int(count) for count in re.findall(r"(\d+) +\d+ %", line)]


def rows_of(state: Path) -> dict[str, dict[str, str]]:
    with (state / "report.csv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)

"""The question to the class: asked on the instructor's screen, answered over SSH, counted, revealed, and reported."""

import csv
import os
import re
import stat
from pathlib import Path

import pytest
from backprop_tui.core.classroom.question import Question
from backprop_tui.core.explain.mistakes import Mistake
from backprop_tui.tui.serve import limits, notes
from backprop_tui.tui.serve.notes import Answered, ClassQuestion, Posed
from command import PROGRAM
from real_terminal import RealTerminal
from served import SSH_OPTIONS, come, line_of
from programs import SSH

pytestmark = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]


def show(dashboard: RealTerminal, name: str) -> None:
    """Choose somebody on the instructor's screen, and let all follow them."""
    dashboard.wait_until(lambda: line_of(dashboard, name) != "", 10, f"{name}'s line")
    dashboard.press("\x1b[A" * 9)
    order = sorted(line.split()[0].strip("│") for line in dashboard.screen.display if line.startswith("│") and " · " not in line)
    del order
    for _ in range(9):
        dashboard.press("f")
        dashboard.read(0.3)
        if f"{name} ▸" in line_of(dashboard, name):
            return
        dashboard.press("\x1b[B")
    raise AssertionError(dashboard.text)


def test_look(dashboard) -> None:
    with come(dashboard, "anna") as anna, come(dashboard, "prof") as prof:
        prof.press("s")
        prof.wait_for("phase 1")
        anna.press("   jj50")
        anna.read(1)
        show(dashboard, "prof")
        dashboard.press("a")
        dashboard.wait_for("Ask everybody", 10)
        print(dashboard.text)
        dashboard.press("1")
        dashboard.wait_for("everybody is asked", 10)
        print(dashboard.text)
        anna.wait_for("Question 1", 10)
        print(anna.text)
        prof.wait_for("Question 1", 10)
        print(prof.text)
        anna.read(0.6)
        anna.press("2")
        anna.wait_for("Your answer: larger; it may", 10)
        print(anna.text)
        dashboard.wait_for("1 answered", 10)
        print(dashboard.text)
        dashboard.press("a")
        dashboard.wait_for("the vote is closed")
        anna.wait_for("The vote is closed")
        dashboard.press("a")
        anna.wait_for("second vote")
        anna.read(0.6)
        anna.press("1")
        dashboard.wait_for("1 answered", 10)
        dashboard.press("a")
        dashboard.wait_for("the vote is closed")
        dashboard.press("r")
        anna.wait_for("The answer")
        dashboard.read(0.5)
        print(anna.text)
        print(dashboard.text)
        anna.press("\x1b")
        anna.read(1)
        print(anna.text)
        dashboard.press("a3")
        dashboard.wait_for("which number", 10)
        dashboard.press("gw1[1,1]\r")
        anna.wait_for("Question 2")
        print(anna.text)
        anna.read(0.7)
        anna.press("abc\r")
        anna.wait_for("not a number")
        anna.press("\x7f\x7f\x7f2.0984\r")
        anna.wait_for("Your answer")
        print(anna.text)
        dashboard.wait_for("1 answered", 10)
        print(dashboard.text)
        dashboard.press("r")
        anna.wait_for("The answer")
        dashboard.read(0.5)
        print(anna.text)
        print(dashboard.text)
        dashboard.press("e")
        dashboard.wait_for("the report is in")
        assert 0

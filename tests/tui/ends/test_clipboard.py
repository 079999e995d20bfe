"""What is copied, in a real terminal: by Y, by a drag and ctrl+c. Nothing selected leaves the clipboard as it is."""

import base64
import re

import numpy as np
import pytest
from backprop_tui.data import HOUSE_TABLE
from real_terminal import RealTerminal

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_engine")]


def copied(terminal: RealTerminal) -> list[str]:
    """All that was put into the clipboard, with OSC 52."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)", terminal.written)
    return [base64.b64decode(text).decode() for text in found]


def drag(terminal: RealTerminal, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press, move and release the first button; the upper left corner is (1, 1)."""
    terminal.press("\x1b[<0;{};{}M".format(*start))
    terminal.press("\x1b[<32;{};{}M".format(*end))
    terminal.press("\x1b[<0;{};{}m".format(*end))
    for _ in range(4):
        terminal.read(0.1)


def test_a_drag_and_ctrl_c_copy_and_the_program_stays() -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("1340")
        line, column = where(terminal, "1340")
        drag(terminal, (column, line), (column + 3, line))
        terminal.press("\x03")
        terminal.wait_until(lambda: bool(copied(terminal)))
        assert copied(terminal) == ["1340"]
        drag(terminal, (column + 3, line), (2, line - 1))
        terminal.press("\x03")
        terminal.wait_until(lambda: len(copied(terminal)) == 2)
        assert re.fullmatch(r"bedrooms +3 +.0\.4332\nsqft_living +1340", copied(terminal)[1])
        terminal.press("\x03")
        assert terminal.wait_for_end() == 0, "nothing is selected any more: ctrl+c quits"


@pytest.mark.parametrize("keys", ["y", "?"])
def test_an_overlay_s_text_can_be_copied_and_nothing_wipes_nothing(keys: str) -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("q quit")
        terminal.press(keys)
        terminal.wait_for("esc closes")
        before = copied(terminal)
        assert len(before) == (keys == "y")
        blank = next(number for number, line in enumerate(terminal.screen.display, 1) if not line.strip("│ "))
        drag(terminal, (40, blank), (60, blank))
        terminal.press("\x03")
        while terminal.read(0.5):  # a key is handled in its turn, the mouse at once
            pass
        line, _ = where(terminal, "backprop-tui" if keys == "y" else "Every number")
        drag(terminal, (2, line), (13, line))
        terminal.wait_until(lambda: terminal.screen.buffer[line - 1][1].reverse, what="what is selected, in reverse")
        terminal.press("\x03")
        terminal.wait_until(lambda: len(copied(terminal)) > len(before))
        assert copied(terminal)[len(before) :] == ["backprop-tui" if keys == "y" else "Every number"]
        terminal.press("\x1b")
        terminal.wait_for("q quit")
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def where(terminal: RealTerminal, text: str) -> tuple[int, int]:
    """The line and the column of a text on the screen, from 1."""
    line = next(number for number, line in enumerate(terminal.screen.display) if text in line)
    return line + 1, terminal.screen.display[line].index(text) + 1


def test_a_number_is_copied_in_full_and_python_reads_it() -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("q quit")
        terminal.press("Y")
        terminal.wait_for("Y copies a number")
        terminal.press(" ")
        terminal.wait_for("step 1")
        terminal.wait_until(lambda: "loading" not in terminal.text)
        terminal.press("\x1b[C\x1b[BY")  # right: the first number of the sample; down: the next
        terminal.wait_for("copied, where the terminal")
        squares = np.genfromtxt(HOUSE_TABLE, delimiter=",", names=True, dtype=None, encoding="utf-8")["sqft_living"]
        assert [float(text) for text in copied(terminal)] == [
            pytest.approx((squares[0] - squares.mean()) / squares.std(), rel=1e-6)
        ]
        terminal.press("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.parametrize(
    ("typed", "shows"),
    [
        ("\x1b[57413;;43u", "lr 0.5"),
        ("\x1b[57412;;45u", "lr 0.1"),
        ("\x1b[57413u", "lr 0.5"),
        ("\x1b[57409;;46u", "z1[1]"),
    ],
)
def test_the_keypad_in_kitty_s_protocol(typed: str, shows: str) -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("q quit")
        terminal.press(typed)
        terminal.wait_for(shows)
        terminal.press("q")
        assert terminal.wait_for_end() == 0

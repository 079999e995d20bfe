"""In a terminal that is not UTF-8, whatever is drawn in one that is has an ASCII stand-in, cell by cell."""

import os
import subprocess
import time

import pytest
from backprop_tui.tui.terminal.charset import charset, encoded
from command import PROGRAM
from real_terminal import RealTerminal

NO_PAUSE = 2
"""Looks without a byte, a sixth of a second each, after which a screen is whole."""

PAGES = ("  ", "?", "\x1b", "v", "\x1b", "L", "\x1b", "\r", "\x1b", "2", "3", "1", "5", "4", "t s", "b")
"""Keys, and what they show: steps, help, the network, the loss, why, the lessons, a question."""


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "ascii"),
        ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "POSIX"}, "ascii"),
        ({}, "ascii"),
        ({"LANG": "C.UTF-8"}, "utf-8"),
        ({"LANG": "xx_YY.utf8"}, "utf-8"),
        ({"LC_CTYPE": "UTF-8", "LANG": "C"}, "utf-8"),
        ({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1"),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, "iso8859-15"),
        ({"LANG": "ru_RU.KOI8-R"}, "koi8-r"),
        ({"LANG": "ja_JP.eucJP"}, "ascii"),
        ({"LANG": "en_US.utf-16"}, "ascii"),
        ({"LANG": "en_US.nonsense"}, "ascii"),
    ],
)
def test_the_locale_says_the_charset(environment: dict[str, str], found: str) -> None:
    assert charset(environment) == found


def test_a_number_keeps_its_minus_a_hat_is_told_from_none_and_widths_stay() -> None:
    assert encoded("\u22120.4332·(ŷ − y)² ≈ ½ → …", "ascii") == b"-0.4332*(Y - y)2 ~ H > ~"
    assert encoded("½·x² ŷ", "iso8859-1") == b"\xbd\xb7x\xb2 Y"
    assert encoded("漢字 é m\u0302", "ascii") == b"???? e m"
    assert encoded("▁▂▃▄▅▆▇█", "ascii") == b"_.:-=+%#", "eight heights"
    assert encoded("⠀⠁⢀⣿", "ascii") == b" '.#"


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
@pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_no_cell_is_blank_that_is_drawn_in_utf_8(locale: str, size: tuple[int, int]) -> None:
    columns, rows = size
    with (
        RealTerminal(columns=columns, rows=rows) as usual,
        RealTerminal(columns=columns, rows=rows, utf8=False, LC_ALL=locale) as other,
    ):
        for terminal in (usual, other):
            terminal.wait_for("1340")
            terminal.press(" ")
            terminal.wait_for("step 1")
            terminal.wait_until(lambda terminal=terminal: "loading" not in terminal.text)  # type: ignore[misc]
        for keys in PAGES:
            for terminal in (usual, other):
                terminal.press(keys)
            for terminal in (usual, other):
                rest(terminal)
            come_to_be_like(usual, other)
        for terminal in (usual, other):
            terminal.press("q")
            assert terminal.wait_for_end() == 0
            assert terminal.is_restored()


def rest(terminal: RealTerminal) -> None:
    """Wait until nothing more is painted."""
    quiet = 0
    while quiet < NO_PAUSE:
        quiet = 0 if terminal.read(0.16) else quiet + 1


def come_to_be_like(usual: RealTerminal, other: RealTerminal) -> None:
    """A page may wait for the engine's answer, which one of the two gets later: that is no difference."""
    end = time.monotonic() + 20
    while unlike(usual, other):
        assert time.monotonic() < end, f"{unlike(usual, other)}\n{usual.text}\n{other.text}"
        usual.read(0.1)
        other.read(0.1)


def unlike(usual: RealTerminal, other: RealTerminal) -> list[tuple[str, str]]:
    """The cells that are drawn here and not there, or ASCII and not themselves."""
    cells = zip("".join(usual.screen.display), "".join(other.screen.display), strict=True)
    return [(drawn, stand_in) for drawn, stand_in in cells if not is_like(drawn, stand_in)]


def is_like(drawn: str, stand_in: str) -> bool:
    if drawn.isascii():
        return drawn == stand_in
    return stand_in == "-" if drawn == "\u2212" else stand_in not in " ?"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1"])
def test_a_transcript_is_printed_to_a_stream_of_any_charset(encoding: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [*PROGRAM, "run", "--steps", "1", "--format", "markdown"], capture_output=True, env=environment, check=True
    )
    assert done.stderr == b""
    assert "| Y | 1.5844216 | -11.069536 |" in done.stdout.decode(encoding)

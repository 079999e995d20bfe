"""The real program in real pseudo-terminals: sizes, kinds of terminal, no color, a C locale."""

import re
import signal

import pytest
from backprop_tui.tui.terminal import terminal_refusal
from processes import wait_until_gone
from real_terminal import TENSORFLOW_LINES, RealTerminal

pytestmark = pytest.mark.slow

SIZES = ((80, 24), (100, 30), (120, 40), (40, 10))
TERMS = ("xterm", "xterm-256color", "screen-256color", "linux")

# Each size with every second kind of terminal, each kind with both, all in a C locale.
TERMINALS = [
    (size, TERMS[(number + shift) % len(TERMS)], without_color)
    for number, size in enumerate(SIZES)
    for shift, without_color in ((0, False), (2, True))
]
WEIGHT = "+0.5488"
"""The first weight of seed 0."""


@pytest.mark.usefixtures("shared_engine")
@pytest.mark.parametrize(("size", "term", "without_color"), TERMINALS)
def test_started_stepped_reinitialized_and_quit(size: tuple[int, int], term: str, without_color: bool) -> None:
    environment = {"NO_COLOR": "1"} if without_color else {}
    with RealTerminal(columns=size[0], rows=size[1], term=term, LC_ALL="C", **environment) as terminal:
        terminal.wait_for("q quit")
        assert size[1] < 24 or f"{WEIGHT}>" in terminal.text, "the first frame shows the initial weights"
        assert "0.0000" not in terminal.text, "what is not computed does not look like 0"
        terminal.press(" ")
        terminal.wait_for("step 1")
        terminal.wait_until(lambda: "loading" not in terminal.text)
        assert "0.0000" not in terminal.text
        if size[1] >= 24:
            # z1 and the loss by hand, from the weights of the first frame and row 0 of the table.
            for number in ("-0.4332", "-0.7533", "12.6540", "-0.3528", "+0.4127", "+61.2673", "-11.0695"):
                terminal.wait_for(number, 40)
        terminal.press("r")
        terminal.wait_for("seed 1", 40)
        assert "step 0" in terminal.text
        colors = re.findall(rb"\x1b\[[0-9;]*[34]8;[25];", terminal.written)
        assert not (without_color and _has_hue(terminal)), "NO_COLOR"
        assert without_color or colors or term in ("xterm", "linux")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored(), terminal.modes_left()


@pytest.mark.parametrize("term", ["dumb", "unknown", "Unknown", "vt52"])
def test_a_terminal_that_can_not_place_text_is_refused_in_one_line(term: str) -> None:
    assert terminal_refusal(term)
    with RealTerminal(term=term, columns=200, rows=30) as terminal:
        assert terminal.wait_for_end(10) == 2
        assert terminal.is_restored()
        (line,) = terminal.output.splitlines()
        assert f"TERM={term} can't place text on its screen" in line
        assert "set TERM=xterm-256color" in line
        assert "\x1b" not in line


@pytest.mark.parametrize("term", ["", "xterm", "xterm-kitty", "screen.xterm-256color", "linux", "vt100", "ansi"])
def test_any_other_kind_of_terminal_is_taken(term: str) -> None:
    assert terminal_refusal(term) is None


def _has_hue(terminal: RealTerminal) -> bool:
    """Whether anything on the screen is neither gray nor the terminal's own color."""
    for row in terminal.screen.buffer.values():
        for character in row.values():
            for color in (character.fg, character.bg):
                gray = color in ("default", "white", "black", "brightblack", "brightwhite")
                if not gray and not (len(color) == 6 and color[:2] == color[2:4] == color[4:]):
                    return True
    return False


def test_keys_typed_while_tensorflow_loads_are_kept_and_nothing_of_what_it_prints_is_seen() -> None:
    with RealTerminal(LC_ALL="C") as terminal:
        terminal.wait_for("loading TensorFlow")
        assert WEIGHT in terminal.text, "the first frame shows the initial weights"
        terminal.press("  r s")
        terminal.wait_for("keys wait", 2)
        terminal.wait_for("phase 1 of 10")
        assert "seed 1" in terminal.text
        assert "step 2\n" in terminal.text, "a step after r, and the first phase of the next"
        processes = terminal.children()
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored(), terminal.modes_left()
        assert not TENSORFLOW_LINES.search(terminal.output)
        assert wait_until_gone(processes) == []


@pytest.mark.usefixtures("shared_engine")
@pytest.mark.parametrize("environment", [{"COLUMNS": "70", "LINES": "20"}, {"COLUMNS": "x"}, {}])
@pytest.mark.parametrize(("columns", "rows"), [(100, 30), (0, 0)])
def test_the_size_is_the_terminals_own_and_painting_comes_to_rest(
    environment: dict[str, str], columns: int, rows: int
) -> None:
    with RealTerminal(columns=columns or 80, rows=rows or 24, **environment) as terminal:
        terminal.resize(columns, rows, tell=False)
        terminal.wait_for("q quit")
        for _ in range(10):
            terminal.read(0.1)
        painted = len(terminal.written)
        for _ in range(5):
            terminal.read(0.1)
        assert len(terminal.written) < painted + 2_000, "at rest; a notice may have changed"
        right = max(len(line.rstrip()) for line in terminal.screen.display)
        assert right == (columns or 80)
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_too_small_a_terminal_says_so_and_a_larger_one_goes_on() -> None:
    with RealTerminal(columns=30, rows=8) as terminal:
        terminal.wait_for("40x10")
        terminal.resize(80, 24)
        terminal.wait_for("Updated weights")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored()


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        (None, (), "no-such-file.csv"),
        ("", (), "empty"),
        ("a,b\n1,x\n2,x\n", ("--features", "a", "--target", "b"), "x in every row"),
        ("a,b\n1,0\n2,3\n", ("--target", "b", "--target-transform", "log"), "0 has no logarithm"),
        ("a,b\n1,2\n", ("--features", "c", "--target", "b"), "c"),
    ],
)
def test_a_bad_table_is_told_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: str | None, arguments: tuple[str, ...], told: str
) -> None:
    path = tmp_path_factory.mktemp("table") / "no-such-file.csv"
    if content is not None:
        path.write_text(content)
    with RealTerminal("--data", str(path), *arguments, columns=200) as terminal:
        assert terminal.wait_for_end(30) == 2
        assert terminal.is_restored()
        after = terminal.output.rpartition("\x1b[?1049l")[2]
        lines = [line for line in re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", after).splitlines() if line.strip()]
        assert len(lines) == 1, lines
        assert told in lines[0]
        assert "Traceback" not in terminal.output


def test_names_in_a_table_are_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("table") / "names.csv"
    path.write_text("[bold]a[/],\x1b[31mred\x1b]0;title\x07,p\n1,2,3\n2,4,5\n3,7,6\n")
    with RealTerminal("--data", str(path)) as terminal:
        terminal.wait_for("[bold]")
        assert "\\x1b[31m" in terminal.text
        assert b"\x1b[31mred" not in terminal.written
        assert b"\x1b]0;title" not in terminal.written
        terminal.press("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.usefixtures("shared_engine")
@pytest.mark.parametrize(("term", "end"), [("vt100", "q"), ("linux", signal.SIGTERM)])
def test_without_an_alternate_screen_the_prompt_comes_below_the_frame(term: str, end: str | signal.Signals) -> None:
    """This test's terminal has no alternate screen, as that of the Linux console: the last frame stays."""
    with RealTerminal(term=term) as terminal:
        terminal.wait_for("q quit")
        terminal.press(" ")
        terminal.wait_for("step 1\n")
        if isinstance(end, signal.Signals):
            terminal.process.send_signal(end)
        else:
            terminal.press(end)
        terminal.wait_for_end(8)
        cursor = terminal.screen.cursor
        assert (cursor.x, terminal.screen.display[cursor.y].strip()) == (0, ""), "an empty line for the prompt"
        assert "saved as" in terminal.screen.display[cursor.y - 1]
        assert "q quit" in terminal.screen.display[cursor.y - 2], "and above it the frame"

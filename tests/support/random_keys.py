"""Keys at random into the real program in a real terminal, in any size: for as long as one likes.

python tests/support/random_keys.py SEED COUNT
"""

import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from backprop_tui.core.storage import fault_log
from real_terminal import RealTerminal

BURST = 40
SIZES = (
    (80, 24),
    (120, 40),
    (40, 10),
    (100, 30),
    (30, 8),
    (79, 23),
    (200, 60),
    (3, 24),
    (80, 2),
    (1, 1),
    (2, 40),
    (5, 5),
)

PLAIN = [*" sb.[]rRajtlngp=vLodwey+-<>123456789xcmhfE?TAHCNPQuUimY", "\r", "\x1b", "\t", "\x7f"]
OFTEN = [" ", "s", "s", ".", "b", "\x1b", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\r", "\x1b[5~", "\x1b[6~", "\t"]
PAGES = ["\x1b[H", "\x1b[F", "\x1b[1~", "\x1b[4~", "\x1b[2~", "\x1b[3~", "\x1b[5~", "\x1b[6~", "\x1b[Z"]
FUNCTIONS = ["\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", *(f"\x1b[{code}~" for code in (15, 17, 18, 19, 20, 21, 23, 24))]
MODIFIED = [
    *(f"\x1b[1;{modifier}{letter}" for modifier in range(2, 9) for letter in "ABCDFHPQRS"),
    *(f"\x1b[{code};{modifier}~" for modifier in range(2, 9) for code in (2, 3, 5, 6, 15, 24)),
    *(f"\x1b[{code};{modifier}u" for modifier in range(1, 9) for code in (13, 27, 32, 97, 122, 57399, 57414)),
    *(f"\x1b{letter}" for letter in "abdfx."),
    # All of ctrl but c and q, which end the program, and i and m, which are tab and enter.
    *(chr(code) for code in (1, 2, 4, 5, 6, 7, 8, 11, 12, 14, 15, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31)),
]
LINES = [
    "j7\r",
    "j300\r",
    "j<60\r",
    "l0.3\r",
    "lx\r",
    "g3\r",
    "g499\r",
    "=0.5\r",
    "ex.md\r",
    "o\x1b[6~\r",
    "L+\x1b",
    "m8\r",
]
PALETTE = ["\x10", "\x10\x1b[6~", "\x10re\x1b[B\r", "\x10\x1b"]
KINDS = ((OFTEN, 40), (PLAIN, 30), (PAGES, 8), (FUNCTIONS, 4), (MODIFIED, 8), (LINES, 8), (PALETTE, 2))


def keys(source: random.Random) -> Iterator[str]:
    """Keys for ever: as a terminal sends them, some of them several at once."""
    kinds, weights = zip(*KINDS, strict=True)
    while True:
        yield source.choice(source.choices(kinds, weights)[0])


def program(folder: Path) -> tuple[str, ...]:
    """The program, in a folder where it may write whatever is exported."""
    start = "import os, sys; os.chdir(sys.argv.pop(1)); from backprop_tui.tui.__main__ import main; sys.exit(main())"
    return sys.executable, "-c", start, str(folder)


def run(seed: int, count: int, folder: Path) -> None:
    """Type so many keys; AssertionError if the program ends, fails or answers no more."""
    source = random.Random(seed)
    typed = keys(source)
    with RealTerminal(program=program(folder), XDG_STATE_HOME=str(folder)) as terminal:
        terminal.wait_for("q quit")
        log = folder / "backprop-tui" / fault_log.NAME
        for number in range(-(-count // BURST)):
            if source.random() < 0.6:
                terminal.resize(*source.choice(SIZES))
            burst = [next(typed) for _ in range(BURST)]
            for key in burst:
                terminal.press(key)
                terminal.read(source.choice((0.0, 0.0, 0.0, 0.01)))
            told = f"seed {seed}, after {number * BURST} keys: {burst!r}"
            assert terminal.process.poll() is None, f"{told}\n{terminal.text}"
            assert not log.exists(), f"{told}\n{log.read_text()}"
            if number % 5 == 4:
                answers(terminal, told)
        answers(terminal, f"seed {seed}, at the end")
        assert not log.exists(), log.read_text()
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end(20) == 128 + signal.SIGTERM
        assert terminal.is_restored()


def answers(terminal: RealTerminal, told: str) -> None:
    """Lead back to the main screen, and see that it is there."""
    terminal.resize(80, 23)
    while terminal.read(0.2):
        pass
    terminal.screen.reset()  # which has wide characters cut in two by other sizes
    terminal.resize(80, 24)
    end = time.monotonic() + 60
    while "Updated weights" not in terminal.text or "q quit" not in terminal.text:
        assert time.monotonic() < end, f"no answer any more: {told}\n{terminal.text}"
        terminal.press("\x1b")
        while terminal.read(0.2):
            pass
        if "A answers" in terminal.text:  # a digit begins an answer to the course's question
            terminal.press("T")
        terminal.press("4")
        while terminal.read(0.2):
            pass


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        run(int(sys.argv[1]), int(sys.argv[2]), Path(folder))
        print(f"seed {sys.argv[1]}: {sys.argv[2]} keys in {time.monotonic() - began:.0f} s")

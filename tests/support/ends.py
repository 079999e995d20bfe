"""The ways in which a terminal goes away or lies, each done to a real program in a real pseudo-terminal."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from backprop_tui.core.storage.store import load
from processes import wait_until_gone
from real_terminal import RealTerminal

Way = Callable[[RealTerminal], object]

STEPS = 3
"""So many steps are done before, which must be in the saved session."""


def close(terminal: RealTerminal) -> None:
    """The window is closed."""
    terminal.close()


def quits(terminal: RealTerminal) -> None:
    """Q is typed."""
    terminal.press("q")


def paint(terminal: RealTerminal) -> None:
    """It paints as fast as it can, and goes on."""
    terminal.press("a" + ">" * 7)
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        terminal.read(0.02)


def block(terminal: RealTerminal) -> None:
    """It paints as fast as it can into a terminal that takes no bytes any more."""
    terminal.hold()
    terminal.press("a" + ">" * 7)
    time.sleep(1)


def send(*numbers: signal.Signals, pause: float = 0.0) -> Way:
    """Signals, one after another."""

    def way(terminal: RealTerminal) -> None:
        for number in numbers:
            if terminal.process.poll() is None:
                terminal.process.send_signal(number)
            end = time.monotonic() + pause
            while (left := end - time.monotonic()) > 0:
                time.sleep(left) if terminal.gone else terminal.read(left)

    return way


TERM, HUP, INT, QUIT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT
CONT, STOP, TSTP, WINCH = signal.SIGCONT, signal.SIGSTOP, signal.SIGTSTP, signal.SIGWINCH

WAYS: dict[str, tuple[Way, ...]] = {
    "hung up": (close,),
    "hung up while painting": (paint, close),
    "hung up, SIGCONT": (close, send(*[CONT] * 3, pause=0.03)),
    "SIGCONT, hung up": (send(*[CONT] * 3, pause=0.1), close),
    "SIGHUP": (send(HUP),),
    "SIGHUP SIGCONT": (send(HUP, CONT),),
    "SIGCONT SIGHUP": (send(CONT, HUP),),
    "SIGHUP, SIGCONT": (send(HUP, CONT, pause=0.05),),
    "SIGCONT, SIGHUP": (send(CONT, HUP, pause=0.3),),
    "SIGSTOP SIGHUP SIGCONT": (send(STOP, HUP, CONT),),
    "SIGTSTP, SIGHUP, SIGCONT": (send(TSTP, HUP, CONT, pause=0.3),),
    "SIGTSTP, hung up, SIGCONT": (send(TSTP, pause=0.3), close, send(CONT)),
    "SIGCONT, q": (send(*[CONT] * 3, pause=0.1), quits),
    "SIGTSTP, SIGCONT, q": (send(TSTP, CONT, pause=0.3), quits),
    "SIGTSTP SIGCONT, many, q": (send(*[TSTP, CONT] * 20, pause=0.01), send(CONT, pause=0.3), quits),
    "SIGWINCH, many, SIGTERM": (send(*[WINCH] * 200), send(TERM)),
    "SIGTERM": (send(TERM),),
    "SIGTERM, many": (send(*[TERM] * 20),),
    "SIGINT": (send(INT),),
    "SIGQUIT": (send(QUIT),),
    "painting, SIGTERM": (paint, send(TERM)),
    "painting, SIGHUP SIGCONT": (paint, send(HUP, CONT)),
    "blocked, hung up": (block, close),
    "blocked, SIGTERM": (block, send(TERM)),
    "blocked, SIGHUP SIGCONT": (block, send(HUP, CONT)),
    "blocked, SIGCONT, hung up": (block, send(CONT, CONT, pause=0.1), close),
    "blocked, SIGINT": (block, send(INT)),
    "blocked, q": (block, quits),
}
"""What happens, by a name; the last of it is what the program must end of."""


class Ended(NamedTuple):
    """How a program ended."""

    seconds: float
    """From what it must end of to its end; NaN if it did not."""

    left: list[int]
    """Processes that are still there two seconds later."""

    restored: bool
    """Whether the terminal's settings are as before; True where the terminal has gone."""

    saved: bool
    """Whether a session with all steps was saved."""

    @property
    def well(self) -> bool:
        """Whether all is as it should be."""
        return self.seconds < 2 and not self.left and self.restored and self.saved


def ended(terminal: RealTerminal, ways: tuple[Way, ...], state: Path) -> Ended:
    """What becomes of a program with some steps, whose sessions lie in `state`, after these things have happened."""
    terminal.wait_for("q quit")
    terminal.press(" " * STEPS)
    terminal.wait_for(f"step {STEPS}")
    processes = [terminal.process.pid, *terminal.children()]
    *before, last = ways
    for way in before:
        way(terminal)
    began = time.monotonic()
    last(terminal)
    while terminal.process.poll() is None and time.monotonic() < began + 4:
        time.sleep(0.005) if terminal.gone else terminal.read(0.005)
    seconds = time.monotonic() - began if terminal.process.poll() is not None else float("nan")
    left = wait_until_gone(processes)
    restored = terminal.gone or terminal.settings() == terminal.before
    sessions = [load(path).session for path in (state / "backprop-tui").glob("*.session")]
    return Ended(seconds, left, restored, len(sessions) == 1 and sessions[0].timeline.steps >= STEPS)

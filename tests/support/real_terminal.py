"""A real pseudo-terminal with the real program in it: what a person sees, types and is left with."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any

import pyte
from command import PROGRAM
from processes import descendants, is_alive

TENSORFLOW_LINES = re.compile(r"oneDNN|cuda|tensorflow/|cpu_feature|XLA service|WARNING: All log|I0000|E0000|W0000")
_ESCAPES = re.compile(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|\x1b\].*?\x07")
_ASKED_BY_PLACE = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "LANG", "LC_CTYPE")


class RealTerminal:
    """Runs a command on a pseudo-terminal, and reads what it draws into a pyte screen.

    The test keeps the terminal open as a shell would, so its settings can be read after the program's end. Without
    `draw` nothing is put onto the screen, which takes longer than the program does. The signals `ignored` are so from
    the start, as under nohup. Without `utf8` every byte is a character, those of ISO 8859-1.
    """

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        term: str = "xterm-256color",
        program: Sequence[str] = PROGRAM,
        draw: bool = True,
        utf8: bool = True,
        ignored: Sequence[signal.Signals] = (),
        **environment: str,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen) if draw else None
        if self._stream is not None and not utf8:
            self._stream.select_other_charset("@")
        self.written = b""
        """Every byte that the program wrote."""
        self._ours, self._theirs = pty.openpty()
        self.resize(columns, rows, tell=False)
        self.before = self.settings()
        kept = {name: value for name, value in os.environ.items() if name not in _ASKED_BY_PLACE}

        def begin() -> None:
            os.login_tty(os.dup(self._theirs))
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        self.process = subprocess.Popen(
            [*program, *arguments],
            preexec_fn=begin,
            env=kept | {"TERM": term, "LC_ALL": "C.UTF-8"} | environment,
            close_fds=True,
            cwd="/",
        )

    def __enter__(self) -> "RealTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        left = [pid for pid in (self.process.pid, *self.children()) if is_alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.close()

    def close(self) -> None:
        """The terminal goes away, as when its window is closed."""
        for descriptor in (self._theirs, self._ours):
            if descriptor >= 0:
                os.close(descriptor)
        self._theirs = self._ours = -1

    @property
    def gone(self) -> bool:
        """Whether the terminal has been closed."""
        return self._ours < 0

    def hold(self) -> None:
        """Take no bytes any more, as after ctrl+s."""
        termios.tcflow(self._theirs, termios.TCOOFF)

    def settings(self) -> list[Any]:
        """The terminal's settings, as `stty -a` shows them."""
        return termios.tcgetattr(self._theirs)

    def children(self) -> list[int]:
        """The processes that the program has started, and those that they have."""
        return descendants(self.process.pid)

    @property
    def engine(self) -> int:
        """The process id of the engine."""
        self.wait_until(lambda: bool(self.children()))
        return self.children()[0]

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def output(self) -> str:
        """All that the program wrote, as text."""
        return self.written.decode(errors="replace")

    def read(self, seconds: float = 0.0) -> bool:
        """Take what the program writes within a time; whether it wrote anything."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            return False
        self.written += data
        if self._stream is not None:
            self._stream.feed(data)
        return bool(data)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Wait until a text is on the screen."""
        self.wait_until(lambda: text in self.text, seconds, text)

    def wait_until(self, is_so: Callable[[], bool], seconds: float = 60, what: str = "it") -> None:
        """Wait until something is so, and the frame has come to its end; AssertionError if it is not in time."""
        end = time.monotonic() + seconds
        while not is_so():
            ended = self.process.poll()
            assert ended is None, f"ended with {ended} instead of {what!r}:\n{self.text}"
            assert time.monotonic() < end, f"waited {seconds} s for {what!r}:\n{self.text}"
            self.read(0.02)
        # A frame can come in several parts, with a pause in between if the machine is busy.
        end = time.monotonic() + 0.5
        while self.read(0.05) and time.monotonic() < end:
            pass

    def wait_for_output(self, text: str, start: int = 0, seconds: float = 60) -> None:
        """Wait until the program has written a text, whatever escape sequences lie in between, after `start` bytes."""
        end = time.monotonic() + seconds
        while text not in _ESCAPES.sub("", self.written[start:].decode(errors="replace")):
            assert self.process.poll() is None, f"ended instead of {text!r}: {self.output[-500:]}"
            assert time.monotonic() < end, f"waited {seconds} s for {text!r}"
            self.read(0.02)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, rows: int, tell: bool = True) -> None:
        """Another size of the window."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.screen.resize(rows, columns)

    def wait_for_end(self, seconds: float = 20) -> int:
        """Wait for the program's end; its exit code (minus the signal's number if one killed it)."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, f"did not end within {seconds} s:\n{self.text}"
            if self._ours >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
        while self._ours >= 0 and self.read(0.05):
            pass
        return self.process.returncode

    def modes_left(self) -> set[str]:
        """The private modes (alternate screen, mouse, paste ...) that the program set and did not reset."""
        left = set()
        for modes, way in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", self.written):
            for mode in modes.decode().split(";"):
                # The cursor (25) and line wrap (7) are on in a fresh terminal, all else is off.
                (left.add if (way == b"h") != (mode in ("7", "25")) else left.discard)(mode)
        return left

    def is_restored(self) -> bool:
        """Whether the terminal is as it was before the program came."""
        return self.settings() == self.before and not self.modes_left()

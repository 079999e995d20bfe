"""What is painted goes to the terminal here. A terminal that takes no bytes makes nobody wait."""

import os
import select
import time
from collections.abc import Callable
from threading import Condition, Thread

from .charset import charset, encoded

STDOUT = 1
"""The terminal that was checked; stderr may lead elsewhere."""

MOST_WAITING = 1_000_000
"""Bytes that may wait for a terminal; with more, frames are left out until it has taken them."""


LAST_BYTES = 0.5
"""Seconds that a terminal may take for the last bytes; one that takes none must not hold up the end."""


class Output:
    """Writes to a descriptor in a thread of its own, which never holds up the program: neither its loop nor its end."""

    def __init__(self, descriptor: int, on_caught_up: Callable[[], object] = lambda: None) -> None:
        """`on_caught_up` is called, in the thread, once everything is written after frames were left out."""
        self.descriptor, self._on_caught_up = descriptor, on_caught_up
        self._changed = Condition()
        self._waiting = bytearray()
        self._idle = True
        self._behind = self._closed = False
        Thread(target=self._run, daemon=True, name="terminal output").start()

    def write(self, data: bytes, needed: bool = False) -> None:
        """Hand over some bytes. If the terminal is far behind, only what is `needed` is kept."""
        with self._changed:
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._behind = True
            if self._closed or (self._behind and not needed):
                return
            self._waiting += data
            self._idle = False
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until all is written; False if the terminal has not taken it in that time."""
        end = time.monotonic() + seconds
        with self._changed:
            while not self._idle and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            return self._idle

    def close(self) -> None:
        """Write nothing more; the thread ends with what it is writing."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while (data := self._next()) is not None:
            try:
                while data:
                    data = data[self._write(data) :]
            except OSError:  # the terminal has gone
                self.close()

    def _write(self, data: bytes) -> int:
        """How many bytes the terminal has taken."""
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:  # another program has left it so
            select.select([], [self.descriptor], [])
            return 0

    def _next(self) -> bytes | None:
        """What is to be written, once there is something; None at the end."""
        with self._changed:
            if not self._waiting and self._behind and not self._closed:
                self._behind = False
                self._on_caught_up()
            self._idle = not self._waiting
            self._changed.notify_all()
            while not self._waiting and not self._closed:
                self._changed.wait()
            data = bytes(self._waiting)
            self._waiting.clear()
            return data or None


def print_last(line: str) -> None:
    """A line for the shell's terminal, if that is still there and takes it."""
    output = Output(STDOUT)
    output.write(encoded(f"{line}\n", charset()))
    output.drain(LAST_BYTES)

"""A Textual driver for a session of its own terminal: no threads, no polling, and an end when the terminal has gone.

Textual's own reads in a thread that wakes ten times a second, which five hundred idle sessions would feel.
"""

import os
import signal
import termios
import tty
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from backprop_tui.tui.terminal.charset import charset, encoded
from backprop_tui.tui.terminal.typed import Typed
from backprop_tui.tui.textual_hooks import OpenDriver
from textual import constants, events
from textual.drivers.linux_driver import (
    KITTY_DISAMBIGUATE_ESCAPE_CODES,
    KITTY_REPORT_ALL_KEYS,
    KITTY_REPORT_ASSOCIATED_TEXT,
)
from textual.geometry import Size
from textual.message import Message
from textual.messages import InBandWindowResize

READ = 4096
KITTY_FLAGS = KITTY_DISAMBIGUATE_ESCAPE_CODES | KITTY_REPORT_ALL_KEYS | KITTY_REPORT_ASSOCIATED_TEXT


class SessionDriver(OpenDriver):
    """Reads keys when there are any and writes frames at once; a reader that is slow makes the app wait."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._typed = Typed(self.parser)
        self._reading = False
        self._charset = charset({"LANG": os.environ.get("LANG", "")})

    @property
    def can_suspend(self) -> bool:
        """There is no shell to go back to."""
        return False

    def write(self, data: str) -> None:
        """Write to the terminal, waiting for it if it is full. Nothing is written to one that has gone."""
        left = memoryview(encoded(data, self._charset))
        with suppress(OSError):
            while left:
                left = left[os.write(self.fileno, left) :]

    def flush(self) -> None:
        """Nothing is held back."""

    def start_application_mode(self) -> None:
        """Take over the terminal: raw keys, the alternate screen, no cursor."""
        self.loop.add_signal_handler(signal.SIGWINCH, self._resized)
        with suppress(termios.error):
            self.attrs_before = termios.tcgetattr(self.fileno)
            attributes = termios.tcgetattr(self.fileno)
            attributes[tty.LFLAG], attributes[tty.IFLAG] = self.raw(attributes[tty.LFLAG], attributes[tty.IFLAG])
            attributes[tty.CC][termios.VMIN] = 1
            termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        self.write("\x1b[?1049h\x1b[?25l\x1b[?1004h")
        if not constants.DISABLE_KITTY_KEY:
            self.write(f"\x1b[>{KITTY_FLAGS}u")
        self.begin_modes()
        self._resized()
        self.loop.add_reader(self.fileno, self._read)
        self._reading = True

    def _resized(self) -> None:
        with suppress(OSError):
            columns, lines = os.get_terminal_size(self.fileno)
            size = Size(columns or 80, lines or 24)
            self.send_message(events.Resize(size, size))

    def send_message(self, message: Any) -> None:
        """Hand a message to the app: the loop is this thread's own."""
        self.app.post_message(message)

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, READ)
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
            os.kill(os.getpid(), signal.SIGHUP)
            return
        self._take(self._typed.feed(data))
        if b"\x1b" in data:
            self.loop.call_later(constants.ESCAPE_DELAY + 0.01, self._tick)

    def _tick(self) -> None:
        """An escape that nothing has followed is the key itself."""
        self._take(self._typed.tick())

    def _take(self, messages: Iterable[Message]) -> None:
        """Keys and pastes. The size is the server's to tell, whatever is typed; the mouse is not listened to."""
        for message in messages:
            if not isinstance(message, (events.Resize, InBandWindowResize, events.MouseEvent)):
                self.process_message(message)

    def _stop_reading(self) -> None:
        if self._reading:
            self.loop.remove_reader(self.fileno)
            self._reading = False

    def disable_input(self) -> None:
        """Take no more keys."""
        self._stop_reading()
        self.end_mouse()
        self.loop.remove_signal_handler(signal.SIGWINCH)
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def close(self) -> None:
        """Nothing is left open."""
        self._stop_reading()

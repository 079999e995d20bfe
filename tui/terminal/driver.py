"""Textual's driver for the terminal this program was started in: the one that was checked, whatever stderr is.

Keys are read in the app's own loop, not in a thread of Textual's, of which there may be two after a SIGCONT and which
goes on reading a terminal that has gone. Frames are written by a thread that nobody ever waits for.
"""

import os
import signal
import termios
import time
import tty
from contextlib import suppress
from typing import Any

from backprop_tui.tui.textual_hooks import OpenDriver
from textual import constants, events
from textual.drivers.linux_driver import (
    KITTY_DISAMBIGUATE_ESCAPE_CODES,
    KITTY_REPORT_ALL_KEYS,
    KITTY_REPORT_ASSOCIATED_TEXT,
)
from textual.geometry import Size

from .charset import charset, encoded
from .ending import is_asked_for
from .output import LAST_BYTES, STDOUT, Output
from .typed import Typed

READ = 4096
KITTY_FLAGS = KITTY_DISAMBIGUATE_ESCAPE_CODES | KITTY_REPORT_ALL_KEYS | KITTY_REPORT_ASSOCIATED_TEXT

MAX_COLUMNS, MAX_LINES = 1000, 500
"""No screen is larger; a terminal can be told that it is, and to paint it would take all the memory."""

AT_ONCE = 0.05
"""Seconds between two signals of which nobody can say which came first."""


class TerminalDriver(OpenDriver):
    """Paints on descriptor 1 and reads from descriptor 0, which are terminals."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._charset = charset()
        self._output = Output(STDOUT, self._repaint_soon)
        self._typed = Typed(self.parser)
        self._taken = False
        self._stopped_at = self._continued_at = 0.0

    @property
    def can_suspend(self) -> bool:
        """Not by Textual's way, which ends the threads that SIGTSTP leaves."""
        return False

    # Bytes

    def write(self, data: str) -> None:
        """Hand over text to be written. It never waits."""
        self._output.write(encoded(data, self._charset), needed=not self._taken)

    def _repaint_soon(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._repaint)

    def _repaint(self) -> None:
        """Paint everything: what the terminal shows is not known."""
        if self._taken:
            self.app.refresh(layout=True)

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
            signal.raise_signal(signal.SIGHUP)
            return
        for event in self._typed.feed(data):
            self.process_message(event)
        if b"\x1b" in data:
            self.loop.call_later(constants.ESCAPE_DELAY + 0.01, self._tick)

    def _tick(self) -> None:
        """An escape that nothing has followed is the key itself."""
        for event in self._typed.tick():
            self.process_message(event)

    def _stop_reading(self) -> None:
        self.loop.remove_reader(self.fileno)

    def send_message(self, message: Any) -> None:
        """Hand a message to the app: the loop is this thread's own."""
        if isinstance(message, events.Resize):
            message = events.Resize(*(2 * (_bounded(message.size),)), pixel_size=message.pixel_size)
        self.app.post_message(message)

    # The terminal as a screen, and as the shell's again

    def start_application_mode(self) -> None:
        """Take the terminal: raw keys, the alternate screen, no cursor. In the background, wait for the foreground."""
        while self._is_in_background() and not is_asked_for():
            os.kill(os.getpid(), signal.SIGSTOP)
        with suppress(termios.error):
            self.attrs_before = termios.tcgetattr(self.fileno)
        self.loop.add_signal_handler(signal.SIGWINCH, self._resized)
        signal.signal(signal.SIGTSTP, self._hear_stop)
        signal.signal(signal.SIGCONT, self._hear_continue)
        self._take()

    def _take(self) -> None:
        """The settings and the modes of a screen: to set them again does no harm."""
        with suppress(termios.error):
            attributes = termios.tcgetattr(self.fileno)
            attributes[tty.LFLAG], attributes[tty.IFLAG] = self.raw(attributes[tty.LFLAG], attributes[tty.IFLAG])
            attributes[tty.CC][termios.VMIN] = 1
            termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        self.write("\x1b[?1049h\x1b[?25l\x1b[?1004h")
        if not constants.DISABLE_KITTY_KEY:
            # It is pushed onto a stack, from which it is taken once.
            self.write("\x1b[<u" * self._taken + f"\x1b[>{KITTY_FLAGS}u")
        self.begin_modes()
        self.begin_with(self._terminal_size())
        self.loop.add_reader(self.fileno, self._read)
        self._taken = True
        self._resized()

    def _is_in_background(self) -> bool:
        """Whether another job has the terminal: to touch it then would stop this one for good."""
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:  # not our controlling terminal, or none any more: nothing stops us
            return False

    def _terminal_size(self) -> Size:
        """What the terminal says of itself; COLUMNS and LINES are a shell's and may be old."""
        try:
            columns, lines = os.get_terminal_size(self._output.descriptor)
        except OSError:
            columns = lines = 0
        return _bounded(Size(columns or 80, lines or 24))

    def _resized(self) -> None:
        if not self.sizes_come_in_band:
            size = self._terminal_size()
            self.send_message(events.Resize(size, size))

    def _hear_stop(self, *_: object) -> None:
        """SIGTSTP."""
        self._stopped_at = time.monotonic()
        self.loop.call_soon_threadsafe(self._stop)

    def _hear_continue(self, *_: object) -> None:
        """SIGCONT."""
        self._continued_at = time.monotonic()
        self.loop.call_soon_threadsafe(self._continue)

    def _stop(self) -> None:
        """Give the terminal back and stop; unless a SIGCONT has come meanwhile, which would have continued nothing."""
        if self._is_to_stop():
            self._give_back()
            if self._is_to_stop():
                os.kill(os.getpid(), signal.SIGSTOP)
            else:
                self._continue()

    def _is_to_stop(self) -> bool:
        return self._continued_at < self._stopped_at - AT_ONCE

    def _continue(self) -> None:
        """The shell, or whoever had the terminal meanwhile, may have left it in any state."""
        if self._is_in_background() and not is_asked_for():
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._take()
        self._repaint()

    def disable_input(self) -> None:
        """Take no more keys."""
        self._stop_reading()
        self.end_mouse()
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def stop_application_mode(self) -> None:
        """Make the terminal what it was."""
        self.loop.remove_signal_handler(signal.SIGWINCH)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        self._give_back()

    def _give_back(self) -> None:
        if not self._taken:
            return
        self._taken = False
        self._stop_reading()
        if self._is_in_background():
            return
        self.write(
            "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2048l\x1b[<u"
            # A terminal without an alternate screen keeps the last frame: what comes next begins below it.
            f"\x1b[0m\x1b[{self._terminal_size().height};1H\r\n\x1b[?1049l\x1b[?25h\x1b[?1004l"
        )
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        self._output.drain(LAST_BYTES)

    def give_back(self) -> None:
        """Make the terminal what it was, from another thread: the app's own is blocked."""
        with suppress(Exception):
            self._give_back()

    def close(self) -> None:
        """Write nothing more."""
        self._output.close()


def _bounded(size: Size) -> Size:
    return Size(min(size.width, MAX_COLUMNS), min(size.height, MAX_LINES))

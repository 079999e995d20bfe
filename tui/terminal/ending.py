"""The end that a signal asks for, or a terminal that has gone: in order if the app still can, and never long in coming.

The app's loop may be blocked, and so may any of its threads. So a thread that does nothing else watches the terminal
and the time. If the app has not ended in time, it saves the session itself, gives the terminal back, and ends the
process.
"""

import asyncio
import os
import select
import signal
import sys
import time
from contextlib import suppress
from threading import Event, Lock, Thread
from types import FrameType
from typing import NoReturn, Protocol

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGXCPU)
"""What asks for the end. A closed terminal counts as SIGHUP."""

TURN = 0.7
"""Seconds in which the app must have saved; after that it counts as blocked, and is saved from outside."""

GRACE = 1.4
"""Seconds from the request until the process ends, whatever is still under way - but for a file being written."""

WRITING = 10.0
"""Seconds that saving a large session may take."""

LOOK = 500
"""Milliseconds between two looks at the terminal."""

_asked: list[int] = []


def is_asked_for() -> bool:
    """Whether the end has been asked for."""
    return bool(_asked)


def exit_now(code: int) -> NoReturn:
    """End the process here, after what was printed: what its other threads do can't delay it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


class Ends(Protocol):
    """What can be ended."""

    event_loop: asyncio.AbstractEventLoop | None
    """Where it runs, once it does."""

    def save_at_end(self) -> None:
        """Save what was done. In the loop, or in another thread while the loop is blocked."""

    def end(self, code: int) -> None:
        """Leave the loop; the process is to end with this code."""

    def give_terminal_back(self) -> None:
        """Make the terminal what it was, in another thread while the loop is blocked."""


class Ending:
    """Sees to it that the process ends, from here on."""

    def __init__(self, app: Ends, looks: bool = True) -> None:
        """`looks`: now and then at the terminal too, for some hang-ups wake nobody who waits for them."""
        self._app, self._pause = app, LOOK if looks else None
        self._saving, self._saved = Lock(), Event()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        for number in SIGNALS:
            signal.signal(number, self._hear)
        Thread(target=self._watch, daemon=True, name="ending").start()

    def nothing_to_save(self) -> None:
        """All is saved already: what comes now only ends the process."""
        self._saved.set()

    def _hear(self, number: int, _: FrameType | None) -> None:
        """The handler of the signals."""
        _asked.append(number)
        with suppress(BlockingIOError):
            os.write(self._wake, bytes([number]))

    def _watch(self) -> None:
        number = self._wait()
        began = time.monotonic()
        _asked.append(number)
        if (loop := self._app.event_loop) is not None:
            with suppress(RuntimeError):  # it has ended already
                loop.call_soon_threadsafe(self._end_in_order, 128 + number)
        if not self._saved.wait(TURN):
            self._save_once()
        time.sleep(max(began + GRACE - time.monotonic(), 0))
        self._app.give_terminal_back()
        exit_now(128 + number)

    def _wait(self) -> int:
        """The number of the first signal; sleeps until then."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        terminal = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        if terminal >= 0 and os.isatty(terminal):
            poll.register(terminal, 0)
        while not (ready := dict(poll.poll(self._pause))):
            pass
        return os.read(self._woken, 1)[0] if self._woken in ready else int(signal.SIGHUP)

    def _end_in_order(self, code: int) -> None:
        self._save_once()
        self._app.end(code)

    def _save_once(self) -> None:
        """Save, unless the other thread has, or does: then wait for it."""
        if not self._saving.acquire(timeout=WRITING):
            return
        try:
            if not self._saved.is_set():
                with suppress(Exception):  # the end must come
                    self._app.save_at_end()
                self._saved.set()
        finally:
            self._saving.release()

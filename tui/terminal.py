"""The terminal itself: noticing that it has gone away, and the signals that end the program."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable
from threading import Thread

ENDING = (signal.SIGTERM, signal.SIGHUP)
GRACE = 2.0
"""Seconds that an orderly end may take before the process ends anyway: writing to a dead terminal can block."""


def on_end(callback: Callable[[int], None]) -> None:
    """Call back, in the running loop, with the signal that asks for an end; a closed terminal counts as SIGHUP."""
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        loop.call_later(GRACE, os._exit, 128 + number)
        callback(number)

    for ending in ENDING:
        loop.add_signal_handler(ending, end, int(ending))
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        arguments = (sys.__stdin__.fileno(), lambda: loop.call_soon_threadsafe(end, int(signal.SIGHUP)))
        Thread(target=_watch, args=arguments, daemon=True, name="terminal").start()


def _watch(descriptor: int, gone: Callable[[], object]) -> None:
    """Sleep until the terminal hangs up. Textual's own reader would go on reading its end for ever."""
    poll = select.poll()
    poll.register(descriptor, 0)
    poll.poll()
    gone()

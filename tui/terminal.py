"""The terminal itself: noticing that it has gone away, and the signals that end the program."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable
from threading import Thread

from backprop_tui.core.text.escape import escape_controls

ENDING = (signal.SIGTERM, signal.SIGHUP)
GRACE = 2.0
"""Seconds that an orderly end may take before the process ends anyway: writing to a dead terminal can block."""

NO_CURSOR = frozenset({"dumb", "unknown", "network", "dialup", "switch", "printer", "lpr", "emacs", "vt52"})
"""The kinds of terminal, by their names in terminfo, that can't put the cursor where a program wants it."""


def terminal_refusal(term: str) -> str | None:
    """Why no screen can be painted on a terminal of that kind ($TERM), in one line with what to do; else None."""
    if term.lower() not in NO_CURSOR:
        return None
    return (
        f"a terminal of the kind TERM={escape_controls(term)} can't place text on its screen; "
        "if yours can, set TERM=xterm-256color; without a screen there is `backprop-tui run`"
    )


def screen_refusal() -> str | None:
    """Why the screen can't be shown where this program was started, in one line with what to do; else None."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        return "the screen needs a terminal as its input and output; without one, use `backprop-tui run`"
    return terminal_refusal(os.environ.get("TERM", ""))


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

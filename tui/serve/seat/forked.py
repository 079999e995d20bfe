"""What a forked process does before and after it is a session's app."""

import fcntl
import gc
import os
import random
import signal
import socket
import sys
import termios
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.notes import Fork
from backprop_tui.tui.terminal.ending import Ending

from .driver import SessionDriver

Build = Callable[[Path, socket.socket, bool], StepperApp]
"""Makes the app of a session from its folder, its link to the server, and whether its person can download."""

CRASHED = 70
"""The exit code of an app that failed."""


def run_session(note: Fork, terminal: int, link: socket.socket, build: Build) -> int:
    """Be a session from here to the end of this process; the exit code."""
    try:
        log = os.dup(2)
        _take_terminal(terminal)
        _take_folder(note)
        limits.restrain()
        random.seed()
        # Our errors go to the log of the server; the terminal is the driver's alone.
        sys.stderr = sys.stdout = os.fdopen(log, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
        app = build(Path(note.folder), link, note.downloads)
        app.driver_class = SessionDriver
        app.ending = Ending(app, looks=False)
        app.run(mouse=False)
        return CRASHED if app.return_code == 1 else app.return_code or 0
    except BaseException:
        with suppress(Exception):
            print(f"session {note.session} of {note.label} failed", file=sys.stderr)
            traceback.print_exc()
        return CRASHED


def _take_terminal(terminal: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(terminal, descriptor)
    os.close(terminal)


def _take_folder(note: Fork) -> None:
    """The environment and the folder of the session: nothing of the server's is seen from it."""
    os.environ.clear()
    os.environ.update(TERM=note.term, LANG=note.lang, HOME=note.folder, PATH="/nonexistent", TZ="UTC")
    os.environ["BACKPROP_TUI_WORKSHOP"] = "1"  # no model, which is code, is opened here: see tui/cli/model.py
    if note.colorterm:
        os.environ["COLORTERM"] = note.colorterm
    os.umask(0o077)
    os.makedirs(note.folder, mode=0o700, exist_ok=True)
    os.chdir(note.folder)
    gc.enable()

"""What goes wrong in the server's own loop: one line for the log at a time, and the traceback in a file."""

import asyncio
import os
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from backprop_tui.core.text.escape import escape_controls

AGAIN = 60.0
"""Seconds until the same fault is told once more: at the limit of descriptors it comes hundreds of times."""

MAX_TOLD = 100

MAX_LOG = 4 * 1024 * 1024
"""Bytes of the file of tracebacks at a start; what is longer makes room for a new one."""


def open_log(path: Path) -> BinaryIO:
    """The file that tracebacks are appended to, its owner's alone; one earlier file is kept. Raises OSError."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > MAX_LOG:
            path.replace(path.with_name(f"{path.name}~1"))
    return open(path, "ab", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600))


class Faults:
    """The handler of a loop's exceptions. `log` takes a line, the file of descriptor `output` the tracebacks."""

    def __init__(self, log: Callable[[str], None], output: int) -> None:
        self._log, self._output = log, output
        self._told: dict[str, float] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell of a fault, unless it was told lately."""
        fault = context.get("exception")
        line = escape_controls(f"{context['message']}: {fault!r}" if fault else context["message"])[:200]
        now = time.monotonic()
        if now - self._told.get(line, -AGAIN) < AGAIN:
            return
        if len(self._told) >= MAX_TOLD:
            self._told.clear()
        self._told[line] = now
        self._log(line)
        if isinstance(fault, BaseException):
            os.write(self._output, "".join(traceback.format_exception(fault)).encode(errors="backslashreplace"))

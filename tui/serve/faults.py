"""What goes wrong in the server's own loop: one line for the log at a time, and the traceback in a file."""

import asyncio
import os
import time
import traceback
from collections.abc import Callable
from typing import Any

from backprop_tui.core.text.escape import escape_controls

AGAIN = 60.0
"""Seconds until the same fault is told once more: at the limit of descriptors it comes hundreds of times."""

MAX_TOLD = 100


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

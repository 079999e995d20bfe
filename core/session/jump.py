"""A jump: many steps at once, asked for in chunks."""

from dataclasses import dataclass
from time import monotonic

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief

FIRST, LEAST = 4096, 256
"""The steps of the first request, and of the smallest."""

AT_ONCE = 0.02
"""Seconds within which a request is to be answered: a key that comes meanwhile waits no longer."""


@dataclass
class Jump:
    """A jump: steps left, of how many, the loss below which it ends, why it ended early, and the steps done."""

    left: int
    total: int
    bound: float | None
    ended: str = ""
    done: int = 0
    pace: int = FIRST
    """How many steps the next request asks for."""
    _asked_at: float = 0.0

    def ask(self, most: int) -> int:
        """How many steps to ask for now, `most` at most: as many as are answered before a person waits."""
        self._asked_at = monotonic()
        return min(self.left, self.pace, most)

    def end(self, reason: str) -> None:
        """Make no more steps. The reason is what a person is told."""
        self.left, self.ended = 0, reason

    def count(self, losses: Array) -> None:
        """Count the steps with these losses (n,) as done, and end at a loss below the bound or not finite."""
        last = losses[-1]
        seconds = monotonic() - self._asked_at
        if seconds > AT_ONCE:
            self.pace = max(self.pace // 2, LEAST)
        elif seconds < AT_ONCE / 2 and len(losses) == self.pace:
            self.pace *= 2
        self.done += len(losses)
        self.left = max(self.left - len(losses), 0)
        if not np.isfinite(last):
            self.end("the loss is not finite")
        elif self.bound is not None and last < losses.dtype.type(self.bound):  # as the program compares them
            self.end(f"the loss is below {brief(self.bound)}")

"""A jump: many steps at once, asked for in chunks."""

from dataclasses import dataclass
from time import monotonic

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief

from .until import Found, Until

FIRST, LEAST = 4096, 256
"""The steps of the first request, and of the smallest."""

AT_ONCE = 0.02
"""Seconds within which a request is to be answered: a key that comes meanwhile waits no longer."""


@dataclass
class Jump:
    """A jump: steps left, of how many, the loss below which it ends, why it ended early, and the steps done.

    `until` is what else ends it; `single` says that this needs every step for itself.
    """

    left: int
    total: int
    bound: float | None
    ended: str = ""
    done: int = 0
    until: Until | None = None
    single: bool = False
    pace: int = FIRST
    """How many steps the next request asks for."""
    _asked_at: float = 0.0

    def ask(self, most: int) -> int:
        """How many steps to ask for now, `most` at most: as many as are answered before a person waits."""
        self._asked_at = monotonic()
        return min(self.left, 1 if self.single else self.pace, most)

    @property
    def waits_for(self) -> str:
        """What ends it early, in words; empty if nothing does."""
        if self.until is not None:
            return f"until {self.until.words}"
        return f"until loss < {brief(self.bound)}" if self.bound is not None else ""

    def told(self, step: int) -> str:
        """What is said at the end, at a step, of a jump that waited for something; empty of any other, and before."""
        if self.left or not self.waits_for:
            return ""
        if self.ended:
            return f"stopped at step {step:,}: {self.ended}"
        missed = f"the loss did not fall below {brief(self.bound or 0)}" if self.until is None else self.until.missed
        return f"{missed} within {self.done:,} step{'s' * (self.done != 1)}: this is step {step:,}"

    def end(self, reason: str) -> None:
        """Make no more steps. The reason is what a person is told."""
        self.left, self.ended = 0, reason

    def count(self, losses: Array, found: Found | None = None) -> None:
        """Count the steps with these losses (n,) as done; end at a loss below the bound or not finite, or if `found`.

        `found` is what the last of them ends.
        """
        last = losses[-1]
        seconds = monotonic() - self._asked_at
        if seconds > AT_ONCE:
            self.pace = max(self.pace // 2, LEAST)
        elif seconds < AT_ONCE / 2 and len(losses) == self.pace:
            self.pace *= 2
        self.done += len(losses)
        self.left = max(self.left - len(losses), 0)
        if found is not None:
            self.end(found.reason)
        elif not np.isfinite(last):
            self.end("the loss is not finite")
        elif self.bound is not None and last < losses.dtype.type(self.bound):  # as the program compares them
            self.end(f"the loss is below {brief(self.bound)}")

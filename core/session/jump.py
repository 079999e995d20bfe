"""A jump: many steps at once, asked for in chunks."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief


@dataclass
class Jump:
    """A jump: steps left, of how many, the loss below which it ends, why it ended early, and the steps done."""

    left: int
    total: int
    bound: float | None
    ended: str = ""
    done: int = 0

    def end(self, reason: str) -> None:
        """Make no more steps. The reason is what a person is told."""
        self.left, self.ended = 0, reason

    def count(self, losses: Array) -> None:
        """Count the steps with these losses (n,) as done, and end at a loss below the bound or not finite."""
        last = losses[-1]
        self.done += len(losses)
        self.left = max(self.left - len(losses), 0)
        if not np.isfinite(last):
            self.end("the loss is not finite")
        elif self.bound is not None and last < losses.dtype.type(self.bound):  # as the program compares them
            self.end(f"the loss is below {brief(self.bound)}")

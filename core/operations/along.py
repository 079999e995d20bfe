"""The gradient by one tensor along a direction, against finite differences of the operations that take it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief

PRECISE, COARSE = 1e-3, 0.05


@dataclass(frozen=True)
class Along:
    """What was found for one tensor at one step.

    `takers` are the numbers of the operations that take it, as far as they are shown, and `types` the types of all;
    `maker` is the number of the one that makes it (0: it is not shown), and `what` its type, or the weight. `gradient`
    is the step's own along the direction, `difference` what the outputs changed by: at a corner the nearest of what is
    between both sides. An error is by `scale`. `precise` says whether the operations ran in float64.
    """

    takers: tuple[int, ...]
    types: tuple[str, ...]
    maker: int
    what: str
    gradient: float
    difference: float
    scale: float
    precise: bool

    @property
    def error(self) -> float:
        """How far they are apart; infinite if one is no number."""
        error = abs(self.gradient - self.difference) / self.scale
        return error if error == error else float("inf")

    @property
    def agrees(self) -> bool:
        """Whether they are as near as the rounding of float32 allows."""
        return self.error <= (PRECISE if self.precise else COARSE)

    @property
    def text(self) -> str:
        """One line."""
        takers = ", ".join(f"#{number}" for number in self.takers)
        through = f"{takers} {', '.join(dict.fromkeys(self.types))}".strip()
        by = f"#{self.maker} {self.what}" if self.maker else self.what
        numbers = f"along {brief(self.gradient, 8)}  difference {brief(self.difference, 8)}"
        verdict = "ok" if self.agrees else "DIFFERS"
        coarse = "" if self.precise else "  (in float32: it has no float64)"
        return (
            f"through {through} to {escape_controls(by)}: {numbers}  off by {brief(self.error, 2)}  {verdict}{coarse}"
        )


def along_lines(found: Sequence[Along]) -> Iterator[str]:
    """How many agree, and the worst."""
    if found:
        agree = sum(one.agrees for one in found)
        yield f"  {agree} of {len(found)} gradients through operations run alone agree; the worst:"
        yield f"  {max(found, key=lambda one: one.error).text}"

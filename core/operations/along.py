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
    between both sides. An error is by `scale`. `precise` says whether the operations ran in float64, `custom` whether
    a function that somebody wrote says the gradient: it is compared with what that function stands for.
    """

    takers: tuple[int, ...]
    types: tuple[str, ...]
    maker: int
    what: str
    gradient: float
    difference: float
    scale: float
    precise: bool
    custom: bool = False

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
        numbers = f"along {brief(self.gradient, 8)}  difference {brief(self.difference, 8)}"
        verdict = "ok" if self.agrees else "DIFFERS"
        coarse = "" if self.precise else "  (in float32: it has no float64)"
        own = "  (the model's own code says this gradient)" if self.custom else ""
        return f"{_through(self)}: {numbers}  off by {brief(self.error, 2)}  {verdict}{coarse}{own}"


@dataclass(frozen=True)
class Left:
    """A tensor that has no gradient to be compared, or no finite difference to compare it with, and why.

    `takers` are the numbers of the operations that take it, as far as they are shown, `types` their types, and `maker`
    and `what` are as of `Along`.
    """

    takers: tuple[int, ...]
    types: tuple[str, ...]
    maker: int
    what: str
    why: str

    @property
    def text(self) -> str:
        """One line."""
        return f"{_through(self)}: not compared: {escape_controls(self.why)}"


def _through(one: Along | Left) -> str:
    """`through #6 Relu, #9 Mul to #5 BiasAdd`."""
    takers = ", ".join(f"#{number}" for number in one.takers)
    through = f"{takers} {', '.join(dict.fromkeys(one.types))}".strip()
    by = f"#{one.maker} {one.what}" if one.maker else one.what
    return f"through {through} to {escape_controls(by)}"


MOST_NUMBERS = 8
"""Of several that are left out for the same reason so many are named by their numbers."""


def along_lines(found: Sequence[Along | Left]) -> Iterator[str]:
    """How many agree, and the worst; then those that could not be compared, each with its reason."""
    compared = [one for one in found if isinstance(one, Along)]
    left = [one for one in found if isinstance(one, Left)]
    if compared:
        agree = sum(one.agrees for one in compared)
        yield f"  {agree} of {len(compared)} gradients through operations run alone agree; the worst:"
        yield f"  {max(compared, key=lambda one: one.error).text}"
    if left:
        yield f"  {len(left)} left out, each with its reason:"
        kinds: dict[tuple[tuple[str, ...], str], list[Left]] = {}
        for each in left:
            kinds.setdefault((each.types, each.why), []).append(each)
        yield from (f"  {_of_kind(same)}" for same in kinds.values())


def _of_kind(same: Sequence[Left]) -> str:
    """One, or several that are left out for the same reason, the first of them by their numbers."""
    if len(same) == 1:
        return same[0].text
    numbers = [f"#{number}" for one in same for number in one.takers[:1]]
    more = f" and {len(numbers) - MOST_NUMBERS:,} more" if len(numbers) > MOST_NUMBERS else ""
    shown = f"{', '.join(numbers[:MOST_NUMBERS])}{more}"
    types = ", ".join(dict.fromkeys(same[0].types))
    return f"{len(same)} through {types} ({shown}): not compared: {escape_controls(same[0].why)}"

"""A gradient against finite differences: what was found, and whether they agree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief

TOLERANCE, ROUNDING, COARSE_TOLERANCE = 1e-5, 1e-3, 0.05


@dataclass(frozen=True)
class Compared:
    """The gradient of one parameter against its differences, at the worst of some places.

    `gradient` is the step's own, `difference` the finite difference there. `error` is that of the tape's gradient in
    the precision of the differences, by the largest gradient of the parameter; `rounding` that of the step's, by the
    largest of the model. `precise` says whether the differences are in float64.
    """

    path: str
    places: int
    index: tuple[int, ...]
    gradient: float
    difference: float
    error: float
    rounding: float
    precise: bool

    @property
    def agrees(self) -> bool:
        """Whether they are as near as rounding allows."""
        return self.error <= self.tolerance and self.rounding <= ROUNDING

    @property
    def tolerance(self) -> float:
        """The largest error that is none."""
        return TOLERANCE if self.precise else COARSE_TOLERANCE


ROUNDED = "DIFFERS by float32's rounding alone: in float64 it agrees"
"""The model magnifies rounding so much that the step's own gradient has few digits left."""


def compared_lines(compared: Sequence[Compared]) -> Iterator[str]:
    """A line for each parameter: the gradient that is furthest from its finite difference."""
    width = max((len(one.path) for one in compared), default=0)
    for one in compared:
        place = ",".join(map(str, one.index))
        off = brief(max(one.error, one.rounding), 2)
        numbers = f"gradient {brief(one.gradient, 8)}  difference {brief(one.difference, 8)}  off by {off}"
        verdict = "ok" if one.agrees else "DIFFERS" if one.error > one.tolerance else ROUNDED
        precision = "" if one.precise else "  (in float32: this model can't be built in float64)"
        yield f"  {escape_controls(one.path):{width}}  [{place}] of {one.places}  {numbers}  {verdict}{precision}"
    yield f"  {sum(one.agrees for one in compared)} of {len(compared)} parameters agree with finite differences"

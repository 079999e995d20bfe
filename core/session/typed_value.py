"""A number that a person types for a parameter, an input or a target: as the network gets it, or as in the table."""

from dataclasses import dataclass
from math import log

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.table.units import original
from backprop_tui.core.text.entered import number
from backprop_tui.core.text.numerals import brief, inner

from .timeline import Timeline

RAW = "raw"
"""The word before a number of the table's own unit."""

SCALED, LOGARITHM = "scaled", "ln"


@dataclass(frozen=True)
class Present:
    """A number as it is: as the network gets it, what that is called, and in the table's own unit if that differs."""

    value: float
    dtype: str
    kind: str = ""
    raw: float | None = None

    @property
    def digits(self) -> str:
        """All digits of the number, as it may be typed."""
        return inner(self.value, self.dtype)

    @property
    def both(self) -> str:
        """`scaled -0.4332, raw 3`; of a number that the network gets as it is, that alone."""
        alone = brief(self.value, 5)
        return f"{self.kind} {alone}, {RAW} {brief(self.raw, 7)}" if self.raw is not None else alone

    def to(self, new: "Present") -> str:
        """How it became another: `raw 3 → 4, scaled -0.4332 → 0.6213`."""
        way = f"{brief(self.value, 5)} → {brief(new.value, 5)}"
        if self.raw is None or new.raw is None:
            return way
        return f"{RAW} {brief(self.raw, 7)} → {brief(new.raw, 7)}, {self.kind} {way}"

    def is_same(self, value: float) -> bool:
        """Whether another value is the same number in this precision."""
        precision = np.dtype(self.dtype).type
        with np.errstate(over="ignore"):
            return bool(precision(value) == precision(self.value))

    @property
    def takes(self) -> str:
        """What may be typed for it."""
        if self.raw is None:
            return "a new value"
        return f"a new {self.kind} value, or {RAW} {brief(self.raw, 3)}"


def present(timeline: Timeline, cell: Cell) -> Present:
    """A parameter, an input or a target as it is where the session stands. Raises ValueError before it is known."""
    if cell.name in ("x", "y"):
        x, y = timeline.shown_sample()
        return presented(timeline, cell, float((x if cell.name == "x" else y)[cell.column]))
    state = timeline.parameters
    if state is None:
        raise ValueError("this step is computed again first: wait for its numbers")
    return presented(timeline, cell, float(timeline.run.network.split(state)[cell.name][cell.place]))


def presented(timeline: Timeline, cell: Cell, value: float) -> Present:
    """A value of this number, with what it is in the table's own unit."""
    if cell.name not in ("x", "y"):
        return Present(value, timeline.run.dtype)
    kind = _kind(timeline, cell)
    return Present(value, "float64", kind, _raw(timeline, cell, value) if kind else None)


def read(timeline: Timeline, cell: Cell, text: str) -> float:
    """The value that was typed, as the network gets it: `0.25`, or `raw 4` of an input or target. Raises ValueError."""
    word, _, rest = text.strip().partition(" ")
    if word.lower() != RAW:
        return number(text)
    value = number(rest.strip().replace(",", ""))
    kind = _kind(timeline, cell) if cell.name in ("x", "y") else ""
    if not kind or timeline.scaling is None:
        return value
    if kind == LOGARITHM:
        if value <= 0:
            raise ValueError(f"the network gets the logarithm: a raw value is above 0, not {brief(value)}")
        return log(value)
    return float((value - timeline.scaling.mean[cell.column]) / timeline.scaling.std[cell.column])


def _kind(timeline: Timeline, cell: Cell) -> str:
    """What was done to an input or a target before the network gets it; empty if nothing was."""
    table, scaling = timeline.run.table, timeline.scaling
    if cell.name == "y":
        return LOGARITHM if table.log_target else ""
    return SCALED if scaling is not None and table.features[cell.column] in table.standardize else ""


def _raw(timeline: Timeline, cell: Cell, value: float) -> float:
    if cell.name == "y":
        return original(value, timeline.run.table)
    assert timeline.scaling is not None, "what is scaled has a scaling"
    return float(value * timeline.scaling.std[cell.column] + timeline.scaling.mean[cell.column])

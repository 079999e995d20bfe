"""The axis of a plot: from where to where, linear or logarithmic, its name, and the numbers that stand beside it."""

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.numerals import brief, compact

LABEL = 8
"""The columns that a number beside the axis may take."""

STRIDES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Every how many powers of ten one stands beside a logarithmic axis."""

MOST_DIGITS = 8
"""Of a number beside the axis."""


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, which is larger; both are above 0 if it is logarithmic."""

    low: float
    high: float
    name: str = ""
    logarithmic: bool = False
    whole: bool = False
    """Whether only whole numbers mean anything on it: steps."""

    def shares(self, values: Array) -> Array:
        """How far along the axis values (n,) lie: 0 at `low`, 1 at `high`; on a logarithm, `low` for all up to it."""
        with np.errstate(all="ignore"):
            if not self.logarithmic:
                half = self.high / 2 - self.low / 2  # of the largest numbers the whole is infinite
                return np.asarray((values / 2 - self.low / 2) / half)
            span = log10(self.high) - log10(self.low)
            return np.asarray((np.log10(np.maximum(values, self.low)) - log10(self.low)) / span)


def over(low: float, high: float, name: str = "", *, logarithmic: bool = False, whole: bool = False) -> Axis:
    """An axis that shows all from `low` to `high`, also if these are one number, or none for a logarithm."""
    if logarithmic and not high > 0:
        logarithmic = False
    if logarithmic:
        low = low if low > 0 else high / 10
        low, high = (low / 2, high * 2) if low == high else (low, high)
    elif low == high:
        low, high = low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    return Axis(low, high, name, logarithmic, whole)


def ticks(axis: Axis, most: int) -> list[float]:
    """Round numbers along the axis, ascending: two at least, if there are any, and hardly more than `most`."""
    most = max(most, 2)
    found = _powers(axis, most) if axis.logarithmic else []
    return found if len(found) > 1 else _even(axis, most)


def _even(axis: Axis, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    span = axis.high - axis.low
    if not isfinite(span) or span <= 4 * np.spacing(max(abs(axis.low), abs(axis.high))):
        return [axis.low, axis.high]
    power = floor(log10(span / most))
    steps = [base * 10.0**exponent for exponent in (power, power + 1) for base in (1, 2, 5)]
    if axis.whole:
        steps = [step for step in steps if step >= 1] or [1.0]
    for step in steps:
        first, last = ceil(axis.low / step), floor(axis.high / step)
        if last - first < most:
            break
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def _powers(axis: Axis, most: int) -> list[float]:
    """Powers of ten, every so many of them; if they are few, with 2 and 5 times each between them."""
    first, last = floor(log10(axis.low)), ceil(log10(axis.high))

    def within(bases: tuple[int, ...], every: int = 1) -> list[float]:
        powers = [power for power in range(first, last + 1) if power % every == 0 and -300 <= power <= 300]
        numbers = (float(f"{base}e{power}") for power in powers for base in bases)
        return [number for number in numbers if axis.low <= number <= axis.high]

    for bases in ((1, 2, 5), (1, 3)):
        if 1 < len(found := within(bases)) <= most:
            return found
    found = next(found for every in STRIDES if len(found := within((1,), every)) <= most)
    every_power = within((1,))
    return found if len(found) > 1 or len(every_power) < 2 else [every_power[0], every_power[-1]]


def labels(axis: Axis, numbers: list[float]) -> list[str]:
    """The numbers as text: as many digits as there is room for."""
    if axis.whole and all(abs(number) < 1e7 for number in numbers):
        return [compact(number) for number in numbers]
    # Powers of ten read best as such; others as they are written in full.
    for digits in (4,) if axis.logarithmic else range(MOST_DIGITS, 3, -1):
        texts = [brief(number, digits) for number in numbers]
        if all(len(text) <= LABEL for text in texts) and len(set(texts)) == len(texts):
            return texts
    return [short(number) for number in numbers]


def short(value: float) -> str:
    """A number in as many significant digits as it has room for, at most four."""
    return next(text for digits in (4, 3, 2, 1) if len(text := brief(value, digits)) <= LABEL or digits == 1)

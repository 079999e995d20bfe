"""Whether an explanation's arithmetic holds as it is printed, and with how many digits it does.

A reader multiplies what stands there. With four decimals `1.5844 - 12.6540` is not `-11.0695`, which the unrounded
numbers give; with five it is. What holds with no number of digits is written with ≈.
"""

from collections.abc import Callable
from dataclasses import replace
from math import floor, isfinite, log10

import numpy as np
from backprop_tui.core.text.numerals import fixed, full, inner, last_digit, plain, read_number

from .terms import Explanation, Factor, Term

Show = Callable[[float], str]
"""How a number inside of a formula is written."""

DECIMALS, MOST_EXTRA = 4, 4
"""Decimals of a number, and how many more are tried."""

MAX_TERMS = 12
"""A longer sum is shown with its middle left out: nobody adds it up."""


def shows(explanation: Explanation, digits: int | None) -> list[Show]:
    """The ways to write its numbers, from the shortest on; with `digits` None the one that has all digits."""
    if digits is None:
        return [lambda value: inner(value, explanation.dtype)]
    return [_show(digits + extra) for extra in range(MOST_EXTRA + 1)]


def result_text(explanation: Explanation, digits: int | None) -> str:
    """The number that is explained, with its sign."""
    return full(explanation.value, explanation.dtype) if digits is None else fixed(explanation.value, digits)


def best(explanation: Explanation, digits: int | None, worked: bool) -> Show:
    """The shortest way to write the numbers of a line in which it holds; else the shortest way."""
    return chosen(explanation, digits, worked)[0]


def chosen(explanation: Explanation, digits: int | None, worked: bool) -> tuple[Show, bool]:
    """The same, and whether the line holds in it."""
    ways = shows(explanation, digits)
    for tolerance in (0.5, 1.0):
        for show in ways:
            if holds(explanation, show, digits, worked, tolerance):
                return show, True
    return ways[0], False


def holds(explanation: Explanation, show: Show, digits: int | None, worked: bool, tolerance: float = 1.0) -> bool:
    """Whether the printed numbers give the printed result, within so many units of its last digit.

    `worked` is for the line that shows how factors are computed on the spot.
    """
    if explanation.given or len(explanation.terms) > MAX_TERMS or not isfinite(explanation.value):
        return True
    result = result_text(explanation, digits)
    rounded = replace(
        explanation,
        terms=tuple(
            Term(tuple(_rounded(factor, show, worked) for factor in term.factors), term.sign)
            for term in explanation.terms
        ),
        common=tuple(_rounded(factor, show, worked) for factor in explanation.common),
    )
    found = rounded.evaluate()
    return abs(found - read_number(result)) <= tolerance * last_digit(result) * (1 + 1e-9)


def _show(digits: int) -> Show:
    def show(value: float) -> str:
        if value == 0:
            return "0"
        if not isfinite(value):
            return plain(value)
        # As many significant digits as decimals, at least: 0.0071 has two.
        return plain(value, max(digits, digits - 1 - floor(log10(abs(value)))) if abs(value) >= 1e-4 else digits)

    return show


def _rounded(factor: Factor, show: Show, worked: bool) -> Factor:
    """The factor with the value that a reader gets from what is printed of it."""
    if worked and factor.working:
        if factor.rule is None:
            return factor
        numbers = (read_number(show(part)) for part in factor.working if isinstance(part, float))
        with np.errstate(all="ignore"):
            return replace(factor, value=factor.rule(*numbers))
    if factor.literal:
        return replace(factor, value=_literal(factor))
    return replace(factor, value=read_number(show(factor.value)))


def _literal(factor: Factor) -> float:
    """What a literal says: the number that is written, or the very value of `½` and `1/3`."""
    try:
        return read_number(factor.literal)
    except ValueError:
        return factor.value

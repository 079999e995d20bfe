"""How one could have known the sign of a number: by the signs of what it is made of."""

import numpy as np
from backprop_tui.core.text.numerals import fixed

from ..terms import Explanation, Factor, Term
from .question import NEGATIVE, POSITIVE, ZERO, sign

MOST_TERMS = 3
"""A sum of more terms is told by what its positive and its negative ones come to."""

CANCELLED = 1e-4
"""What is left of a sum below this share of its terms is too little to predict the sign of."""


def reasons(found: Explanation) -> tuple[str, ...] | None:
    """A clause for each factor or term, and what follows; None if the sign can't be told by signs.

    Each clause is true of the numbers that are shown: `ŷ is below y`, `w2[1] is positive`.
    """
    if found.given or found.function or not _is_clear(found):
        return None
    if _is_difference(found):
        first, second = (term.factors[0] for term in found.terms)
        clauses = [_side(first, second, first.value - second.value)]
    elif len(found.terms) == 1:
        clauses = _of_product((*found.common, *found.terms[0].factors), found.terms[0].sign)
    else:
        clauses = _of_sum(found)
    return (*clauses, f"so {found.symbol} is {sign(found.value)}")


def _is_clear(found: Explanation) -> bool:
    """Whether the number has the sign that its terms give it, and enough of it is left."""
    value = found.evaluate()
    if not (np.isfinite(value) and np.isfinite(found.value)) or sign(value) != sign(found.value):
        return False
    return value == 0 or abs(value) > CANCELLED * found.scale


def _is_difference(found: Explanation) -> bool:
    """Whether it is ŷ - y."""
    alone = [term.factors[0].cells[0].name for term in found.terms if len(term.factors) == 1 and term.factors[0].cells]
    return len(found.terms) == 2 and alone == ["y_pred", "y"] and [term.sign for term in found.terms] == [1, -1]


def _side(prediction: Factor, target: Factor, off: float) -> str:
    return f"{prediction.symbol} is {_WHERE[sign(off)]} {target.symbol}"


_WHERE = {POSITIVE: "above", NEGATIVE: "below", ZERO: "exactly"}


def _of_factor(factor: Factor) -> str:
    """`w2[1] is positive`, and of ŷ - y: `ŷ is below y`."""
    if factor.symbol.startswith("(ŷ") and [cell.name for cell in factor.cells[1:]] == ["y_pred", "y"]:
        prediction, target = factor.symbol[1:-1].split(" - ")
        return f"{prediction} is {_WHERE[sign(factor.value)]} {target}"
    return f"{factor.symbol} is {sign(factor.value)}"


def _of_product(factors: tuple[Factor, ...], minus: int) -> list[str]:
    """What matters of a product: a factor that is zero, else the signs of all but plain positive constants."""
    zero = next((factor for factor in factors if sign(factor.value) == ZERO and not factor.divides), None)
    if zero is not None:
        return [_of_factor(zero)]
    told = [_of_factor(factor) for factor in factors if factor.cells or factor.value < 0]
    return [*told, *(["a minus stands before it"] if minus < 0 else [])]


def _of_sum(found: Explanation) -> list[str]:
    """Each term's sign, if there are few; if they differ, what those above and those below zero come to."""
    with np.errstate(all="ignore"):
        common = float(np.prod([1 / it.value if it.divides else it.value for it in found.common]))
    values = np.array([common * term.sign * term.value for term in found.terms])
    several = np.any(values > 0) and np.any(values < 0)
    told = []
    if len(values) <= MOST_TERMS:
        told = [f"{written(term)} is {sign(value)}" for term, value in zip(found.terms, values.tolist(), strict=True)]
    elif not several:
        told = [f"of {len(values)} terms none is {'negative' if found.value > 0 else 'positive'}"]
    if several:
        up, down = values[values > 0].sum(), values[values < 0].sum()
        told.append(f"those above zero come to {fixed(up)}, those below to {fixed(down)}")
    return told


def written(term: Term) -> str:
    """A term in symbols, with its sign: `w1[1,1]·x[1]`, `-y/ŷ`."""
    text = ""
    for factor in term.factors:
        text += ("/" if factor.divides else "·" if text else "") + factor.symbol
    return ("-" if term.sign < 0 else "") + (f"1{text}" if text.startswith("/") else text)

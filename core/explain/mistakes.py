"""What went wrong in a number that somebody worked out: the wrong answers people give, made of the explanation itself.

A learner leaves a factor out, turns a sign, takes σ′ at h instead of z, the weight after the update instead of before.
Each of these gives a number of its own. If the typed number is one of them, and of no other, one knows what was done.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from backprop_tui.core.model.activations import ACTIVATIONS
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse

from .context import Context
from .terms import CHAIN, LOCAL, Explanation, Factor, Term, number
from .why import explain

CLOSE = 0.005
"""Numbers are taken for the same within this share of the larger one, as if worked out with three digits."""

LEAST = 5e-5
"""And within this much: four decimals are what the screen shows."""


@dataclass(frozen=True)
class Mistake:
    """A wrong way to work a number out: what it is, in words that go on from `that is`, and what it gives.

    `factor` is the place of the factor where it lies, in the explanation's own order; None if it lies in none.
    """

    says: str
    value: float
    factor: int | None = None


def is_close(one: float, other: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return bool(abs(one - other) <= max(CLOSE * max(abs(one), abs(other)), LEAST))


def diagnosis(trace: Trace, cell: Cell, context: Context | None, typed: float) -> Mistake | None:
    """The mistake that gives the typed number; None if it is right, or none does, or several do."""
    if is_close(typed, number(trace[cell.name], cell)):
        return None
    fitting = {mistake.says: mistake for mistake in mistakes(trace, cell, context) if is_close(mistake.value, typed)}
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def mistakes(trace: Trace, cell: Cell, context: Context | None = None) -> tuple[Mistake, ...]:
    """All that is known to go wrong with a number; those that give a finite number other than the right one."""
    right = number(trace[cell.name], cell)
    found: dict[str, Mistake] = {}
    for form in (LOCAL, CHAIN):
        explanation = explain(trace, cell, context, form)
        if explanation.given:
            continue
        for mistake in _all(trace, explanation):
            if np.isfinite(mistake.value) and not is_close(mistake.value, right):
                found.setdefault(mistake.says, mistake)
    return tuple(found.values())


def _all(trace: Trace, found: Explanation) -> Iterator[Mistake]:
    yield from _of_signs(found)
    yield from _of_terms(found)
    yield from _of_function(found)
    for place, factor in enumerate(found.factors):
        yield from _of_factor(trace, found, place, factor)


def _of_signs(found: Explanation) -> Iterator[Mistake]:
    """The whole sign, or that between two terms."""
    yield Mistake("the right number with the wrong sign", -found.evaluate())
    for place, term in enumerate(found.terms[1:], 1):
        turned = (*found.terms[:place], replace(term, sign=-term.sign), *found.terms[place + 1 :])
        sign = "plus" if term.sign < 0 else "minus"
        yield Mistake(f"{sign} {_product(term)} instead of the other sign", replace(found, terms=turned).evaluate())


def _of_terms(found: Explanation) -> Iterator[Mistake]:
    """One term alone, or all but one."""
    if len(found.terms) < 2 or (found.function in ACTIVATIONS and not ACTIVATIONS[found.function].elementwise):
        return
    for place, term in enumerate(found.terms):
        rest = (*found.terms[:place], *found.terms[place + 1 :])
        yield Mistake(f"the sum without {_product(term)}", replace(found, terms=rest).evaluate())
        if len(found.terms) > 2:
            yield Mistake(f"{_product(term)} alone", replace(found, terms=(term,)).evaluate())


def _of_function(found: Explanation) -> Iterator[Mistake]:
    """The activation forgotten."""
    row = ACTIVATIONS.get(found.function)
    if row is not None and row.elementwise:
        yield Mistake(f"what goes into {row.name}, without {row.name} itself", replace(found, function="").evaluate())


def _of_factor(trace: Trace, found: Explanation, place: int, factor: Factor) -> Iterator[Mistake]:
    """One factor left out, or another number in its place."""
    if len(_product_of(found, place)) > 1:
        is_mean = factor.symbol.startswith("1/") and place < len(found.common)
        says = "the sum over the rows instead of their mean" if is_mean else f"the product without {factor.symbol}"
        yield Mistake(says, _with(found, place, None), place)
    if factor.symbol.endswith("²") and factor.value >= 0:
        yield Mistake("the number without the square", _with(found, place, replace(factor, value=sqrt(factor.value))))
    for says, value in _instead_of(trace, factor, parse(found.cell.name).updated):
        yield Mistake(says, _with(found, place, replace(factor, value=value)), place)


def _instead_of(trace: Trace, factor: Factor, is_update: bool) -> Iterator[tuple[str, float]]:
    """Other numbers that people put in a factor's place."""
    for cell in factor.cells[:1]:
        value = parse(cell.name)
        if factor.working or is_update:
            break
        if value.is_parameter and value.is_base:
            after = trace.values.get(f"new_{cell.name}")
            if after is not None:
                yield f"the number with {factor.symbol} after the update instead of before", number(after, cell)
            turned = Cell(cell.name, cell.column, cell.row)
            rows, columns = trace[cell.name].shape
            if value.of == "w" and turned != cell and turned.row < rows and turned.column < columns:
                name = f"{value.symbol}[{turned.row + 1},{turned.column + 1}]"
                yield f"the number with {name} instead of {factor.symbol}", number(trace[cell.name], turned)
    yield from _derivative_at_h(trace, factor)


def _derivative_at_h(trace: Trace, factor: Factor) -> Iterator[tuple[str, float]]:
    """σ′ taken at the activation h instead of the pre-activation z."""
    if len(factor.cells) != 2 or parse(factor.cells[0].name).of != "z" or not factor.note:
        return
    z, h = factor.cells
    row = trace.network.activation(parse(z.name).layer_in(trace.network))
    at = np.array(number(trace[h.name], h))
    with np.errstate(all="ignore"):
        value = float(row.derivative_at(at, row.function(at)))
    yield f"the number with {row.symbol}′ taken at h instead of z", value


def _product_of(found: Explanation, place: int) -> tuple[Factor, ...]:
    """The factors that stand in a product with the one at a place."""
    at = len(found.common)
    if place < at:
        return (*found.common, *(factor for term in found.terms[:1] for factor in term.factors))
    for term in found.terms:
        at += len(term.factors)
        if place < at:
            return (*found.common, *term.factors)
    raise IndexError(place)


def _with(found: Explanation, place: int, factor: Factor | None) -> float:
    """What an explanation comes to with another factor at a place, or without the one that is there."""
    at = len(found.common)
    if place < at:
        return replace(found, common=_replaced(found.common, place, factor)).evaluate()
    terms: list[Term] = []
    for term in found.terms:
        inside = place - at
        at += len(term.factors)
        here = 0 <= inside < len(term.factors)
        terms.append(replace(term, factors=_replaced(term.factors, inside, factor)) if here else term)
    return replace(found, terms=tuple(terms)).evaluate()


def _replaced(factors: tuple[Factor, ...], place: int, factor: Factor | None) -> tuple[Factor, ...]:
    return (*factors[:place], *(() if factor is None else (factor,)), *factors[place + 1 :])


def _product(term: Term) -> str:
    """A term in symbols."""
    return "·".join(_symbols(term.factors))


def _symbols(factors: Iterable[Factor]) -> Iterator[str]:
    for factor in factors:
        yield f"1/{factor.symbol}" if factor.divides else factor.symbol

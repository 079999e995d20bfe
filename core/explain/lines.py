"""An explanation as text: in symbols, with the numbers put in, and the result."""

from collections.abc import Callable, Iterator

from backprop_tui.core.model.activations import ACTIVATIONS, SOFTMAX
from backprop_tui.core.text.numerals import bracketed

from .layout import FACTOR, NOTE, NUMBERS, RESULT, SYMBOLS, TERM, WIDTH, WORKING, Line, Piece, words
from .printed import DECIMALS, MAX_TERMS, Show, chosen, holds, result_text, shows
from .terms import LOGARITHM, Explanation, Factor, Term

Write = Callable[[Factor], str]


def lines(explanation: Explanation, digits: int | None = DECIMALS) -> tuple[Line, ...]:
    """The lines of an explanation. With `digits` None every number has all the digits of its precision.

    Numbers have more digits than that if only so what is printed gives the printed result, else ≈ says that it does
    not.
    """
    notes = tuple(Line(NOTE, words(note)) for note in explanation.notes)
    signed = result_text(explanation, digits)
    head = (Piece(explanation.symbol, explanation.cell), Piece(" = "))
    if explanation.given:
        return (Line(RESULT, (*head, Piece(signed))), *notes)
    shortened = shorten(explanation, MAX_TERMS)
    found = [Line(SYMBOLS, (*head, *_formula(explanation, shortened, lambda factor: factor.symbol)))]
    sign = "="
    for kind, worked in ((WORKING, True), (NUMBERS, False)):
        show, works = chosen(explanation, digits, worked)
        body = _formula(explanation, shortened, writer(show, worked))
        text = "".join(piece.text for piece in body)
        if text not in (found[-1].text.partition(" ")[2], signed, signed.removeprefix("+")):
            found.append(Line(kind, (Piece(f"{sign} "), *body)))
            sign = "=" if works else "≈"
    return (*found, Line(RESULT, (Piece(f"{sign} {signed}"),)), *notes)


def one_line(explanation: Explanation, kind: str, width: int = WIDTH, digits: int | None = DECIMALS) -> str:
    """The formula in symbols, or the numbers put in with the result, in one line; long sums lose their middle."""
    head, signed = f"{explanation.symbol} = ", result_text(explanation, digits)
    if explanation.given:
        text = f"{explanation.symbol}: {explanation.title}" if kind == SYMBOLS else head + signed
        return text if len(text) <= width else text[: width - 1] + "…"
    for most in range(min(len(explanation.terms), MAX_TERMS), 0, -1):
        for write, tail in _ways(explanation, kind, digits):
            body = "".join(piece.text for piece in _formula(explanation, shorten(explanation, most), write))
            if tail and body == signed.removeprefix("+"):
                return head + signed
            if len(head) + len(body) + len(tail) <= width:
                return head + body + tail
    # A single term that is too long: its beginning.
    return head + body[: max(width - len(head) - len(tail) - 2, 0)] + " …" + tail


def _ways(explanation: Explanation, kind: str, digits: int | None) -> Iterator[tuple[Write, str]]:
    """The ways to write a line, each with what ends it: the longest first."""
    if kind == SYMBOLS:
        yield (lambda factor: factor.symbol), ""
        return
    result = result_text(explanation, digits)
    for worked in (True, False):
        show, works = chosen(explanation, digits, worked)
        yield writer(show, worked), f" {'=' if works else '≈'} {result}"
    shortest = shows(explanation, digits)[0]
    for worked in (True, False):
        sign = "=" if holds(explanation, shortest, digits, worked) else "≈"
        yield writer(shortest, worked), f" {sign} {result}"


Shown = tuple[Term | None, ...]


def shorten(explanation: Explanation, most: int) -> Shown:
    """The terms, at most so many: in a longer sum None stands for those left out in the middle."""
    terms = explanation.terms
    if len(terms) <= most:
        return terms
    return (*terms[: max(most - 1, 1)], None, *(terms[-1:] if most > 1 else ()))


def _formula(explanation: Explanation, shown: Shown, write: Callable[[Factor], str]) -> list[Piece]:
    """common·function(term + term - term), in whatever way a factor is written."""
    if explanation.function == SOFTMAX:
        return _softmax(explanation, shown, write)
    common = _product(explanation.common, write, first=True)
    first = shown[0]
    several = len(shown) > 1 or first is None or first.sign < 0
    body = _sum(shown, write, bare=not explanation.common and not explanation.function)
    if explanation.function:
        function = explanation.function
        around = function if function == LOGARITHM else ACTIVATIONS[function].symbol
        return [*common, Piece(f"{around}("), *body, Piece(")")]
    if common and several:
        opening = "(" if common[-1].text == "½" else "·("
        return [*common, Piece(opening), *body, Piece(")")]
    if common and first is not None:
        return _product((*explanation.common, *first.factors), write, first=True)
    return body


def _sum(shown: Shown, write: Callable[[Factor], str], bare: bool) -> list[Piece]:
    pieces: list[Piece] = []
    for term in shown:
        if term is None:
            pieces.append(Piece(" + …", breaks=TERM))
            continue
        if pieces:
            pieces.append(Piece(" - " if term.sign < 0 else " + ", breaks=TERM))
        elif term.sign < 0:
            pieces.append(Piece("-"))
        alone = bare and len(shown) == 1 and len(term.factors) == 1
        pieces += _product(term.factors, write, first=not pieces, alone=alone)
    return pieces


def _product(
    factors: tuple[Factor, ...], write: Callable[[Factor], str], first: bool, alone: bool = False
) -> list[Piece]:
    pieces: list[Piece] = []
    for factor in factors:
        text = write(factor)
        if alone and text.startswith("(") and text.endswith(")"):
            text = text[1:-1]
        elif pieces or not first:
            text = bracketed(text)
        if pieces:
            joined = "/" if factor.divides else "" if pieces[-1].text == "½" and text.startswith("(") else "·"
            pieces.append(Piece(joined, breaks=FACTOR))
        elif factor.divides:
            pieces.append(Piece("1/"))
        pieces.append(Piece(text, factor.cells[0] if factor.cells else None))
    return pieces


def _softmax(explanation: Explanation, shown: Shown, write: Callable[[Factor], str]) -> list[Piece]:
    """e^z over the sum of all e^z."""
    chosen = explanation.terms[explanation.pick].factors[0]
    pieces = [Piece(f"e^{bracketed(write(chosen))}", chosen.cells[0]), Piece(" / (", breaks=FACTOR)]
    for place, term in enumerate(shown):
        if place:
            pieces.append(Piece(" + ", breaks=TERM))
        if term is None:
            pieces.append(Piece("…"))
        else:
            pieces.append(Piece(f"e^{bracketed(write(term.factors[0]))}", term.factors[0].cells[0]))
    return [*pieces, Piece(")")]


def writer(show: Show, worked: bool) -> Write:
    """How a line writes its factors: by their values, or by how these are computed on the spot."""
    return lambda factor: _worked(factor, show) if worked else _number(factor, show)


def _number(factor: Factor, show: Show) -> str:
    return factor.literal or show(factor.value)


def _worked(factor: Factor, show: Show) -> str:
    if not factor.working:
        return _number(factor, show)
    parts, before = [], ""
    for part in factor.working:
        # A negative number after a sign, or under an exponent, needs its brackets; at the very start it has none.
        text = part if isinstance(part, str) else show(part)
        parts.append(bracketed(text) if isinstance(part, float) and before and not before.endswith("(") else text)
        before = text
    return "".join(parts)

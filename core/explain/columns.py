"""The chain rule as a table: factor under factor, so that one sees which derivative each number is.

    ∂L/∂w1[1,1] = ∂L/∂ŷ    · ∂ŷ/∂h1[1] · ∂h1[1]/∂z1[1]    · ∂z1[1]/∂w1[1,1]
                = (ŷ - y)  · w2[1]     · h1[1](1 - h1[1]) · bedrooms
                = -11.9065 · 0.1908    · 0.2481           · (-0.4332)
                = +0.2442

Several paths, or the rows of a batch, have a subtotal each.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import bracketed, last_digit, read_number

from .layout import NOTE, NUMBERS, RESULT, SYMBOLS, WIDTH, WORKING, Line, Piece, words
from .lines import lines, writer
from .penalty import NAME as PENALTY
from .printed import DECIMALS, MOST_EXTRA, best, holds, result_text
from .terms import Explanation, Factor, Term

MOST_BLOCKS, MOST_ROWS = 3, 8
"""So many terms have all their lines; of more, each has one, and those with the largest shares are shown."""

Write = Callable[[Factor], str]
Cells = tuple[tuple[Piece, ...], ...]
"""The pieces of each column."""


@dataclass(frozen=True)
class _Row:
    """One line of a table: what stands at its head, the sign, and the pieces of each column."""

    kind: str
    head: Piece
    sign: str
    columns: Cells = ()
    result: str = ""


def laid_out(explanation: Explanation, digits: int | None = DECIMALS, width: int = WIDTH) -> tuple[Line, ...]:
    """The lines of an explanation, as a table if it is a chain of derivatives that fits into `width` columns.

    What `lines` says of digits and of ≈ holds here too.
    """
    found = explanation
    several = len(found.terms) > 1 and all(term.name for term in found.terms)
    derived = len(found.terms) == 1 and any(factor.derivative for factor in found.factors)
    if found.function or not (several or derived):
        return _aligned(found, digits, width)
    tables = _sums(found, digits) if several else _products(found, Piece(found.symbol, found.cell), digits)
    for rows in tables:
        table = _lines(rows)
        if all(len(line.text) <= width for line in table):
            return (*table, *(Line(NOTE, words(note)) for note in found.notes))
    return _aligned(found, digits, width)


def _aligned(found: Explanation, digits: int | None, width: int) -> tuple[Line, ...]:
    """The lines as `lines` gives them, with = under =, if they fit."""
    first, *others = lines(_named(found), digits)
    if len(first.text) > width:
        first, *others = lines(found, digits)
    if (products := _products_of(found, digits)) is not None:
        others.insert(max(place for place, line in enumerate(others) if line.kind == RESULT), products)
    shift = Piece(" " * (len(found.symbol) + 1))
    moved = [line if line.kind == NOTE else Line(line.kind, (shift, *line.pieces)) for line in others]
    return (first, *(moved if all(len(line.text) <= width for line in (first, *moved)) else others))


def _products_of(found: Explanation, digits: int | None) -> Line | None:
    """What each term of a sum comes to, as a line, if the factors as they are printed give just that."""
    several = 1 < len(found.terms) <= MOST_ROWS and any(len(term.factors) > 1 for term in found.terms)
    if found.function or found.common or not several:
        return None
    parts = [_part(found, (Term(term.factors),)) for term in found.terms]
    terms = zip(found.terms, parts, strict=True)
    sums = replace(found, terms=tuple(Term((Factor("", part.value),), term.sign) for term, part in terms), notes=())
    numbers, result = best(found, digits, worked=False), best(sums, digits, worked=False)
    for part in parts:
        printed = read_number(result(part.value))
        if not holds(replace(part, value=printed), numbers, digits, worked=False):
            return None
    if not (holds(found, numbers, digits, worked=False) and holds(sums, result, digits, worked=False)):
        return None
    return next((line for line in lines(sums, digits) if line.kind in (WORKING, NUMBERS)), None)


def _products(found: Explanation, head: Piece, digits: int | None) -> Iterator[list[_Row]]:
    """The rows of a single product, in every way to write them: with all there is to say first."""
    named = _named(found)
    yield _product(named, head, digits, worked=True)
    yield _product(named, head, digits)
    yield _product(found, head, digits)
    yield _product(found, head, digits, derived=False)


def _product(
    found: Explanation, head: Piece, digits: int | None, worked: bool = False, derived: bool = True
) -> list[_Row]:
    """Which derivatives, in symbols, with the arithmetic, in numbers, and the result; a row like the last is left out.

    `worked` and `derived` say whether the arithmetic and the derivatives are among them.
    """
    ways = [best(found, digits, worked=True), best(found, digits, worked=False)]
    written: list[tuple[str, str, Cells]] = []
    if derived:
        written.append((SYMBOLS, "=", _derivatives(found)))
    written.append((SYMBOLS, "=", _cells(found, _symbol)))
    sign = "="
    for kind, computed, show in ((WORKING, True, ways[0]), (NUMBERS, False, ways[1])):
        cells = _cells(found, writer(show, computed))
        if (worked or not computed) and _text(cells) != _text(written[-1][2]):
            written.append((kind, sign, cells))
            sign = "=" if holds(found, show, digits, computed) else "≈"
    if derived and _text(written[0][2]) == _text(written[1][2]):
        del written[0]
    rows = [_Row(kind, Piece(""), before, cells) for kind, before, cells in written]
    rows.append(_Row(RESULT, Piece(""), sign, result=result_text(found, digits)))
    return [replace(rows[0], head=head), *rows[1:]]


def _sums(found: Explanation, digits: int | None) -> Iterator[list[_Row]]:
    """A product's rows for each term if there are few, else one row for each; then what all come to."""
    count = len(found.terms)
    shown = found.terms if count <= MOST_ROWS else found.terms[: MOST_ROWS - 1]
    parts = [_part(found, (term,)) for term in shown]
    rest = [_part(found, found.terms[len(shown) :])] if len(shown) < count else []
    whole = result_text(found, digits)
    # A digit or two more in the subtotals, if only so they give the sum.
    for finer in [None] if digits is None else range(digits, digits + MOST_EXTRA + 1):
        subtotals = [read_number(result_text(part, finer)) for part in (*parts, *rest)]
        off = abs(sum(subtotals) - read_number(whole)) / last_digit(whole)
        if off <= 0.5:
            break
    of_rows = shown[0].name.startswith("row")
    head = _Row(SYMBOLS, Piece(found.symbol, found.cell), "=", result=_of_what(found.terms, of_rows))
    ends = [_Row(NUMBERS, Piece(f"{count - len(shown)} more"), "=", result=result_text(part, finer)) for part in rest]
    ends.append(_Row(RESULT, Piece("together"), "≈" if off > 1 + 1e-9 else "=", result=whole))
    if count <= MOST_BLOCKS:
        blocks = [_products(part, Piece(term.name), finer) for part, term in zip(parts, shown, strict=True)]
        for way in zip(*blocks, strict=True):
            yield [head, *chain.from_iterable(way), *ends]
    short = [_short(part, term, finer) for part, term in zip(parts, shown, strict=True)]
    if of_rows:
        symbols = dict.fromkeys((_derivatives(parts[0]), _cells(_named(parts[0]), _symbol)))
        yield [head, *(_Row(SYMBOLS, Piece(""), "", _of_any_row(cells)) for cells in symbols), *short, *ends]
    yield [head, *short, *ends]
    yield [head, *(replace(row, columns=_tight(row.columns)) for row in short), *ends]


def _of_what(terms: tuple[Term, ...], of_rows: bool) -> str:
    count, what = sum(term.name != PENALTY for term in terms), "row" if of_rows else "path"
    penalty = ", and the penalty" if count < len(terms) else ""
    return f"the sum over {count} {what}{'s' * (count != 1)}{penalty}"


def _short(part: Explanation, term: Term, digits: int | None) -> _Row:
    """A term in one row: its numbers and its subtotal."""
    show = best(part, digits, worked=False)
    sign = "=" if holds(part, show, digits, worked=False) else "≈"
    cells = _cells(part, writer(show, False))
    leads_to = next((cell for factor in term.factors for cell in factor.cells), None)
    head, result = Piece(term.name, leads_to), result_text(part, digits)
    if len(part.factors) == 1:
        return _Row(NUMBERS, head, "=", result=result)
    return _Row(NUMBERS, head, "", cells, f"{sign} {result}")


def _part(found: Explanation, terms: tuple[Term, ...]) -> Explanation:
    """Some terms of a sum as an explanation of its own."""
    part = replace(found, terms=terms, notes=())
    return replace(part, value=part.evaluate())


def _columns(found: Explanation) -> tuple[tuple[Factor, ...], ...]:
    """The factors by columns: what stands before all terms goes with the first, which is a derivative only so."""
    first, *others = found.terms[0].factors
    return ((*found.common, first), *((factor,) for factor in others))


def _cells(found: Explanation, write: Write) -> Cells:
    """What stands in each column if factors are written so; before the first one the term's minus, if it has one."""
    first, *others = _columns(found)
    minus = (Piece("-"),) if found.terms[0].sign < 0 else ()
    return (_joined(first, write, minus), *(_joined(column, write) for column in others))


def _joined(column: tuple[Factor, ...], write: Write, minus: tuple[Piece, ...] | None = None) -> tuple[Piece, ...]:
    pieces = list(minus or ())
    for factor in column:
        text = write(factor)
        if minus == () and not pieces:
            pieces.append(_piece(text, factor))
            continue
        if pieces and pieces[-1].text != "-":
            pieces.append(Piece("·"))
        pieces.append(_piece(bracketed(text), factor))
    return tuple(pieces)


def _derivatives(found: Explanation) -> Cells:
    """Which derivative each column is."""
    first, *others = ((_piece(factor.derivative or factor.symbol, factor),) for *_, factor in _columns(found))
    return ((Piece("-"), *first) if found.terms[0].sign < 0 else first, *others)


def _symbol(factor: Factor) -> str:
    return factor.symbol


def _piece(text: str, factor: Factor) -> Piece:
    return Piece(text, factor.cells[0] if factor.cells else None)


def _of_any_row(cells: Cells) -> Cells:
    """Symbols without the row of the batch that they are of: `z1[1]⁽³⁾`."""
    return tuple(tuple(Piece(re.sub("⁽[^⁾]*⁾", "", piece.text)) for piece in pieces) for pieces in cells)


def _tight(cells: Cells) -> Cells:
    """All columns as one, with nothing between the factors but the sign."""
    pieces = [piece for column in cells for piece in (Piece("·"), *column)]
    return (tuple(pieces[1:]),) if pieces else ()


def _text(cells: Cells) -> str:
    return "·".join(piece.text for pieces in cells for piece in pieces)


def _named(found: Explanation) -> Explanation:
    """The features by their columns' names."""

    def name(factor: Factor) -> Factor:
        cell = factor.cells[0] if len(factor.cells) == 1 else None
        if cell is None or cell.name != "x" or cell.column >= len(found.features):
            return factor
        return replace(factor, symbol=escape_controls(found.features[cell.column]))

    terms = (replace(term, factors=tuple(map(name, term.factors))) for term in found.terms)
    return replace(found, terms=tuple(terms))


def _lines(rows: list[_Row]) -> tuple[Line, ...]:
    """The rows with every column as wide as its widest."""
    head = max(len(row.head.text) for row in rows)
    sizes = [
        max(_width(row.columns[place]) for row in rows if place < len(row.columns))
        for place in range(max(len(row.columns) for row in rows))
    ]
    return tuple(Line(row.kind, tuple(_drawn(row, head, sizes))) for row in rows)


def _drawn(row: _Row, head: int, sizes: list[int]) -> Iterator[Piece]:
    yield row.head
    yield Piece(f"{'':{head - len(row.head.text)}} {row.sign or ' '} ")
    for place, pieces in enumerate(row.columns):
        if place:
            yield Piece(" · ")
        yield from pieces
        if place + 1 < len(row.columns) or row.result:
            yield Piece(" " * (sizes[place] - _width(pieces)))
    if row.result:
        yield Piece(f"  {row.result}" if row.columns else row.result)


def _width(pieces: tuple[Piece, ...]) -> int:
    return sum(len(piece.text) for piece in pieces)

"""Terms as the rows of `core/model` write them: `-y·ln ŷ`, `(1 - y)/(1 - ŷ)`, `-lr·g/√(new v + ε)`."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from .terms import Factor, Term

FactorOf = Callable[[str, bool], Factor]
"""What is meant by a factor as it is written, and whether it stands under the fraction bar. Raises KeyError."""


def terms_of(texts: Iterable[str], factor_of: FactorOf) -> list[Term]:
    """The terms that these texts write: each a sign, factors with `·` between them, and `/` before what divides."""
    return [_term(text, factor_of) for text in texts]


def _term(text: str, factor_of: FactorOf) -> Term:
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = _parts(body)
    return Term(tuple(factor_of(part, divides) for part, divides in parts), sign)


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[tuple[str, bool], ...]:
    """The factors of a product, and whether each divides. What stands in brackets is one factor."""
    found, depth, divides, begin = [], 0, False, 0
    for match in re.finditer(r"[()·/]|$", text):
        sign = match[0]
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign in ("·", "/", ""):
            found.append((text[begin : match.start()], divides))
            divides, begin = sign == "/", match.end()
    return tuple(found)

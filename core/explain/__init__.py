"""Where every number of a step comes from: `explain` makes it from the trace, `lines` puts it into words."""

from .facts import Facts, facts_of
from .lines import Line, Piece, lines
from .names import cell_name
from .parts import CHAIN, LOCAL, Explanation, Factor, Term
from .why import explain, inputs

__all__ = [
    "CHAIN",
    "LOCAL",
    "Explanation",
    "Factor",
    "Facts",
    "Line",
    "Piece",
    "Term",
    "cell_name",
    "explain",
    "facts_of",
    "inputs",
    "lines",
]

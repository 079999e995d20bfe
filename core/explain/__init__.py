"""Where every number of a step comes from: `explain` makes it from the trace, `lines` puts it into words."""

from .context import Facts, facts_of
from .difference import Agreement, Effect, Question, agreement, awaited, difference_request, effect, effect_request
from .layout import Line, Piece, wrapped_words
from .lines import lines
from .names import cell_name, sample_of
from .parts import CHAIN, LOCAL, Explanation, Factor, Term
from .sentence import sentence
from .why import explain, inputs

__all__ = [
    "CHAIN",
    "LOCAL",
    "Agreement",
    "Effect",
    "Explanation",
    "Factor",
    "Facts",
    "Line",
    "Piece",
    "Question",
    "Term",
    "agreement",
    "awaited",
    "cell_name",
    "difference_request",
    "effect",
    "effect_request",
    "explain",
    "facts_of",
    "inputs",
    "lines",
    "sample_of",
    "sentence",
    "wrapped_words",
]

"""Where every number of a step comes from: `explain` makes it from the trace, `lines` puts it into words."""

from .columns import laid_out
from .context import Context, context_of
from .gradient_check import Agreement, Effect, Question, agreement, awaited, difference_request, effect, effect_request
from .layout import Line, Piece, wrapped_words
from .lines import lines
from .names import cell_name, of_sample, sample_of
from .sentence import sentence
from .terms import CHAIN, LOCAL, Explanation, Factor, Term
from .why import explain, inputs

__all__ = [
    "CHAIN",
    "LOCAL",
    "Agreement",
    "Context",
    "Effect",
    "Explanation",
    "Factor",
    "Line",
    "Piece",
    "Question",
    "Term",
    "agreement",
    "awaited",
    "cell_name",
    "context_of",
    "difference_request",
    "effect",
    "effect_request",
    "explain",
    "inputs",
    "laid_out",
    "lines",
    "of_sample",
    "sample_of",
    "sentence",
    "wrapped_words",
]

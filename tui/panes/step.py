"""What was just computed: the formula, and the same with this step's numbers put in."""

from ...core.explain import sentence
from ...core.phases import last_cell
from ..line import Line, Span
from ..view import View

START = (
    "space makes one whole step, s only its next phase: z1, h1, ŷ, the loss,",
    "then the gradients backwards, then the update. b takes it back.",
)


def title(view: View) -> str:
    """The phase by its name, and where in the step it lies."""
    from ...core.phases import phases

    phase = view.phase
    if phase is None:
        return "This step"
    every = phases(view.network)
    return f"{phase.title}   phase {every.index(phase) + 1} of {len(every)}"


def lines(view: View) -> list[Line]:
    """Two lines: in symbols, then in numbers."""
    phase = view.phase
    if phase is None or view.trace is None:
        return [(Span(text),) for text in START]
    last = last_cell(view.network, view.done)
    single = last is not None and last in view.fresh
    symbols, numbers = sentence(view.trace, last if single and last is not None else phase)
    return [(Span(symbols),), (Span(numbers, "title"),)]

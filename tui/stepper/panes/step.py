"""What was just computed: the formula, and the same with this step's numbers put in."""

from textwrap import wrap

from backprop_tui.core.explain import sentence
from backprop_tui.core.explain.sentence import phase_formula
from backprop_tui.core.model.phases import Cell, Phase, cells, last_cell, phases
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.line import Line, Span, fitting

START = (
    "space makes one whole step, s only its next phase: z1, h1, ŷ, the loss,",
    "then the gradients backwards, then the update. b takes it back.",
)
"""What the keys do, before the first step."""


def title(view: View) -> str:
    """The phase by its name, and where in the step it lies."""
    phase = view.phase
    if phase is None:
        return "This step"
    every = phases(view.network)
    return f"{phase.title}   phase {every.index(phase) + 1} of {len(every)}"


def lines(view: View, width: int, height: int, text: str = "") -> list[Line]:
    """The formula; the arithmetic of as many of the phase's numbers as there is room for; then what they are.

    Before the first step, a scenario's `text`, or what the keys do.
    """
    phase = view.phase
    if width < 1:  # a pane behind another's tab has no width
        return []
    if phase is None or view.trace is None:
        said = wrap(escape_controls(text) or " ".join(START), width) if text or max(map(len, START)) > width else START
        return [(Span(part),) for part in said]
    last = last_cell(view.network, view.done)
    if last is not None and last in view.fresh:
        told = zip(_sentence(view, last, width), ROLES, strict=True)
        alone: list[Line] = [(Span(text, role),) for text, role in told]
        return _filled(view, alone, last, width, height)
    symbols, numbers = _sentence(view, phase, width)
    found: list[Line] = [(Span(symbols),), (Span(numbers, "title"),)]
    for cell in cells(view.network, phase)[1 : max(height - 1, 1)]:
        found.append((Span(_sentence(view, cell, width)[1], "title"),))
    return _filled(view, found, Cell(phase.names[0]), width, height)


def _filled(view: View, found: list[Line], cell: Cell, width: int, height: int) -> list[Line]:
    """The same, and as far as there is room what the number is, and which key leads to what comes next."""
    found = found + _what_it_is(cell, width, height - len(found))
    return [*found, (), (Span(_next(view, width), "dim"),)] if height >= len(found) + 2 else found


def _next(view: View, width: int) -> str:
    """The phase that comes next, with its formula if there is room; after the last one the next step."""
    assert view.trace is not None, "there is a phase"
    every = phases(view.network)
    place = next((place for place, phase in enumerate(every) if view.done < phase.end), None)
    if place is None:
        return "space makes the next step, with the new weights"
    name = f"s goes on: {every[place].title}"
    return fitting(width, f"{name}   {phase_formula(view.trace, every[place], view.run.optimizer)}", name)


def _sentence(view: View, what: Phase | Cell, width: int) -> tuple[str, str]:
    """The formula and the arithmetic, in a batch those of the row that is shown, or of its first one."""
    assert view.trace is not None
    of = what if isinstance(what, Phase) or view.trace.averaged else view.of_row(what)
    return sentence(view.trace, of, view.context, width, view.digits, view.place or 0)


def _what_it_is(cell: Cell, width: int, room: int) -> list[Line]:
    """What the glossary says of a number, as many sentences as there is room for."""
    from backprop_tui.core.explain.glossary import entry_of  # not needed for the first frame

    if room < 1:
        return []
    said = entry_of(parse(cell.name)).says.split(". ")
    texts = (". ".join(said[:count]).rstrip(".") + "." for count in range(len(said), 0, -1))
    fitting = (folded for text in texts if len(folded := wrap(text, width)) <= room)
    return [(Span(part, "dim"),) for part in next(fitting, [])]


ROLES = ("", "title")

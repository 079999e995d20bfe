"""What a publication states about the numbers of a phase, beside what was computed."""

from collections.abc import Sequence
from textwrap import wrap

from backprop_tui.core.explain import cell_name
from backprop_tui.core.model.phases import Cell, cells
from backprop_tui.core.scenario.stated import Stated
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.line import Line, Span, fitting


def of_phase(stated: Sequence[Stated], view: View) -> list[Stated]:
    """Those of the numbers that were computed last."""
    if view.phase is None:
        return []
    here = {(cell.name, cell.row) for cell in cells(view.network, view.phase)}
    last = view.newest if view.newest in view.fresh else None
    return [one for one in stated if (one.cell == last if last else (one.cell.name, one.cell.row) in here)]


def short(stated: Sequence[Stated], view: View, width: int) -> str:
    """One line about the first of them, with what does not agree before what does; empty if there is none."""
    if not stated:
        return ""
    first = min(stated, key=lambda one: one.verdict == "agrees")
    rest = [one for one in stated if one is not first]
    agree = sum(one.verdict == "agrees" for one in rest)
    more = f"; {agree} more agree{'s' * (agree == 1)}" if agree else ""
    text = sentence(first, view)
    return fitting(width, text + more, text)


def beside(stated: Sequence[Stated]) -> str:
    """The same of a number that is named already: `published 0.593269992: agrees`."""
    return "".join(f"published {one.source}: {escape_controls(one.verdict)}" for one in stated[:1])


def lines(stated: Sequence[Stated], view: View, width: int) -> list[Line]:
    """All of them, folded to the width."""
    return [(Span(part, "label"),) for one in stated for part in wrap(sentence(one, view), width)]


def sentence(one: Stated, view: View) -> str:
    """`h1[1]: published 0.593269992, computed 0.593269992: agrees`."""
    name = cell_name(view.network, Cell(*one.cell), view.trace.batch if view.trace is not None else 1)
    return f"{name}: published {one.source}, computed {one.computed}: {escape_controls(one.verdict)}"

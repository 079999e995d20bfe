"""Why? Where the number under the cursor comes from: in symbols, in numbers, three ways, back to the data."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import ClassVar

from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.messages import Answer, LossesFound, WireError
from backprop_tui.core.explain import (
    CHAIN,
    LOCAL,
    Explanation,
    agreement,
    awaited,
    cell_name,
    difference_request,
    effect,
    effect_request,
    explain,
    laid_out,
    of_sample,
    sample_of,
    wrapped_words,
)
from backprop_tui.core.explain.curve import ActivationCurve, activation_curve
from backprop_tui.core.explain.layout import SYMBOLS
from backprop_tui.core.explain.lines import one_line
from backprop_tui.core.explain.meaning import meaning
from backprop_tui.core.explain.printed import DECIMALS
from backprop_tui.core.explain.remarks import about, known
from backprop_tui.core.model import phases
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.values import parse
from backprop_tui.core.text.numerals import fixed, full
from backprop_tui.tui.stepper.keys import WHY
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets import footer, plot
from backprop_tui.tui.widgets.axis import Axis
from backprop_tui.tui.widgets.keys import Key, bindings
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.runner import Asker
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.worker import WorkType

Told = tuple[tuple[str, ...], tuple[str, ...]]
"""Lines with numbers of four digits, and the same with all digits."""

FRAME, AROUND = 2, 3
"""The columns of a frame; the lines around what is explained: the trail, the title, the keys."""

CURVE_WIDTH, CURVE_HEIGHT = 60, 9
"""The columns and lines of an activation's curve."""


class WhyScreen(Overlay[None]):
    """The explanation of one number, and of every number that enters it."""

    KEYS = WHY
    BINDINGS: ClassVar[list[BindingType]] = bindings(WHY)

    def __init__(self, view: View, cell: Cell, engine: Asker) -> None:
        """The view has a trace, and the number is computed in it."""
        super().__init__()
        assert view.trace is not None, "a number is explained from the trace of its step"
        self._view, self._trace, self._facts, self._engine = view, view.trace, view.context, engine
        self._remarks = known(view.remarks, view.network, view.done)
        self._trail = [cell]
        self._form, self._chosen, self._precise = LOCAL, 0, view.precise
        self._checked: Told = ((), ())
        """What the engine's answer says: with four digits, and with all."""
        self._wrapped_at = 0

    @property
    def cell(self) -> Cell:
        """The number that is explained now."""
        return self._trail[-1]

    def compose(self) -> ComposeResult:
        """The trail, the explanation, the keys."""
        yield Pane(id="trail")
        yield Pane("Why?", id="why", classes="framed")
        yield Pane(id="why-keys")

    def on_mount(self) -> None:
        """Draw it before it is laid out, so that the first frame is whole; ask the engine for the third opinion."""
        self._check()
        self.paint()

    def on_resize(self, event: Resize) -> None:
        """Wrap for this size, if it is another."""
        if event.size.width != self._wrapped_at:
            self.draw()

    def paint(self) -> None:
        """Draw the explanation that is open."""
        found, pane = self._explanation(), self.query_one("#why", Pane)
        self._wrapped_at = width = self.app.size.width
        chosen = self._chosen_cell(found)
        trail = "  ›  ".join(self._called(cell) for cell in self._trail)
        follow = f"  enter: {self._called(chosen)}" if chosen is not None else ""
        room = width - len(follow)
        shown = trail if len(trail) <= room else "…" + trail[1 - room :]
        self.query_one("#trail", Pane).show([(Span(shown, "title"), Span(follow, "key"))])
        pane.entitle(f"Why?  {found.title}")
        drawn = self._lines(found, max(width - FRAME - 1, 20))
        pane.show(drawn)
        scrolls = len(drawn) > self.app.size.height - AROUND
        self.query_one("#why-keys", Pane).show(footer.every_key(width, self._keys(found, scrolls)))

    def word(self) -> str:
        """What the chosen number is, or the one that is explained."""
        from backprop_tui.core.explain.glossary import entry_of

        return entry_of(parse((self._chosen_cell(self._explanation()) or self.cell).name)).word

    def _called(self, cell: Cell) -> str:
        return cell_name(self._trace.network, cell, self._trace.batch)

    def _keys(self, found: Explanation, scrolls: bool) -> list[Key]:
        """The keys that do something here; the one for the form says which it would be."""
        form = "one link" if self._form == CHAIN else "whole chain"
        keys = [key._replace(word=form) if key.action == "form" else key for key in WHY]
        idle = {
            "row(1)": self._sample() is None,
            "scroll(-1)": not scrolls,
            "form": self._formula(LOCAL) == self._formula(CHAIN),
            "choose(-1)": len(found.cells) < 2,
            "follow": not found.cells,
        }
        return [key for key in keys if not idle.get(key.action, False)]

    def _formula(self, form: str) -> tuple[str, tuple[str, ...]]:
        """What an explanation in this form says, but for its numbers, which are those of its symbols."""
        found = self._explanation(form)
        return one_line(found, SYMBOLS, sys.maxsize), found.notes

    def _sample(self) -> int | None:
        """The place in the batch of the row that the number belongs to; None if there is but one, or it has none."""
        return sample_of(self.cell) if self._trace.batch > 1 else None

    def _explanation(self, form: str = "") -> Explanation:
        """The number's explanation, in the form that is chosen or in another one."""
        return explain(self._trace, self.cell, self._facts, form or self._form)

    def _lines(self, found: Explanation, width: int) -> list[Line]:
        chosen = self._chosen_part(found)
        drawn: list[Line] = [(Span(row),) for row in wrapped_words(meaning(self._trace, self.cell), width, 0)]
        drawn.append(())
        kind = ""
        for part in laid_out(found, None if self._precise else DECIMALS, width):
            if part.kind == "note" and part.kind != kind and kind:
                drawn.append(())
            kind = part.kind
            for row in part.wrapped(width):
                spans = [Span(piece.text, self._role(part.kind, piece.cell, chosen), piece.cell) for piece in row]
                drawn.append(tuple(spans))
        told = about(self._remarks, (self.cell, *found.cells))
        if not isfinite(found.value):
            told = tuple(remark for remark in self._remarks if remark.kind == "not finite")
        for texts, role in (
            (self._of_the_batch(), "dim"),
            (self._checked[self._precise], ""),
            ([remark.text for remark in told], "label"),
        ):
            if texts:
                drawn += [(), *((Span(row, role),) for text in texts for row in wrapped_words(text, width))]
        drawn += _curve(activation_curve(self._trace, self.cell), width)
        return drawn + self._made_of(found, self.app.size.height - AROUND - len(drawn), width)

    def _made_of(self, found: Explanation, room: int, width: int) -> list[Line]:
        """Each number that enters, what it is and what it comes to; nothing if not all of them have room."""
        if not found.cells or len(found.cells) + 2 > room:
            return []
        chosen, every = self._chosen_cell(found), [explain(self._trace, cell, self._facts) for cell in found.cells]
        names = [self._called(cell) for cell in found.cells]
        values = [full(it.value, self._view.dtype(it.cell.name)) if self._precise else fixed(it.value) for it in every]
        wide, broad = max(map(len, names)), max(map(len, values))
        rows: list[Line] = [(), (Span("made of", "dim"),)]
        for it, name, value in zip(every, names, values, strict=True):
            link = Span(name.ljust(wide), self._role("", it.cell, chosen), it.cell)
            said = clipped(it.title, max(width - wide - broad - 5, 1))
            rows.append((Span(" "), link, Span(f"  {value:>{broad}}  "), Span(said, "dim")))
        return rows

    def _of_the_batch(self) -> list[str]:
        """Of which row the number is, and what all rows of the batch give together."""
        sample, cell = self._sample(), self.cell
        if sample is None:
            return []
        together = of_sample(cell, 0)
        value, rows = replace(self._view, place=None).value(together), len(self._trace.rows)
        how = "sum" if parse(cell.name).gradient else "mean"
        text = "" if value is None else full(value, self._view.dtype(cell.name)) if self._precise else fixed(value)
        shown = f": their {how} is {text}" if text else ""
        return [f"for row {self._trace.rows[sample]}, number {sample + 1} of the {rows} in the batch{shown}"]

    def _role(self, kind: str, cell: Cell | None, chosen: Cell | None) -> str:
        role = "title" if kind == "result" else "dim" if kind == "note" else ""
        if cell is None or cell == self.cell:
            return role
        return f"{role} input" + (" cursor" if cell == chosen else "")

    def _chosen_cell(self, found: Explanation) -> Cell | None:
        cells = found.cells
        return cells[self._chosen % len(cells)] if cells else None

    def _chosen_part(self, found: Explanation) -> Cell | None:
        """The part of the formula that the chosen number is in: ŷ - y is one, and has ŷ and y to choose."""
        chosen = self._chosen_cell(found)
        return next((factor.cells[0] for factor in found.factors if chosen in factor.cells), None)

    # The engine's part

    def _check(self) -> None:
        """Ask; what is known meanwhile stands where the answer will."""
        self._checked = (), ()
        cell, ask, value = self.cell, self._ask_effect, parse(self.cell.name)
        if value.gradient:
            told = awaited(explain(self._trace, cell, self._facts, CHAIN))
            self._checked, ask = (told, told), self._ask_difference
        elif not value.updated or value.moment:
            return
        # A coroutine made here would never be awaited if the screen closes before the worker starts.
        work: WorkType[None] = partial(self._take, cell, partial(ask, cell))
        self.run_worker(work, exclusive=True)

    async def _take(self, cell: Cell, ask: Callable[[], Awaitable[Told]]) -> None:
        try:
            checked = await ask()
        except (EngineLost, WireError) as error:
            checked = (str(error),), (str(error),)
        if cell == self.cell:
            self._checked = checked
            self.draw()

    async def _ask_difference(self, cell: Cell) -> Told:
        """Of a gradient: the finite difference, and whether all agree."""
        question = difference_request(self._trace, cell, self._facts)
        answer = _losses(await self._engine.ask(question.request)) if question else None
        told = agreement(explain(self._trace, cell, self._facts, CHAIN), question, answer).text
        return told, told

    async def _ask_effect(self, cell: Cell) -> Told:
        """Of a parameter's update: what it alone does to the loss, and if all are shown, what they do together."""
        request = effect_request(self._trace, cell, self._facts)
        found = effect(_losses(await self._engine.ask(request)))
        lines_told = 2 if self._view.done == phases.count(self._view.network) else 1
        return found.text()[:lines_told], found.text(precise=True)[:lines_told]

    # Keys

    def action_choose(self, by: int) -> None:
        """Another number of the formula."""
        found = self._explanation()
        if found.cells:
            self._chosen = (self._chosen + by) % len(found.cells)
            self.draw()
            part = self._chosen_part(found)
            if part is not None:
                self.query_one("#why", Pane).reveal(part)

    def action_scroll(self, by: int) -> None:
        """Lines up or down, if not all fit."""
        self.query_one("#why", Pane).scroll_relative(y=by, animate=False)

    def action_row(self, by: int) -> None:
        """The same number of another row of the batch."""
        sample, cell = self._sample(), self.cell
        if sample is None:
            return
        other = (sample + by) % len(self._trace.rows)
        self._open([*self._trail[:-1], of_sample(cell, other)])

    def action_follow(self) -> None:
        """Explain the chosen number."""
        cell = self._chosen_cell(self._explanation())
        if cell is not None:
            self._open([*self._trail, cell])

    def action_return(self) -> None:
        """Back along the trail; from its start, back to the panes."""
        if len(self._trail) > 1:
            self._open(self._trail[:-1])
        else:
            self.dismiss()

    def on_pane_pointed(self, event: Pane.Pointed) -> None:
        """The mouse points at a number of the formula: follow it."""
        if event.cell != self.cell:
            self._open([*self._trail, event.cell])

    def _open(self, trail: list[Cell]) -> None:
        # A number that the trail holds already is returned to.
        place = trail.index(trail[-1])
        self._trail, self._chosen = trail[: place + 1], 0
        self._check()
        self.draw()
        self.query_one("#why", Pane).scroll_home(animate=False)

    def action_form(self) -> None:
        """The whole chain from the loss, or only what was computed just before."""
        self._form, self._chosen = (LOCAL if self._form == CHAIN else CHAIN), 0
        self.draw()

    def action_digits(self) -> None:
        """All digits, or four."""
        self._precise = not self._precise
        self.draw()


def _curve(found: ActivationCurve | None, width: int) -> list[Line]:
    """The activation, the unit's point on it and the tangent there, with a line that says what they are."""
    if found is None:
        return []
    curve = plot.Series(found.x, found.y)
    tangent = plot.Series(found.x, found.tangent, "negative", plot.DASHED)
    mark = plot.Mark(found.z, found.h, on_axis=True)
    across, up = Axis(float(found.x[0]), float(found.x[-1]), found.z_name), plot.upright([curve], [mark], found.h_name)
    drawn = plot.lines([curve, tangent], [mark], min(width, CURVE_WIDTH), CURVE_HEIGHT, across, up)
    told = f"● {found.h_name} at {found.z_name} = {fixed(found.z)}   - - tangent: its slope is {fixed(found.slope)}"
    return [(), *drawn, *((Span(row, "dim"),) for row in wrapped_words(told, width))]


def _losses(answer: Answer) -> LossesFound:
    if not isinstance(answer, LossesFound):
        raise WireError("the engine's answer is not one to this request")
    return answer

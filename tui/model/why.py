"""Why is a number what it is? What it is made of, and, by links, what that is made of, down to weights and rows."""

from textwrap import wrap
from typing import ClassVar

from backprop_tui.core.operations.rule import Part
from backprop_tui.core.operations.written import made_text, number_text, output_letter, source_text, variable_text
from backprop_tui.core.session.model import NOTHING, ModelSession
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.runner import Runner
from textual.app import ComposeResult
from textual.binding import BindingType

from .keys import MODEL_WHY
from .panes import operation

DIGITS = 6


class WhyNumberScreen(Overlay[None]):
    """A page over the screen; the links are followed in it."""

    KEYS = MODEL_WHY
    BINDINGS: ClassVar[list[BindingType]] = bindings(MODEL_WHY)

    def __init__(self, session: ModelSession, runner: Runner) -> None:
        super().__init__()
        self._session, self._runner = session, runner
        self._place = 0
        self._said = ""

    def compose(self) -> ComposeResult:
        """One pane."""
        yield Pane("Why?", id="why-number", classes="framed")

    def on_mount(self) -> None:
        """It is filled before it is laid out, so that the first frame is whole."""
        self.paint()

    def parts(self) -> list[Part]:
        """The numbers that it is made of, each once, in their order."""
        made = self._session.made
        return list(dict.fromkeys(made.parts)) if made is not None else []

    def paint(self) -> None:
        """The number, what it is made of, and where each of these is from."""
        columns, rows = self.app.size
        width, pane = min(columns, 100) - 3, self.query_one(Pane)
        pane.entitle(f"Why?   {operation.title(self._session)}   enter follows   b back   esc closes")
        pane.show(self._lines(width, max(rows - 2, 5)))

    def _lines(self, width: int, height: int) -> list[Line]:
        session, one, output = self._session, self._session.in_view, self._session.output
        if one is None or output is None or session.described is None:
            return [(Span("computing …", "pending"),)]
        graph, made = session.described.graph, session.made
        found: list[Line] = []
        if made is None:
            text = f"{output_letter(one, 0)} = {number_text(output[session.cursor], DIGITS)}" if output.size else ""
            why = (
                variable_text(graph, one)
                if one.variable
                else "a number of the rows"
                if one.type == "Placeholder"
                else "no rule"
            )
            found += [(Span(text, "title"),), (Span(f"it is {why}: nothing in this step makes it", "dim"),)]
        else:
            text = made_text(made, output_letter(one, 0), session.cursor, DIGITS)
            found += [(Span(part, "title"),) for part in wrap(text, max(width, 10))[: height // 2]]
        parts = self.parts()
        self._place = min(self._place, max(len(parts) - 1, 0))
        room = max(height - len(found) - 3, 1)
        first = min(max(self._place - room // 2, 0), max(len(parts) - room, 0))
        if parts:
            found.append((Span(f"it is made of {len(parts)} numbers:" if len(parts) > 1 else "it is made of:", "dim"),))
        for place, part in enumerate(parts[first : first + room], first):
            name = one.inputs[part.input] if part.input >= 0 else ""
            source = source_text(graph, name, session.values.get(name, NOTHING)) if name else "the share"
            at = f"[{','.join(map(str, part.index))}]" if part.index else ""
            line = f"{number_text(part.value, DIGITS):>14}   {escape_controls(source)} {at}"
            found.append((Span(clipped(line, width).rstrip(), "cursor" if place == self._place else ""),))
        return [*found, (Span(clipped(self._said, width).rstrip(), "key"),)] if self._said else found

    def action_choose(self, by: int) -> None:
        """Another number."""
        self._said = ""
        self._place = min(max(self._place + by, 0), max(len(self.parts()) - 1, 0))
        self.draw()

    def action_follow(self) -> None:
        """Why that number?"""
        parts = self.parts()
        if parts:
            self._go(lambda: self._session.follow(parts[self._place]))

    def action_return_from_link(self) -> None:
        """The number before."""
        if not self._session.return_from_link():
            self.dismiss()
        else:
            self._go(lambda: None)

    def _go(self, action: object) -> None:
        assert callable(action)
        self._said = ""

        def go() -> None:
            try:
                action()
            except ValueError as error:
                self._said = str(error)
            else:
                self._place = 0

        self._runner.act(go, self.while_open(self.draw))

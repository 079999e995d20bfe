"""Why? Where the number under the cursor comes from: in symbols, in numbers, three ways, back to the data."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from ...core.engine_process import EngineLost
from ...core.explain import (
    CHAIN,
    LOCAL,
    Agreement,
    Effect,
    Explanation,
    Facts,
    agreement,
    cell_name,
    difference_request,
    effect,
    effect_request,
    explain,
    lines,
)
from ...core.messages import Answer, LossesFound, Request, WireError
from ...core.phases import Cell
from ...core.remarks import Remark, about, remarks
from ...core.trace import Trace
from ..line import Line, Span
from ..pane import Pane
from ..runner import Asker

KEYS_OF_WHY = "←→ choose  enter follow  backspace return  c chain or one link  d digits  esc"


class WhyScreen(ModalScreen[None]):
    """The explanation of one number, and of every number that enters it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("left,up", "choose(-1)", show=False),
        Binding("right,down,tab", "choose(1)", show=False, priority=True),
        Binding("enter", "follow", show=False),
        Binding("backspace,b", "return", show=False),
        Binding("c", "form", show=False),
        Binding("d", "digits", show=False),
    ]

    def __init__(self, trace: Trace, facts: Facts, cell: Cell, engine: Asker, loss_after: float | None = None) -> None:
        super().__init__()
        self._trace, self._facts, self._engine = trace, facts, engine
        self._loss_after = loss_after
        self._trail = [cell]
        self._form, self._chosen, self._precise = CHAIN, 0, False
        self._checked: tuple[str, ...] = ()

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
        """Ask the engine for the third opinion."""
        self._check()

    def on_resize(self, event: Resize) -> None:
        """Wrap for this size."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw the explanation that is open."""
        if not self.is_mounted:
            return
        found, pane = self._explanation(), self.query_one("#why", Pane)
        trail = "  ›  ".join(cell_name(self._trace.network, cell, self._trace.batch) for cell in self._trail)
        width = self.size.width
        self.query_one("#trail", Pane).show(
            [(Span(trail if len(trail) <= width else "…" + trail[1 - width :], "title"),)]
        )
        pane.border_title = f"Why?  {found.title}"
        pane.show(self._lines(found, max(pane.content_size.width - 1, 20)))
        self.query_one("#why-keys", Pane).show([(Span(KEYS_OF_WHY[:width], "key"),)])

    def _explanation(self) -> Explanation:
        return explain(self._trace, self.cell, self._facts, self._form)

    def _lines(self, found: Explanation, width: int) -> list[Line]:
        chosen = self._chosen_cell(found)
        drawn: list[Line] = []
        kind = ""
        for part in lines(found, None if self._precise else 4):
            if part.kind in ("result", "note") and part.kind != kind and drawn:
                drawn.append(())
            kind = part.kind
            for row in part.wrapped(width):
                spans = [Span(piece.text, self._role(part.kind, piece.cell, chosen), piece.cell) for piece in row]
                drawn.append(tuple(spans))
        said = [Span(text) for text in self._checked]
        told = [Span(remark.text, "label") for remark in self._remarks(found)]
        for block in (said, told):
            if block:
                drawn += [(), *((span,) for span in block)]
        return drawn

    def _remarks(self, found: Explanation) -> tuple[Remark, ...]:
        return about(remarks(self._trace, next_loss=self._loss_after), (self.cell, *found.cells))

    def _role(self, kind: str, cell: Cell | None, chosen: Cell | None) -> str:
        role = "title" if kind == "result" else "dim" if kind == "note" else ""
        if cell is None or cell == self.cell:
            return role
        return f"{role} input" + (" cursor" if cell == chosen else "")

    def _chosen_cell(self, found: Explanation) -> Cell | None:
        cells = found.cells
        return cells[self._chosen % len(cells)] if cells else None

    # The engine's part

    def _check(self) -> None:
        self._checked = ()
        self.run_worker(self._ask(self.cell), exclusive=True)

    async def _ask(self, cell: Cell) -> None:
        """A gradient: the finite difference. A parameter's update: what it alone does to the loss."""
        found = explain(self._trace, cell, self._facts, CHAIN)
        try:
            if cell.name.startswith("g"):
                question = difference_request(self._trace, cell, self._facts)
                answer = _losses(await self._engine.ask(question.request)) if question else None
                checked: Agreement | Effect = agreement(found, question, answer)
            elif cell.name.startswith("new_") and not cell.name.startswith(("new_m_", "new_v_")):
                request: Request = effect_request(self._trace, cell, self._facts)
                checked = effect(_losses(await self._engine.ask(request)))
            else:
                return
        except (EngineLost, WireError) as error:
            self._checked = (str(error),)
        else:
            text = checked.text
            self._checked = (text,) if isinstance(text, str) else text
        if cell == self.cell:
            self.draw()

    # Keys

    def action_choose(self, by: int) -> None:
        """Another number of the formula."""
        cells = self._explanation().cells
        if cells:
            self._chosen = (self._chosen + by) % len(cells)
        self.draw()

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

    def action_form(self) -> None:
        """The whole chain from the loss, or only what was computed just before."""
        self._form, self._chosen = (LOCAL if self._form == CHAIN else CHAIN), 0
        self.draw()

    def action_digits(self) -> None:
        """All digits, or four."""
        self._precise = not self._precise
        self.draw()


def _losses(answer: Answer) -> LossesFound:
    if not isinstance(answer, LossesFound):
        raise WireError("the engine's answer is not one to this request")
    return answer

"""How gradients compare with finite differences: a line for each."""

from textwrap import wrap
from typing import ClassVar

from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Span
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from textual.app import ComposeResult
from textual.binding import BindingType

from .keys import MODEL_CHECK


class CheckedScreen(Overlay[None]):
    """A page over the screen; any of its keys closes it."""

    KEYS = MODEL_CHECK
    BINDINGS: ClassVar[list[BindingType]] = bindings(MODEL_CHECK)

    def __init__(self, title: str, lines: tuple[str, ...]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """One pane that scrolls."""
        yield Pane(f"{self._title}   esc closes", id="checked", classes="framed")

    def on_mount(self) -> None:
        """The arrow keys scroll. It is filled before it is laid out, so that the first frame is whole."""
        pane = self.query_one(Pane)
        pane.can_focus = True
        pane.focus()
        self.paint()

    def paint(self) -> None:
        """Each line in as many as it needs."""
        width = max(self.app.size.width - 3, 10)
        parts = [part for line in self._lines for part in wrap(line, width, subsequent_indent="    ")]
        self.query_one(Pane).show([(Span(part),) for part in parts])

"""How the gradients of a step compare with finite differences: a line for each parameter, the worst place of each."""

from typing import ClassVar

from backprop_tui.core.operations.compared import Compared, compared_lines
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Span, clipped
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from textual.app import ComposeResult
from textual.binding import BindingType

from .keys import MODEL_CHECK


class CheckedScreen(Overlay[None]):
    """A page over the screen; any of its keys closes it."""

    KEYS = MODEL_CHECK
    BINDINGS: ClassVar[list[BindingType]] = bindings(MODEL_CHECK)

    def __init__(self, step: int, compared: tuple[Compared, ...]) -> None:
        super().__init__()
        self._step, self._compared = step, compared

    def compose(self) -> ComposeResult:
        """One pane that scrolls."""
        yield Pane(
            f"Gradients of step {self._step} against finite differences   esc closes", id="checked", classes="framed"
        )

    def on_mount(self) -> None:
        """The arrow keys scroll. It is filled before it is laid out, so that the first frame is whole."""
        pane = self.query_one(Pane)
        pane.can_focus = True
        pane.focus()
        self.paint()

    def paint(self) -> None:
        """A line for each parameter."""
        width = self.app.size.width - 3
        self.query_one(Pane).show([(Span(clipped(line, width).rstrip()),) for line in compared_lines(self._compared)])

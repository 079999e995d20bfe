"""What can be asked: the page that `a` opens on the instructor's screen."""

from typing import ClassVar

from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Span
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from textual.app import ComposeResult
from textual.binding import BindingType

from .keys import ASK


class AskScreen(Overlay[str]):
    """Lists what can be asked; its result is what was chosen: `loss`, `sign`, `number`, `typed` or `task`."""

    KEYS = ASK
    BINDINGS: ClassVar[list[BindingType]] = bindings(ASK)
    DEFAULT_CSS = """
    AskScreen { align: center middle; }
    AskScreen Pane { border: round ansi_bright_blue; padding: 0 1; width: 64; background: ansi_default; }
    """

    def __init__(self, guide: str) -> None:
        """`guide` is whose step is shown; empty if nobody's is."""
        super().__init__()
        self._guide = guide

    def compose(self) -> ComposeResult:
        """A line for each."""
        yield Pane("Ask everybody")

    def on_mount(self) -> None:
        """Filled before it is laid out, so that the first frame is whole."""
        self.paint()

    def paint(self) -> None:
        """The keys, and whose step it is about."""
        pane = self.query_one(Pane)
        step = f"{self._guide}'s step is shown" if self._guide else "1 to 3 need a step that is shown, by ↑ ↓ and f"
        lines = [(Span(f"{key.written:5}", "key"), Span(key.does)) for key in ASK]
        pane.styles.height = len(lines) + 3
        pane.show([(Span(step, "dim"),), *lines])

"""A page of lines over a screen: one pane that scrolls."""

from textual.app import ComposeResult

from .line import Line
from .overlay import Overlay
from .pane import Pane


class Page(Overlay[None]):
    """Any of its keys closes it. A page of its own gives the lines for a width."""

    def __init__(self, title: str, pane: str) -> None:
        """`pane` is what the style sheets call its pane."""
        super().__init__()
        self._title, self._pane = title, pane

    def lines(self, width: int) -> list[Line]:
        """What is on it, in so many columns."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """One pane that scrolls."""
        yield Pane(f"{self._title}   esc closes", id=self._pane, classes="framed")

    def on_mount(self) -> None:
        """The arrow keys scroll. It is filled before it is laid out, so that the first frame is whole."""
        pane = self.query_one(Pane)
        pane.can_focus = True
        pane.focus()
        self.paint()

    def paint(self) -> None:
        """Fold the lines for the present size."""
        self.query_one(Pane).show(self.lines(max(self.app.size.width - 3, 10)))

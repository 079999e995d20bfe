"""The network's picture over the whole screen, for terminals too small to have it beside the panes."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from ..pane import Pane
from ..panes import network
from ..view import View


class NetworkScreen(ModalScreen[None]):
    """The picture of one moment; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,v,enter,space", "dismiss", show=False)]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """One pane."""
        yield Pane(
            f"{network.title(self._view)}   step {self._view.steps:,}   esc closes", id="picture", classes="framed"
        )

    def on_resize(self, event: Resize) -> None:
        """Draw it for this size."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        pane = self.query_one(Pane)
        pane.show(network.lines(self._view, pane.content_size.width, pane.content_size.height))

"""The network's picture over the whole screen, for terminals too small to have it beside the panes."""

from typing import ClassVar

from backprop_tui.tui.stepper.keys import PICTURE
from backprop_tui.tui.stepper.panes import network
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from textual.app import ComposeResult
from textual.binding import BindingType


class NetworkScreen(Overlay[None]):
    """The picture of one moment; any of its keys closes it."""

    KEYS = PICTURE
    BINDINGS: ClassVar[list[BindingType]] = bindings(PICTURE)

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """One pane."""
        yield Pane("Network", id="picture", classes="framed")

    def paint(self) -> None:
        """Draw the picture for the present size."""
        pane = self.query_one(Pane)
        width = pane.content_size.width
        pane.entitle(f"{network.title(self._view, width)}   step {self._view.step:,}   esc closes")
        pane.show(network.lines(self._view, width, pane.content_size.height))

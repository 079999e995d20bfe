"""Selecting text with the mouse, and copying it: Textual finds no place in the lines of a pane by itself."""

from textual.geometry import Offset
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget

from .pane import Pane


class SelectingScreen(Screen[ScreenResultType]):
    """A screen on which a drag selects what the panes show, and ctrl+c copies it."""

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """The widget at a place of the screen, and which place of its text that is."""
        widget, offset = super().get_widget_and_offset_at(x, y)
        if isinstance(widget, Pane) and widget.content_region.contains(x, y):
            offset = Offset(x, y) - widget.content_region.offset + widget.scroll_offset
        return widget, offset

    def copy_selected(self) -> bool:
        """Copy what is selected, and select nothing more; whether there was something."""
        text = self.get_selected_text()
        if text:
            self.app.copy_to_clipboard(text)
        self.clear_selection()
        return bool(text)

    def action_copy_text(self) -> None:
        """Copy what is selected; nothing leaves the clipboard as it is."""
        self.copy_selected()

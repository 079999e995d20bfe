"""A page that lies over the screen until it is closed."""

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Overlay(ModalScreen[ScreenResultType]):
    """Closes once, however often its key comes: Textual would take the screen below away with the second."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close, if it is still there."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

"""A page that lies over the screen until it is closed."""

from collections.abc import Sequence
from typing import ClassVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType

from .keys import Key
from .messages import ShowHelp
from .selecting import SelectingScreen


class Overlay(SelectingScreen[ScreenResultType], ModalScreen[ScreenResultType]):
    """Closes once, however often its key comes: Textual would take the screen below away with the second."""

    KEYS: ClassVar[Sequence[Key]]

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close, if it is still there."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def action_help(self) -> None:
        """List the keys of this page."""
        self.app.post_message(ShowHelp(self.KEYS))

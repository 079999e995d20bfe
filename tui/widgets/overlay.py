"""A page that lies over the screen until it is closed."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.await_complete import AwaitComplete
from textual.events import Resize
from textual.screen import ModalScreen, ScreenResultType

from .key_screen import is_open
from .keys import Key
from .messages import ShowGlossary, ShowHelp
from .selecting import SelectingScreen


class Overlay(SelectingScreen[ScreenResultType], ModalScreen[ScreenResultType]):
    """Draws itself in `paint`, while it is open. What was asked for it may be answered later: that comes to nothing."""

    KEYS: ClassVar[Sequence[Key]]

    def paint(self) -> None:
        """Fill its panes. It is open, and they are there."""

    def draw(self) -> None:
        """Show what is so now."""
        if is_open(self) and self.size.width:
            self.paint()

    def on_resize(self, event: Resize) -> None:
        """Draw it for this size, once its panes have theirs."""
        self.call_after_refresh(self.draw)

    def while_open(self, callback: Callable[[], object]) -> Callable[[], None]:
        """A callback that does nothing once this page is closed."""

        def call() -> None:
            if is_open(self):
                callback()

        return call

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes too early or too late does nothing."""
        return is_open(self)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close, if it is still there: Textual would take the screen below away with the second of two keys."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def word(self) -> str:
        """The word of the glossary that one would look up here."""
        return "network"

    def action_what(self) -> None:
        """Say what a word means."""
        self.app.post_message(ShowGlossary(self.word()))

    def action_help(self) -> None:
        """List the keys of this page."""
        self.app.post_message(ShowHelp(self.KEYS))

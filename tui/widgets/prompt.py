"""The line in which something is typed."""

from collections.abc import Callable

from textual.events import Key
from textual.widgets import Input


class Prompt(Input):
    """Hands the line to `take` at enter, and calls `leave` at escape.

    Keys can come faster than they are worked off: pasted, or over a slow line. So these keys act in their place among
    the characters, and what was typed after the line's end goes to the screen as keys.
    """

    def __init__(self, take: Callable[[str], None], leave: Callable[[], None]) -> None:
        super().__init__(id="prompt", compact=True, select_on_focus=False)
        self._take, self._leave = take, leave

    def on_key(self, event: Key) -> None:
        """A key that is no character of the line."""
        if not self.display:
            self.app.post_message(Key(event.key, event.character))
        elif event.key == "enter":
            self._take(self.value)
        elif event.key == "escape":
            self._leave()
        elif event.key == "backspace":
            self.action_delete_left()
        else:
            return
        event.stop()
        event.prevent_default()

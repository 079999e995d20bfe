"""What takes the keys while the instructor speaks."""

from typing import ClassVar

from backprop_tui.tui.widgets.keys import Key, bindings
from backprop_tui.tui.widgets.messages import FollowInstructor, ShowQuestion
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Middle
from textual.screen import ModalScreen
from textual.widgets import Static

HELD = (
    Key("f", "f", "follow", "follow", "see the screen that everybody can follow"),
    Key("Q", "Q", "question", "question", "the question to the class, if it was put away"),
)


class HeldScreen(ModalScreen[None]):
    """Takes the keys while the instructor speaks; `f` still follows if there is somebody to follow."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HELD)

    DEFAULT_CSS = """
    HeldScreen { align: center middle; }
    HeldScreen Middle { width: auto; height: auto; border: round $accent; padding: 1 3; }
    HeldScreen Static { width: auto; }
    """

    def __init__(self, guide: str) -> None:
        super().__init__()
        self._words = "The instructor has paused the workshop: look up" + f", or press f to follow {guide}." * bool(
            guide
        )

    def compose(self) -> ComposeResult:
        """One line in a box."""
        yield Middle(Static(self._words, markup=False))

    def action_follow(self) -> None:
        """See the screen that everybody can follow."""
        self.app.post_message(FollowInstructor())

    def action_question(self) -> None:
        """See the question to the class again."""
        self.app.post_message(ShowQuestion())

"""The help: every key and what it does, from the one table."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ..keys import KEYS
from ..line import Line, Span
from ..pane import Pane

WORDS = (
    "Every number comes from a real TensorFlow GradientTape. One step is one update:",
    "forward (z, h, ŷ, loss), backward (∂L/∂ of everything), then w − lr·∂L/∂w.",
    "",
)


class HelpScreen(ModalScreen[None]):
    """A page over the screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter,space", "dismiss", show=False)]

    def compose(self) -> ComposeResult:
        """One pane that scrolls."""
        yield Pane("Keys   esc closes", id="help", classes="framed")

    def on_mount(self) -> None:
        """Fill it."""
        pane = self.query_one(Pane)
        pane.can_focus = True
        pane.show(lines(min(self.app.size.width, 100) - 2))
        pane.focus()


def lines(width: int) -> list[Line]:
    """A line per key, folded where the terminal is narrow."""
    column = max(len(key.written) for key in KEYS) + 2
    found: list[Line] = [(Span(text),) for text in WORDS]
    for key in KEYS:
        first = True
        for part in _folded(key.does, max(width - column - 1, 20)):
            found.append((Span(f"{key.written if first else '':<{column}}", "key"), Span(part)))
            first = False
    return found


def _folded(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width)

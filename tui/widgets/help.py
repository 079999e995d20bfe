"""The help: every key and what it does, from the one table."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from backprop_tui.core.scenario import Scenario
from backprop_tui.core.text.escape import escape_controls
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from .keys import KEYS, Key
from .line import Line, Span
from .overlay import Overlay
from .pane import Pane

WORDS = (
    "Every number comes from a real TensorFlow GradientTape. One step is one update:",
    "forward (z, h, ŷ, loss), backward (∂L/∂ of everything), then w − lr·∂L/∂w.",
    "",
)


class HelpScreen(Overlay[None]):
    """A page over the screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter,space", "dismiss", show=False)]

    def __init__(self, keys: Sequence[Key] = KEYS, words: Sequence[str] = WORDS) -> None:
        super().__init__()
        self._keys, self._words = keys, words

    def compose(self) -> ComposeResult:
        """One pane that scrolls."""
        yield Pane("Keys   esc closes", id="help", classes="framed")

    def on_mount(self) -> None:
        """Fill it."""
        pane = self.query_one(Pane)
        pane.can_focus = True
        pane.show(lines(min(self.app.size.width, 100) - 3, self._keys, self._words))
        pane.focus()


def about(scenario: Scenario | None) -> tuple[str, ...]:
    """What an example says of itself, before the program's own words."""
    if scenario is None or not (scenario.notes or scenario.source):
        return WORDS
    parts = (scenario.title, *scenario.notes.strip().split("\n\n"), scenario.source)
    return (*(part for text in parts if text for part in (escape_controls(" ".join(text.split())), "")), *WORDS)


def lines(width: int, keys: Sequence[Key] = KEYS, words: Sequence[str] = WORDS) -> list[Line]:
    """The words, then a line per key, folded where the terminal is narrow."""
    column = max(len(key.written) for key in keys) + 2
    found: list[Line] = [(Span(part),) for text in words for part in (wrap(text, width) or [""])]
    for key in keys:
        for number, part in enumerate(wrap(key.does, max(width - column - 1, 20))):
            found.append((Span(f"{'' if number else key.written:<{column}}", "key"), Span(part)))
    return found

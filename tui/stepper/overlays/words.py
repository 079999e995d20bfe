"""A page of words over the screen: a line to copy, the notes of an example."""

from textwrap import wrap
from typing import ClassVar

from backprop_tui.tui.stepper.keys import WORDS
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from textual.app import ComposeResult
from textual.binding import BindingType


class WordsScreen(Overlay[None]):
    """Paragraphs under a title; any of its keys closes it."""

    KEYS = WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings(WORDS)

    def __init__(self, title: str, paragraphs: tuple[str, ...]) -> None:
        super().__init__()
        self._title, self._paragraphs = title, paragraphs

    def compose(self) -> ComposeResult:
        """One pane that scrolls."""
        yield Pane(f"{self._title}   esc closes", id="words", classes="framed")

    def on_mount(self) -> None:
        """The arrow keys scroll. It is filled before it is laid out, so that the first frame is whole."""
        pane = self.query_one(Pane)
        pane.can_focus = True
        pane.focus()
        self.paint()

    def paint(self) -> None:
        """Wrap for the present size."""
        self.query_one(Pane).show(folded(self._paragraphs, max(self.app.size.width - 3, 20)))


def folded(paragraphs: tuple[str, ...], width: int) -> list[Line]:
    """Paragraphs as lines, a blank one between each two."""
    found: list[Line] = []
    for paragraph in paragraphs:
        found += [(Span(part),) for part in wrap(paragraph, width)] + [()]
    return found[:-1]

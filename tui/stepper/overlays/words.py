"""A page of words over the screen: a line to copy, the notes of an example."""

from textwrap import wrap
from typing import ClassVar

from backprop_tui.tui.stepper.keys import WORDS
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.page import Page
from textual.binding import BindingType


class WordsScreen(Page):
    """Paragraphs under a title."""

    KEYS = WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings(WORDS)

    def __init__(self, title: str, paragraphs: tuple[str, ...]) -> None:
        super().__init__(title, "words")
        self._paragraphs = paragraphs

    def lines(self, width: int) -> list[Line]:
        """The paragraphs, a blank line between each two."""
        return folded(self._paragraphs, width)


def folded(paragraphs: tuple[str, ...], width: int) -> list[Line]:
    """Paragraphs as lines, a blank one between each two."""
    found: list[Line] = []
    for paragraph in paragraphs:
        found += [(Span(part),) for part in wrap(paragraph, width)] + [()]
    return found[:-1]

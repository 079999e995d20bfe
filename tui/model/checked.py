"""How gradients compare with finite differences: a line for each."""

from textwrap import wrap
from typing import ClassVar

from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.page import Page
from textual.binding import BindingType

from .keys import MODEL_CHECK


class CheckedScreen(Page):
    """The comparisons under a title."""

    KEYS = MODEL_CHECK
    BINDINGS: ClassVar[list[BindingType]] = bindings(MODEL_CHECK)

    def __init__(self, title: str, told: tuple[str, ...]) -> None:
        super().__init__(title, "checked")
        self._told = told

    def lines(self, width: int) -> list[Line]:
        """Each in as many lines as it needs."""
        return [(Span(part),) for line in self._told for part in wrap(line, width, subsequent_indent="    ")]

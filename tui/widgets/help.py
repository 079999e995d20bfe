"""The help: every key of a screen and what it does, from the screen's table."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from backprop_tui.core.scenario import Scenario
from backprop_tui.core.text.escape import escape_controls
from textual.binding import BindingType

from .keys import WHAT, Key, bindings
from .line import Line, Span
from .page import Page

WORDS = (
    "Every number comes from a real TensorFlow GradientTape. One step is one update:",
    "forward (z, h, ŷ, loss), backward (∂L/∂ of everything), then w - lr·∂L/∂w.",
    "",
)

PAGE = (
    Key("", "↑↓ pgup pgdn", "", "scroll", "scroll, if not all lines fit"),
    WHAT,
    Key("escape,q,question_mark,f1,enter,space", "esc", "dismiss", "", "close it; q, ?, f1, enter and space too"),
)
"""The keys of the help itself."""

MOST_COLUMNS = 97


class HelpScreen(Page):
    """The words, and the keys with what they do."""

    KEYS = PAGE
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, keys: Sequence[Key], words: Sequence[str]) -> None:
        super().__init__("Keys   i: what words and signs mean", "help")
        self._keys, self._words = keys, words

    def lines(self, width: int) -> list[Line]:
        """In lines that are not too long to read."""
        return lines(min(width, MOST_COLUMNS), self._keys, self._words)


def about(scenario: Scenario | None) -> tuple[str, ...]:
    """What an example says of itself, before the program's own words."""
    if scenario is None or not (scenario.notes or scenario.source):
        return WORDS
    from backprop_tui.core.scenario.story import story

    title = (escape_controls(scenario.title),) if scenario.title else ()
    return (*(part for text in (*title, *story(scenario)) for part in (text, "")), *WORDS)


def lines(width: int, keys: Sequence[Key], words: Sequence[str]) -> list[Line]:
    """The words, then a line per key, folded if the terminal is narrow."""
    column = max(len(key.written) for key in keys) + 2
    found: list[Line] = [(Span(part),) for text in words for part in (wrap(text, max(width, 1)) or [""])]
    for before, key in zip((None, *keys), keys, strict=False):
        if key.group and (before is None or before.group != key.group):
            found += [(Span(""),)] * (before is not None) + [(Span(key.group.capitalize(), "title"),)]
        for number, part in enumerate(wrap(key.does, max(width - column - 1, 20))):
            found.append((Span(f"{'' if number else key.written:<{column}}", "key"), Span(part)))
    return found

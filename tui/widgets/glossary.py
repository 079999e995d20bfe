"""The glossary over the screen: the words at the left, what the chosen one means beside them."""

from textwrap import wrap
from typing import ClassVar

from backprop_tui.core.explain.glossary import BY_WORD, ENTRIES, Entry, beginning_with
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key as KeyPressed

from .keys import Key, bindings
from .line import Line, Span, clipped, fitting
from .overlay import Overlay
from .pane import FRAME_OF_TITLE, Pane

PAGE = (
    Key("up", "↑↓", "choose(-1)", "choose", "another word", True, also=(("down", "choose(1)"),)),
    Key("pageup", "pgup pgdn", "choose(-10)", "", "ten words on, or back", also=(("pagedown", "choose(10)"),)),
    Key("", "a to z", "", "word", "the next word that begins with this letter", True),
    Key("escape", "esc", "dismiss", "", "close it", True),
)
WORDS = 26
"""The columns of the words."""

TITLES = (
    "What it means   ↑↓ or a letter: another   esc closes",
    "What it means   ↑↓ another   esc closes",
    "What it means   esc closes",
)
"""What stands above an entry, from the longest to the shortest."""


class GlossaryScreen(Overlay[None]):
    """A word is chosen by the arrow keys or by its first letter."""

    KEYS = PAGE
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, word: str) -> None:
        """It opens at this word. Raises KeyError for one that is no entry."""
        super().__init__()
        self._place = ENTRIES.index(BY_WORD[word])

    def compose(self) -> ComposeResult:
        """The list, and the entry."""
        yield Pane("Words", id="words-list", classes="framed")
        yield Pane(TITLES[-1], id="entry", classes="framed")

    def on_mount(self) -> None:
        """It is filled before it is laid out, so that the first frame is whole."""
        self.paint()

    def paint(self) -> None:
        """The words that fit around the chosen one, and its entry."""
        columns, rows = self.app.size
        room = max(rows - 1, 1)
        first = min(max(self._place - room // 2, 0), max(len(ENTRIES) - room, 0))
        words = [
            (Span(clipped(entry.word, WORDS - 2), "cursor" if entry is ENTRIES[self._place] else ""),)
            for entry in ENTRIES[first : first + room]
        ]
        self.query_one("#words-list", Pane).show(words)
        entry, width = self.query_one("#entry", Pane), columns - WORDS
        entry.entitle(fitting(width - FRAME_OF_TITLE, *TITLES))
        entry.show(lines(ENTRIES[self._place], max(min(width, 80) - 3, 10)))

    def action_choose(self, by: int) -> None:
        """Another word of the list."""
        self._place = min(max(self._place + by, 0), len(ENTRIES) - 1)
        self.draw()

    def on_key(self, event: KeyPressed) -> None:
        """A letter chooses the next word that begins with it."""
        if event.character and event.character.isalpha():
            place = beginning_with(event.character, self._place)
            if place is not None:
                self._place = place
                self.draw()


def lines(entry: Entry, width: int) -> list[Line]:
    """An entry, folded: its names, what it means, the formula, where one meets it."""
    found: list[Line] = [(Span(part, "title"),) for part in wrap(entry.title, width)]
    for head, text, role in (
        ("", entry.says, ""),
        ("formula", entry.formula, "positive"),
        ("met in", entry.met, ""),
    ):
        if text:
            found.append(())
            found += [(Span(head, "dim"),)] * bool(head)
            found += [(Span(part, role),) for part in wrap(text, width)]
    return found

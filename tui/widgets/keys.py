"""What a key is. Tables of keys, one a screen, are what its bindings, footer, help and documentation are made of."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from backprop_tui.core.lessons.names import LESSONS
from textual.binding import Binding, BindingType


class Key(NamedTuple):
    """A key: Textual's names for it, how it is written, the action, a word for the footer, and what it does."""

    names: str
    """Empty if a widget of Textual's takes the key."""

    written: str
    action: str
    word: str
    does: str
    footer: bool = False
    also: tuple[tuple[str, str], ...] = ()
    """The names and actions of the other keys that share its line in the table."""

    priority: bool = False
    """Whether it comes before what the focused widget makes of it."""

    group: str = ""
    """The keys it stands with in footer, help and documentation."""

    @property
    def called(self) -> frozenset[str]:
        """How a scenario may call it: as it is written, or by one of the two keys that it is."""
        return frozenset((self.written, *self.written.split(" or ")))

    @property
    def actions(self) -> frozenset[str]:
        """What it and the keys on its line do."""
        return frozenset((self.action, *(action for _, action in self.also)))


def group(name: str, *keys: Key) -> tuple[Key, ...]:
    """Keys that stand together under a name."""
    return tuple(key._replace(group=name) for key in keys)


class KeysShown:
    """The keys of a table, without those that a scenario hides."""

    def __init__(self, table: Sequence[Key], hidden: Collection[str] = ()) -> None:
        self.keys = tuple(key for key in table if not key.called & set(hidden))
        gone = frozenset[str]().union(*(key.actions for key in set(table) - set(self.keys)))
        self._gone = gone.difference(*(key.actions for key in self.keys))

    def do(self, action: str, parameters: Sequence[object] = ()) -> bool:
        """Whether an action can be reached by a key; those that are no key's can."""
        whole = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
        return whole not in self._gone


def bindings(table: Sequence[Key]) -> list[BindingType]:
    """Textual's bindings for a table."""
    return [*_bindings(table)]


def _bindings(table: Sequence[Key]) -> Iterator[Binding]:
    for key in table:
        for names, action in ((key.names, key.action), *key.also):
            if names:
                yield Binding(names, action, key.does, show=False, priority=key.priority)


HELP = Key("question_mark,f1", "?", "help", "help", "this help")
WHAT = Key("i", "i", "what", "what?", "what? says what words and signs mean")

ELSEWHERE = "elsewhere"

EVERYWHERE = group(
    ELSEWHERE,
    *(
        Key(str(lesson.number), str(lesson.number), f"lesson({lesson.number})", lesson.name, str(lesson))
        for lesson in LESSONS
    ),
    Key(
        "T",
        "T",
        "task",
        "task",
        "the task of the course: hidden, shown; opens the course that comes along if none is open",
    ),
    Key(
        "A",
        "A",
        "answer",
        "answer",
        "answers the task, or goes on to the next; while a question is shown a digit or a minus begins the answer",
    ),
    Key("H", "H", "hint", "hint", "a hint for the task"),
    Key("f", "f", "follow", "follow", "see the instructor's screen; again: back to your own (in a workshop)"),
    Key("C", "C", "background", "light/dark", "colors for a light background, or for a dark one"),
    Key("Q", "Q", "question", "question", "the question to the class, if it was put away (in a workshop)"),
    Key("ctrl+p", "ctrl+p", "command_palette", "commands", "the command palette: everything above by name"),
    HELP,
    Key("q,ctrl+c", "q", "quit", "quit", "quit", True),
)
"""What the main screen and the lessons have at the end of their tables."""

"""What the bytes of a terminal mean, whatever they are: it may be told to send sequences that no terminal sends."""

from codecs import getincrementaldecoder
from collections.abc import Callable

from backprop_tui.tui.textual_hooks import ParseError, XTermParser
from textual.events import Key
from textual.message import Message

from .keypad import as_on_the_keyboard

MAX_UNFINISHED = 1024 * 1024
"""Characters of a paste that has no end."""


class Typed:
    """Keys, pastes and reports, as Textual's parser finds them in bytes; it takes any bytes."""

    def __init__(self, make_parser: Callable[[], XTermParser]) -> None:
        self._make_parser = make_parser
        self._parser = make_parser()
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._unfinished = 0

    def feed(self, data: bytes) -> list[Message]:
        """What these bytes, after those before them, say."""
        found: list[Message] = []
        text = self._decode(data)
        for character in text:  # one by one: what follows a sequence that is nonsense is heard
            self._parse(found, character)
        self._unfinished = 0 if found else self._unfinished + len(text)
        if self._unfinished > MAX_UNFINISHED:
            self._begin_anew()
        return found

    def tick(self) -> list[Message]:
        """Time has passed: an escape that nothing has followed is the key itself."""
        found: list[Message] = []
        self._parse(found)
        return found

    def _parse(self, found: list[Message], character: str = "") -> None:
        try:
            messages = self._parser.feed(character) if character else self._parser.tick()
            found.extend(map(_usual, filter(_can_be_written, messages)))
        except (ParseError, ValueError, ArithmeticError):  # no such character, a size of 0, a number too large
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._parser, self._unfinished = self._make_parser(), 0


def _usual(message: Message) -> Message:
    return as_on_the_keyboard(message) if isinstance(message, Key) else message


def _can_be_written(message: Message) -> bool:
    """Whether it is no half of a character (U+D800 to U+DFFF), which no file and no terminal takes."""
    return not isinstance(message, Key) or not message.character or not "\ud800" <= message.character <= "\udfff"

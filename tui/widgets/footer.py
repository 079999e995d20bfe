"""The last line: the keys that one needs first."""

from collections.abc import Sequence

from .keys import Key
from .line import Line, Span


def lines(width: int, table: Sequence[Key]) -> list[Line]:
    """As many of the footer's keys as fit, the most needed first; help and quit always."""
    keys = [key for key in table if key.footer]
    spans: list[Span] = []
    room = width
    always = keys[-2:]
    for key in [*keys[:-2], *always]:
        needed = len(key.written) + len(key.word) + 3
        reserved = 0 if key in always else sum(len(k.written) + len(k.word) + 3 for k in always)
        if needed + reserved > room + 2:
            continue
        spans += [Span(key.written, "key"), Span(f" {key.word}  ")]
        room -= needed
    return [tuple(spans)]


def every_key(width: int, table: Sequence[Key]) -> list[Line]:
    """All of the footer's keys; as many of their words, from the left, as there is room for."""
    keys = [key for key in table if key.footer]
    choices = (
        "  ".join(f"{key.written} {key.word if place < words else ''}".rstrip() for place, key in enumerate(keys))
        for words in range(len(keys), -1, -1)
    )
    text = next((text for text in choices if len(text) <= width), "  ".join(key.written for key in keys)[:width])
    return [(Span(text, "key"),)]

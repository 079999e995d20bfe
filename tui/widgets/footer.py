"""The last line: the keys that one needs first."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from .keys import ELSEWHERE, Key
from .line import Line, Span

BETWEEN, BETWEEN_GROUPS = "  ", " │ "


@lru_cache(maxsize=64)
def lines(width: int, table: tuple[Key, ...], height: int = 1) -> tuple[Line, ...]:
    """As many keys as fit into so many lines, the most needed first, in the order of the table; quit always."""
    most_needed = [key for key in table if key.footer]
    others = [key for key in table if not key.footer and key.group != ELSEWHERE]
    chosen: set[Key] = set(most_needed[-1:])
    for key in (*most_needed[:-1], *others):
        if _folded([one for one in table if one in chosen or one == key], width, height):
            chosen.add(key)
        elif key in others:
            break
    return _folded([key for key in table if key in chosen], width, height) or (_joined([most_needed[-1]]),)


def _folded(keys: Sequence[Key], width: int, height: int) -> tuple[Line, ...]:
    """The keys in lines that are filled one after the other; none if they don't fit."""
    found: list[Line] = []
    rest = list(keys)
    while rest:
        count = next((n for n in range(len(rest), 0, -1) if _length(rest[:n]) <= width), 0)
        if not count or len(found) == height:
            return ()
        found.append(_joined(rest[:count]))
        rest = rest[count:]
    return tuple(found)


def _length(keys: Sequence[Key]) -> int:
    return sum(len(span.text) for span in _joined(keys))


def _joined(keys: Sequence[Key]) -> Line:
    spans = [Span(keys[0].written, "key"), Span(f" {keys[0].word}")]
    for before, key in pairwise(keys):
        between = BETWEEN if before.group == key.group else BETWEEN_GROUPS
        spans += [Span(between, "dim"), Span(key.written, "key"), Span(f" {key.word}")]
    return tuple(spans)


def every_key(width: int, table: Sequence[Key]) -> list[Line]:
    """All of the footer's keys; as many of their words, from the left, as there is room for."""
    keys = [key for key in table if key.footer]
    choices = (
        "  ".join(f"{key.written} {key.word if place < words else ''}".rstrip() for place, key in enumerate(keys))
        for words in range(len(keys), -1, -1)
    )
    text = next((text for text in choices if len(text) <= width), "  ".join(key.written for key in keys)[:width])
    return [(Span(text, "key"),)]

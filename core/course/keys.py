"""The keys that do a task, as they stand in a course file: `s s s enter`, `l "0.5" enter`."""

import re

NAMED = (
    *("space", "enter", "escape", "tab", "backspace", "up", "down", "left", "right"),
    *("home", "end", "pageup", "pagedown"),
)
"""Keys that have names; of the others the character is the name."""

_PARTS = re.compile(r'"([^"\n]*)"|(\S+)')
_TIMES = re.compile(r"(.+)\*([1-9]\d{0,2})")


class BadKeys(ValueError):
    """Keys that can't be read."""


def keys_of(text: str) -> tuple[str, ...]:
    """The keys one after the other; a text in quotes is typed, `down*3` is the same key three times. Raises BadKeys."""
    found: list[str] = []
    for typed, word in _PARTS.findall(text):
        if typed:
            found += typed
            continue
        times = _TIMES.fullmatch(word)
        key, count = (times[1], int(times[2])) if times else (word, 1)
        if len(key) != 1 and key not in NAMED:
            raise BadKeys(f"expected keys such as s, {', '.join(NAMED)}, or a text in quotes, got {key}")
        found += [key] * count
    return tuple(found)

"""Text from outside, made safe to show: no control character of it reaches a terminal."""

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def escape_controls(text: str) -> str:
    """The text with every control, format and unassigned character written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _HIDDEN else character for character in text
    )


def with_hyphens(text: str) -> str:
    """A text that is typed or read, with each U+2212, the minus of typesetting, as the hyphen that it means."""
    return text.replace("\N{MINUS SIGN}", "-")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")

"""The characters that a terminal can show. If it is not UTF-8, an ASCII character stands in for each of ours."""

import codecs
import locale
import os
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from rich.cells import cell_len

ASCII, UTF_8 = "ascii", "utf-8"
STAND_IN = "backprop-tui-stand-in"
"""The name of the error handler, for `str.encode` and streams, that puts ASCII for what a charset does not have."""

_GREEK = tuple(zip("ABGDEZHTIKLMNXOPRSTUFCYW", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True))
_STANDS_FOR = (
    *((latin.lower(), greek.lower()) for latin, greek in _GREEK),
    *_GREEK,
    ("Y", "ŷ"),  # a capital: it must not be read as the target y
    ("~", "…⋯≈≃≅±"),  # three dots as a full stop would make a whole number of one that is cut off
    ("d", "∂"),
    ("&", "∞"),
    ("V", "√∇"),
    ("S", "∑"),
    ("P", "∏"),
    ("E", "∈"),
    ("H", "½"),
    ("q", "¼¾"),
    ("x", "×✗✘"),
    ("*", "·∙⋅•●★☆◆◇"),
    ("o", "○◌◎◯□▫°"),
    ("'", "′‘’"),
    ('"', "″“”"),
    ("<", "←⇐⟵≤‹«◀◁◂◃◄"),
    (">", "→⇒⟶≥›»▶▷▸▹►"),
    ("^", "↑⇑▲△▴▵"),
    ("v", "↓⇓▼▽▾▿✓✔"),
    ("_", "▁"),  # the eight heights of a bar: _.:-=+%#
    (".", "▂░"),
    (":", "▃▒"),
    ("-", "▄−‐‑‒–—―▔▬"),
    ("=", "▅═"),
    ("+", "▆"),
    ("%", "▇▓"),
    ("#", "█≠■▪▀"),
    ("|", "↕▉▊▋▌▍▎▏▐▕▮"),
    ("/", "╱"),
    ("\\", "╲"),
)
_HORIZONTAL, _VERTICAL = "─━┄┅┈┉╌╍╴╶╸╺╼╾", "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"


def charset(environment: Mapping[str, str] | None = None) -> str:
    """The codec of what a terminal with this environment shows; by default, the one this program was started in.

    A name that says UTF-8 is believed, whether or not this machine has that locale. A charset of several bytes that is
    not UTF-8 counts as ASCII: its frames and arrows are two columns wide.
    """
    given = _environment() if environment is None else environment
    name = given.get("LC_ALL") or given.get("LC_CTYPE") or given.get("LANG") or "C"
    _, dot, codeset = name.partition("@")[0].partition(".")
    if not dot:
        codeset = ASCII if name in ("C", "POSIX") else name if name == "UTF-8" else locale.getencoding()
    try:
        found = codecs.lookup(codeset).name
        return found if found == UTF_8 or len("½é".encode(found, "replace")) == 2 else ASCII
    except (LookupError, UnicodeError):
        return ASCII


def _environment() -> Mapping[str, str]:
    """What this process was given. Python writes LC_CTYPE=C.UTF-8 into its own if the locale is C (PEP 538)."""
    with suppress(OSError):
        parts = Path("/proc/self/environ").read_bytes().split(b"\0")
        return dict(os.fsdecode(part).partition("=")[::2] for part in parts)
    return os.environ


def encoded(text: str, charset: str) -> bytes:
    """The text as bytes for a terminal of that charset, as many columns wide."""
    return text.encode(charset, "replace" if charset == UTF_8 else STAND_IN)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(stand_in, error.object[error.start : error.end])), error.end


def stand_in(character: str) -> str:
    """ASCII in the place of a character, as many columns wide."""
    width = cell_len(character)
    return _STAND_INS.get(character) or (_letter(character) if width == 1 else "?" * width)


def _letter(character: str) -> str:
    """What a letter with an accent, or a raised or lowered one, is made from; else a question mark."""
    first = unicodedata.normalize("NFKD", character)[0]
    return first if first.isascii() and first.isprintable() else "?"


def _drawn() -> Iterator[tuple[str, str]]:
    """The frames, corners, braille dots and quarters of blocks."""
    for code in range(0x2500, 0x2580):
        yield chr(code), "+"
    yield from zip(_HORIZONTAL, "-" * len(_HORIZONTAL), strict=True)
    yield from zip(_VERTICAL, "|" * len(_VERTICAL), strict=True)
    for code in range(0x2596, 0x25A0):
        yield chr(code), "#"
    for dots in range(256):
        upper, lower = dots & 0b00011011, dots & 0b11100100
        yield chr(0x2800 + dots), "#" if dots.bit_count() > 4 else " '.:"[bool(upper) + 2 * bool(lower)]


_STAND_INS = dict(_drawn()) | {own: ascii for ascii, owns in _STANDS_FOR for own in owns}
codecs.register_error(STAND_IN, _replaced)

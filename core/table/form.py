"""How the text of a table is written: what is between its cells, its numbers, its characters, and where it begins."""

from typing import Literal

import msgspec

BLANKS = " "
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", BLANKS: "blanks"}
"""What may stand between cells, and its name. Blanks are any number of spaces and tabs."""

SEPARATOR_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": BLANKS, "\\t": "\t"}
"""How a separator may be typed, besides the character itself."""

SEPARATOR_NAMES = {sign: word for word, sign in reversed(SEPARATOR_WORDS.items())}
"""The word for each of them."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
}
"""The encodings that are found out, by Python's name, and how they are called."""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a table is written down; the house table is as the defaults say.

    `thousands` are the characters that may stand between the groups of three digits. `skip` lines come before the
    table; lines that begin with `comment` are none of its rows. Without `header` the first line is a row already.
    `packed` says what must be unpacked before it is text, or that it is no text at all.
    """

    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    header: bool = True
    skip: int = 0
    comment: str = ""
    packed: Literal["", "gzip", "excel", "parquet"] = ""

    @property
    def is_text(self) -> bool:
        """Whether it is text, once it is unpacked."""
        return self.packed in ("", "gzip")


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a form a person says; None is found out. `na` are words that mean an empty cell, besides the usual."""

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None
    na: tuple[str, ...] = ()
    missing: str = "drop"


def words(form: Form) -> str:
    """`semicolons, decimal commas, Latin-1`: what is to be said of a form; `commas` of the plain one."""
    if not form.is_text:
        return "an Excel sheet" if form.packed == "excel" else "a Parquet file"
    parts = [SEPARATORS.get(form.separator, f"'{form.separator}' between")]
    if form.decimal == ",":
        parts.append("decimal commas")
    names = {".": "points", ",": "commas", " ": "blanks", "'": "apostrophes"}
    if form.thousands:
        parts.append(f"{' and '.join(names.get(it, it) for it in form.thousands)} for thousands")
    if form.encoding != "utf-8":
        parts.append(ENCODINGS.get(form.encoding, form.encoding))
    if form.packed:
        parts.append("gzip")
    if form.skip:
        parts.append(f"{form.skip} line{'s' * (form.skip > 1)} before it")
    if not form.header:
        parts.append("no line of names")
    return ", ".join(parts)


def separator(text: str) -> str:
    """A separator as it may be typed: a word such as `tab`, or the character. Raises ValueError."""
    found = SEPARATOR_WORDS.get(text.removesuffix("s") if text != "blanks" else text, text)
    if len(found) != 1 or found in '"\n\r\0' or found.isalnum():
        raise ValueError(f"'{text[:40]}' is no separator: one character, or {', '.join(list(SEPARATOR_WORDS)[:5])}")
    return found


def encoding(text: str) -> str:
    """The name of an encoding that Python knows. Raises ValueError."""
    import codecs

    try:
        found = codecs.lookup(text.strip())
        "".encode(found.name)
    except (LookupError, ValueError, UnicodeError):
        raise ValueError(f"'{text[:40]}' is no encoding; utf-8, utf-16, latin-1 and cp1252 are some") from None
    return {"iso8859-1": "latin-1"}.get(found.name, found.name)

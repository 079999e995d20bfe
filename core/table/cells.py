"""What a cell of a table says: nothing, a number, a date, or a text. The engine and the screen ask here."""

import re
from functools import lru_cache

from .form import Form

_WORDS = ("NA", "N/A", "#N/A", "#NA", "<NA>", "NaN", "-NaN", "NULL", "None", "#N/A N/A", "-1.#IND", "1.#IND")
MISSING = frozenset(form(word) for word in _WORDS for form in (str, str.lower)) | {"", "Null", "?", "-", "--", "."}
"""The words for an empty cell: pandas' own, and those of spreadsheets and of old files."""

YES = ("yes", "y", "true", "t", "on", "ja", "j", "wahr", "oui", "vrai", "si", "sí", "sim", "verdadero", "positive")
"""Of two classes, the one with such a name is the 1."""

CURRENCY = "$€£¥₹"

GROUPS = {" ": " \u00a0\u202f\u2009", "'": "'\u2019"}
"""The characters that a sign for thousands stands for, besides itself."""

_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2})?"
)

Parts = tuple[str, str]


@lru_cache(maxsize=16)
def number_pattern(form: Form) -> "re.Pattern[str]":
    """What a number looks like in such a table: a sign, digits with their groups, money and percent signs around."""
    point = re.escape(form.decimal)
    groups = "".join(re.escape(GROUPS.get(sign, sign)) for sign in form.thousands)
    whole = rf"(?:\d{{1,3}}(?:[{groups}]\d{{3}})+|\d+)" if groups else r"\d+"
    number = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][-+\u2212]?\d+)?"
    return re.compile(rf"\s*[{CURRENCY}]?\s*([-+\u2212]?)\s*[{CURRENCY}]?\s*({number})\s*[{CURRENCY}%]?\s*")


def plain_number(cell: str, form: Form) -> str | None:
    """A number of the table as Python writes it: `-1.234,5 €` as `-1234.5`. None if it is no number."""
    found = number_pattern(form).fullmatch(cell)
    if found is None:
        return None
    digits = found[2].replace("\N{MINUS SIGN}", "-")
    for sign in form.thousands:
        for group in GROUPS.get(sign, sign):
            digits = digits.replace(group, "")
    return found[1].replace("\N{MINUS SIGN}", "-") + digits.replace(form.decimal, ".")


def is_number(cell: str, form: Form) -> bool:
    """Whether it is a number as this table writes them."""
    return number_pattern(form).fullmatch(cell) is not None


def is_missing(cell: str, na: tuple[str, ...] = ()) -> bool:
    """Whether nothing is in the cell."""
    text = cell.strip()
    return text in MISSING or text in na


def is_date(cell: str) -> bool:
    """Whether it is a date or a time, as far as its shape tells."""
    return _DATE.fullmatch(cell.strip()) is not None


def clean_name(name: str) -> str:
    """The name of a column without blanks around it, seen or unseen."""
    return name.strip().strip("\ufeff\u200b\u00a0").strip()


def made_up(count: int) -> list[str]:
    """`c1`, `c2` ...: the names of the columns of a table that has none."""
    return [f"c{number}" for number in range(1, count + 1)]


# Which sign is before the decimals

_POINT = re.compile(r"(\d+|\d{1,3}(,\d{3})+)?\.\d+")
_COMMA = re.compile(r"(\d+|\d{1,3}([. '\u00a0\u202f\u2019]\d{3})+)?,\d+")
_POINT_GROUPS, _COMMA_GROUPS = re.compile(r"[1-9]\d{0,2}(\.\d{3})+"), re.compile(r"[1-9]\d{0,2}(,\d{3})+")
_THOUSANDS = {
    ".": {",": re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?"), "'": re.compile(r"\d{1,3}(['\u2019]\d{3})+(\.\d+)?")},
    ",": {".": re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?"), "'": re.compile(r"\d{1,3}(['\u2019]\d{3})+(,\d+)?")},
}
_SPACED = re.compile(r"\d{1,3}([ \u00a0\u202f\u2009]\d{3})+([.,]\d+)?")
_AROUND = f" \t\u00a0-+\u2212%{CURRENCY}"


def decimal_sign(cells: list[str], separator: str) -> str:
    """`,` or `.`: what stands before the decimals in these cells; `1,234` is a number of thousands if others are."""
    point = comma = 0
    doubtful = 0
    for cell in cells:
        text = cell.strip(_AROUND)
        if _COMMA_GROUPS.fullmatch(text):
            point += text.count(",") > 1
            doubtful += text.count(",") == 1
        elif _POINT_GROUPS.fullmatch(text):
            comma += text.count(".") > 1
        elif _POINT.fullmatch(text):
            point += 1
        elif _COMMA.fullmatch(text):
            comma += 1
    if comma == point == 0:
        return "," if doubtful and separator == ";" else "."
    return "," if comma > point else "."


def thousands_signs(cells: list[str], decimal: str) -> str:
    """The signs between groups of three digits that are in these cells, if they are not the decimal sign."""
    texts = [cell.strip(_AROUND) for cell in cells]
    found = [sign for sign, pattern in _THOUSANDS.get(decimal, {}).items() if any(map(pattern.fullmatch, texts))]
    if "." in found and any(_POINT.fullmatch(text) and not _POINT_GROUPS.fullmatch(text) for text in texts):
        found.remove(".")
    if any(map(_SPACED.fullmatch, texts)):
        found.append(" ")
    return "".join(found)

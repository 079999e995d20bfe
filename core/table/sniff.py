"""Finding out how a table is written, from the beginning of its file: encoding, separator, decimals, line of names."""

import csv
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from dataclasses import dataclass

from backprop_tui.core.text.escape import escape_controls
from msgspec.structs import replace

from .cells import clean_name, decimal_sign, is_missing, is_number, made_up, thousands_signs
from .converted import converted
from .form import BLANKS, SEPARATORS, Form, Told
from .opened import HeaderError, bytes_of, check_file, records, why

START = 2**16
"""So many bytes of the file, unpacked, are looked at; a smaller file is seen as a whole."""

LOOKED_AT = 500
"""So many of its records say what is between the cells."""

MOST_ABOVE = 10
"""So many lines at most may stand above the line of names."""

_GZIP, _ZIP, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Look:
    """The form of a table, the names of its columns, and its first records, without the line of names.

    `whole` says that these are all of them.
    """

    form: Form
    names: list[str]
    rows: list[list[str]]
    whole: bool


def look(path: str, told: Told) -> Look:
    """What the beginning of a file says, but for what is told. Raises HeaderError."""
    check_file(path)
    name = escape_controls(path)
    try:
        packed, start, whole = _start(path)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise HeaderError(f"{name}: can't be read: {why(error)}") from None
    if packed in ("excel", "parquet"):
        told = Told(",", ".", None, True if packed == "parquet" else told.header, told.na)
        found = look_at_text(converted(path, packed), True, Form(), told, name)
        form = Form(packed=packed, header=found.form.header)  # type: ignore[arg-type]
        return Look(form, found.names, found.rows, True)
    encoding, text = _decoded(start, whole, told.encoding, name)
    return look_at_text(text, whole, replace(Form(), encoding=encoding, packed=packed), told, name)


def look_at_text(text: str, whole: bool, form: Form, told: Told, name: str) -> Look:
    """The same of a text, or of its beginning. `name` is the file's, for messages. Raises HeaderError."""
    if "\0" in text:
        raise HeaderError(f"{name}: is not a CSV file with a line of column names")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [line + "\n" for line in lines]
    if not whole and len(lines) > 1:
        lines.pop()
    form, said = _skipped(form, lines)
    form = replace(form, comment=_comment(lines[form.skip :]))
    found = _records(lines, replace(form, separator=told.separator or said or _separator(lines, form)))
    form, rows = found
    if not rows:
        raise HeaderError(f"{name}: is empty; give a CSV file with a line of column names")
    if whole and len(rows) == 1 and any("\n" in cell for cell in rows[0]) and "".join(lines).count('"') % 2:
        raise HeaderError(f"{name}: its line of column names can't be read: a quote in it is not closed")
    if len(text) >= START and (len(rows) == 1 or max(map(len, rows[0])) > START // 8):
        raise HeaderError(f"{name}: is not a CSV file with a line of column names")
    cells = [cell for row in rows[1:] or rows for cell in row]
    decimal = told.decimal or decimal_sign(cells, form.separator)
    form = replace(form, decimal=decimal, thousands=thousands_signs(cells, decimal))
    _check_commas(rows, form, name)
    form = replace(form, header=_has_header(rows, form, told, name))
    if not form.header:
        return Look(form, made_up(max(map(len, rows))), rows, whole)
    return Look(form, [clean_name(cell) for cell in rows[0]], rows[1:], whole)


def _start(path: str) -> tuple[str, bytes, bool]:
    """How it is packed, its first bytes unpacked, and whether these are all."""
    with bytes_of(path, "") as file:
        magic = file.read(4)
    packed = "gzip" if magic.startswith(_GZIP) else ""
    if magic == _ZIP:
        if not path.lower().endswith((".xlsx", ".xlsm")):
            raise ValueError("it is a zip archive; unpack it, and give the CSV file in it")
        return "excel", b"", False
    if magic == _PARQUET:
        return "parquet", b"", False
    if magic == _OLD_EXCEL:
        raise ValueError("it is a sheet of an old Excel; save it as CSV")
    with bytes_of(path, packed) as file:
        start = file.read(START + 1)
    return packed, start[:START], len(start) <= START


def _decoded(start: bytes, whole: bool, told: str | None, name: str) -> tuple[str, str]:
    """The encoding and the text."""
    if told is not None:
        encoding = told
    elif start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encoding = "utf-16"
    elif len(start) >= 4 and start.count(0) > len(start) // 4:
        even, odd = start[0::2].count(0), start[1::2].count(0)
        encoding = "utf-16-le" if odd > 4 * even else "utf-16-be" if even > 4 * odd else "utf-8"
    else:
        encoding = "utf-8"
    try:
        return encoding, _text(start, encoding, whole)
    except UnicodeError:
        if told is not None or encoding != "utf-8":
            raise HeaderError(
                f"{name}: can't be read as {encoding}: give another --encoding, or save it as UTF-8"
            ) from None
    if sum(byte < 9 or 13 < byte < 32 for byte in start) > len(start) // 100:
        raise HeaderError(f"{name}: is not a CSV file with a line of column names")
    try:
        return "cp1252", _text(start, "cp1252", whole)
    except UnicodeError:
        return "latin-1", _text(start, "latin-1", whole)


def _text(start: bytes, encoding: str, whole: bool) -> str:
    if encoding == "utf-8":
        start = start.removeprefix(BOM_UTF8)
    return getincrementaldecoder(encoding)().decode(start, whole)


def _skipped(form: Form, lines: list[str]) -> tuple[Form, str]:
    """The form with the lines before the table, and the separator that one of them says (`sep=;`)."""
    said, skip = "", 0
    for line in lines:
        text = line.strip()
        if not skip and len(text) == 5 and text.lower().startswith("sep="):
            said = text[4]
        elif line.rstrip("\r\n").lower() == "sep=\t":
            said = "\t"
        elif text and not text.startswith("#"):
            break
        skip += 1
    skip += _titles(lines[skip:])
    # Blank lines at the top are skipped by every reader; they are counted here only if a comment is among them.
    return (replace(form, skip=skip) if any(line.strip() for line in lines[:skip]) else form), said


def _titles(lines: list[str]) -> int:
    """How many lines stand above the line of names: titles, with fewer signs between cells than all that follow.

    That line is one of several texts, with a row of numbers somewhere below it.
    """
    for sign in (";", "\t", "|", ","):
        counts = [0 if '"' in line else line.strip().rstrip(sign).count(sign) for line in lines[: MOST_ABOVE + 5]]
        most = max(counts, default=0)
        place = counts.index(most) if most else 0
        below = [line for line in lines[place : place + 5] if line.strip()]
        if not 0 < place <= MOST_ABOVE or any('"' in line for line in lines[:place]) or len(below) < 3:
            continue
        rows = [[cell.strip() for cell in line.split(sign)] for line in below]
        numbers = [sum(cell[:1].isdigit() or cell[1:2].isdigit() for cell in row) for row in rows]
        if all(rows[0]) and not numbers[0] and all(numbers[1:]) and len({len(row) for row in rows}) == 1:
            return place
    return 0


def _comment(lines: list[str]) -> str:
    """`#` if lines among the rows begin with it, and it stands nowhere else."""
    begun = sum(line.startswith("#") for line in lines)
    return "#" if begun and sum("#" in line for line in lines) == begun else ""


def _records(lines: list[str], form: Form) -> tuple[Form, list[list[str]]]:
    try:
        return form, [record for _, record in records(iter(lines), form)]
    except csv.Error:
        return form, []


def _separator(lines: list[str], form: Form) -> str:
    """What is between the cells: most rows have as many as the first, and most cells are numbers."""
    few = lines[: form.skip + LOOKED_AT]
    scores = {sign: _score(few, replace(form, separator=sign)) for sign in SEPARATORS if sign != BLANKS}
    best = max(scores, key=lambda sign: scores[sign])
    if scores[best] >= (0.5,):
        return best
    blanks = _score(few, replace(form, separator=BLANKS))
    return BLANKS if blanks >= (0.9,) and blanks > scores[best] else best


def _score(lines: list[str], form: Form) -> tuple[float, ...]:
    """How well a separator fits: the share of rows of equal length, roughly; the share of numbers; how many cells."""
    _, rows = _records(lines, form)
    if not rows or len(rows[0]) < 2:
        return (-1.0,)
    width = len(rows[0])
    fitting = [row for row in rows[1:] if len(row) == width or (len(row) == width + 1 and not row[-1].strip())]
    share = len(fitting) / (len(rows) - 1) if len(rows) > 1 else 1.0
    cells = [cell for row in fitting or rows for cell in row]
    decimal = decimal_sign(cells, form.separator)
    form = replace(form, decimal=decimal, thousands=thousands_signs(cells, decimal))
    numeric = sum(is_number(cell, form) or is_missing(cell) for cell in cells) / len(cells)
    return round(share, 1), numeric, share, width


def _check_commas(rows: list[list[str]], form: Form, name: str) -> None:
    """Raise HeaderError if commas are both between the cells and before the decimals: nobody can tell them apart."""
    width = len(rows[0])
    if form.separator == "," and len(rows) > 1 and all(len(row) == 2 * width for row in rows[1:]):
        raise HeaderError(
            f"{name}: has {width} names and rows of {2 * width} cells, as with commas before the decimals too; save it "
            "with semicolons between the cells, or with decimal points"
        )


def _has_header(rows: list[list[str]], form: Form, told: Told, name: str) -> bool:
    """Whether the first line holds names. Raises HeaderError if it looks like a row and nothing is told."""
    if told.header is not None:
        return told.header
    first, rest = rows[0], rows[1:LOOKED_AT]
    numbers = [is_number(cell, form) for cell in first]
    below = [_mostly_numbers(rest, column, form) for column in range(len(first))]
    like_a_row = all(numbers[column] for column, numeric in enumerate(below) if numeric) and any(below)
    if (all(numbers) and first) or (like_a_row and rest):
        shown = escape_controls(form.separator.join(first))[:40]
        names = made_up(len(first))
        made = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        raise HeaderError(
            f"{name}: its first line, {shown}, looks like a row and not like names: use --no-header, which names the "
            f"columns {made}, or --header if these are names"
        )
    return True


def _mostly_numbers(rows: list[list[str]], column: int, form: Form) -> bool:
    cells = [row[column] for row in rows if column < len(row) and not is_missing(row[column])]
    return sum(is_number(cell, form) for cell in cells) * 2 > len(cells)

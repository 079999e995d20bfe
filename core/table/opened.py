"""The file of a table, opened: only what is a file and ends, unpacked, as lines of text. No pandas here."""

import csv
import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO

from backprop_tui.core.text.escape import escape_controls

from .form import BLANKS, Form

MAX_CELL = 2**17
"""No cell is longer, in characters: the csv module's own limit."""


class HeaderError(ValueError):
    """The table can't be read: one line that names the file and the mend."""


def check_file(path: str) -> None:
    """Raise HeaderError for what is no regular file: what is read from a pipe or a device may never end."""
    name = escape_controls(path)
    try:
        kind = Path(path).stat().st_mode
    except FileNotFoundError:
        raise HeaderError(f"{name}: no such file") from None
    except (OSError, ValueError) as error:
        raise HeaderError(f"{name}: can't be read: {why(error)}") from None
    if S_ISDIR(kind):
        raise HeaderError(f"{name}: is a directory; give a CSV file")
    if not S_ISREG(kind):
        raise HeaderError(f"{name}: is not a regular file; give a CSV file")


def why(error: Exception) -> str:
    """The reason of an error, for a line of text."""
    return escape_controls(str((isinstance(error, OSError) and error.strerror) or error))[:120]


def bytes_of(path: str, packed: str) -> IO[bytes]:
    """The bytes of a text, unpacked."""
    return gzip.open(path, "rb") if packed == "gzip" else Path(path).open("rb")  # type: ignore[return-value]


def text_lines(file: IO[bytes], form: Form) -> Iterator[str]:
    """The lines of the whole file with their ends. Raises UnicodeError."""
    import io

    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    yield from io.TextIOWrapper(file, encoding, newline="")


def cells(lines: Iterator[str], form: Form) -> Iterator[list[str]]:
    """The records of a table without the numbers of their lines, for a million of them. Raises csv.Error."""
    if form.separator == BLANKS:
        yield from (record for _, record in records(lines, form))
        return
    lines = islice(lines, form.skip, None)
    if form.comment:
        lines = (line for line in lines if not line.startswith(form.comment))
    for record in csv.reader(lines, delimiter=form.separator, skipinitialspace=form.separator != "\t"):
        if record and (len(record) > 1 or record[0].strip()):
            yield record


def records(lines: Iterator[str], form: Form) -> Iterator[tuple[int, list[str]]]:
    """The records of a table that has cells in them, each with the number of its first line in the file, from 1.

    The line of names comes first if there is one. Blank lines and comments are left out. Raises csv.Error.
    """
    number = start = 0

    def counted() -> Iterator[str]:
        nonlocal number
        for number, line in enumerate(lines, 1):
            if number > form.skip and not (form.comment and line.startswith(form.comment)):
                # A file of an old Macintosh has no line feeds at all; csv takes such a line apart only if it is told.
                yield line

    if form.separator == BLANKS:
        for line in counted():
            if line.strip():
                yield number, _between_blanks(line)
        return
    reader = csv.reader(counted(), delimiter=form.separator, skipinitialspace=form.separator != "\t")
    for record in reader:
        begun, start = start, number
        if record and (len(record) > 1 or record[0].strip()):
            yield max(begun + 1, number - sum(cell.count("\n") for cell in record)), record


def _between_blanks(line: str) -> list[str]:
    if '"' not in line:
        return line.split()
    return [cell for cell in next(csv.reader([" ".join(line.split())], delimiter=" ", skipinitialspace=True)) if cell]

"""Numbers and names as a person types them, understood or refused with a sentence."""

import csv
from collections.abc import Iterable
from io import StringIO
from math import isfinite

from .escape import with_hyphens


def number(text: str) -> float:
    """A finite number. Raises ValueError."""
    try:
        value = float(with_hyphens(text))
    except ValueError:
        raise ValueError(f"'{shortened(text)}' is not a number; type one like 0.05 or 1e-3") from None
    if not isfinite(value):
        raise ValueError(f"'{shortened(text)}' is not a finite number")
    return value


def whole(text: str) -> int:
    """A whole number from 0 on. Raises ValueError."""
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise ValueError(f"'{shortened(text)}' is not a whole number; type one like 12")
    return int(digits)


def share(text: str) -> float:
    """`20%` or `0.2` as 0.2. Raises ValueError."""
    found = number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= found < 1:
        raise ValueError(f"{text[:40]} is not a share of the rows, 0% to 99%")
    return found


def names(text: str) -> list[str]:
    """Names with commas between; one that holds a comma stands in double quotes, as in CSV. Raises ValueError."""
    try:
        found = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise ValueError(f"'{text[:40]}' is not a list of names: {error}") from None
    if not found or not all(found):
        raise ValueError("give the names of columns with commas between")
    repeated = next((name for name in found if found.count(name) > 1), None)
    if repeated is not None:
        raise ValueError(f"'{repeated[:40]}' is named twice")
    return found


def listed(names: Iterable[str]) -> str:
    """Names as `names` reads them again: with commas between, and double quotes where it takes them."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def shortened(text: str) -> str:
    """What was typed, short enough for a sentence about it."""
    return text if len(text) <= 20 else text[:19] + "…"

"""Numbers as text: signed, with the points one below the other, in a stated number of columns.

The minus is the ASCII hyphen: what is shown can be pasted into Python and into this program's own prompts. 0 has no
sign; a number that is not 0 never looks like it: if the decimals can't show it, it is written with a power of ten,
`-1.2346e-7`. So are the very large ones, `+1.2346e5`.
"""

from math import isfinite, isnan

import numpy as np

from .escape import with_hyphens

INFINITY, NAN = "∞", "NaN"
LARGE = 1e5
"""From here on a number is written with a power of ten."""

MIN_WIDTH = 8
"""The fewest columns that every number fits into: sign, two digits, a point, and an exponent of up to three digits."""


def fixed(value: float, digits: int = 4, width: int | None = None) -> str:
    """A number with so many decimals: `+0.2442`, `-11.9065`, `0.0000`, `+1.2346e5`, `NaN`, `+∞`.

    With `width` the text has exactly so many columns and ends at the right, so that the points of a column align; what
    does not fit gives up decimals first, then is written with a power of ten. Raises ValueError below `MIN_WIDTH`.
    """
    if width is not None and width < MIN_WIDTH:
        raise ValueError(f"a number needs at least {MIN_WIDTH} columns, not {width}")
    value = float(value)
    if not isfinite(value):
        text = NAN if isnan(value) else _signed(INFINITY, value)
    elif value == 0:
        # A column is left where the others have their sign.
        text = f"{0:.{digits if width is None else min(digits, width - 3)}f}"
    elif abs(value) < 10.0**-digits or (abs(value) > LARGE - 1 and float(f"{abs(value):.{digits}f}") >= LARGE):
        text = _scientific(value, digits, width)
    else:
        text = _decimal(value, digits, width)
    return text if width is None else text.rjust(width)


def full(value: float, dtype: str = "float32", width: int | None = None) -> str:
    """All digits that a number of this precision has: the shortest text that reads back as the same number.

    With `width` it ends at the right; `full_width` says how many columns always suffice.
    """
    number = np.dtype(dtype).type(value)
    if not np.isfinite(number):
        text = fixed(float(number))
    elif number == 0:
        text = "0"
    elif 1e-4 <= abs(number) < LARGE:
        text = _signed(np.format_float_positional(abs(number), unique=True, trim="0"), float(number))
    else:
        mantissa, _, exponent = np.format_float_scientific(abs(number), unique=True, trim="-").partition("e")
        text = _signed(f"{mantissa}e{int(exponent)}", float(number))
    return text if width is None else text.rjust(width)


def full_width(dtype: str = "float32") -> int:
    """How many columns the longest text of `full` takes."""
    return 15 if np.dtype(dtype) == np.float32 else 24


def plain(value: float, digits: int = 4) -> str:
    """As `fixed`, without the plus: for the inside of a formula."""
    return fixed(value, digits).removeprefix("+")


def inner(value: float, dtype: str = "float32") -> str:
    """As `full`, without the plus: for the inside of a formula."""
    return full(value, dtype).removeprefix("+")


def last_digit(text: str) -> float:
    """What one unit of the last digit of a number is worth: 1e-4 for `-11.0695`, 1e-9 for `1.23e-7`."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** ((read_number(exponent) if exponent else 0) - decimals))


def equals(found: float, text: str) -> str:
    """`=` if what a reader finds from the printed numbers is the printed result within a unit of its last digit.

    Else `≈`. What is no finite number equals itself.
    """
    result = read_number(text)
    if not (isfinite(found) and isfinite(result)):
        return "="
    return "=" if abs(found - result) <= last_digit(text) * (1 + 1e-9) else "≈"


def brief(value: float, significant: int = 5) -> str:
    """The shortest text of so many significant digits: `0.2`, `313000`, `1e-7`, `NaN`: for settings and scales."""
    value = float(value) + 0.0  # -0 becomes 0
    if not isfinite(value):
        return plain(value)
    return _short_exponent(f"{value:.{significant}g}")


def two_digits(value: float) -> str:
    """Two significant digits, the second too if it is 0: `2.0`, `0.40`, `12`, `1.2e3`: for pictures."""
    value = float(value) + 0.0  # -0 becomes 0
    if not isfinite(value):
        return plain(value)
    return _short_exponent(f"{value:#.2g}".removesuffix("."))


def shortest(value: float) -> str:
    """The shortest text that reads back as the same float64, as it stands in a file: `0.1`, `5`, `NaN`."""
    if not isfinite(value):
        return plain(value)
    return _short_exponent(repr(float(value) + 0.0).removesuffix(".0"))


def read_number(text: str) -> float:
    """The number that a text writes: with a hyphen or U+2212 as its minus, and commas between thousands.

    Raises ValueError for what is none.
    """
    named = {INFINITY: "inf", NAN: "nan"}
    bare = with_hyphens(text).strip().replace(",", "")
    sign = "-" if bare.startswith("-") else ""
    return float(sign + named.get(bare.lstrip("+-"), bare.removeprefix("-")))


def bracketed(text: str) -> str:
    """A negative number in brackets, so that `4 * -2` and `-2 ** 2` are not misread."""
    return f"({text})" if text.startswith("-") else text


def _signed(text: str, value: float) -> str:
    return ("-" if value < 0 else "+") + text


def _short_exponent(text: str) -> str:
    """`1e-7` for Python's `1e-07`."""
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def _decimal(value: float, digits: int, width: int | None) -> str:
    text = _signed(f"{abs(value):.{digits}f}", value)
    if width is None or len(text) <= width:
        return text
    left = digits - (len(text) - width)
    if left >= 1 and abs(value) >= 10.0**-left:
        return _decimal(value, left, None)
    return _scientific(value, digits, width)


def _scientific(value: float, digits: int, width: int | None) -> str:
    while True:
        mantissa, _, exponent = f"{abs(value):.{digits}e}".partition("e")
        text = _signed(f"{mantissa}e{int(exponent)}", value)
        if width is None or len(text) <= width or digits == 0:
            return text
        digits -= 1


def compact(value: float) -> str:
    """A number of the table's or of the target's own units, unsigned but for a minus: `313,000`, `2.11`, `0.0012`."""
    if not isfinite(value) or abs(value) >= 1e12 or 0 < abs(value) < 1e-3:
        return plain(value)
    size = abs(value)
    text = f"{size:,.0f}" if size >= 1000 or size == int(size) else f"{size:.{2 if size >= 1 else 4}f}"
    return f"-{text}" if value < 0 else text


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th` ... `11th`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"

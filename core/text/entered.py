"""Numbers as a person types them, understood or refused with a sentence."""

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


def shortened(text: str) -> str:
    """What was typed, short enough for a sentence about it."""
    return text if len(text) <= 20 else text[:19] + "…"

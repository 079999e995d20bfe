"""Many numbers as the shortest text that reads back the same, a hundred times as fast as one by one.

The text is numpy's own, `str(number)`: `0.37398827` for that float32, `5.0`, `1e-05`, `nan`, `-inf`.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

_DIGITS = (6, 7, 8, 9)
"""Six digits never tell more than a float32 holds, nine always tell it from its neighbors."""

_POWERS = 10.0 ** np.arange(23)
"""The powers of ten that a float64 holds exactly, so that a product with one is rounded once."""

_PLAIN = (1e-4, {"float32": 1e6, "float64": 1e15})
"""Between these nobody writes a number with a power of ten: neither numpy, of whatever version, nor msgspec."""


def decimals(numbers: NDArray[np.floating]) -> NDArray[np.float64]:
    """The float64 whose shortest text has the digits of each number's own shortest text; any shape.

    A float32 0.37398827 becomes the float64 0.37398827, not 0.37398827075958252. float64 stay as they are.
    """
    if numbers.dtype == np.float64:
        return np.asarray(numbers, "float64")
    flat = numbers.reshape(-1)
    with np.errstate(invalid="ignore"):
        exact = flat.astype("float64")
    found = exact.copy()  # what is not finite, and 0
    size = np.abs(exact)
    left = np.flatnonzero((size >= 1e-13) & (size < 1e22))
    rest = np.flatnonzero(np.isfinite(size) & (size != 0) & ~((size >= 1e-13) & (size < 1e22)))
    doubtful = [rest]
    # A power of two lies nearer to the number below it than to that above.
    power = flat[left].view("uint32") & 0x7FFFFF == 0
    doubtful.append(left[power])
    left = left[~power]
    exponents = np.floor(np.log10(size[left])).astype("int64")
    for digits in _DIGITS:
        if not len(left):
            break
        value = exact[left]
        shift = digits - 1 - exponents
        scale = _POWERS[np.abs(shift)]
        up = shift >= 0
        scaled = np.where(up, value * scale, value / scale)
        whole = np.rint(scaled)
        near = np.where(up, whole / scale, whole * scale)
        same = near.astype("float32") == flat[left]
        # Half-way between two decimals or between two float32: which one it is, is not for this arithmetic to say.
        half = np.abs(np.abs(scaled - whole) - 0.5) < 1e-6
        half |= near.view("uint64") & 0x1FFFFFFF == 0x10000000
        found[left[same]] = near[same]
        doubtful.append(left[same & half])
        left, exponents = left[~same], exponents[~same]
    for place in np.concatenate([*doubtful, left]).tolist():
        found[place] = float(str(flat[place]))
    return found.reshape(numbers.shape)


def is_plain(numbers: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which numbers nobody writes with a power of ten, nor as a word."""
    with np.errstate(invalid="ignore"):
        size = np.abs(numbers.astype("float64"))
    return np.asarray((size == 0) | ((size >= _PLAIN[0]) & (size < _PLAIN[1][numbers.dtype.name])))


def rows_of_text(numbers: NDArray[np.floating]) -> list[str]:
    """Each row of numbers (n, columns) as one text, with a comma between two."""
    plain = is_plain(numbers)
    written = decimals(numbers)
    rows = np.all(plain, axis=1)
    texts = [""] * len(numbers)
    text = msgspec.json.encode(written[rows].tolist()).decode("ascii")
    for place, part in zip(np.flatnonzero(rows).tolist(), text[2:-2].split("],["), strict=False):
        texts[place] = part
    for place in np.flatnonzero(~rows).tolist():
        parts = list(map(repr, written[place].tolist()))
        for column in np.flatnonzero(~plain[place]).tolist():
            parts[column] = str(numbers[place, column])
        texts[place] = ",".join(parts)
    return texts

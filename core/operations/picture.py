"""A tensor of images, seen as shades: characters that are darker or lighter, and read without color."""

from dataclasses import dataclass

import numpy as np

from .operation import Values
from .rule import Index

SHADES = " .:-=+*#%@"
"""From the least to the largest number. What is not finite is `?`."""

LEAST = 4
"""So many pixels an image has at least, up and across."""

LUMINANCE = (0.299, 0.587, 0.114)
"""ITU-R BT.601: how bright red, green and blue are."""


@dataclass(frozen=True)
class Picture:
    """One image in characters: a line for each row, two characters for each pixel, or for a mean of several.

    `least` and `largest` are the ends of the shades, `side` how many pixels, up and across, a pair of characters is
    the mean of; `row` and `column` are the pair of the cursor; `image` is which image it is, from 0, of how many.
    """

    lines: tuple[str, ...]
    least: float
    largest: float
    side: int
    row: int
    column: int
    image: int
    images: int


def is_image(values: Values) -> bool:
    """Whether the last axes are height, width and 1 or 3 colors, with 4x4 pixels at least."""
    return values.ndim >= 3 and values.shape[-1] in (1, 3) and min(values.shape[-3:-1]) >= LEAST and values.size > 0


def picture(values: Values, index: Index, rows: int, columns: int) -> Picture:
    """The image that an index is in, in so many rows and columns of characters at most."""
    leading, (height, width, colors) = values.shape[:-3], values.shape[-3:]
    image = values[index[:-3]].astype("float64")
    gray = image @ np.array(LUMINANCE) if colors == 3 else image[..., 0]
    side = max(-(-height // max(rows, 1)), -(-width // max(columns // 2, 1)), 1)
    small = _means(gray, side)
    finite = small[np.isfinite(small)]
    least, largest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    lines = tuple("".join(2 * _shade(value, least, largest) for value in row) for row in small.tolist())
    number = int(np.ravel_multi_index(index[:-3], leading)) if leading else 0
    count = int(np.prod(leading, dtype=np.int64))
    return Picture(lines, least, largest, side, index[-3] // side, index[-2] // side, number, count)


def moved_in_image(shape: Index, index: Index, rows: int, columns: int) -> Index:
    """Some pixels down and across, as far as there are any."""
    row, column = (
        min(max(place + by, 0), size - 1)
        for place, by, size in zip(index[-3:-1], (rows, columns), shape[-3:-1], strict=True)
    )
    return (*index[:-3], row, column, index[-1])


def turned_image(shape: Index, index: Index, by: int) -> Index:
    """The same pixel some images further; the first follows the last."""
    leading = shape[:-3]
    if not leading:
        return index
    place = (int(np.ravel_multi_index(index[:-3], leading)) + by) % int(np.prod(leading, dtype=np.int64))
    return (*(int(axis) for axis in np.unravel_index(place, leading)), *index[-3:])


def _means(gray: Values, side: int) -> Values:
    """The mean of each square of pixels, those at the end smaller. NaN stays NaN."""
    if side == 1:
        return gray
    places = [np.arange(0, size, side) for size in gray.shape]
    with np.errstate(all="ignore"):
        sums = np.add.reduceat(np.add.reduceat(gray, places[0], axis=0), places[1], axis=1)
    sizes = [np.diff([*starts, size]) for starts, size in zip(places, gray.shape, strict=True)]
    found: Values = sums / np.outer(*sizes)
    return found


def _shade(value: float, least: float, largest: float) -> str:
    if not np.isfinite(value):
        return "?"
    share = (value - least) / (largest - least) if largest > least else 0.0
    return SHADES[min(int(share * len(SHADES)), len(SHADES) - 1)]

"""The numbers of a scenario file as matrices, and what is wrong with them."""

from collections.abc import Collection, Sequence

import numpy as np
from backprop_tui.core.model.network import Array

from .format import Rows
from .places import Path


class Bad(Exception):
    """What is wrong, at which key; `line` if the key does not tell it."""

    def __init__(self, path: Path, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.path, self.message, self.line = path, message, line


def choose(value: str, options: Collection[str], at: Path) -> None:
    """Raise Bad if the value is none of the options."""
    if value not in options:
        raise Bad(at, f"expected one of {', '.join(options)}, got {value}")


def matrix(rows: float | Rows, at: Path) -> Array:
    """A number, or rows of equal length, as (rows, columns) in float64."""
    if isinstance(rows, float):
        return np.array([[rows]])
    if not rows or not rows[0]:
        raise Bad(at, "expected at least one row with at least one number")
    for place, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise Bad((*at, place), f"expected {len(rows[0])} numbers, as in the first row, got {len(row)}")
    return np.array(rows, "float64")


def counted(count: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {thing}{'s' * (count != 1)}"


def in_words(shape: Sequence[int]) -> str:
    """`2 rows of 3 numbers`."""
    return f"{counted(shape[0], 'row')} of {counted(shape[1], 'number')}"


def example(shape: Sequence[int]) -> str:
    """How a matrix of this shape is written, if it is small: `[[0.1], [0.2]]`."""
    if shape[0] > 3 or shape[1] > 3:
        return "[[0.1, 0.2, ...], ...]"
    row = ", ".join(f"0.{place}" for place in range(1, shape[1] + 1))
    return f"[{', '.join([f'[{row}]'] * shape[0])}]"

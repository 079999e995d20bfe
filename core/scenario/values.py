"""The numbers of a scenario file as matrices, and what is wrong with them."""

from collections.abc import Sequence

import numpy as np

from ..network import Array
from .format import Rows
from .places import Path


class Bad(Exception):
    """What is wrong, at which key; `line` where the key does not tell it."""

    def __init__(self, path: Path, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.path, self.message, self.line = path, message, line


def choose(value: str, options: Sequence[str], at: Path) -> None:
    """Raise Bad where the value is none of the options."""
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


def in_words(shape: Sequence[int]) -> str:
    """`2 rows of 3 numbers`."""
    return f"{shape[0]} row{'s' * (shape[0] != 1)} of {shape[1]} number{'s' * (shape[1] != 1)}"

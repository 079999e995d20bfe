"""Arrays as they are sent and saved: dtype, shape and bytes, checked when they are read."""

from collections.abc import Mapping
from math import prod
from typing import Any, Literal

import msgspec
import numpy as np

from .network import Array

MAX_FRAME = 256 * 2**20
"""No message is longer, in bytes: a longer one is a fault of the other side."""


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An array: its dtype, its shape and its bytes in C order."""

    dtype: Literal["<f4", "<f8", "<i4", "<i8"]
    shape: tuple[int, ...]
    data: bytes

    def __post_init__(self) -> None:
        if len(self.shape) > 4 or any(not 0 <= size <= MAX_FRAME for size in self.shape):
            raise ValueError(f"an array has up to four sizes, none below 0 nor above {MAX_FRAME}")
        if prod(self.shape) * np.dtype(self.dtype).itemsize != len(self.data):
            raise ValueError("an array's bytes do not fill its shape")

    @property
    def array(self) -> Array:
        """As a numpy array: read-only, no copy."""
        return np.frombuffer(self.data, self.dtype).reshape(self.shape)


def numbers(array: Any) -> Numbers:
    """A numpy array, to be sent."""
    array = np.asarray(array)
    return Numbers(array.dtype.newbyteorder("<").str, array.shape, array.tobytes())


def arrays(values: Mapping[str, Numbers]) -> dict[str, Array]:
    """Several arrays by name, as numpy."""
    return {name: value.array for name, value in values.items()}

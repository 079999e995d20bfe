"""A tensor of any number of axes, seen as slices: its last two axes are the rows and columns of one."""

from dataclasses import dataclass

import numpy as np

from .operation import Values
from .rule import Index


@dataclass(frozen=True)
class Window:
    """A part of a slice: its numbers (rows, columns), the row and column of the first, and which slice of how many."""

    numbers: Values
    row: int
    column: int
    rows: int
    columns: int
    slice: int
    slices: int


def within(shape: Index, index: Index) -> Index:
    """The place nearest to an index in a tensor of this shape; of another number of axes, the first."""
    if len(shape) != len(index):
        return (0,) * len(shape)
    return tuple(min(max(place, 0), size - 1) for place, size in zip(index, shape, strict=True))


def moved(shape: Index, index: Index, rows: int, columns: int) -> Index:
    """Some rows and columns further, as far as there are any."""
    if not shape:
        return ()
    if len(shape) == 1:
        return within(shape, (index[0] + columns,))
    return within(shape, (*index[:-2], index[-2] + rows, index[-1] + columns))


def turned(shape: Index, index: Index, by: int) -> Index:
    """Some slices further, in the order of the leading axes; the first follows the last."""
    leading = shape[:-2]
    count = int(np.prod(leading, dtype=np.int64))
    if count <= 1:
        return index
    place = (int(np.ravel_multi_index(index[:-2], leading)) + by) % count
    return (*(int(axis) for axis in np.unravel_index(place, leading)), *index[-2:])


def window(values: Values, index: Index, rows: int, columns: int) -> Window:
    """The part of the slice around an index that so many rows and columns have room for."""
    flat = values.reshape(1, -1) if values.ndim < 2 else values[index[:-2]]
    row, column = (0, index[0] if index else 0) if values.ndim < 2 else index[-2:]
    top, left = _first(row, rows, flat.shape[0]), _first(column, columns, flat.shape[1])
    leading = values.shape[:-2] if values.ndim > 2 else ()
    number = int(np.ravel_multi_index(index[:-2], leading)) if leading else 0
    count = int(np.prod(leading, dtype=np.int64))
    return Window(flat[top : top + rows, left : left + columns], top, left, flat.shape[0], flat.shape[1], number, count)


def _first(place: int, room: int, size: int) -> int:
    """The first of what is seen, so that a place is in the middle of it, if there is more than fits."""
    return min(max(place - room // 2, 0), max(size - room, 0))

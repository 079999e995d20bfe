"""Operations that only move numbers: each number of the output is one of the inputs', or a constant.

How they move is found by letting them move the places: an array of 1, 2, 3 ... goes the same way, 0 stands for none.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .operation import Operation, Values
from .rule import Index, Made, Maker, Part, by_pattern, part, sum_of

Mover = Callable[[Operation, Sequence[Values], list[Values]], Sequence[Values]]
"""Where each number of each output comes from: the operation, its inputs, the numbered places of the inputs."""


def moving(mover: Mover) -> Maker:
    """A number that comes from one place."""

    def make(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
        numbered, ends, begin = [], [], 1
        for values in inputs:
            numbered.append(np.arange(begin, begin + values.size).reshape(values.shape))
            begin += values.size
            ends.append(begin)
        place = int(mover(operation, inputs, numbered)[output][index])
        if place == 0:
            return Made(0.0, (), "0")
        number = int(np.searchsorted(ends, place, side="right"))
        at = np.unravel_index(place - (ends[number] - inputs[number].size), inputs[number].shape)
        one = part(inputs, number, tuple(int(axis) for axis in at))
        return by_pattern(one.value, "{0}", one)

    return make


def reshape(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """The same numbers in the same order."""
    return [numbered[0].reshape(_sizes(operation, inputs[1]))]


def reshaped(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """The same in the output's own shape, which is known: Squeeze, ExpandDims."""
    return [numbered[0].reshape([size or -1 for size in operation.outputs[0].shape])]


def transpose(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """The axes in another order."""
    return [numbered[0].transpose([int(axis) for axis in inputs[1]])]


def tile(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Repeated along each axis."""
    return [np.tile(numbered[0], [int(times) for times in inputs[1]])]


def broadcast(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Repeated along the axes whose size was 1."""
    return [np.broadcast_to(numbered[0], _sizes(operation, inputs[1]))]


def pad(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """With zeros around."""
    return [np.pad(numbered[0], np.asarray(inputs[1], "int64"))]


def concat(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """One behind the other along an axis: the last input says which."""
    return [np.concatenate(numbered[:-1], axis=int(inputs[-1]))]


def pack(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Stacked along a new axis."""
    return [np.stack(numbered, axis=int(operation.attributes["axis"]))]


def unpack(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Taken apart along an axis."""
    return list(np.moveaxis(numbered[0], int(operation.attributes["axis"]), 0))


def split(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Cut into equal pieces along the axis that the first input says."""
    return np.split(numbered[1], int(operation.attributes["num_split"]), axis=int(inputs[0]))


def reverse(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Back to front along some axes."""
    return [np.flip(numbered[0], tuple(int(axis) for axis in inputs[1]))]


def cut(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """A piece from a place on, of a size."""
    ends = zip(inputs[1].tolist(), inputs[2].tolist(), strict=True)
    return [numbered[0][tuple(slice(begin, None if size < 0 else begin + size) for begin, size in ends)]]


def strided_slice(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """A slice, as in Python."""
    return [np.asarray(numbered[0][slices(operation, *inputs[1:4])])]


def slices(operation: Operation, begin: Values, end: Values, stride: Values) -> tuple[Any, ...]:
    """What stands in Python's brackets."""
    masks = {
        name: int(operation.attributes.get(f"{name}_mask", 0))
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    found: list[Any] = []
    for number in range(len(begin)):
        bit = 1 << number
        if masks["ellipsis"] & bit:
            found.append(...)
        elif masks["new_axis"] & bit:
            found.append(None)
        elif masks["shrink_axis"] & bit:
            found.append(int(begin[number]))
        else:
            first = None if masks["begin"] & bit else int(begin[number])
            last = None if masks["end"] & bit else int(end[number])
            found.append(slice(first, last, int(stride[number])))
    return tuple(found)


def strided_slice_grad(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """The gradient at the places of the slice, 0 elsewhere."""
    found = np.zeros([int(size) for size in inputs[0]], "int64")
    found[slices(operation, *inputs[1:4])] = numbered[4]
    return [found]


def space_to_batch(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Every n-th pixel becomes an image of its own: so a dilated convolution is a plain one."""
    block = [int(size) for size in inputs[1]]
    widths = [(0, 0), *((int(before), int(after)) for before, after in inputs[2])]
    padded = np.pad(numbered[0], widths + [(0, 0)] * (numbered[0].ndim - len(widths)))
    batch, rest = padded.shape[0], padded.shape[1 + len(block) :]
    cut_up = [part for size, n in zip(padded.shape[1:], block, strict=False) for part in (size // n, n)]
    axes = range(len(block))
    order = [2 + 2 * axis for axis in axes] + [0] + [1 + 2 * axis for axis in axes]
    turned = padded.reshape(batch, *cut_up, *rest)
    turned = turned.transpose([*order, *range(1 + 2 * len(block), turned.ndim)])
    return [turned.reshape(batch * int(np.prod(block)), *cut_up[::2], *rest)]


def batch_to_space(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """The images of every n-th pixel become one again."""
    block = [int(size) for size in inputs[1]]
    count, given = len(block), numbered[0]
    batch, sizes, rest = given.shape[0] // int(np.prod(block)), given.shape[1 : 1 + count], given.shape[1 + count :]
    parted = given.reshape(*block, batch, *sizes, *rest)
    order = [count] + [part for axis in range(count) for part in (count + 1 + axis, axis)]
    turned = parted.transpose([*order, *range(2 * count + 1, parted.ndim)])
    whole = turned.reshape(batch, *(size * n for size, n in zip(sizes, block, strict=True)), *rest)
    kept = [slice(int(before), -int(after) or None) for before, after in inputs[2]]
    return [whole[(slice(None), *kept)]]


def as_they_are(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """Each output is the input of its number."""
    return numbered


def gather(operation: Operation, inputs: Sequence[Values], numbered: list[Values]) -> Sequence[Values]:
    """The rows of a table by their numbers."""
    count = int(operation.attributes.get("batch_dims", 0))
    if count:
        raise ValueError("a gather for each sample by itself")
    return [np.take(numbered[0], np.asarray(inputs[1], "int64"), axis=int(inputs[2]))]


def segment_sum(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The sum of the rows whose number is that of this row: a word's gradient from each place where it stands."""
    numbers = np.asarray(inputs[1])
    terms: list[tuple[Part, ...]] = [
        (part(inputs, 0, (*(int(axis) for axis in place), *index[1:])),) for place in np.argwhere(numbers == index[0])
    ]
    return sum_of(terms)


def scattered(sign: int) -> Maker:
    """What was in a row, and more or less by each number that is given for it."""

    def make(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
        places = np.argwhere(np.asarray(inputs[1]) == index[0])
        given = [part(inputs, 2, (*(int(axis) for axis in place), *index[1:])) for place in places]
        own = part(inputs, 0, index)
        pattern = "{0}" + "".join(f" {'+' if sign > 0 else '-'} {{{place}}}" for place in range(1, len(given) + 1))
        return by_pattern(own.value + sign * sum(one.value for one in given), pattern, own, *given)

    return make


def filled(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """One number everywhere."""
    one = part(inputs, 1, ())
    return by_pattern(one.value, "{0}", one)


def _sizes(operation: Operation, given: Values) -> list[int]:
    return [int(size) for size in np.atleast_1d(given)]

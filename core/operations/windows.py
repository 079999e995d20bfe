"""Operations with a window that moves over an image: convolution, pooling, and their gradients. NHWC."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from .operation import Operation, Values
from .rule import Index, Made, Part, by_pattern, part, sum_of


@dataclass(frozen=True)
class Window:
    """Where a window lies: its size, how far it moves, how far its places are apart, the rows and columns of padding.

    Each is of height and width; `before` is the padding above and on the left.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    apart: tuple[int, int]
    before: tuple[int, int]

    def places(self, row: int, column: int, image: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
        """The places in the window (i, j) and in the image (y, x), for one number of the output."""
        for i, j in product(range(self.size[0]), range(self.size[1])):
            y = row * self.stride[0] + i * self.apart[0] - self.before[0]
            x = column * self.stride[1] + j * self.apart[1] - self.before[1]
            if 0 <= y < image[0] and 0 <= x < image[1]:
                yield i, j, y, x


def window(operation: Operation, size: tuple[int, int], image: tuple[int, ...]) -> Window:
    """The window of an operation over an image (height, width)."""
    attributes = operation.attributes
    stride = tuple(attributes["strides"])[1:3]
    apart = tuple(attributes.get("dilations", (1, 1, 1, 1)))[1:3]
    before = []
    for axis in (0, 1):
        reach = (size[axis] - 1) * apart[axis] + 1
        made = -(-image[axis] // stride[axis])
        missing = max((made - 1) * stride[axis] + reach - image[axis], 0)
        match attributes["padding"]:
            case "SAME":
                before.append(missing // 2)
            case "EXPLICIT":
                before.append(int(attributes["explicit_paddings"][2 + 2 * axis]))
            case _:
                before.append(0)
    return Window(size, (stride[0], stride[1]), (apart[0], apart[1]), (before[0], before[1]))


def conv(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """y[n, r, c, o] = Σ x[n, r+i, c+j, k]·w[i, j, k, o]; with groups, k goes over the channels of o's group."""
    image, kernel = inputs
    sample, row, column, channel = index
    found = window(operation, kernel.shape[:2], image.shape[1:3])
    depth, groups = kernel.shape[2], image.shape[3] // kernel.shape[2]
    first = channel // (kernel.shape[3] // groups) * depth
    return sum_of(
        [
            (part(inputs, 0, (sample, y, x, first + k)), part(inputs, 1, (i, j, k, channel)))
            for i, j, y, x in found.places(row, column, image.shape[1:3])
            for k in range(depth)
        ]
    )


def conv_input(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """∂L/∂x at one place: the sum over all windows that this place was in, of the gradient times the weight there."""
    sizes, kernel, gradient = inputs
    sample, y, x, k = index
    found = window(operation, kernel.shape[:2], tuple(int(size) for size in sizes[1:3]))
    groups = int(sizes[3]) // kernel.shape[2]
    channels = kernel.shape[3] // groups
    group, depth = divmod(k, kernel.shape[2])
    terms = []
    for i, j, row, column in _windows_over(found, y, x, gradient.shape[1:3]):
        for channel in range(group * channels, (group + 1) * channels):
            terms.append((part(inputs, 2, (sample, row, column, channel)), part(inputs, 1, (i, j, depth, channel))))
    return sum_of(terms)


def conv_filter(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """∂L/∂w of one weight: the sum over all samples and windows, of the gradient times the input it was times."""
    image, sizes, gradient = inputs
    i, j, k, channel = index
    height, width, depth, channels = (int(size) for size in sizes)
    found = window(operation, (height, width), image.shape[1:3])
    first = channel // (channels // (image.shape[3] // depth)) * depth
    terms = []
    for sample, row, column in product(*map(range, gradient.shape[:3])):
        y = row * found.stride[0] + i * found.apart[0] - found.before[0]
        x = column * found.stride[1] + j * found.apart[1] - found.before[1]
        if 0 <= y < image.shape[1] and 0 <= x < image.shape[2]:
            terms.append((part(inputs, 2, (sample, row, column, channel)), part(inputs, 0, (sample, y, x, first + k))))
    return sum_of(terms)


def depthwise(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """As a convolution, each channel by itself: y's channel is k·multiplier + q of x's channel k."""
    image, kernel = inputs
    sample, row, column, channel = index
    found = window(operation, kernel.shape[:2], image.shape[1:3])
    k, q = divmod(channel, kernel.shape[3])
    return sum_of(
        [
            (part(inputs, 0, (sample, y, x, k)), part(inputs, 1, (i, j, k, q)))
            for i, j, y, x in found.places(row, column, image.shape[1:3])
        ]
    )


def max_pool(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The largest number in the window."""
    parts = _pooled(operation, inputs, index)
    return by_pattern(max(one.value for one in parts), "max(" + _listed(len(parts)) + ")", *parts)


def avg_pool(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The mean of the numbers in the window; padding is not counted."""
    parts = _pooled(operation, inputs, index)
    return sum_of([(one,) for one in parts], 1 / len(parts))


def max_pool_grad(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """∂L/∂x: the gradients of all windows whose largest number this was (the first, if several are as large)."""
    image, pooled = inputs[:2]
    sample, y, x, channel = index
    found = _pool_window(operation, image)
    terms: list[tuple[Part, ...]] = []
    for _, _, row, column in _windows_over(found, y, x, pooled.shape[1:3]):
        inside = [(image[sample, b, a, channel], b, a) for _, _, b, a in found.places(row, column, image.shape[1:3])]
        largest = max(inside, key=lambda one: one[0])  # the first of them
        if largest[1:] == (y, x):
            terms.append((part(inputs, 2, (sample, row, column, channel)),))
    return sum_of(terms)


def avg_pool_grad(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """∂L/∂x: of each window that this place was in, the gradient by the number of places of that window."""
    sizes, gradient = inputs
    sample, y, x, channel = index
    image = tuple(int(size) for size in sizes[1:3])
    found = window(operation, _pool_size(operation), image)
    terms: list[tuple[Part, ...]] = []
    for _, _, row, column in _windows_over(found, y, x, gradient.shape[1:3]):
        count = sum(1 for _ in found.places(row, column, image))
        share = Part(-1, (), 1 / count)
        terms.append((part(inputs, 1, (sample, row, column, channel)), share))
    return sum_of(terms)


def _windows_over(found: Window, y: int, x: int, made: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    """The windows (row, column) that a place of the image lies in, and where in each (i, j)."""
    for i, j in product(range(found.size[0]), range(found.size[1])):
        row, over = divmod(y + found.before[0] - i * found.apart[0], found.stride[0])
        column, aside = divmod(x + found.before[1] - j * found.apart[1], found.stride[1])
        if over == aside == 0 and 0 <= row < made[0] and 0 <= column < made[1]:
            yield i, j, row, column


def _pool_size(operation: Operation) -> tuple[int, int]:
    _, height, width, _ = operation.attributes["ksize"]
    return int(height), int(width)


def _pool_window(operation: Operation, image: Values) -> Window:
    return window(operation, _pool_size(operation), image.shape[1:3])


def _pooled(operation: Operation, inputs: Sequence[Values], index: Index) -> list[Part]:
    image = inputs[0]
    sample, row, column, channel = index
    found = _pool_window(operation, image)
    return [part(inputs, 0, (sample, y, x, channel)) for _, _, y, x in found.places(row, column, image.shape[1:3])]


def _listed(count: int) -> str:
    return ", ".join(f"{{{number}}}" for number in np.arange(count))

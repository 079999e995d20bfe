"""Operations that are sums of products: MatMul and its kin, Einsum."""

from collections.abc import Iterator, Sequence
from itertools import product

from .operation import Operation, Values
from .rule import Index, Made, Part, part, sum_of


def matmul(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """y[i, j] = Σₖ a[i, k]·b[k, j], either of them transposed if the operation says so."""
    turned = [_flag(operation, name) for name in ("transpose_a", "transpose_b")]
    row, column = index
    size = inputs[0].shape[0 if turned[0] else 1]
    return sum_of(
        [
            (
                part(inputs, 0, (k, row) if turned[0] else (row, k)),
                part(inputs, 1, (column, k) if turned[1] else (k, column)),
            )
            for k in range(size)
        ]
    )


def batch_matmul(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The same for each of a stack of matrices; `adj_x` and `adj_y` turn them."""
    *stack, row, column = index
    turned = [_flag(operation, name) for name in ("adj_x", "adj_y")]
    first, second = (_of_stack(inputs[number], stack) for number in (0, 1))
    size = inputs[0].shape[-2 if turned[0] else -1]
    return sum_of(
        [
            (
                part(inputs, 0, (*first, k, row) if turned[0] else (*first, row, k)),
                part(inputs, 1, (*second, column, k) if turned[1] else (*second, k, column)),
            )
            for k in range(size)
        ]
    )


def _of_stack(values: Values, stack: Sequence[int]) -> Index:
    """Which matrix of a stack that may be broadcast."""
    sizes = values.shape[:-2]
    return tuple(0 if size == 1 else place for size, place in zip(sizes, stack[len(stack) - len(sizes) :], strict=True))


def einsum(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The sum over all letters of the equation that the output does not have."""
    left, right = str(operation.attributes["equation"]).replace(" ", "").split("->")
    letters = left.split(",")
    sizes = {
        letter: size for name, values in zip(letters, inputs, strict=True) for letter, size in _sized(name, values)
    }
    at = dict(zip(right, index, strict=True))
    summed = [letter for letter in sizes if letter not in at]
    terms: list[tuple[Part, ...]] = []
    for places in product(*(range(sizes[letter]) for letter in summed)):
        there = at | dict(zip(summed, places, strict=True))
        terms.append(
            tuple(part(inputs, number, tuple(there[letter] for letter in name)) for number, name in enumerate(letters))
        )
    return sum_of(terms)


def _sized(name: str, values: Values) -> Iterator[tuple[str, int]]:
    return zip(name, values.shape, strict=True)


def bias_add(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """y = x + b, b by the last axis (the second in NCHW)."""
    axis = 1 if operation.attributes.get("data_format") == "NCHW" else -1
    return sum_of([(part(inputs, 0, index),), (part(inputs, 1, (index[axis],)),)])


def bias_add_grad(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The sum of the gradients of all places to which a bias was added."""
    shape = inputs[0].shape
    return sum_of([(part(inputs, 0, (*rest, index[0])),) for rest in product(*map(range, shape[:-1]))])


def add_n(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """The sum of all inputs at one place: what comes back on several paths adds up."""
    return sum_of([(part(inputs, number, index),) for number in range(len(inputs))])


def _flag(operation: Operation, name: str) -> bool:
    return bool(operation.attributes.get(name, False))

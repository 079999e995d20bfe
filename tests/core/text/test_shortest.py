"""Many numbers at a time are written as numpy writes one, whatever their bits."""

import numpy as np
import pytest
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.shortest import decimals, rows_of_text


def kinds(random: np.random.RandomState, count: int) -> list[Array]:
    """Numbers as they come in a step, of all sizes, with few digits, halves of halves, and any bits at all."""
    return [
        random.standard_normal(count).astype("float32"),
        (random.standard_normal(count) * 10.0 ** random.randint(-30, 30, count)).astype("float32"),
        np.float32(random.randint(0, 10_000, count) / 10.0 ** random.randint(0, 8, count)),
        np.ldexp(random.randint(-(2**24), 2**24, count), random.randint(-60, 40, count)).astype("float32"),
        random.randint(0, 2**32, count, "uint32").view("float32"),
        random.standard_normal(count),
        10.0 ** random.uniform(-320, 300, count),
        np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-4, 1e6, 1e15, 1e16, 1e-45], "float32"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_digits_are_numpys(seed: int) -> None:
    for numbers in kinds(np.random.RandomState(seed), 20_000):
        assert [repr(value) for value in decimals(numbers).tolist()] == [repr(float(str(value))) for value in numbers]
        rows = rows_of_text(numbers.reshape(-1, 10))
        assert rows == [",".join(map(str, row)) for row in numbers.reshape(-1, 10)]


def test_no_row_is_no_text() -> None:
    assert rows_of_text(np.zeros((0, 3), "float32")) == []

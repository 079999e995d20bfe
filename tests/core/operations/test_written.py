"""How one number of an operation is written with the numbers that it is made of."""

import pytest
from backprop_tui.core.operations.rule import Made, Part
from backprop_tui.core.operations.written import made_text


def made(value: float, *terms: tuple[float, ...]) -> Made:
    return Made(value, tuple(tuple(Part(0, (place,), one) for place, one in enumerate(term)) for term in terms))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (made(2.54, (0.5, -1.2), (3.14, 1.0)), "y[1,0] = 0.5000·(-1.2000) + 3.1400·1 = 2.5400"),
        (made(0.0727, (0.0727,)), "y[1,0] = 0.0727"),
        (made(-0.099, (-0.0990,)), "y[1,0] = -0.0990"),
    ],
)
def test_a_number_that_is_moved_is_not_written_twice(number: Made, text: str) -> None:
    assert made_text(number, "y", (1, 0)) == text

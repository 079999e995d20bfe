"""Numbers as text: width, points, signs, and what is written with a power of ten."""

import math

import numpy as np
import pytest
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.table.units import currency, in_units
from backprop_tui.core.text.numerals import MIN_WIDTH, compact, fixed, full, full_width, plain, two_digits
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.24420656, "+0.2442"),
        (-11.906485, "-11.9065"),
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (1e-4, "+0.0001"),
        (9.99e-5, "+9.9900e-5"),
        (-1.4e-45, "-1.4000e-45"),
        (5e-324, "+4.9407e-324"),
        (99999.9, "+99999.9000"),
        (99999.99999, "+1.0000e5"),
        (-1e5, "-1.0000e5"),
        (math.nan, "NaN"),
        (math.inf, "+∞"),
        (-math.inf, "-∞"),
    ],
)
def test_fixed(value: float, text: str) -> None:
    assert fixed(value) == text
    assert plain(value) == text.removeprefix("+")


@given(st.floats(), st.integers(MIN_WIDTH, 20), st.integers(1, 8))
def test_a_width_is_exact_and_the_number_is_what_it_says(value: float, width: int, digits: int) -> None:
    text = fixed(value, digits, width)
    assert len(text) == width
    if not math.isfinite(value) or abs(value) > 1e308:
        # Rounded up to fewer digits the very largest are read back as infinite.
        return
    read = float(text)
    if value != 0:
        # What is not 0 never looks like it, and keeps its sign.
        assert math.copysign(1, read) == math.copysign(1, value)
        # Two significant digits at the very least, where the exponent leaves room for two.
        assert read == pytest.approx(value, rel=0.5 if "e-3" in text or digits == 1 else 0.06, abs=0.51 * 10.0**-digits)


@given(st.lists(st.floats(-900, 900).filter(lambda value: value == 0 or abs(value) >= 1e-4), min_size=2))
def test_points_align(values: list[float]) -> None:
    assert len({fixed(value, width=9).index(".") for value in values}) == 1


def test_too_narrow() -> None:
    with pytest.raises(ValueError, match="8 columns"):
        fixed(1.0, width=7)


@given(st.floats(width=32))
@example(1.15832476e-29)  # nine digits and an exponent of two
@example(0.000123456787)  # nine digits after three zeros
def test_full_reads_back_as_the_same_float32(value: float) -> None:
    text = full(value)
    assert len(full(value, width=full_width())) == full_width()
    if math.isfinite(value):
        assert np.float32(text) == np.float32(value)


@given(st.floats())
def test_full_reads_back_as_the_same_float64(value: float) -> None:
    assert len(full(value, "float64", full_width("float64"))) == full_width("float64")
    if math.isfinite(value):
        assert float(full(value, "float64")) == value


def test_full_has_all_digits_and_no_more() -> None:
    # As the notebook prints ∂L/∂w1[1,1] and ∂L/∂b2.
    assert full(np.float32(0.24420656)) == "+0.24420656"
    assert full(np.float32(-11.906485)) == "-11.906485"


@pytest.mark.parametrize(
    ("value", "text"),
    [(313000, "313,000"), (2.1117, "2.11"), (-3, "-3"), (0.25, "0.2500"), (1e-9, "1.0000e-9"), (math.inf, "∞")],
)
def test_compact(value: float, text: str) -> None:
    assert compact(value) == text


def test_only_the_price_of_a_house_is_in_dollars() -> None:
    houses = TableSpec()
    written_out = TableSpec("", ("a",), ("class 0", "price"), (), False, x=numbers([[1.0]]), y=numbers([[0.0, 1.0]]))
    assert in_units(math.log(313_000), houses) == "$313,000"
    assert in_units(0.8259, written_out) == "0.83"
    assert currency(houses) == "$"
    assert currency(TableSpec(targets=("sqft_living",))) == ""
    assert currency(TableSpec(path="mine.csv")) == ""
    assert currency(written_out, 1) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.98453, "2.0"),
        (0.3996, "0.40"),
        (-12.3, "-12"),
        (123.4, "1.2e2"),
        (-0.0, "0.0"),
        (1e-7, "1.0e-7"),
        (math.nan, "NaN"),
    ],
)
def test_two_digits_are_two(value: float, text: str) -> None:
    assert two_digits(value) == text

"""The plot: as large as was asked for, whatever is drawn; curves where they belong."""

import numpy as np
import pytest
from backprop_tui.tui.widgets import plot
from driven_screen import text_of
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = st.floats(width=32)


def drawn(curves: list[plot.Series], marks: list[plot.Mark], width: int, height: int, **limits: object) -> list[str]:
    return [text_of(line) for line in plot.lines(curves, marks, width, height, **limits)]  # type: ignore[arg-type]


@given(st.lists(NUMBERS, max_size=30), st.integers(13, 90), st.integers(4, 30), st.booleans(), NUMBERS)
@settings(max_examples=200, deadline=1000)
def test_it_is_as_large_as_asked_for_whatever_the_numbers(
    ys: list[float], width: int, height: int, dashed: bool, marked: float
) -> None:
    curve = plot.Series(np.arange(len(ys)), np.array(ys), dashed=dashed)
    marks = [plot.Mark(0.5, marked, on_axis=True), plot.Mark(marked, 0.5)]
    limits = plot.y_range([curve], marks, 0.9)
    assert limits[0] < limits[1]
    lines = drawn([curve], marks, width, height, x_range=(0.0, 29.0), y_range=limits)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)


def test_a_rising_line_rises() -> None:
    x = np.linspace(0, 1, 50)
    lines = drawn([plot.Series(x, x)], [], 49, 12, x_range=(0.0, 1.0), y_range=(0.0, 1.0))
    columns = [max(i for i, character in enumerate(line) if character > "⠀") for line in lines[:10]]
    assert columns == sorted(columns, reverse=True)
    assert columns[0] == 48
    assert lines[0].startswith("       1│")
    assert lines[9].startswith("       0│")


def test_a_line_breaks_where_there_is_no_number() -> None:
    x = np.linspace(0, 1, 101)
    y = np.where(np.abs(x - 0.5) < 0.2, np.nan, 0.5)
    (line, *_) = drawn([plot.Series(x, y)], [], 109, 3, x_range=(0.0, 1.0), y_range=(0.0, 1.0))
    body = line[plot.SCALE :]
    assert body[45:55].strip() == ""
    assert body[:25].strip()
    assert body[75:].strip()


@pytest.mark.parametrize("height", [1, 2, 5])
def test_no_count_but_0_is_invisible_in_a_histogram(height: int) -> None:
    bars = plot.bars(np.array([0, 1, 1_000_000]), height)
    assert len(bars) == height
    assert [bars[-1][column] != " " for column in range(3)] == [False, True, True]
    assert bars[0][2] == "█"

"""The plot: as large as was asked for, whatever is drawn; curves where they belong."""

import numpy as np
import pytest
from backprop_tui.tui.widgets import axis, plot
from backprop_tui.tui.widgets.axis import Axis
from backprop_tui.tui.widgets.plot import Mark, Series
from driven_screen import text_of
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = st.floats(width=32)
UNIT = Axis(0.0, 1.0)


def drawn(curves: list[Series], marks: list[Mark], width: int, height: int, across: Axis, up: Axis) -> list[str]:
    return [text_of(line) for line in plot.lines(curves, marks, width, height, across, up)]


@pytest.mark.slow
@given(
    st.lists(NUMBERS, max_size=30),
    st.integers(13, 90),
    st.integers(4, 30),
    st.sampled_from([plot.SOLID, plot.DASHED]),
    NUMBERS,
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=200, deadline=1000)
def test_it_is_as_large_as_asked_for_whatever_the_numbers(
    ys: list[float],
    width: int,
    height: int,
    dash: tuple[int, int],
    marked: float,
    log_steps: bool,
    log: bool,
) -> None:
    curve = Series(np.arange(len(ys)), np.array(ys), dash=dash)
    marks = [Mark(0.5, marked, on_axis=True, kept=True), Mark(marked, 0.5)]
    up = plot.upright([curve], marks, "loss", logarithmic=log, share=0.9)
    assert up.low < up.high
    across = axis.over(0, len(ys), "step", logarithmic=log_steps, whole=True)
    lines = drawn([curve], marks, width, height, across, up)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)


def test_a_rising_line_rises() -> None:
    x = np.linspace(0, 1, 50)
    lines = drawn([Series(x, x)], [], 49, 12, UNIT, UNIT)
    columns = [max(i for i, character in enumerate(line) if character > "⠀") for line in lines[:10]]
    assert columns == sorted(columns, reverse=True)
    assert columns[0] == 48
    assert lines[0].startswith("       1┤")
    assert lines[9].startswith("       0┤")


def test_a_line_breaks_where_there_is_no_number() -> None:
    x = np.linspace(0, 1, 101)
    y = np.where(np.abs(x - 0.5) < 0.2, np.nan, 0.5)
    (line, *_) = drawn([Series(x, y)], [], 109, 3, UNIT, UNIT)
    body = line[plot.SCALE :]
    assert body[45:55].strip() == ""
    assert body[:25].strip()
    assert body[75:].strip()


@pytest.mark.parametrize(
    ("along", "most", "expected"),
    [
        (Axis(0, 1), 6, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Axis(-2.3, 4.1), 4, [-2, 0, 2, 4]),
        (Axis(1, 12, whole=True), 20, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        (Axis(1, 1_000_000, whole=True), 5, [200_000, 400_000, 600_000, 800_000, 1_000_000]),
        (Axis(0.05, 300, logarithmic=True), 6, [0.1, 1, 10, 100]),
        (Axis(3, 70, logarithmic=True), 6, [5, 10, 20, 50]),
        (Axis(1e-5, 1e38, logarithmic=True), 5, [1, 1e10, 1e20, 1e30]),
        (Axis(61.2, 61.9, logarithmic=True), 4, [61.2, 61.4, 61.6, 61.8]),
    ],
)
def test_ticks_are_round_numbers(along: Axis, most: int, expected: list[float]) -> None:
    assert axis.ticks(along, most) == pytest.approx(expected)


@given(NUMBERS, NUMBERS, st.integers(2, 12), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=1000)
def test_ticks_lie_on_the_axis_and_their_labels_fit(
    one: float, other: float, most: int, logarithmic: bool, whole: bool
) -> None:
    if not np.isfinite([one, other]).all():
        return
    along = axis.over(*sorted((one, other)), logarithmic=logarithmic, whole=whole)
    numbers = axis.ticks(along, most)
    slack = 1e-9 * max(abs(along.low), abs(along.high))
    assert all(along.low - slack <= number <= along.high + slack for number in numbers)
    assert numbers == sorted(numbers)
    assert len(numbers) <= max(most, 4) + 1
    assert all(len(text) <= axis.LABEL + 3 for text in axis.labels(along, numbers))


def test_a_tick_stands_at_its_number_on_a_logarithm() -> None:
    x = np.geomspace(1, 1000, 400)
    up = Axis(0.001, 1, "loss", logarithmic=True)
    lines = drawn([Series(x, 1 / x)], [], 69, 18, Axis(1, 1000, "step", logarithmic=True), up)
    assert lines[1].startswith("log loss│")
    assert [line[:9].split("┤")[0].strip() for line in lines if "┤" in line[:9]] == ["1", "0.1", "0.01", "0.001"]
    assert lines[-2].startswith("     log└┬")
    assert lines[-1].split() == ["step", "1", "3", "10", "30", "100", "300", "1000"]
    row = next(line for line in lines if "0.01┤" in line)
    under = lines[-1].index(" 100 ") + 2
    assert any(row[column] > "⠀" for column in (under - 1, under, under + 1)), "1/100 is 0.01"


def test_a_peak_between_two_columns_is_seen() -> None:
    """Of a thousand steps a column, the largest and the smallest are drawn."""
    y = np.zeros(100_000)
    y[51_234] = 1.0
    lines = drawn([Series(np.arange(100_000), y)], [], 60, 12, Axis(0, 99_999), UNIT)
    assert any(character > "⠀" for character in lines[0][plot.SCALE :])


@pytest.mark.parametrize(("y", "seen"), [(np.inf, "∞"), (np.nan, "NaN"), (5.0, "●"), (-5.0, "●")])
def test_a_mark_that_is_kept_is_seen_whatever_its_number(y: float, seen: str) -> None:
    marks = [Mark(1.0, y, kept=True)]
    lines = drawn([], marks, 40, 8, UNIT, UNIT)
    assert lines[5 if y < 0 else 0].endswith(seen)
    assert all(len(line) <= 40 for line in lines)


def test_dashes_tell_curves_apart() -> None:
    kinds = (plot.SOLID, plot.DASHED, plot.DOTTED, plot.LONG, plot.PAIRS)
    assert len({plot.sample(kind, 8) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("height", [1, 2, 5])
def test_no_count_but_0_is_invisible_in_a_histogram(height: int) -> None:
    bars = plot.bars(np.array([0, 1, 1_000_000]), height)
    assert len(bars) == height
    assert [bars[-1][column] != " " for column in range(3)] == [False, True, True]
    assert bars[0][2] == "█"

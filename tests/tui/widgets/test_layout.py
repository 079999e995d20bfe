"""Where the panes lie, for every size a terminal can have."""

import pytest
from backprop_tui.core.model.network import Network
from backprop_tui.core.session.jump_text import JumpTyped, parse
from backprop_tui.core.text.entered import number, whole
from backprop_tui.tui.stepper.keys import MAIN
from backprop_tui.tui.stepper.panes.loss import levels, scale
from backprop_tui.tui.widgets import footer, layout
from backprop_tui.tui.widgets.autoplay import SPEEDS, tick
from backprop_tui.tui.widgets.line import Span, clipped
from backprop_tui.tui.widgets.typed import next_lr
from driven_screen import text_of
from hypothesis import given
from hypothesis import strategies as st
from numpy import array, inf, isfinite, nan
from rich.cells import cell_len


@given(st.integers(1, 400), st.integers(1, 200))
def test_a_larger_terminal_never_gets_less(width: int, height: int) -> None:
    order = (layout.TOO_SMALL, layout.TABS, layout.PANES, layout.WIDE)
    here = order.index(layout.kind(width, height))
    assert here <= order.index(layout.kind(width + 1, height))
    assert here <= order.index(layout.kind(width, height + 1))


@given(st.integers(layout.LOW, 60), st.integers(1, 80))
def test_the_step_below_a_pane_takes_no_line_that_the_pane_needs(height: int, pane_lines: int) -> None:
    step = layout.step_below(height, pane_lines)
    assert layout.LEAST_STEP <= step <= layout.MOST_STEP
    assert step == layout.LEAST_STEP or layout.FEWEST_AROUND + 1 + pane_lines + step <= height


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        ((39, 24), layout.TOO_SMALL),
        ((80, 9), layout.TOO_SMALL),
        ((40, 10), layout.TABS),
        ((79, 24), layout.TABS),
        ((80, 23), layout.TABS),
        ((80, 24), layout.PANES),
        ((119, 60), layout.PANES),
        ((120, 24), layout.WIDE),
    ],
)
def test_kinds_of_layout(size: tuple[int, int], kind: str) -> None:
    assert layout.kind(*size) == kind


@given(st.integers(24 - layout.AROUND - 1, 300), st.integers(1, 500), st.integers(1, 500), st.integers(1, 500))
def test_the_rows_fill_the_terminal_and_nothing_is_squeezed(height: int, top: int, middle: int, step: int) -> None:
    rows = layout.rows(height, top, middle, step)
    assert all(given >= least for given, least in zip(rows, layout.SMALLEST_ROWS, strict=True))
    assert sum(rows) == height


@given(st.text(max_size=60), st.integers(1, 50))
def test_clipped_text_has_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(clipped(text, width)) == width


@given(st.integers(20, 200))
def test_the_footer_fits_and_always_says_how_to_quit(width: int) -> None:
    (line,) = footer.lines(width, MAIN)
    assert len(text_of(line).rstrip()) <= width
    assert text_of(line).rstrip().endswith("q quit")
    assert all(isinstance(span, Span) for span in line)


@given(st.lists(st.floats(width=32), min_size=1, max_size=50), st.integers(8, 80))
def test_every_loss_has_a_height(losses: list[float], steps: int) -> None:
    low, high, logarithmic = scale(array(losses))
    assert isfinite([low, high]).all()
    assert all(1 <= level <= steps for level in levels(array(losses), low, high, logarithmic, steps))


def test_the_scale_is_logarithmic_where_the_range_asks_for_it() -> None:
    assert scale(array([61.3, 27.3, nan, inf])) == (27.3, 61.3, False)
    assert scale(array([61.3, 1e-9])) == (1e-9, 61.3, True)
    assert not scale(array([61.3, 0.0]))[2], "0 has no logarithm"
    assert levels(array([100.0, 1.0, 0.01]), 0.01, 100.0, True, 9) == [9, 5, 1]


def test_a_tick_makes_the_steps_of_its_time() -> None:
    for speed, per_second in enumerate(SPEEDS):
        seconds, steps = tick(speed)
        assert steps / seconds == pytest.approx(per_second, rel=0.15)
        assert seconds >= 1 / 60


def test_what_can_be_typed() -> None:
    assert number("1e-3") == 0.001
    assert number("\N{MINUS SIGN}0.5") == number("-0.5") == -0.5
    assert whole("1,000") == 1000
    assert parse("500", Network()) == JumpTyped(500)
    assert parse("500 <0.01", Network()) == JumpTyped(500, 0.01)
    for refused in ("", "nan", "1e999", "0x10", "1 2", "\x1b[A"):
        with pytest.raises(ValueError, match=r"number"):
            number(refused)
    for refused in ("0", "<", "<x", "1.5", "-1", "²", "1" * 400):
        with pytest.raises(ValueError, match=r"\w"):
            parse(refused, Network())


@given(st.floats(1e-12, 1e12))
def test_learning_rates_go_up_and_down_by_1_2_5(lr: float) -> None:
    up, down = next_lr(lr, 1), next_lr(lr, -1)
    assert down < lr < up
    assert f"{up:.0e}"[0] in "125"
    assert f"{down:.0e}"[0] in "125"
    assert up / lr <= 2.5 * (1 + 1e-5)
    assert lr / down <= 2.5 * (1 + 1e-5)

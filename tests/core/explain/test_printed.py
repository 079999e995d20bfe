"""What is printed can be checked by hand: the numbers of a line give the printed result, or the line says ≈."""

import re

import numpy as np
import pytest
from arithmetic import computed, is_finite_number, last_digit
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, Program, RunSteps, StepsRun
from backprop_tui.core.explain import CHAIN, LOCAL, Context, Line, explain, laid_out, lines, sentence
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import hidden_layers, networks
from traced import traced


def rounding(trace: Trace, cell: Cell, context: Context, form: str) -> float:
    """What a calculator with float64's digits may be off by: it matters if all of these are printed."""
    return 16 * float(np.finfo("float64").eps) * explain(trace, cell, context, form).scale


def check(texts: list[str], off: float = 0.0) -> int:
    """Every line of arithmetic against the result at the end; how many say ≈."""
    *before, result = texts
    number = result.lstrip("=≈ ")
    if not is_finite_number(number):
        return 0
    for place, text in enumerate(before):
        follows = texts[place + 1][0]
        assert follows in "=≈", texts
        found = computed(text.lstrip("=≈ "))
        if follows == "=":
            assert abs(found - computed(number)) <= last_digit(number) * (1 + 1e-6) + off, texts
    return sum(text.startswith("≈") for text in texts)


def told(trace: Trace, cell: Cell, context: Context, form: str, digits: int | None = 4) -> list[str]:
    """The lines with numbers of an explanation, without its symbols and notes; none for a sum that is shortened."""
    found = explain(trace, cell, context, form)
    if found.given:
        return []
    texts = [line.text for line in lines(found, digits) if line.kind in ("working", "numbers", "result")]
    return [] if any("…" in text for text in texts) else texts


def check_table(found: tuple[Line, ...], off: float = 0.0) -> None:
    """Every product of a table against its result, and what the results come to against the sum's."""
    texts: list[str] = []
    subtotals: list[float] = []
    for line in found:
        text = line.text.strip()
        if line.kind in ("symbols", "note") or "…" in text:
            continue
        if text.startswith("together"):
            sign, total = text.removeprefix("together").split()
            if sign == "=" and is_finite_number(total):
                assert abs(sum(subtotals) - computed(total)) <= last_digit(total) * (1 + 1e-6) + off, found
            return
        if row := re.fullmatch(r"(?:(row .|via .|the penalty).*?  +)(\S.*?) +([=≈]) (\S+)", text):
            check([f"= {row[2]}", f"{row[3]} {row[4]}"], off)
            subtotals.append(computed(row[4]) if is_finite_number(row[4]) else float("nan"))
            continue
        texts.append(text[max(text.find("= "), text.find("≈ "), 0) :])
        if line.kind == "result" or re.match(r"row|via|the penalty|\d+ more", text):
            check(texts, off)
            number = texts[-1].lstrip("=≈ ")
            subtotals.append(computed(number) if is_finite_number(number) else float("nan"))
            texts = []


def test_powers_of_e_that_no_float_holds_have_a_ratio() -> None:
    assert computed("e^(-3568.9941) / (e^(-3568.9941) + e^(-2716.2307))") == 0.0
    assert computed("e^(801) / (e^(801) + e^(800))") == pytest.approx(1 / (1 + np.exp(-1)))


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    network=networks(),
    seed=st.integers(0, 2**31),
    size=st.integers(1, 4),
    dtype=st.sampled_from(("float32", "float64")),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
    scale=st.sampled_from((0.01, 1.0, 10.0)),
    digits=st.sampled_from((4, None)),
)
def test_what_is_printed_gives_what_is_printed(
    engine: Engine,
    network: Network,
    seed: int,
    size: int,
    dtype: str,
    optimizer: str,
    scale: float,
    digits: int | None,
) -> None:
    trace, context = traced(engine, network, seed, size, dtype, Optimizer(optimizer), scale)
    for name, value in trace.values.items():
        for place in np.ndindex(value.shape):
            for form in (LOCAL, CHAIN):
                if texts := told(trace, Cell(name, *place), context, form, digits):
                    off = rounding(trace, Cell(name, *place), context, form) if digits is None else 0
                    check(texts, off)
                    check_table(laid_out(explain(trace, Cell(name, *place), context, form), digits, 76), off)
            _, shown = sentence(trace, Cell(name, *place), context, 400, digits)
            told_now = sentence(trace, Cell(name, *place), context, 76, digits)[1]
            assert len(told_now) <= 76
            if "…" not in shown and " = " in shown and ": " not in shown:
                head, sign, number = shown.rpartition(" = ") if " ≈ " not in shown else shown.rpartition(" ≈ ")
                body = head.partition(" = ")[2]
                if body and sign == " = " and is_finite_number(number):
                    off = rounding(trace, Cell(name, *place), context, LOCAL) if digits is None else 0
                    assert abs(computed(body) - computed(number)) <= last_digit(number) * (1 + 1e-6) + off, shown


def test_the_first_step_of_the_houses_can_be_checked(engine: Engine) -> None:
    """`1.5844 - 12.6540` is -11.0696 by hand, and the gradient is -11.0695."""
    network = Network()
    state = np.array(
        [0.37398827, 0.13191855, 0.33133006, 0.2887237, 0.43552864, 0.86466706, 0.190825, 0.331809, 0.4369]
    )
    samples = Inline(numbers(np.array([[-0.4332, -0.7533]])), numbers(np.array([[12.65396]])))
    answer = engine.answer(RunSteps(Program(network), numbers(state.astype("float32")), samples, 0.2))
    assert isinstance(answer, StepsRun)
    trace = Trace(network, 0.2, (0,), arrays(answer.trace))
    cells = [Cell(name, *place) for name, value in trace.values.items() for place in np.ndindex(value.shape)]
    found = [texts for cell in cells for form in (LOCAL, CHAIN) if (texts := told(trace, cell, Context(), form))]
    assert len(found) > 40
    assert all(check(texts) == 0 for texts in found), "a digit or two more are enough: no line says ≈"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_update_can_be_checked(engine: Engine, optimizer: str) -> None:
    """With Adam `0.5488 - 0.0632·0.0224/0.0071` is 0.3494 by hand: two digits are not enough."""
    trace, context = traced(engine, Network(2, hidden_layers([3], "tanh")), 3, 1, "float32", Optimizer(optimizer), 0.3)
    for parameter in trace.network.parameters:
        for place in np.ndindex(parameter.shape):
            assert check(told(trace, Cell(f"new_{parameter.name}", *place), context, LOCAL)) == 0


def test_no_product_with_0_gives_a_number(engine: Engine) -> None:
    """y = 1 and ŷ = σ(20), which float32 rounds to 1: ŷ - y is not 0."""

    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    samples = Inline(numbers(np.array([[1.0]])), numbers(np.array([[1.0]])))
    answer = engine.answer(RunSteps(Program(network), numbers(np.array([20, 0], "float32")), samples, 0.1))
    assert isinstance(answer, StepsRun)
    trace = Trace(network, 0.1, (0,), arrays(answer.trace))
    for name in ("gw1", "gb1", "gz1", "gy_pred"):
        for form in (LOCAL, CHAIN):
            texts = told(trace, Cell(name), Context(), form)
            check(texts)
            assert not any(text.startswith("= 0·") for text in texts), texts


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_with_all_digits_the_lines_hold_or_say_about(engine: Engine, dtype: str) -> None:
    trace, context = traced(engine, Network(2, hidden_layers([3], "sigmoid")), 5, 2, dtype, Optimizer("adam"))
    for name, value in trace.values.items():
        for place in np.ndindex(value.shape):
            if texts := told(trace, Cell(name, *place), context, CHAIN, None):
                check(texts)

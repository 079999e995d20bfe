"""The grammar of functions: what it reads, what it refuses and where, and that nothing typed reaches an evaluator."""

import builtins
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Differentiate, Differentiated, Failed
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.formula import FUNCTIONS, MAX_LENGTH, Formula, FormulaError, parse
from backprop_tui.core.text.escape import escape_controls
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

ORACLE: dict[str, Callable[..., float]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0.0),
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
}
"""numpy, in float64: the independent oracle."""


def differentiate(engine: Engine, formula: str, x: float) -> Differentiated:
    answer = engine.answer(Differentiate(formula, numbers(np.array([x], "float32"))))
    assert isinstance(answer, Differentiated)
    return answer


# What it reads


@pytest.mark.parametrize(
    "text",
    [
        "x**2 + 4*x",
        "-x**2",
        "2**-x",
        "2**3**0.5",
        "1 - 2 - x",
        "8/4/x",
        "2*-x",
        "-2**2 - -x",
        "1-2*3**2/x",
        "((x))",
        ".5*x + 1. - 2e-1",
        "x-3*(x+1)**2/2",
        "- - x",
        "5",
        "x",
    ],
)
def test_it_reads_a_formula_as_python_reads_it(engine: Engine, text: str) -> None:
    """Python's own reading of the same text is the oracle."""
    for x in (0.75, 2.0):
        wanted = eval(text, {"__builtins__": {}}, {"x": x})
        assert differentiate(engine, text, x).y.array[0] == pytest.approx(wanted, rel=1e-5)


def test_a_minus_of_typesetting_is_a_minus() -> None:
    assert parse("\N{MINUS SIGN}x**2 \N{MINUS SIGN} 1") == parse("-x**2 - 1")


def test_operations_are_listed_in_the_order_in_which_they_are_computed() -> None:
    operations = parse("x**2 + 4*x").operations
    assert [f"{operation.name} = {operation.written()}" for operation in operations] == [
        "v1 = x ** 2",
        "v2 = 4 * x",
        "v3 = v1 + v2",
    ]


def test_what_has_no_x_in_it_is_known_not_to_depend_on_x() -> None:
    assert [operation.depends_on_x for operation in parse("2**3*x").operations] == [False, True]


# What it refuses, and where


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("", 0, "missing"),
        ("x +", 3, "missing"),
        ("4x", 1, "4*x"),
        ("x^2", 1, "**"),
        ("x²", 1, "**2"),
        ("2·x", 1, "*"),
        ("sin x", 0, "brackets"),
        ("(x + 1", 0, "closed"),
        ("x + 1)", 5, "never opened"),
        ("sin()", 4, "missing"),
        ("foo(x)", 0, "foo"),
        ("__import__('os')", 0, "__import__"),
        ("x.real", 1, "meaning"),
        ("lambda: 1", 0, "lambda"),
        ("1e39*x", 0, "float32"),
        ("(" * 60 + "x" + ")" * 60, 40, "deep"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH, "characters"),
        ("x\x1b[31m", 1, "x1b"),
        ("x\n+1", 1, "n"),
    ],
)
def test_a_bad_formula_is_refused_with_the_place_and_the_reason(text: str, position: int, word: str) -> None:
    with pytest.raises(FormulaError) as refusal:
        parse(text)
    assert refusal.value.position == position
    assert word in refusal.value.reason
    assert str(refusal.value) == escape_controls(str(refusal.value))


def test_the_engine_refuses_what_the_grammar_refuses(engine: Engine) -> None:
    answer = engine.answer(Differentiate("4x", numbers(np.zeros(1, "float32"))))
    assert isinstance(answer, Failed)
    assert "character 2" in answer.message


def _forbidden(*_: object, **__: object) -> None:
    raise AssertionError("what was typed reached an evaluator")


def _parsed(text: str) -> Formula | FormulaError:
    try:
        return parse(text)
    except FormulaError as error:
        return error


ALPHABET = st.one_of(
    st.text(max_size=60),
    st.text("x0123456789.eE+-*/() ", max_size=220),
    st.lists(
        st.sampled_from([*FUNCTIONS, "x", "(", ")", "**", "*", "/", "+", "-", "9", "1e9", ".5", " "]), max_size=80
    ).map("".join),
)


@pytest.mark.slow
@given(ALPHABET)
@settings(max_examples=1000, deadline=500)
def test_any_text_is_read_or_refused_and_never_evaluated(text: str) -> None:
    with (
        patch.object(builtins, "eval", _forbidden),
        patch.object(builtins, "exec", _forbidden),
        patch.object(builtins, "compile", _forbidden),
        patch.object(builtins, "__import__", _forbidden),
    ):
        found = _parsed(text)
    if isinstance(found, FormulaError):
        assert 0 <= found.position <= len(text)
    else:
        assert len(found.operations) <= MAX_LENGTH


@given(ALPHABET.filter(lambda text: len(text) < 80))
@settings(max_examples=150, deadline=3000, suppress_health_check=list(HealthCheck))
def test_whatever_is_read_is_computed_or_refused_in_one_line(engine: Engine, text: str) -> None:
    answer = engine.answer(Differentiate(text, numbers(np.array([0.5, -2.0], "float32"))))
    if isinstance(answer, Failed):
        assert answer.message == escape_controls(answer.message)
    else:
        assert isinstance(answer, Differentiated)
        assert answer.y.shape == answer.derivative.shape == (2,)


@pytest.mark.parametrize(("text", "wanted"), [("9**9**9**9", np.inf), ("2**x", 8.0), ("0*x**-9**9", 0.0)])
def test_towers_of_powers_do_not_hang(engine: Engine, text: str, wanted: float) -> None:
    assert differentiate(engine, text, 3.0).y.array[0] == wanted


# The derivative

Function = tuple[str, Callable[[float], float]]


def _sign(left: Function, sign: str, right: Function) -> Function:
    return f"({left[0]}) {sign} ({right[0]})", lambda x: ORACLE[sign](left[1](x), right[1](x))


def _call(name: str, inside: Function) -> Function:
    return f"{name}({inside[0]})", lambda x: ORACLE[name](inside[1](x))


LEAVES: st.SearchStrategy[Function] = st.one_of(
    st.just(("x", lambda x: x)),
    st.sampled_from(["2", "0.5", "3", "1.25"]).map(lambda text: (text, lambda _x: np.float64(text))),
)
FORMULAS: st.SearchStrategy[Function] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_sign, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds(_call, st.sampled_from(FUNCTIONS), inner),
        inner.map(lambda part: (f"-({part[0]})", lambda x: -part[1](x))),
    ),
    max_leaves=8,
)


@pytest.mark.slow
@given(FORMULAS.filter(lambda formula: "x" in formula[0] and len(formula[0]) <= MAX_LENGTH), st.floats(-2, 2, width=32))
@settings(max_examples=150, deadline=3000, suppress_health_check=list(HealthCheck))
def test_the_derivative_is_the_finite_difference(engine: Engine, formula: Function, x: float) -> None:
    text, oracle = formula
    with np.errstate(all="ignore"):
        y, step = oracle(np.float64(x)), 1e-6
        right, left = (oracle(x + step) - y) / step, (y - oracle(x - step)) / step
        fine = (right + left) / 2
    # Where it has no kink, and is far from what float32 can't hold.
    assume(np.isfinite(y) and np.isfinite(fine) and abs(right - left) < 1e-3)
    answer = differentiate(engine, text, x)
    parts = np.concatenate([answer.values.array.ravel(), answer.derivatives.array.ravel(), answer.local.array.ravel()])
    assume(np.isfinite(parts).all() and np.abs(parts).max(initial=0) < 30)
    assert answer.y.array[0] == pytest.approx(y, rel=1e-3, abs=1e-3)
    assert answer.derivative.array[0] == pytest.approx(fine, rel=1e-3, abs=1e-3)


@pytest.mark.slow
@given(FORMULAS.filter(lambda formula: len(formula[0]) <= MAX_LENGTH), st.floats(-2, 2, width=32))
@settings(max_examples=100, deadline=3000, suppress_health_check=list(HealthCheck))
def test_the_products_along_all_paths_add_up_to_the_derivative(engine: Engine, formula: Function, x: float) -> None:
    """The chain rule by hand, from the operations' own derivatives alone, against the tape over the whole."""
    parsed = parse(formula[0])
    answer = differentiate(engine, formula[0], x)
    local = answer.local.array[:, :, 0].astype("float64")
    assume(
        np.isfinite(local).all() and np.isfinite(answer.derivatives.array).all() and np.abs(local).max(initial=0) < 1e3
    )
    reach = np.zeros(len(parsed.operations) + 1)
    reach[-1] = parsed.depends_on_x(parsed.result) if not parsed.operations else 0
    if parsed.operations:
        reach[len(parsed.operations) - 1] = 1
    at_x = 0.0 if parsed.operations else reach[-1]
    for operation in reversed(parsed.operations):
        for place, operand in enumerate(operation.operands):
            through = reach[operation.index] * local[operation.index, place]
            if hasattr(operand, "index"):
                reach[operand.index] += through
            elif parsed.depends_on_x(operand):
                at_x += through
    assert answer.derivative.array[0] == pytest.approx(at_x, rel=1e-3, abs=1e-3)

"""The lessons against the notebook's printed numbers (reference: the notebook's Parts 1, 2, 3 and 5)."""

import math
import re
from typing import Any

import msgspec
import numpy as np
import pytest
from arithmetic import last_digit
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import FindLosses, LossesFound, TableRows
from backprop_tui.core.lessons.autograd import AutogradLesson, SavedAutograd, paths, remark
from backprop_tui.core.lessons.data import PAGE, DataLesson
from backprop_tui.core.lessons.descent import MOST_RECORDED, DescentLesson, SavedDescent
from backprop_tui.core.lessons.function import number_text
from backprop_tui.core.lessons.training import (
    HELD_OUT,
    NOTEBOOK_RUN,
    TRAINING,
    TableLosses,
    Worst,
    current_parameters,
    epoch_steps,
    part_in_words,
)
from backprop_tui.core.lessons.training import sentences as training_sentences
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.formula import FormulaError
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import SHUFFLED, split_rows
from backprop_tui.core.table.spec import TableSpec
from driving import Settle

# Part 1


def sentences(settle: Settle, **parts: Any) -> tuple[str, str]:
    """What lesson 1 says of a table of two columns, a and b."""
    table = TableSpec(features=("a",), targets=("b",), **parts)
    return settle(DataLesson(table)).sentences()


def test_lesson_1_says_what_is_true_of_the_houses(settle: Settle) -> None:
    features, target = settle(DataLesson(TableSpec())).sentences()
    assert features == "Each feature gets mean 0 and standard deviation 1: none outweighs another."
    assert target == "In price a few dwarf the rest; most logarithms lie about the middle."
    prices = np.sort([settle(DataLesson(TableSpec())).read(row).raw_y[0] for row in range(64)])
    assert prices[-1] > 2 * np.median(prices)


def test_lesson_1_says_of_another_table_only_what_is_true_of_it(settle: Settle) -> None:
    random = np.random.RandomState(0)
    even = random.uniform(10, 20, (100, 1))
    parts = {"x": numbers(even), "y": numbers(even)}
    features, target = sentences(settle, standardize=("a",), log_target=True, **parts)
    assert "none outweighs another" in features
    assert target == "The target is the logarithm of b: what was a ratio becomes a difference."
    features, target = sentences(settle, standardize=(), log_target=False, **parts)
    assert features == "Each feature goes to the network as it stands in the table."
    assert target == "The target goes to the loss as it stands in the table."
    features, _ = sentences(settle, standardize=("a",), log_target=False, holdout=0.2, **parts)
    assert features == "Over the rows not held out each feature gets mean 0 and standard deviation 1."
    # A few dwarf the rest, but their logarithms lie at one end: the sentence needs both.
    parts["y"] = numbers(np.array([[1.0]] * 98 + [[1e6]] * 2))
    _, target = sentences(settle, standardize=("a",), log_target=True, **parts)
    assert "dwarf" not in target
    table = TableSpec(features=("bedrooms", "sqft_living"), standardize=("bedrooms",))
    features, _ = settle(DataLesson(table)).sentences()
    assert features == "1 of the 2 features gets mean 0 and standard deviation 1."


def test_rows_are_called_what_they_are(settle: Settle) -> None:
    for holdout in (0.0, 0.2):
        timeline = settle(Session(Run(table=TableSpec(holdout=holdout)))).timeline
        alone = "rows not held out" if holdout else "rows of the table"
        assert part_in_words(timeline, TRAINING) == alone, "a step is over row 0 alone"
        assert ("no step ever uses" in training_sentences(timeline)[1]) == bool(holdout)
        timeline.set_sampling(SHUFFLED, 32)
        assert part_in_words(timeline, TRAINING) == "training rows"
        assert part_in_words(timeline, HELD_OUT) == "held-out rows"


def test_row_0_goes_the_notebooks_way(settle: Settle) -> None:
    lesson = settle(DataLesson(TableSpec()))
    row = lesson.read(0)
    assert row.x.tolist() == [-0.43319764280264655, -0.7532575369937701]
    assert row.raw.tolist() == [3, 1340]
    assert row.raw_y.tolist() == [313000]
    assert row.y.tolist() == [np.log(313000)]
    assert lesson.rows == 499


def test_the_rows_the_notebook_prints(settle: Settle) -> None:
    """Out[9]: the first five rows and the last five, scaled."""
    lesson = settle(DataLesson(TableSpec()))
    lesson.look(494, 5)
    settle(lesson)
    printed = {
        1: (1.675735, 1.457330),
        2: (-0.433198, -0.188649),
        4: (0.621269, -0.179079),
        494: (0.621269, 0.873582),
        497: (-0.433198, -0.179079),
    }
    for number, scaled in printed.items():
        assert lesson.read(number).x.tolist() == pytest.approx(scaled, abs=5e-7)


def test_the_phases_of_a_row_do_what_they_say(settle: Settle) -> None:
    lesson = settle(DataLesson(TableSpec()))
    assert lesson.lines() == ["bedrooms  3", "sqft_living  1340", "price  313000"]
    lesson.phase()
    # (3 - mean) / std is the notebook's scaled value.
    assert lesson.lines()[0] == "bedrooms  3 - 3.4108 = -0.4108"
    lesson.phase()
    assert lesson.lines()[0].endswith("/ 0.9483 = -0.4332")
    lesson.phase()
    assert lesson.lines()[2] == "price  313000   ln 313000 = 12.6540"
    lesson.back()
    assert lesson.done == 2


def test_columns_are_standardized(settle: Settle) -> None:
    lesson = settle(DataLesson(TableSpec()))
    for column in lesson.columns:
        assert column.counts.sum(axis=1).tolist() == [499, 499]
    for column in lesson.columns[:2]:
        assert column.summary[1, :2].tolist() == pytest.approx([0, 1], abs=1e-12)


def test_the_last_page_of_a_long_table_is_asked_for_alone(engine: Engine, tmp_path: Any) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{row},{row % 7 + 1}\n" for row in range(20_000)))
    lesson = DataLesson(TableSpec(str(path), ("a",), ("b",), ("a",)))
    lesson.look(19_990, 10)
    asked = []
    while request := lesson.request():
        asked.append(request)
        lesson.accept(request, engine.answer(request))
    assert lesson.read(19_999).raw.tolist() == [19_999]
    assert lesson.read(10_000) is None
    assert sum(request.rows.shape[0] for request in asked if hasattr(request, "rows")) <= 3 * PAGE


# Part 2


def test_autograd_prints_what_the_notebook_prints(settle: Settle) -> None:
    lesson = AutogradLesson()
    lesson.step()
    settle(lesson)
    assert number_text(lesson.tape.derivative) == "4.0"
    assert number_text(lesson.new_x) == "-0.4"


def test_the_phases_of_autograd_follow_the_tape(settle: Settle) -> None:
    lesson = settle(AutogradLesson())
    wanted = [
        "v1 = x ** 2 = 0 ** 2 = 0",
        "v2 = 4 * x = 4 * 0 = 0",
        "y = v3 = v1 + v2 = 0 + 0 = 0",
        "∂v3/∂v1 = +1.0,  ∂v3/∂v2 = +1.0",
        "∂v2/∂x = +4.0",
        "∂v1/∂x = 2·x**(2 - 1) = 0",
        "dy/dx = 1.0·4.0 + 1.0·0 = +4.0",
        "x ← x - lr·dy/dx = 0 - 0.1·4.0 = -0.4",
    ]
    for count in range(1, len(wanted) + 1):
        lesson.phase()
        assert lesson.lines() == wanted[:count]
    for count in range(len(wanted) - 1, -1, -1):
        lesson.back()
        assert lesson.lines() == wanted[:count]


def test_steps_of_autograd_are_the_descent(settle: Settle) -> None:
    lesson = settle(AutogradLesson())
    for wanted in ("-0.4", "-0.72", "-0.9760001"):
        lesson.step()
        settle(lesson)
        assert number_text(lesson.new_x) == wanted
    lesson.back()
    settle(lesson)
    assert number_text(lesson.new_x) == "-0.72"
    lesson.again()
    settle(lesson)
    assert lesson.x == 0
    assert lesson.steps == 0


@pytest.mark.parametrize(
    ("formula", "x", "words"),
    [
        ("log(x)", -1.0, "log(-1.0) is not a number (NaN); log is defined above 0"),
        ("sqrt(x - 1)", 0.0, "not a number (NaN); sqrt is defined from 0 on"),
        ("1/x", 0.0, "infinity; the divisor must not be 0"),
        ("9**9**9**9", 0.0, "beyond float32: infinity"),
        ("exp(60)*x/exp(-60)", 1.0, "beyond float32: infinity"),
        ("x**-1", 0.0, "is infinity; 0 has no negative powers"),
        ("x**0.5", -1.0, "(NaN); a number below 0 has whole powers only"),
        ("sqrt(x)", 0.0, "derivative here is +∞"),
    ],
)
def test_what_is_no_number_is_told(settle: Settle, formula: str, x: float, words: str) -> None:
    lesson = AutogradLesson(formula, x)
    lesson.step()
    settle(lesson)
    told = remark(lesson.tape, lesson.done)
    assert words in told
    # No mend is named for what lies inside of where a function is defined.
    assert ";" not in told or ";" in words


def test_a_function_of_many_paths_adds_them_up(settle: Settle) -> None:
    lesson = AutogradLesson("sin(x)*exp(-x)/(1 + x**2)", 0.5)
    lesson.step()
    settle(lesson)
    assert sum(path.product for path in paths(lesson.tape)) == pytest.approx(lesson.tape.derivative, abs=1e-6)


@pytest.mark.parametrize("x", [0.1, -0.7, 2.3])
@pytest.mark.parametrize("formula", ["x**2 + 4*x", "(x - 3)*(x + 1/3)", "x/7 - 0.1*x**3", "exp(x)/(1 + x**2)"])
def test_what_is_printed_can_be_checked_by_hand(settle: Settle, formula: str, x: float) -> None:
    lesson = AutogradLesson(formula, x)
    lesson.step()
    settle(lesson)
    for line in lesson.lines():
        head, sign, result = re.fullmatch(r"(.*) ([=≈]) ([+-]?[\d.e-]+)(?:   .*)?", line).groups()
        assert result.startswith(("+", "-")) or result == "0", "a result has its sign"
        worked = head.rpartition(" = ")[2].replace("·", "*")
        if "∂" not in head and not re.search(r"\b[xvy]\d*\b", worked):
            found = eval(worked, {"exp": math.exp})
            holds = abs(found - float(result)) <= last_digit(result) * (1 + 1e-9)
            assert holds == (sign == "="), line


def test_a_bad_formula_leaves_the_lesson_as_it_was(settle: Settle) -> None:
    for lesson in (AutogradLesson(), DescentLesson()):
        lesson.step()
        settle(lesson)
        with pytest.raises(FormulaError):
            lesson.set_formula("4x")
        with pytest.raises(ValueError, match="float32"):
            lesson.set_formula("x", 1e300)
        assert lesson.formula.text == "x**2 + 4*x"
        assert lesson.done > 0


def test_a_whole_step_keeps_the_learning_rate_it_was_made_with(settle: Settle) -> None:
    lesson = settle(AutogradLesson())
    lesson.step()
    settle(lesson)
    lesson.set_lr(0.5)
    settle(lesson)
    assert lesson.lines()[-1] == "x ← x - lr·dy/dx = 0 - 0.1·4.0 = -0.4"
    lesson.step()
    settle(lesson)
    assert lesson.lines()[-1] == "x ← x - lr·dy/dx = -0.4 - 0.5·3.2 = -2.0"
    lesson.back()
    settle(lesson)
    assert lesson.lines()[-1] == "x ← x - lr·dy/dx = 0 - 0.1·4.0 = -0.4"
    lesson.back()
    lesson.step()
    settle(lesson)
    assert lesson.lines()[-1] == "x ← x - lr·dy/dx = 0 - 0.5·4.0 = -2.0", "made anew with what holds now"


# Part 3

PRINTED = (
    "-0.4 -0.72 -0.9760001 -1.1808001 -1.34464 -1.4757121 -1.5805696 -1.6644557 -1.7315645 -1.7852516".split()  # noqa: SIM905
)


def printed(lesson: DescentLesson) -> list[str]:
    """x after each step shown, as the notebook prints it."""
    return [number_text(x) for x in lesson.xs[1:]]


def test_descent_prints_what_the_notebook_prints(settle: Settle) -> None:
    lesson = DescentLesson()
    lesson.start_jump(10)
    settle(lesson)
    assert printed(lesson) == PRINTED


def test_single_steps_print_the_same_and_go_back(settle: Settle) -> None:
    lesson = DescentLesson()
    for count in range(1, 11):
        lesson.step()
        settle(lesson)
        assert printed(lesson) == PRINTED[:count]
    lesson.back()
    assert printed(lesson) == PRINTED[:9]
    lesson.set_lr(0.5)
    lesson.step()
    settle(lesson)
    assert lesson.xs[-1] == -2.0, "with lr 0.5 one step reaches the minimum of a parabola"


@pytest.mark.parametrize(
    ("lr", "says"),
    [
        (0.1, "slows down: the derivative falls, so the steps get shorter"),
        (0.9, "oscillates: each step jumps over a lowest place and lands lower"),
        (1.0, "oscillates: each step jumps over a lowest place and lands as high on the other side"),
        (1.1, "diverges: each step jumps over a lowest place and lands higher"),
    ],
)
def test_the_learning_rate_decides_where_it_goes(settle: Settle, lr: float, says: str) -> None:
    """On a parabola with y'' = 2, descent converges below lr 1, oscillates at 1, diverges above."""
    lesson = DescentLesson(lr=lr)
    lesson.start_jump(12)
    settle(lesson)
    assert lesson.verdict().startswith(says)


@pytest.mark.parametrize(
    ("formula", "x", "lr", "steps", "says"),
    [
        ("2*x", 1, 0.1, 5, "goes on: the derivative stays as it is"),
        ("-x**2", 1, 0.1, 5, "speeds up: the derivative grows"),
        ("x**2", 1, 0.5, 2, "dy/dx is 0: a place where y is level"),
        ("x**2", 1, 1e-12, 3, "x stays where it is"),
        ("x**2", 1, 1.1, 2, "overshoots: the step jumped over a lowest place and landed higher"),
        # From 1 over both the lowest place and the hill at 0 to the other valley: steeper there, and yet lower.
        ("x**4 - x**2 + 0.3*x", 1, 0.83, 2, "oscillates: the step jumped over a lowest place and landed lower"),
    ],
)
def test_a_verdict_says_what_the_steps_did(
    settle: Settle, formula: str, x: float, lr: float, steps: int, says: str
) -> None:
    lesson = DescentLesson(formula, x, lr)
    lesson.start_jump(steps)
    settle(lesson)
    assert lesson.verdict().startswith(says)


def test_a_longer_step_of_a_larger_rate_is_not_called_shorter(settle: Settle) -> None:
    lesson = DescentLesson("x**2", 1, 0.1)
    lesson.step()
    settle(lesson)
    lesson.set_lr(0.2)
    lesson.step()
    settle(lesson)
    # 0.2·1.6 after 0.1·2.
    assert lesson.verdict() == "another learning rate: the last step was 1.6 times as long"


def test_a_descent_that_diverges_ends_and_can_go_back(settle: Settle) -> None:
    lesson = DescentLesson(lr=3)
    lesson.start_jump(5000)
    settle(lesson)
    assert lesson.ended
    assert lesson.done < 200
    assert "diverged" in lesson.verdict()
    lesson.step()
    settle(lesson)
    lesson.back()
    settle(lesson)
    assert lesson.x == 0


# Saved, and gone on with


def moved(lesson: Any, settle: Settle, moves: str) -> Any:
    """The lesson after these keys: space a step, s a phase, b back, + a larger learning rate."""
    for move in moves:
        match move:
            case " ":
                lesson.step()
            case "s":
                lesson.phase()
            case "b":
                lesson.back()
            case "+":
                lesson.set_lr(lesson.lr + 0.05)
        settle(lesson)
    return lesson


def seen(lesson: Any) -> tuple[object, ...]:
    """All that its screen shows of it."""
    assert lesson.curve is not None
    common = lesson.formula, lesson.start, lesson.lr, lesson.xs, lesson.done, lesson.curve.y.tobytes()
    if isinstance(lesson, AutogradLesson):
        return *common, lesson.steps, lesson.lines(), lesson.new_x
    return *common, lesson.steps, lesson.verdict(), lesson.target


@pytest.mark.parametrize("kind", [AutogradLesson, DescentLesson])
@pytest.mark.parametrize("moves", ["", "s", "  ss", "   ", "  + +ss", "  bb", "sssssss +", " + b", "    bsbb++ "])
def test_a_saved_lesson_goes_on_where_it_was(kind: Any, moves: str, settle: Settle) -> None:
    lesson = moved(kind("x**3 - 2*x", 1.3, 0.07), settle, moves)
    written = msgspec.msgpack.encode(lesson.saved)
    resumed = kind()
    resumed.resume(msgspec.msgpack.decode(written, type=type(lesson.saved)))
    settle(resumed)
    settle(lesson)
    assert resumed.saved == lesson.saved
    for move in ("", " ", "s", "+", *"b" * 12):
        assert seen(moved(resumed, settle, move)) == seen(moved(lesson, settle, move))


def test_a_saved_descent_that_diverged_is_still_over(settle: Settle) -> None:
    lesson = DescentLesson(lr=3)
    lesson.start_jump(5000)
    settle(lesson)
    resumed = DescentLesson()
    resumed.resume(lesson.saved)
    settle(resumed)
    assert resumed.ended
    assert resumed.verdict() == lesson.verdict()
    resumed.back()
    assert resumed.x == 0


STEP = (0.0, 4.0, -0.4, 0.1)


@pytest.mark.parametrize(
    ("changes", "done", "stops"),
    [
        ({"steps": (STEP,) * (MOST_RECORDED + 5)}, MOST_RECORDED, 0),
        ({"steps": (STEP, (0.0, 4.0, 1e300, 0.1), STEP)}, 2, 0),  # beyond float32: it has diverged there
        ({"steps": (STEP, STEP), "stops": (9, -1, 1, 2, 0)}, 2, 2),
    ],
)
def test_a_saved_descent_is_cut_to_what_is_possible(changes: dict[str, Any], done: int, stops: int) -> None:
    lesson = DescentLesson()
    lesson.resume(msgspec.structs.replace(SavedDescent("x**2 + 4*x", 0, 0.1, (STEP,), ()), **changes))
    assert lesson.done == lesson.target == done
    assert len(lesson.saved.stops) == stops


@pytest.mark.parametrize(
    ("saved", "formula"),
    [
        (SavedDescent("4x", 0, 0.1, (STEP,), ()), "x**2 + 4*x"),
        (SavedDescent("x", float("nan"), 0.1, (STEP,), ()), "x**2 + 4*x"),
        (SavedDescent("x", 0, -1, (STEP,), ()), "x"),
        (SavedDescent("x", 0, 0.1, ((0.0, 4.0, -0.4, -0.1),), ()), "x"),
        (SavedAutograd("4x", 0, 0.1, (0,), (), 0, ()), "x**2 + 4*x"),
        (SavedAutograd("x", 0, 0.1, (1,), (), 0, ()), "x"),
        (SavedAutograd("x", 0, 0.1, (), (), 0, ()), "x"),
        (SavedAutograd("x", 0, 0.1, (0,), (), 99, ()), "x"),
        (SavedAutograd("x", 0, 0.1, (0,), (), -1, ()), "x"),
        (SavedAutograd("x", 0, 0.1, (0, 1), (), 1, ()), "x"),
        (SavedAutograd("x", 0, 0.1, (0, 1e300), (0.1,), 1, ()), "x"),
        (SavedAutograd("x", 0, 0.1, (0, 1), (float("inf"),), 1, ()), "x"),
    ],
)
def test_what_no_lesson_could_have_been_is_at_its_start(saved: Any, formula: str, settle: Settle) -> None:
    lesson: Any = AutogradLesson() if isinstance(saved, SavedAutograd) else DescentLesson()
    with pytest.raises(ValueError, match=r"\w"):
        lesson.resume(saved)
    assert lesson.formula.text == formula
    settle(lesson)
    assert (lesson.xs, lesson.done) == ([0.0], 0)
    lesson.step()
    settle(lesson)
    lesson.back()
    assert (lesson.xs, lesson.done) == ([0.0], 0)


def test_places_to_go_back_to_that_were_none_are_left_out(settle: Settle) -> None:
    lesson = AutogradLesson()
    lesson.resume(SavedAutograd("x**2 + 4*x", 0, 0.1, (0, -0.4), (0.1,), 3, ((9, 1), (0, 0), (1, -3), (1, 99), (1, 8))))
    settle(lesson)
    lesson.back()
    settle(lesson)
    assert lesson.lines()[-1] == "x ← x - lr·dy/dx = 0 - 0.1·4.0 = -0.4"
    lesson.back()
    assert lesson.steps == 1


# Part 5


def test_the_notebooks_part_5_digit_for_digit(settle: Settle) -> None:
    session = Session(NOTEBOOK_RUN)
    session.timeline.step()
    settle(session)
    printed = {
        "gw1": "[[0.56727874 0.9864019 ]\n [0.4155407  0.72255504]]",
        "gw2": "[[-4.3317885 -3.5980651]]",
        "gb1": "[[-1.3095149 ]\n [-0.95924044]]",
        "gb2": "[[-11.530118]]",
        "new_w1": "[[0.8458204  0.79297566]\n [0.8942612  0.54005694]]",
        "new_w2": "[[1.3505805 1.1071441]]",
    }
    for name, text in printed.items():
        assert str(session.timeline.trace[name]) == text


def trained(settle: Settle, holdout: float = 0.0, steps: int = 60) -> Session:
    session = settle(Session(Run(table=TableSpec(holdout=holdout))))
    session.timeline.set_sampling(SHUFFLED, 32)
    session.timeline.start_jump(steps)
    return settle(session)  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_the_whole_tables_loss_is_the_mean_over_its_rows(engine: Engine, settle: Settle, holdout: float) -> None:
    session = trained(settle, holdout)
    losses = settle(TableLosses(session))
    rows = split_rows(499, holdout, 0)
    for part, chosen in ((TRAINING, rows[0]), (HELD_OUT, rows[1]))[: len(losses.parts)]:
        singles = []
        for row in chosen:
            samples = TableRows(session.timeline.run.table, numbers(np.array([[row]], "int32")))
            at = numbers(current_parameters(session.timeline).astype("float64")[None])
            answer = engine.answer(FindLosses(session.timeline.run.network, at, samples))
            assert isinstance(answer, LossesFound)
            singles.append(answer.losses.array[0])
        assert losses.latest(part) == pytest.approx(np.mean(singles), rel=1e-9)
        points, line = losses.line(part)
        assert points == losses.points()
        assert line[0] > line[-1]


@pytest.mark.slow
def test_the_tables_loss_follows_a_history_that_went_another_way(settle: Settle) -> None:
    session = trained(settle)
    losses = settle(TableLosses(session))
    before = losses.latest(TRAINING)
    session.back()
    session.timeline.set_lr(0.01)
    session.timeline.start_jump(60)
    settle(session)
    settle(losses)
    fresh = settle(TableLosses(session))
    assert losses.line(TRAINING) == fresh.line(TRAINING)
    assert losses.latest(TRAINING) != before


def test_the_worst_rows_are_told_in_dollars(settle: Settle) -> None:
    session = trained(settle, 0.2)
    worst = Worst(session, 1000)
    for held_out in (False, True):
        worst.held_out = held_out
        settle(worst)
        assert sorted(row.row for row in worst.found) == split_rows(499, 0.2, 0)[held_out].tolist()
        errors = [abs(row.error[0]) for row in worst.found]
        assert errors == sorted(errors, reverse=True)
        assert worst.mean_error == pytest.approx(np.mean(errors))
    lesson = settle(DataLesson(session.timeline.run.table))
    row = worst.found[0].row
    lesson.choose(row)
    settle(lesson)
    assert lesson.read(row).raw_y[0] == worst.found[0].true[0]


def test_an_epoch_ends_where_all_rows_were_used(settle: Settle) -> None:
    session = trained(settle, 0.0, 5)
    assert epoch_steps(session.timeline, 1) == 16 - 5
    assert epoch_steps(session.timeline, 3) == 48 - 5
    session.timeline.start_jump(epoch_steps(session.timeline, 2))
    settle(session)
    assert session.timeline.epochs == 2
    assert epoch_steps(session.timeline, 1) == 16

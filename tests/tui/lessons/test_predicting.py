"""Predict first in the lessons, by their keys: each asks before it computes, and the answer is what is computed."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.lessons.names import LESSONS
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.tui.lessons.autograd import AutogradScreen
from backprop_tui.tui.lessons.data import DataScreen
from backprop_tui.tui.lessons.descent import DescentScreen
from backprop_tui.tui.lessons.screen import LessonScreen
from backprop_tui.tui.lessons.training import TrainingScreen
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven, text_of
from predictions import answer, asked_in

SIZES = [(64, 20), (80, 24), (120, 40)]


def lesson(found: Driven) -> LessonScreen:
    screen = found.app.screen
    assert isinstance(screen, LessonScreen)
    return screen


def task(found: Driven) -> str:
    return " ".join(" ".join(text_of(line) for line in lesson(found).query_one("#task", Pane).lines).split())


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3, 5])
async def test_each_lesson_asks_and_says_whether_it_was_right(engine: Engine, number: int) -> None:
    async with driven(engine) as found:
        await found.press_each(str(number), "t", "space")
        assert "space skips t ends" in task(found)
        first = await answer(found)
        assert task(found).startswith("Right"), task(found)
        assert first.because[-1].split()[-1] in task(found), "how one could have known"
        await found.press_each("space")
        await answer(found, right=False)
        assert task(found).startswith(("No: you said", "Not quite: you said"))
        assert lesson(found).predictor.score.asked == 2
        assert "predicted" not in task(found)
        assert LESSONS[number - 1] == lesson(found).LESSON, "a digit is an answer"
        await found.press_each("space", "t")
        assert lesson(found).predictor.open is None
        assert task(found) == ""
        await found.press_each("space")
        assert lesson(found).predictor.open is None
        await found.press_each("4")
        assert found.app.screen is found.screen


@pytest.mark.parametrize("number", [1, 2, 3, 5])
async def test_esc_ends_a_question_and_a_digit_opens_a_lesson_again(engine: Engine, number: int) -> None:
    async with driven(engine) as found:
        await found.press_each(str(number), "t", "space", "9")
        assert asked_in(found)
        await found.press_each("escape")
        assert lesson(found).predictor.open is None
        await found.press_each("4")
        assert found.app.screen is found.screen


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("number", [1, 2, 3, 5])
async def test_every_question_of_a_lesson_is_seen_whole(engine: Engine, number: int, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await found.press_each(str(number), "t")
        kinds = []
        for _ in range(14):
            await found.press_each("space")
            asked = lesson(found).predictor.open
            if asked is None:
                continue
            seen = " ".join(found.text.split())
            assert all(word in seen for word in asked.text.split()), asked.text
            assert all(f"{place} {choice}" in seen for place, choice in enumerate(asked.choices, 1))
            assert "space skips" in seen
            kinds.append(asked.kind)
            await answer(found)
            pane = lesson(found).query_one("#task", Pane)
            assert len(pane.lines) <= pane.content_size.height
        names = [kind.name for kind in lesson(found).kinds()]
        assert len(set(kinds)) >= 3
        rising = [names.index(kind) for kind in kinds[: 2 * len(names) - 1]]
        assert rising[0] == 0
        assert max(rising) == len(names) - 1, "to the hardest"


@pytest.mark.slow
async def test_a_descent_is_predicted(engine: Engine) -> None:
    """By hand: y = x² + 4x, dy/dx = 2x + 4."""
    async with driven(engine) as found:
        await found.press_each("3", "t")
        screen = lesson(found)
        assert isinstance(screen, DescentScreen)
        for _ in range(10):
            x = screen.lesson.x
            await found.press_each("space")
            asked = asked_in(found)
            slope, new = 2 * x + 4, x - 0.1 * (2 * x + 4)
            said = asked.choices[int(asked.answer) - 1] if asked.choices else ""
            match asked.kind:
                case "sign" if "go up" in asked.text:
                    assert said == ("down" if slope > 0 else "up")
                case "sign":
                    assert said == ("positive" if slope > 0 else "negative")
                case "most":
                    assert said == "shorter"
                case "loss":
                    assert said == "lower"
                    assert "dy/dx keeps its sign" in asked.reason
                case "product":
                    assert asked.answer == pytest.approx(slope, rel=1e-5)
                case "update":
                    assert asked.answer == pytest.approx(new, rel=1e-5)
            await answer(found)
            assert screen.lesson.x == pytest.approx(new, rel=1e-5)
        assert screen.predictor.score.right == 10


@pytest.mark.slow
async def test_a_jump_over_the_lowest_place_is_told(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press_each("3", "l", *"1.1", "enter", "t")
        for _ in range(12):
            await found.press_each("space")
            asked = asked_in(found)
            if asked.kind == "loss":
                assert asked.choices[int(asked.answer) - 1] == "higher"
                assert "dy/dx changes its sign on the way" in asked.reason
            if asked.kind == "most":
                assert asked.choices[int(asked.answer) - 1] == "longer"
            await answer(found)


@pytest.mark.slow
async def test_each_phase_of_the_tape_is_predicted(engine: Engine) -> None:
    """By hand, at x = 3: y = sin(x)·x + x/2."""
    x = 3.0
    by_hand = {
        "v1": np.sin(x),
        "v2": np.sin(x) * x,
        "v3": x / 2,
        "v4": np.sin(x) * x + x / 2,
        "∂v4/∂v2": 1,
        "∂v4/∂v3": 1,
        "∂v3/∂x": 0.5,
        "∂v2/∂v1": x,
        "∂v2/∂x": np.sin(x),
        "∂v1/∂x": np.cos(x),
        "dy/dx": np.cos(x) * x + np.sin(x) + 0.5,
    }
    async with driven(engine) as found:
        await found.press_each(
            "2", "equals_sign", *["backspace"] * 10, *"sin(x)*x+x/2", "enter", "x", "3", "enter", "t"
        )
        screen = lesson(found)
        assert isinstance(screen, AutogradScreen)
        checked = 0
        for place in range(len(screen.lesson.stages)):
            await found.press_each("s")
            asked = screen.predictor.open
            if asked is not None:
                assert screen.lesson.done == place, "nothing is computed yet"
                said = asked.choices[int(asked.answer) - 1] if asked.choices else ""
                words = asked.text.rstrip("?").split()
                name = next((word for word in words if word in by_hand), "")
                if asked.kind == "sign" and name:
                    assert said == ("positive" if by_hand[name] > 0 else "negative"), asked
                    checked += 1
                elif asked.kind == "factor":
                    named = next(word for word in reversed(words) if word in by_hand)
                    rule = said.replace("sin", "np.sin").replace("cos", "np.cos").replace("·", "*")
                    values = {"np": np, "x": x} | {key: value for key, value in by_hand.items() if key[0] == "v"}
                    assert eval(rule, values) == pytest.approx(by_hand[named], rel=1e-5), asked
                    checked += 1
                elif asked.kind == "product":
                    assert asked.answer == pytest.approx(by_hand[name], rel=1e-4), asked
                    checked += 1
                await answer(found)
            assert screen.lesson.done == place + 1
        assert checked >= 6


@pytest.mark.slow
async def test_a_training_step_is_predicted(engine: Engine) -> None:
    async with driven(engine, Run(table=TableSpec(holdout=0.2))) as found:
        await found.press_each("5", "m", *"32", "enter", "t")
        screen = lesson(found)
        assert isinstance(screen, TrainingScreen)
        kinds = set()
        for step in range(1, 13):
            before = screen.overview.losses.latest("training")
            await found.press_each("space")
            asked = asked_in(found)
            kinds.add(asked.kind)
            assert found.session.timeline.steps == step - 1, "it is asked before the step is made"
            await answer(found)
            assert found.session.timeline.steps == step
            after = screen.overview.losses.latest("training")
            if asked.kind == "table":
                assert before is not None
                assert after is not None
                assert asked.choices[int(asked.answer) - 1] == ("lower" if after < before else "higher")
            trace = found.session.timeline.trace
            assert trace is not None
            if asked.kind == "sign" and asked.cell is not None:
                of = asked.cell.name.removeprefix("g")
                change = float(trace["new_" + of][asked.cell.place] - trace[of][asked.cell.place])
                assert asked.choices[int(asked.answer) - 1] == ("up" if change > 0 else "down")
        assert {"sign", "most", "table", "loss"} == kinds


@pytest.mark.parametrize("key", ["b", "plus", "R", "home"])
async def test_a_key_that_changes_what_comes_ends_the_question(engine: Engine, key: str) -> None:
    async with driven(engine) as found:
        await found.press_each("5", "space", "space", "t", "space")
        assert asked_in(found)
        await found.press_each(key)
        assert lesson(found).predictor.open is None


async def test_the_scaling_of_a_row_is_predicted(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press_each("1", "t")
        screen = lesson(found)
        assert isinstance(screen, DataScreen)
        answers = set()
        for at in range(14):
            await found.press_each("space")
            asked = asked_in(found)
            row = screen.lesson.read(at)
            assert row is not None
            name = next((one for one in screen.lesson.table.features if one in asked.text), "")
            place = screen.lesson.table.features.index(name) if name else -1
            said = asked.choices[int(asked.answer) - 1] if asked.choices else ""
            if asked.kind == "sign":
                answers.add(said)
                assert said == ("above 0" if row.x[place] > 0 else "below 0")
            elif asked.kind == "most":
                assert said == screen.lesson.table.features[int(np.argmax(np.abs(row.x)))]
            else:
                expected = row.x[place] if name else np.log(row.raw_y[0])
                assert asked.answer == pytest.approx(float(expected), rel=1e-5)
            assert (screen.lesson.row, screen.lesson.done) != (at, 3)
            await answer(found, right=at % 3 != 0)
            assert (screen.lesson.row, screen.lesson.done) == (at, 3)
        assert answers == {"above 0", "below 0"}, "the rows are different"


@pytest.mark.slow
async def test_predict_first_is_one_mode_for_all_lessons(engine: Engine) -> None:
    """On or off everywhere; the score counts over all; where one stands is kept for each, and saved."""
    async with driven(engine) as found:
        await found.press_each("t", "3", "space")
        await answer(found)
        await found.press_each("2", "space")
        await answer(found)
        assert found.screen.predictor.score.asked == 2
        kept = found.screen.kept()
        assert set(kept["practice"]["of"]) == {"descent", "autograd"}
        await found.press_each("t", "4", "space")
        assert found.screen.predictor.open is None
    async with driven(engine) as other:
        other.screen._restore(kept)
        await other.press_each("3")
        assert lesson(other).predictor.practice.score.asked == 1
        await other.press_each("space")
        assert asked_in(other)

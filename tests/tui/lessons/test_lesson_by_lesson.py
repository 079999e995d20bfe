"""Lesson 1 says the table's shape; lesson 5 how good the fit is, and keeps the training when a row is looked at."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute import scores
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.numerals import brief, compact
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven, text_of
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error

SIZES = [(80, 24), (120, 40)]


def lines(found: Driven, name: str) -> str:
    return "\n".join(text_of(line) for line in found.app.screen.query_one(f"#{name}", Pane).lines)


@pytest.mark.parametrize("size", SIZES)
async def test_lesson_1_shows_the_shape_as_pandas_has_it(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await found.press_each("1")
        assert "shape (499, 3)" in found.text


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_lesson_5_shows_r_squared_and_rmse_beside_the_loss(engine: Engine, size: tuple[int, int]) -> None:
    """By scikit-learn's own metrics, over the rows that the worst ones are chosen from."""
    async with driven(engine, Run(table=TableSpec(holdout=0.2)), size=size) as found:
        await found.press_each("5", "m", *"32", "enter", "e", *"5", "enter")
        worst = found.app.screen.overview.worst  # type: ignore[attr-defined]
        for held_out in (False, True):
            worst.count = 1000
            await found.press_each("h", "h") if held_out is False else await found.press_each("h")
            predicted = np.array([one.predicted for one in worst.found])
            true = np.array([one.true for one in worst.found])
            assert len(true) == (100 if held_out else 399)
            expected = brief(r2_score(true, predicted), 3), compact(root_mean_squared_error(true, predicted))
            said = f"fit {'H' if held_out else 'T'} R² {expected[0]}   RMSE ${expected[1]}"
            assert said in lines(found, "training")
            assert said in found.text


@pytest.mark.slow
async def test_lesson_5_shows_the_accuracy_of_classes(engine: Engine) -> None:
    async with driven(engine, scenario=bundled("xor-training")) as found:
        await found.press_each("5", "j", *"2000", "enter")
        assert "accuracy 100.0%" in lines(found, "training")
        await found.press_each("home")
        assert "accuracy " in lines(found, "training")


def test_the_scores_are_scikit_learns() -> None:
    random = np.random.default_rng(1)
    for targets in (1, 3):
        true, predicted = random.normal(size=(50, targets)), random.normal(size=(50, targets))
        assert scores.r_squared(predicted, true) == pytest.approx(r2_score(true, predicted))
        # Over several targets scikit-learn takes the mean of their roots; this is the root of the mean.
        squared = np.mean([root_mean_squared_error(t, p) ** 2 for t, p in zip(true.T, predicted.T, strict=True)])
        assert scores.root_mean_square(predicted, true) == pytest.approx(np.sqrt(squared))
    yes, sure = random.integers(0, 2, (50, 1)).astype(float), random.uniform(size=(50, 1))
    assert scores.accuracy("binary_cross_entropy", sure, yes) == accuracy_score(yes, sure >= 0.5)
    classes, odds = np.eye(3)[random.integers(0, 3, 50)], random.uniform(size=(50, 3))
    expected = accuracy_score(classes.argmax(axis=1), odds.argmax(axis=1))
    assert scores.accuracy("softmax_cross_entropy", odds, classes) == expected
    assert scores.accuracy("half_squared_error", odds, classes) is None


@pytest.mark.parametrize("size", SIZES)
async def test_choosing_a_worst_row_leaves_the_training_as_it_was(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await found.press_each("5", "m", *"32", "enter", "j", *"20", "enter")
        training = found.session.timeline
        settings, states = training.settings, training.history.states.copy()
        row = found.app.screen.overview.worst.found[1].row  # type: ignore[attr-defined]
        await found.press_each("down", "enter")
        assert isinstance(found.app.screen, StepperScreen)
        assert f"row {row} " in found.lines("header")
        assert "b leads back to the training" in found.lines("status")
        await found.press_each("space")
        assert found.session.timeline.trace is not None
        assert tuple(found.session.timeline.trace.rows) == (row,)
        np.testing.assert_array_equal(found.session.timeline.history.states[0][:9], states[-1][:9])
        await found.press_each("b", "b", "5")
        assert found.session.timeline is training
        assert training.settings == settings
        np.testing.assert_array_equal(training.history.states, states)
        await found.press_each("space")
        assert training.steps == 21
        assert training.trace is not None
        assert len(training.trace.rows) == 32

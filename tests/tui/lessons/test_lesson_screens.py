"""The lessons' screens: the real app with the real engine, driven by keys; and a picture of each at two sizes."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.lessons.training import NOTEBOOK_RUN
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import Scenario, Show
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.lessons.keys import AUTOGRAD, DATA, DESCENT, TRAINING
from backprop_tui.tui.lessons.screen import LessonScreen
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, InThisProcess, driven, text_of
from sizes import IDS, SIZES
from textual.pilot import Pilot
from textual.widgets import Input


async def settle(found: Driven) -> None:
    """Wait until everything that was typed is done, in the lesson and on the main screen."""
    for _ in range(3):
        await found.settle()
        if isinstance(found.app.screen, LessonScreen):
            await found.app.screen.settled()
        await found.pilot.pause()


async def press(found: Driven, *keys: str) -> None:
    for key in keys:
        await found.pilot.press(key)
        await settle(found)


async def write(found: Driven, text: str) -> None:
    """Type a line into the prompt, and enter."""
    found.app.screen.query_one("#prompt", Input).value = text
    await press(found, "enter")


def title(found: Driven, name: str) -> str:
    return str(found.app.screen.query_one(f"#{name}", Pane).border_title)


def lines(found: Driven, name: str) -> str:
    pane = found.app.screen.query_one(f"#{name}", Pane)
    return "\n".join(text_of(line) for line in pane.lines)


async def test_the_keys_1_to_5_open_the_lessons_and_leave_them_as_they_were(engine: Engine) -> None:
    async with driven(engine) as found:
        for number, word in ((1, "DATA"), (2, "AUTOGRAD"), (3, "DESCENT"), (5, "TRAINING")):
            await press(found, str(number))
            assert word in lines(found, "header")
            assert len(lines(found, "intro").splitlines()) == 2
        await press(found, "3", "space", "4")
        assert isinstance(found.app.screen, StepperScreen)
        await press(found, "3")
        assert "-0.4" in lines(found, "steps")


async def test_autograd_follows_the_tape_a_phase_at_a_time(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "2")
        assert "v1 = ·" in lines(found, "tape")
        await press(found, "s")
        assert "v1 = x ** 2 = 0 ** 2 = 0" in lines(found, "tape")
        assert "v2 = ·" in lines(found, "tape")
        await press(found, "space")
        # The notebook's Out[15] and Out[17].
        assert "dy/dx = 1.0·4.0 + 1.0·0 = +4.0" in lines(found, "tape")
        assert "-0.4" in lines(found, "tape").splitlines()[-1]
        assert "tangent" in found.text
        await press(found, "b", "b")
        assert "v1 = ·" in lines(found, "tape")


async def test_a_bad_formula_is_pointed_at_and_can_be_mended(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "2", "equals_sign")
        await write(found, "sin(x)*4x")
        assert lines(found, "footer").startswith(" " * 8 + "^ an operator is missing")
        prompt = found.app.screen.query_one("#prompt", Input)
        assert prompt.display
        assert prompt.cursor_position == 8
        await write(found, "sin(x)*4*x")
        assert not prompt.display
        await press(found, "space")
        assert "cos(x)" in lines(found, "tape")


async def test_the_function_of_lesson_2_is_carried_over_to_lesson_3(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "2", "equals_sign")
        await write(found, "(x - 3)**2")
        await press(found, "3", "c", "l")
        await write(found, "0.5")
        await press(found, "space")
        assert lines(found, "steps").splitlines()[-1].split() == ["+3.0"]


async def test_a_minus_of_typesetting_can_be_pasted(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "2", "equals_sign")
        await write(found, "(x \N{MINUS SIGN} 3)**2")
        assert "(x - 3)**2" in found.text
        await press(found, "3", "x")
        await write(found, "\N{MINUS SIGN}0.5")
        assert lines(found, "steps").splitlines()[-1].split() == ["-0.5"]


async def test_what_is_no_number_is_told(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "2", "equals_sign")
        await write(found, "log(x)")
        await press(found, "x")
        await write(found, "-1")
        await press(found, "space")
        assert "log(-1.0) is not a number (NaN)" in lines(found, "status")


@pytest.mark.slow
async def test_descent_shows_what_the_notebook_prints(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "3", "j")
        await write(found, "10")
        shown = [line.split()[:2][-1] for line in lines(found, "steps").splitlines()[2:]]
        printed = "-0.4 -0.72 -0.9760001 -1.1808001 -1.34464 -1.4757121 -1.5805696 -1.6644557 -1.7315645 -1.7852516"
        assert shown == printed.split()
        assert "slows down" in lines(found, "status")
        await press(found, "r", "l")
        await write(found, "1.1")
        await press(found, "j")
        await write(found, "9")
        assert "diverges" in lines(found, "status")


async def test_a_row_of_the_data_becomes_the_sample(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "1", "end")
        assert "498" in lines(found, "rows").splitlines()[-1]
        await press(found, "g")
        await write(found, "2")
        await press(found, "space")
        # Out[9] of the notebook, row 2.
        assert "-0.4332" in lines(found, "row")
        assert "-0.1886" in lines(found, "row")
        await press(found, "enter", "4")
        assert found.session.timeline.settings.sampling.row == 2
        await press(found, "1", "g")
        await write(found, "499")
        assert "no row 499" in lines(found, "status")


async def test_a_long_table_scrolls_by_pages_that_are_asked_for(engine: Engine, tmp_path: Any) -> None:
    path = tmp_path / "long.csv"
    np.savetxt(path, np.arange(100_000).reshape(-1, 2) + 1, delimiter=",", header="a,b", comments="", fmt="%d")
    table = TableSpec(str(path), ("a",), ("b",), ("a",))
    async with driven(engine, Run(table=table)) as found:
        await press(found, "1", "end", "pageup", "down", "home", "pagedown")
        assert "▸" in lines(found, "rows")
        asked = [request for request in found.asker.asked if type(request).__name__ == "ReadRows"]
        assert max(request.rows.shape[0] for request in asked) <= 64


async def test_the_step_that_is_being_made_has_one_number(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "space", "s")
        assert "step 2" in lines(found, "header")
        await press(found, "5")
        assert "step 2" in title(found, "training")
        await press(found, "space")
        assert "step 2" in title(found, "training")
        await press(found, "2", "s")
        assert "step 1 " in lines(found, "status")
        await press(found, "space")
        assert "step 1 " in lines(found, "status")
        await press(found, "s")
        assert "step 2 " in lines(found, "status")


@pytest.mark.slow
async def test_training_over_epochs_with_rows_held_out(engine: Engine) -> None:
    async with driven(engine, Run(table=TableSpec(holdout=0.2))) as found:
        await press(found, "5", "m")
        await write(found, "32")
        await press(found, "e")
        await write(found, "3")
        assert found.session.timeline.steps == 39
        assert "3.00" in lines(found, "training")
        assert "399 training" in lines(found, "training")
        assert "100 held-out" in lines(found, "training")
        assert "·" not in lines(found, "training")
        assert "$" in lines(found, "worst")
        await press(found, "down", "enter")
        assert isinstance(found.app.screen, StepperScreen)
        await press(found, "space")
        assert found.session.timeline.trace is not None
        assert len(found.session.timeline.trace.rows) == 1


async def test_an_optimizers_state_is_shown_and_goes_back_in_time(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "5", "o")
        await write(found, "momentum")
        await press(found, "space", "space", "4")
        shown = found.shown()
        moments = [cell for cell in shown if cell.name.startswith("new_m_")]
        assert {cell.name for cell in moments} == {f"new_m_{name}" for name in ("w1", "b1", "w2", "b2")}
        cell = Cell("new_m_b2")
        first = found.session.timeline.history.states[1][found.session.timeline.run.network.width :]
        second = found.read(cell)
        await press(found, "b")
        assert found.read(cell) == pytest.approx(first[-1], abs=1e-4)
        assert found.read(cell) != second


async def test_a_run_that_does_not_fit_into_memory_says_so_and_goes_back(engine: Engine) -> None:
    async with driven(engine) as found:
        found.session.timeline.history.most_bytes = 100 * 36
        await press(found, "5", "j")
        await write(found, "1000")
        assert "every 16th kept" in str(found.app.screen.query_one("#training", Pane).border_title)
        await press(found, "4", "b", "b", "b")
        assert found.session.timeline.steps == 997
        assert "every 16th step" in lines(found, "status")
        assert found.session.timeline.trace is not None
        assert found.read(Cell("w1")) == pytest.approx(float(found.session.timeline.trace["w1"][0, 0]), abs=1e-4)


async def test_the_notebooks_part_5_on_the_screen(engine: Engine) -> None:
    async with driven(engine, NOTEBOOK_RUN) as found:
        await press(found, "5", "space", "4", "d")
        assert found.read(Cell("gb2")) == pytest.approx(-11.530118, rel=1e-7)
        assert found.read(Cell("new_w2", 0, 0)) == pytest.approx(1.3505805, rel=1e-7)


@pytest.mark.parametrize("size", [(60, 20), (40, 10), (30, 8), (200, 60)])
async def test_the_lessons_draw_at_every_size(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        for number in "1235":
            await press(found, number, "space", "tab", "space")
            assert found.text.strip()
            assert all(len(line) <= size[0] for line in found.text.splitlines())


async def test_every_key_of_a_lesson_does_something(engine: Engine) -> None:
    """Its action exists: a key in the table that does nothing is a fault."""
    async with driven(engine) as found:
        for number, keys in (("1", DATA), ("2", AUTOGRAD), ("3", DESCENT), ("5", TRAINING)):
            await press(found, number)
            for key in keys:
                name = key.action.partition("(")[0]
                assert hasattr(found.app.screen, f"action_{name}") or hasattr(found.app, f"action_{name}"), key


async def test_a_scenario_opens_a_lesson_with_its_own_words_and_without_some_keys(engine: Engine) -> None:
    show = Show("descent", hide_keys=("j", "+"), texts={"descent": "Walk down to the river."})
    app = StepperApp(Session(Run(), Scenario(show=show)), InThisProcess(engine))
    async with app.run_test(size=(80, 24)) as pilot:
        found = Driven(app, pilot, app.engine)  # type: ignore[arg-type]
        await pilot.pause()
        await settle(found)
        assert lines(found, "intro").strip() == "Walk down to the river."
        assert " jump" not in lines(found, "footer")
        await press(found, "plus", "j", "space")
        assert not found.app.screen.query_one("#prompt", Input).display
        assert "lr 0.1 " in str(found.app.screen.query_one("#steps", Pane).border_title)
        assert "-0.4" in lines(found, "steps")


@pytest.mark.slow
async def test_a_saved_session_comes_back_in_its_lesson(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "3", "equals_sign")
        await write(found, "x**4")
        await press(found, "l")
        await write(found, "0.25")
        await press(found, "x")
        await write(found, "0.5")
        await press(found, "space", "plus", "space", "space", "b")
        steps = lines(found, "steps")
        await press(found, "2", "space", "s", "s")
        tape = lines(found, "tape")
        await press(found, "3")
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(found.app.lessons.kept()))
    async with driven(engine) as found:
        found.app.lessons.begin(kept, None)
        await settle(found)
        assert found.app.lessons.open.number == 3
        assert found.app.lessons.descent.formula.text == "x**4"
        assert found.app.lessons.descent.lr == 0.5
        assert lines(found, "steps") == steps
        assert len(steps.splitlines()) == 4
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(found.app.lessons.kept()))
        assert again == kept, "also of a lesson that was not opened meanwhile"
        await press(found, "2")
        assert lines(found, "tape") == tape
        assert "v1 = x ** 2 = (-0.4) ** 2" in tape
        for nonsense in (["import os", 0, 1], 7, None, kept["descent"] | {"steps": [["x"]]}, {"formula": "x"}):
            found.app.lessons.begin({"lesson": "x", "descent": nonsense, "autograd": nonsense}, None)
            assert lines(found, "tape") == tape
            assert found.app.lessons.descent.formula.text == "x**4"
            assert found.app.lessons.descent.done == 2


# Pictures

KEYS = {
    "data": ("1", "down", "s", "s"),
    "autograd": ("2", "space"),
    "descent": ("3", *["space"] * 10),
    "training": ("5", *["space"] * 6, "down"),
}


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("lesson", KEYS)
def test_picture(engine: Engine, snap_compare: Callable[..., bool], lesson: str, size: tuple[int, int]) -> None:
    app = StepperApp(Session(Run(table=TableSpec(holdout=0.2))), InThisProcess(engine))

    async def act(pilot: Pilot[None]) -> None:
        found = Driven(app, pilot, app.engine)  # type: ignore[arg-type]
        await pilot.pause()
        await settle(found)
        await press(found, *KEYS[lesson])

    run_before: Callable[[Pilot[None]], Awaitable[None]] = act
    assert snap_compare(app, terminal_size=size, run_before=run_before)


@pytest.mark.parametrize(
    ("keys", "four", "all_digits"),
    [
        # Row 0's bedrooms, scaled by scikit-learn in float64; y = x² + 4x at -0.72 in float32; the loss of step 3.
        (("1",), "-0.4332", "-0.43319764280264655"),
        (("3", "space", "space", "space"), "-2.3616", "-2.3616002"),
        (("5", "space", "space", "space"), "7.399", "7.3990045"),
    ],
    ids=["data", "descent", "training"],
)
async def test_d_writes_all_digits(engine: Engine, keys: tuple[str, ...], four: str, all_digits: str) -> None:
    async with driven(engine) as found:
        await press(found, *keys)
        before = found.text
        assert four in before
        await press(found, "d")
        assert all_digits in found.text
        await press(found, "d")
        assert found.text == before

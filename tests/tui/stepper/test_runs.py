"""No key loses a run: a new one leaves the earlier ones, and b at its start leads back."""

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.tui.stepper.keys import MAIN
from driven_screen import Driven, driven
from textual.widgets import OptionList


async def jump(shown: Driven, steps: int) -> None:
    await shown.press("j")
    await shown.type(str(steps))


async def open_example(shown: Driven, name: str) -> None:
    await shown.press("o")
    options = shown.app.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(name)
    await shown.press("enter")
    await shown.pilot.pause()
    await shown.settle()
    await shown.press("escape")  # its story


@pytest.mark.parametrize("key", ["r", "R"])
async def test_back_from_a_new_run_stands_where_the_earlier_one_was_left(engine: Engine, key: str) -> None:
    async with driven(engine) as shown:
        await jump(shown, 50)
        before = shown.text
        await shown.press(key)
        assert "step 0" in shown.lines("header")
        await shown.press("b")
        assert shown.screen.notice == "run 1 of 2, as it was left"
        shown.screen.say("")
        await shown.settle()
        assert shown.text == before
        await shown.press("right_square_bracket")
        assert "step 0" in shown.lines("header")


@pytest.mark.slow
async def test_another_example_leaves_the_earlier_run(engine: Engine) -> None:
    async with driven(engine, steps=3) as shown:
        await shown.press("d")
        before = shown.text
        await open_example(shown, "talk-saturated")
        assert shown.session.run_number == 2
        assert "step 0" in shown.lines("header")
        await shown.press("space", "space")
        assert shown.session.timeline.steps == 2
        await shown.press("b", "b", "b")
        assert shown.session.run_number == 1
        assert shown.screen.notice == "run 1 of 2, as it was left"
        shown.screen.say("")
        await shown.settle()
        assert shown.text == before


async def test_another_optimizer_leaves_the_earlier_run(engine: Engine) -> None:
    async with driven(engine, steps=4) as shown:
        await shown.press("5", "o")
        await shown.type("adam")
        assert shown.session.timeline.run.optimizer.name == "adam"
        await shown.press("4", "space", "b", "b")
        assert shown.session.timeline.run.optimizer.name == "sgd"
        assert shown.session.timeline.steps == 4


async def test_what_an_example_hides_is_hidden_in_its_own_runs_alone(engine: Engine) -> None:
    from dataclasses import replace

    from backprop_tui.core.scenario import Show, bundled

    scenario = replace(bundled("xor"), show=Show(lesson="data", hide_panes=("gradients",), hide_keys=("R",)))
    async with driven(engine, steps=1) as shown:
        shown.screen.open(scenario)
        await shown.settle()
        await shown.pilot.pause()
        assert shown.app.lessons.open.name == "data"
        await shown.press("4")
        assert not shown.pane("gradients").visible
        assert {key.written for key in MAIN} - {key.written for key in shown.screen.keys.keys} == {"R"}
        await shown.press("r")
        assert not shown.pane("gradients").visible, "a run begun from the example's is the example's"
        await shown.press("b", "b")
        assert shown.session.run_number == 1
        assert shown.pane("gradients").visible
        assert shown.screen.keys.keys == MAIN
        assert shown.screen.scenario is None
        await shown.press("end")
        assert shown.session.run_number == 2
        assert not shown.pane("gradients").visible


@pytest.mark.slow
async def test_the_cursor_does_not_point_into_another_network(engine: Engine) -> None:
    async with driven(engine, steps=1) as shown:
        await shown.press("tab", "tab", "down", "down", "right")
        assert shown.screen.cursor is not None
        await open_example(shown, "talk-dead-relu")
        await shown.press("space", "enter", "escape", "down", "b", "b", "down", "enter")
        assert not shown.app.faults


@pytest.mark.slow
async def test_a_run_that_comes_back_closes_the_lesson_and_what_lies_over_it(engine: Engine) -> None:
    async with driven(engine, steps=1) as shown:
        await open_example(shown, "talk-saturated")
        await shown.press("5")
        shown.asker.gate.clear()
        await shown.pilot.press("space", "b", "b", "question_mark")
        shown.asker.gate.set()
        await shown.settle()
        await shown.pilot.pause()
        assert shown.session.run_number == 1
        assert shown.app.screen is shown.screen


async def test_a_jump_to_a_step_goes_ahead_and_back(engine: Engine) -> None:
    async with driven(engine, steps=3) as shown:
        for typed, stands, recorded in (("to 12", 12, 12), ("to 5", 5, 12), ("to 0", 0, 12), ("to 14", 14, 14)):
            await shown.press("j")
            await shown.type(typed)
            timeline = shown.session.timeline
            assert (timeline.steps, timeline.history.entries) == (stands, recorded)
            assert shown.lines("header").endswith(f"step {stands}")
        await shown.press("j")
        await shown.type("to yesterday")
        assert "'yesterday' is not a whole number" in shown.lines("status")

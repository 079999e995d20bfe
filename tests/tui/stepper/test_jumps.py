"""`j` by keys in the real app: what it stops at, and that it says where, or that it did not come to it."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.tui.lessons.screen import LessonScreen
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven, text_of
from networks import hidden_layers
from textual.widgets import Input

SIZES = [(80, 24), (120, 40)]


async def jump(found: Driven, text: str) -> str:
    """Type a jump; what is said afterwards."""
    await found.press("j")
    await found.pilot.press(*text, "enter")
    for _ in range(3):
        await found.settle()
        if isinstance(found.app.screen, LessonScreen):
            await found.app.screen.settled()
    return "\n".join(text_of(line) for line in found.app.screen.query_one("#status", Pane).lines).rstrip()


@pytest.mark.parametrize("size", SIZES)
async def test_until_a_sign_changes(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, Run(settings=Settings(lr=2.0)), size=size) as found:
        said = await jump(found, "until sign w2[1]")
        step = found.session.timeline.steps
        assert said.startswith(f"stopped at step {step}: w2[1] changes its sign, +")
        before, after = found.read(Cell("w2", 0, 0)), found.read(Cell("new_w2", 0, 0))
        assert before is not None
        assert after is not None
        assert before > 0 > after, "the step in view is the very one"
        assert found.session.timeline.history.entries == step


@pytest.mark.parametrize("size", SIZES)
async def test_until_the_loss_rises(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        assert await jump(found, "50 until rises") == "the loss never rose within 50 steps: this is step 50"
        await found.press("R", "l", *"0.9", "enter")
        said = await jump(found, "until rises")
        losses = found.session.timeline.losses
        assert said.startswith(f"stopped at step {len(losses)}: the loss rises, ")
        assert losses[-1] > losses[-2]


@pytest.mark.parametrize("size", SIZES)
async def test_until_a_unit_is_saturated(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, Run(settings=Settings(lr=5.0)), size=size) as found:
        said = await jump(found, "until saturated")
        assert said.startswith(f"stopped at step {found.session.timeline.steps}: h1[")
        assert "is saturated, its derivative is" in said
        assert any(remark.kind == "saturated" for remark in found.screen.view().remarks), "as the remark has it"


@pytest.mark.parametrize("size", SIZES)
async def test_until_a_number_is_none(engine: Engine, size: tuple[int, int]) -> None:
    run = Run(network=Network(2, hidden_layers([2], "linear")), settings=Settings(lr=0.9))
    async with driven(engine, run, size=size) as found:
        said = await jump(found, "until nan")
        assert said.startswith(f"stopped at step {found.session.timeline.steps}: ")
        assert np.isfinite(found.session.timeline.losses[:-1]).all()


async def test_a_loss_that_is_not_reached_is_told(engine: Engine) -> None:
    async with driven(engine) as found:
        assert await jump(found, "3 <0.001") == "the loss did not fall below 0.001 within 3 steps: this is step 3"
        assert (await jump(found, "<0.5")).startswith("stopped at step 5: the loss is below 0.5")
        assert found.session.timeline.losses[-1] < 0.5 <= found.session.timeline.losses[-2]


async def test_lesson_5_takes_the_same(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.pilot.press("5")
        await found.pilot.pause()
        assert "never rose within 7 steps: this is step 7" in await jump(found, "7 until rises")
        await jump(found, "to 3")
        assert found.session.timeline.steps == 3


@pytest.mark.parametrize("size", SIZES)
async def test_the_prompt_says_what_may_be_typed_and_a_bad_line_is_answered(
    engine: Engine, size: tuple[int, int]
) -> None:
    async with driven(engine, size=size) as found:
        await found.press("j")
        prompt = found.app.screen.query_one("#prompt", Input)
        assert "until sign w2[1], rises, saturated or nan" in found.text
        assert len(prompt.placeholder) < size[0]
        await found.press("escape")
        assert "'noon' is nothing to stop at: sign w2[1], rises, saturated or nan is" in await jump(found, "until noon")
        assert "w1 has 2 x 2 numbers" in await jump(found, "until sign w1")
        assert found.session.timeline.steps == 0

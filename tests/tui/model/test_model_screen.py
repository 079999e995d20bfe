"""A model's screen by its keys: the app with the model's holder in this process, and the program in a terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from backprop_tui.core.engine.protocol.model import ModelSpec, decode_model_answer, decode_model_request, encode_message
from backprop_tui.core.session.model import ModelSession
from backprop_tui.tui.model.app import ModelApp
from backprop_tui.tui.model.keys import MODEL
from backprop_tui.tui.model.screen import ModelScreen
from driven_screen import text_of
from real_terminal import RealTerminal
from textual.pilot import Pilot

pytestmark = [pytest.mark.slow, pytest.mark.one_worker]

HEAD = 4
"""The bytes before a message."""


class InThisProcess:
    """A holder behind the same `ask` as the model's process; every message goes through its bytes."""

    def __init__(self) -> None:
        from backprop_tui.core.engine.compute.graph.holder import Holder

        self._holder = Holder()
        self.on_restart: Callable[[], None] = lambda: None

    async def ask(self, request: Any) -> Any:
        """Answer, but let others run in between."""
        await asyncio.sleep(0)
        answer = self._holder.answer(decode_model_request(encode_message(request)[HEAD:]))
        return decode_model_answer(encode_message(answer)[HEAD:])

    def close(self) -> None:
        """Nothing to end."""


class Driven:
    """The app under test, and what a person sees of it."""

    def __init__(self, app: ModelApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> ModelScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, ModelScreen))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.screen.settled()
            await self.pilot.pause()

    def lines(self, name: str) -> str:
        return "\n".join(text_of(line) for line in self.app.screen.query_one(f"#{name}").lines)  # type: ignore[attr-defined]

    @property
    def text(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())


@asynccontextmanager
async def driven(model: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Driven]:
    app = ModelApp(ModelSession(ModelSpec(model)), InThisProcess())
    async with app.run_test(size=size) as pilot:
        found = Driven(app, pilot)
        await pilot.pause()
        await found.screen.settled()
        await pilot.pause()
        yield found
    assert not app.faults


async def test_operations_come_one_by_one_then_by_layer_then_by_step() -> None:
    async with driven("notebook") as shown:
        assert "50 operations make a step" in " ".join(shown.lines("operation").split())
        await shown.press("s", "s", "s", "s")
        assert shown.app.session.at == (1, 4)
        assert "y = a @ b" in shown.lines("operation")
        assert "y[0,0] = (-0.4332)·0.5488 + (-0.7533)·0.7152 = -0.7765" in " ".join(shown.lines("operation").split())
        await shown.press("S")
        assert shown.app.session.in_view.type == "Sigmoid"  # type: ignore[union-attr]
        await shown.press("S")
        assert (shown.app.session.in_view.layer, shown.app.session.at.step) == ("output", 1)  # type: ignore[union-attr]
        await shown.press("space")
        assert shown.app.session.is_complete
        assert "61.267" in shown.text
        assert "w is the weight notebook/output/bias" in shown.lines("operation")
        await shown.press("space")
        assert shown.app.session.losses == pytest.approx([61.26733, 36.417], rel=1e-3)


async def test_back_leads_to_the_start_and_on_again_to_the_same_numbers() -> None:
    async with driven("attention") as shown:
        await shown.press("s", "S", "space", "space", "space")
        before = shown.text
        await shown.press(*"bbbbb")
        assert shown.app.session.at == (1, 0)
        await shown.press("b")
        assert "this is the start" in shown.text
        await shown.press("s", "S", "space", "space", "space")
        assert shown.text == before


async def test_why_follows_links_down_to_a_weight_and_back() -> None:
    async with driven("notebook") as shown:
        await shown.press("S", "S", "enter")
        assert "it is made of" in shown.lines("why-number")
        await shown.press("enter", "enter")
        assert "4: MatMul of hidden" in shown.text
        await shown.press("down", "enter")
        assert "3: ReadVariableOp of hidden" in shown.text
        assert "it is the weight notebook/hidden/kernel" in shown.lines("why-number")
        await shown.press("b")
        assert "4: MatMul of hidden" in shown.text
        await shown.press("escape")
        assert shown.app.screen is shown.screen


async def test_large_outputs_are_seen_by_slices_with_what_they_are_like() -> None:
    async with driven("digits") as shown:
        await shown.press("s", "s", "s", "s", "greater_than_sign", "down", "right")
        assert shown.app.session.cursor == (0, 1, 1, 1)
        text = shown.lines("operation")
        assert "slice [0,1], 2 of 48" in text
        assert "are 0" in text
        assert "y[0,1,1,1] =" in text


async def test_gradients_are_checked_at_a_key() -> None:
    async with driven("notebook") as shown:
        await shown.press("space", "c")
        assert "4 of 4 parameters agree with finite differences" in shown.lines("checked")
        await shown.press("escape")


async def test_one_operations_gradient_is_verified_at_a_key() -> None:
    async with driven("digits") as shown:
        await shown.press("space", "v")
        assert "the update comes after the loss" in shown.text
        await shown.press("g", *"42", "enter", "v")
        lines = " ".join(shown.lines("checked").split())
        assert "through #6 Reshape to #5 digits/conv/bias" in lines
        assert lines.endswith("ok")
        await shown.press("escape", "g", *"13", "enter", "v")
        assert "through #13 MatMul" in shown.lines("checked")
        await shown.press("escape")


async def test_a_jump_looks_to_a_step_and_a_wrong_number_is_told() -> None:
    async with driven("notebook") as shown:
        await shown.press("j", *"12", "enter")
        assert shown.app.session.at.step == 12
        await shown.press("b", "j", *"-1", "enter")
        assert "a step has a number" in shown.text or "whole number" in shown.text


async def test_another_learning_rate_holds_from_the_next_update_on_and_b_takes_it_back() -> None:
    async with driven("notebook") as shown:
        await shown.press("space", "space", "space")
        before = list(shown.app.session.losses)
        await shown.press("b", "plus")
        assert "lr 0.5" in shown.lines("header")
        await shown.press("space", "space")
        changed = list(shown.app.session.losses)
        assert changed[:3] == before
        await shown.press("b", "b", "b", "l", *"0.01", "enter", "space", "space")
        assert "lr 0.01" in shown.lines("header")
        assert shown.app.session.losses[:3] == before
        assert shown.app.session.losses[3] != changed[3]
        await shown.press("home", "space", "space", "space")
        assert "lr 0.2" in shown.lines("header")
        assert shown.app.session.losses == before


async def test_new_weights_are_drawn_and_the_old_ones_come_back() -> None:
    async with driven("digits") as shown:
        await shown.press("space", "space")
        first = list(shown.app.session.losses)
        await shown.press("r")
        assert shown.app.session.at == (1, 0)
        await shown.press("space", "space")
        other = list(shown.app.session.losses)
        assert len(other) == 2
        assert other[0] != first[0]
        await shown.press("b", "b", "b")
        assert shown.app.session.at.step == 2
        assert shown.app.session.losses == first
        await shown.press("r", "space", "space")
        assert shown.app.session.losses == other


async def test_a_jump_until_nan_stops_at_the_operation_that_is_not_finite_first() -> None:
    async with driven("notebook") as shown:
        await shown.press("l", *"1e30", "enter", "j", *"until", "space", *"nan", "enter")
        session = shown.app.session
        assert "this is the first operation that holds NaN or infinity" in shown.text
        assert not np.isfinite(session.output).all()
        reached = session.looking
        for place in range(reached):
            await shown.press("pageup")
            assert session.looking == reached - place - 1
            if session.in_view.type != "ReadVariableOp" and session.output is not None:  # type: ignore[union-attr]
                assert np.isfinite(session.output).all()
        await shown.press("b")
        assert session.at == (1, 0)


async def test_autoplay_steps_until_it_is_stopped() -> None:
    async with driven("notebook") as shown:
        await shown.press("right_curly_bracket", "right_curly_bracket", "right_curly_bracket", "a")
        for _ in range(400):
            if len(shown.app.session.losses) > 3:
                break
            await asyncio.sleep(0.02)
        assert "autoplay 30/s" in shown.text
        await shown.press("a")
        await shown.screen.settled()
        made = shown.app.session.at
        await asyncio.sleep(0.2)
        assert shown.app.session.at == made
        assert made.step > 3


async def test_the_length_of_each_layers_gradient_stands_beside_the_loss() -> None:
    """Step 1 of the notebook: the lengths are numpy's, of the gradients that the operations hold."""
    async with driven("notebook") as shown:
        await shown.press("space")
        (hidden, first), (output, last) = shown.app.session.shown_norms
        assert (hidden, output) == ("notebook/hidden", "notebook/output")
        text = shown.lines("losses")
        assert "∂ hidden" in text
        assert f"{last:.4g}"[:5] in text
        graph = shown.app.session.described.graph  # type: ignore[union-attr]
        squares = 0.0
        for weight in graph.weights:
            if weight.path.startswith("notebook/output"):
                await shown.press(
                    "g", *str([one.name for one in graph.shown].index(graph.makers[weight.gradient].name) + 1), "enter"
                )
                squares += float((shown.app.session.output.astype("float64") ** 2).sum())  # type: ignore[union-attr]
        assert last == pytest.approx(squares**0.5)
        assert first > 0


async def test_an_image_is_drawn_in_shades() -> None:
    """The first digit of scikit-learn's is a 0: its middle is blank, and dark strokes are on both sides."""
    async with driven("digits", (120, 40)) as shown:
        await shown.press("s", "p")
        lines = shown.lines("operation").splitlines()
        drawn = lines[next(at for at, line in enumerate(lines) if "image 1 of 8" in line) + 1 :][:8]
        assert [len(line) for line in drawn] == [16] * 8
        pixels = [line[::2] for line in drawn]
        assert pixels[4][3:5] == "  "
        assert pixels[4][1] not in " .:"
        assert pixels[4][6 - 1] not in " .:"
        await shown.press("greater_than_sign", "down", "right")
        assert shown.app.session.cursor == (1, 1, 1, 0)
        assert "image 2 of 8" in shown.lines("operation")
        await shown.press("p")
        assert "slice [1,1], 10 of 64" in shown.lines("operation")
        await shown.press("S", "p")
        assert "no image here" in shown.text


async def test_every_key_does_something_at_any_time() -> None:
    async with driven("notebook", (120, 40)) as shown:
        for key in MODEL:
            for names in (key.names, *(more for more, _ in key.also)):
                name = names.split(",")[0]
                if name not in ("q", "ctrl+p", "tab"):
                    await shown.press(name)
                    while shown.app.screen is not shown.screen:
                        await shown.press("escape")
                    if shown.screen.is_asking:
                        await shown.press("escape")


@pytest.mark.parametrize("size", [(40, 10), (60, 20), (30, 8), (120, 40)])
async def test_small_terminals(size: tuple[int, int]) -> None:
    async with driven("notebook", size) as shown:
        await shown.press("s", "space")
        assert ("too small" in shown.text) == (size == (30, 8))


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_the_real_program(columns: int, rows: int) -> None:
    with RealTerminal("model", "notebook", columns=columns, rows=rows) as terminal:
        terminal.wait_for("50 operations", 300)
        terminal.press("s")
        terminal.wait_for("1 of 50 operations of step 1", 60)
        terminal.press(" ")
        terminal.wait_for("the weights are updated", 60)
        terminal.wait_for("61.267", 60)
        terminal.press("q")
        assert terminal.wait_for_end(30) == 0
        assert terminal.is_restored()


def test_the_operations_of_a_step_are_shown_by_keys() -> None:
    """At 120x40: forward by operation and layer, the image, the gradients, one of them verified."""
    with RealTerminal("model", "digits", columns=120, rows=40) as terminal:
        terminal.wait_for("54 operations", 300)
        terminal.press("s")
        terminal.wait_for("the rows of this step", 60)
        terminal.press("p")
        terminal.wait_for("image 1 of 8", 60)
        terminal.press("ssss")
        terminal.wait_for("5 of 54 operations of step 1", 60)
        terminal.press("S")
        terminal.wait_for("of conv", 60)
        terminal.press(" ")
        terminal.wait_for("the weights are updated", 60)
        terminal.wait_for("∂ conv", 60)
        terminal.press("g4\r")
        terminal.wait_for("4: Conv2D of conv", 60)
        terminal.press("v")
        terminal.wait_for("through #4 Conv2D to #3 digits/conv/kernel", 120)
        terminal.press("\x1b")
        terminal.wait_for("4: Conv2D of conv", 60)
        terminal.press("q")
        assert terminal.wait_for_end(30) == 0
        assert terminal.is_restored()


def test_a_model_that_is_none_ends_in_one_line() -> None:
    with RealTerminal("model", "no-such.keras") as terminal:
        assert terminal.wait_for_end(300) == 2
        assert "no-such.keras: there is no such file" in terminal.output
        assert terminal.is_restored()

"""What the main screen shows, and that it stays true: while TensorFlow loads, at its limits, with odd networks."""

import asyncio

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.tui.stepper.overlays.why import WhyScreen
from backprop_tui.tui.stepper.overlays.words import WordsScreen
from driven_screen import driven
from networks import hidden_layers
from textual.screen import Screen

PANES = ("sample", "forward", "gradients", "updated", "loss")


async def test_the_first_frame_shows_the_weights_and_says_that_tensorflow_loads(engine: Engine) -> None:
    async with driven(engine, loaded=False) as shown:
        assert "loading TensorFlow" in shown.text
        assert shown.read(Cell("w1")) == 0.5488
        assert shown.read(Cell("b2")) == 0.9637
        given = ("w", "b", "x", "y")
        for cell, text in shown.shown().items():
            assert (text == "·") == (not cell.name.startswith(given) or cell.name == "y_pred"), cell


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
async def test_all_panes_are_seen_at_once_and_nothing_is_cut(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as shown:
        await shown.press("space")
        for name in PANES:
            pane = shown.pane(name)
            assert pane.display
            assert pane.virtual_size.width <= pane.scrollable_content_region.width, name
            assert pane.virtual_size.height <= pane.scrollable_content_region.height, name
            for line in shown.lines(name).splitlines():
                assert line.strip() in shown.text, name
        assert "…" not in shown.text


async def test_keys_typed_while_tensorflow_loads_are_kept(engine: Engine) -> None:
    async with driven(engine, loaded=False) as shown:
        await shown.pilot.press("space", "plus", "space", "r", "s")
        assert "5 keys wait" in shown.text
        assert shown.read(Cell("z1")) is None
        shown.asker.gate.set()
        await shown.settle()
        assert "seed 1" in shown.lines("header")
        assert "lr 0.5" in shown.lines("header")
        assert shown.read(Cell("z1")) is not None
        assert shown.read(Cell("h1")) is None


@pytest.mark.parametrize(("key", "page"), [("enter", WhyScreen), ("y", WordsScreen)])
async def test_a_key_that_opens_a_page_waits_for_those_before_it(
    engine: Engine, key: str, page: type[Screen[None]]
) -> None:
    async with driven(engine, loaded=False) as shown:
        await shown.pilot.press("space", "s", key)
        assert "3 keys wait" in shown.text
        assert shown.app.screen is shown.screen
        shown.asker.gate.set()
        await shown.settle()
        await shown.pilot.pause(0.1)
        assert isinstance(shown.app.screen, page)
        assert "z1" in shown.text if page is WhyScreen else "--steps 1" in shown.text
        await shown.press("escape")
        assert "wait" not in shown.text
        assert not shown.screen.notice


async def test_the_notice_of_a_key_that_waits_does_not_outlive_it(engine: Engine) -> None:
    async with driven(engine, loaded=False) as shown:
        await shown.pilot.press("enter")
        assert "1 key waits" in shown.text
        await shown.pilot.press("space")
        assert "2 keys wait" in shown.text
        shown.asker.gate.set()
        await shown.settle()
        assert "wait" not in shown.text
        assert "make a step first" not in shown.text
        assert "step 1" in shown.lines("header")


async def test_keys_wait_in_the_training_lesson_too(engine: Engine) -> None:
    async with driven(engine, loaded=False) as shown:
        await shown.pilot.press("5", "space", "space")
        assert "2 keys wait" in shown.text
        shown.asker.gate.set()
        await shown.settle()
        assert "wait" not in shown.text


async def test_a_learning_rate_that_blows_up_is_no_dead_end(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("l")
        await shown.type("1000")
        for _ in range(12):
            await shown.press("space")
            if not np.isfinite(shown.session.timeline.history.states[-1]).all():
                break
        else:
            pytest.fail("1000 is a learning rate that blows up")
        assert "∞" in shown.text or "NaN" in shown.text
        steps = shown.session.timeline.steps
        await shown.press("b")
        assert shown.session.timeline.steps == steps - 1
        await shown.press("space", "space", "r")
        assert "seed 1" in shown.lines("header")
        assert all(np.isfinite(float(text)) for text in shown.shown().values() if text != "·")
        assert "step 0" in shown.lines("header")
        await shown.press("b")
        assert shown.lines("header").endswith(f"step {steps + 1}"), "the run that blew up is still there"


async def test_a_jump_shows_how_far_it_is_and_keys_typed_meanwhile_are_kept(engine: Engine) -> None:
    async with driven(engine) as shown:
        shown.asker.gate.clear()
        await shown.pilot.press("j", *"300000", "enter")
        shown.asker.gate.set()
        while not shown.session.timeline.history.entries:
            await asyncio.sleep(0)
        shown.asker.gate.clear()
        await shown.pilot.press("b")
        assert 0 < shown.session.timeline.history.entries < 300_000
        assert "of 300,000 steps" in shown.lines("status")
        assert "esc cancels" in shown.lines("status")
        shown.asker.gate.set()
        await shown.settle()
        assert shown.session.timeline.history.entries == 300_000
        assert shown.session.timeline.steps < 300_000, "b came after the jump"


async def test_enter_without_pointing_explains_what_was_computed_last(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("enter")
        assert "make a step first" in shown.text
        await shown.press("space", "s", "enter")
        assert "Why?" in shown.text
        assert "z1[1] = w1[1,1]·bedrooms" in shown.text
        await shown.press("escape", "full_stop", "full_stop", "enter")
        assert "the activation of unit 2 of layer 1" in shown.text


async def test_the_ends_of_the_history_say_so(engine: Engine) -> None:
    async with driven(engine) as shown:
        for key in ("b", "left_square_bracket"):
            await shown.press(key)
            assert "this is the very start" in shown.lines("status")
        await shown.press("space", "b")
        assert "this is the very start" not in shown.lines("status")
        await shown.press("end", "right_square_bracket")
        assert "this is the newest place" in shown.lines("status")


@pytest.mark.slow
async def test_a_number_that_is_cut_off_does_not_look_whole(engine: Engine) -> None:
    async with driven(engine, scenario=bundled("mazur-2015")) as shown:
        await shown.press("space", "d")
        longest = max(map(len, shown.lines("forward").splitlines()))
        pane = shown.pane("forward")
        assert longest > pane.size.width
        assert pane.render_line(1).text.endswith("…")
        pane.scroll_to(x=longest, y=0, animate=False, force=True)
        await shown.settle()
        assert pane.render_line(1).text[0] == "…"
        assert pane.render_line(1).text.endswith(shown.lines("forward").splitlines()[1][-10:])


async def test_the_sparkline_survives_every_loss(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("l")
        await shown.type("1000")
        await shown.press("j")
        await shown.type("300")
        assert "∞" in shown.lines("loss") or "?" in shown.lines("loss")
        await shown.press("R", "l")
        await shown.type("0.5")
        await shown.press("j")
        await shown.type("40")
        assert "log" in shown.lines("loss")


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[40], [9, 9, 9, 9], [24, 24]])
async def test_other_networks_scroll_inside_their_panes(engine: Engine, sizes: list[int]) -> None:
    run = Run(network=Network(2, hidden_layers(sizes, "tanh")))
    async with driven(engine, run) as shown:
        await shown.press("space")
        pane = shown.pane("gradients")
        assert pane.virtual_size.height > pane.scrollable_content_region.height
        trace = shown.session.timeline.trace
        assert trace is not None
        cell = Cell("gw1", sizes[0] - 1, 1)
        assert shown.read(cell) == pytest.approx(float(trace["gw1"][-1, -1]), rel=1e-2, abs=5e-5)
        for _ in range(sizes[0] + 20):
            await shown.pilot.press("down")
        scrolled = [shown.pane(name).scroll_offset.y for name in ("gradients", "forward", "updated")]
        assert any(scrolled), "the cursor takes the pane along"


async def test_names_of_columns_are_text(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("table") / "names.csv"
    names = ["[b]x[/b]", "\x1b[31mred", "[@click=a()]"]
    path.write_text(",".join(names) + "\n1,2,3\n2,4,5\n3,7,6\n")
    table = TableSpec(str(path), tuple(names[:2]), (names[2],), tuple(names[:2]), True)
    async with driven(engine, Run(table=table), size=(120, 40)) as shown:
        assert "[b]x[/b]" in shown.text
        assert "\\x1b[31mred" in shown.text
        assert "[@click=a()]" in shown.text
        assert "\x1b" not in shown.text


async def test_a_table_that_cannot_be_read_ends_the_screen_with_a_reason(engine: Engine) -> None:
    async with driven(engine, Run(table=TableSpec("/nowhere/t.csv")), loaded=False) as shown:
        await shown.pilot.pause()
        assert shown.app.return_code == 2
        assert "/nowhere/t.csv" in shown.app.farewell
        assert "\n" not in shown.app.farewell


@pytest.mark.slow
async def test_a_notice_stays_until_the_next_key(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("l")
        await shown.type("fast")
        assert "'fast' is not a number" in shown.lines("status")
        await shown.press("space")
        assert "fast" not in shown.lines("status")


@pytest.mark.slow
async def test_two_outputs_have_their_own_lines(engine: Engine) -> None:
    table = TableSpec(targets=("price", "bedrooms"), features=("sqft_living",), standardize=("sqft_living",))
    run = Run(table=table, network=Network(1, hidden_layers([3], "relu", outputs=2)))
    async with driven(engine, run) as shown:
        await shown.press("space")
        trace = shown.session.timeline.trace
        assert trace is not None
        for unit in range(2):
            assert shown.read(Cell("y_pred", unit)) == pytest.approx(float(trace["y_pred"][unit, 0]), abs=5e-5)


@pytest.mark.slow
async def test_target_prediction_and_loss_stay_in_sight(engine: Engine) -> None:
    """Whatever scrolls: three hidden units and two layers are more lines than the pane has."""
    run = Run(network=Network(2, hidden_layers([4, 4], "tanh")))
    async with driven(engine, run) as shown:
        await shown.press("space")
        pane = shown.pane("forward")
        assert len(pane.lines) > pane.size.height
        for keys in ((), ("home",), ("s",), ("s", "s", "s"), ("end", "d")):
            await shown.press(*keys)
            rows = shown.text.splitlines()
            seen = "\n".join(rows[pane.region.y : pane.region.bottom])
            assert "ŷ" in seen
            assert "loss" in seen
        await shown.press("d", "end")
        for row in (0, pane.size.height - 1):
            await shown.pilot.click("#forward", offset=(14 if row == 0 else 6, row + 1))
            await shown.settle()
            cell = shown.screen.cursor
            assert cell is not None
            assert (cell.name == "y_pred") == (row > 0), "the mouse points at the line that is seen there"


@pytest.mark.parametrize("over", ["1", "5", "question_mark", "L", "ctrl+p", "i"])
async def test_a_size_that_came_below_another_screen_holds(engine: Engine, over: str) -> None:
    async with driven(engine, size=(80, 24)) as shown:
        await shown.press("space", over)
        for size in ((60, 12), (140, 42), (80, 23), (80, 24)):
            await shown.pilot.resize_terminal(*size)
            await shown.pilot.pause()
        await shown.press("escape", "escape", "4")
        assert shown.app.screen is shown.screen
        assert "Updated weights" in shown.text, "all panes are there, as 80x24 has them"
        assert not shown.app.faults


@pytest.mark.slow
async def test_the_palette_closes_before_its_commands_come(engine: Engine) -> None:
    async with driven(engine) as shown:
        for _ in range(20):
            await shown.pilot.press("ctrl+p", "escape")
        await shown.settle()
        assert not shown.app.faults
        assert shown.app.screen is shown.screen


@pytest.mark.slow
async def test_no_key_is_promised_that_does_nothing(engine: Engine) -> None:
    async with driven(engine, size=(140, 42)) as shown:
        await shown.press("space")
        footer = shown.lines("footer")
        assert "batch row" not in footer
        assert "esc cancel" not in footer
        await shown.press("a")
        assert "esc cancel" in shown.lines("footer")
        await shown.press("a")
    async with driven(engine, Run(settings=Settings(sampling=Sampling(SHUFFLED, 0, 3))), size=(140, 42)) as shown:
        await shown.press("space")
        assert "m batch row" in shown.lines("footer")
    for height, scrolls in ((42, False), (12, True)):
        async with driven(engine, size=(100, height)) as shown:
            await shown.press("s", "s", "s", "s", "s", "s", "s", "s", "s", "enter")
            assert ("↑↓" in shown.text) == scrolls


async def test_a_loss_says_which_step_it_is_of(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("space")
        assert shown.pane("loss").title == "Loss  61.267"
        await shown.press("s", "s", "s")
        assert shown.pane("loss").title == "Loss  61.267 in step 1", "that of step 2 is not computed yet"
        await shown.press("s")
        assert shown.pane("loss").title == "Loss  27.339"


async def test_where_there_is_room_it_says_what_comes_next(engine: Engine) -> None:
    async with driven(engine, size=(140, 42)) as shown:
        await shown.press("s", "s", "s")
        assert "s goes on: loss   loss = ½(ŷ - y)²" in shown.lines("step")
        await shown.press("s")
        assert "s goes on: ∂L/∂ŷ" in shown.lines("step")
        assert "61.27" in shown.lines("loss")

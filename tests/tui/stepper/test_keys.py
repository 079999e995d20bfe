"""Every key of the table does what the table says, pressed in the real app."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.tui.stepper.keys import MAIN
from backprop_tui.tui.stepper.screen import StepperScreen
from driven_screen import Driven, driven

Check = Callable[[Driven, str], Awaitable[None]]
CHECKS: dict[str, Check] = {}

FIRST_WEIGHTS = (0.5488135, 0.71518937, 0.60276338, 0.54488318, 0.4236548, 0.64589411, 0.43758721, 0.891773, 0.96366276)
"""The first numbers of `np.random.seed(0); np.random.rand(9)`, as scikit-learn's and numpy's examples print them."""

PHASES = ("z1", "h1", "ŷ", "loss", "∂L/∂ŷ", "∂L/∂w2, ∂L/∂b2", "∂L/∂h1", "∂L/∂z1", "∂L/∂w1, ∂L/∂b1", "update")
"""The order in which the notebook computes them."""


def checks(action: str) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        CHECKS[action] = check
        return check

    return register


def every_key() -> list[tuple[str, str]]:
    return [(key.action, name) for key in MAIN for name in key.names.split(",")]


@pytest.mark.slow
@pytest.mark.parametrize(("action", "key"), every_key(), ids=[name for _, name in every_key()])
async def test_key_does_what_it_says(engine: Engine, action: str, key: str) -> None:
    assert action in CHECKS, f"nothing here says what {key} must do"
    async with driven(engine) as shown:
        await CHECKS[action](shown, key)


async def states_after(shown: Driven, key: str) -> Array:
    """All states of the history, after a key."""
    await shown.press(key)
    return shown.session.timeline.history.states.copy()


@checks("step")
async def step(shown: Driven, key: str) -> None:
    np.testing.assert_allclose(shown.session.timeline.history.states[0], FIRST_WEIGHTS, atol=1e-7)
    await shown.press(key)
    assert "step 1" in shown.lines("header")
    assert shown.read(Cell("w1")) == 0.5488
    assert shown.read(Cell("new_w1")) == round(float(shown.session.timeline.history.states[1][0]), 4)
    await shown.press("s", "s", key)
    assert "step 2" in shown.lines("header"), "space finishes the step that s began"
    assert shown.session.timeline.history.entries == 2


@checks("phase")
async def phase(shown: Driven, key: str) -> None:
    for number, name in enumerate(PHASES, 1):
        await shown.press(key)
        assert shown.pane("step").title.startswith(f"{name}   phase {number} of {len(PHASES)}")
        computed = [cell for cell, text in shown.shown().items() if text != "·"]
        assert (Cell("h1") in computed) == (number >= 2)
        assert (Cell("loss") in computed) == (number >= 4)
        assert (Cell("gw1") in computed) == (number >= 9)
        assert (Cell("new_w1") in computed) == (number >= 10)
    assert "step 1" in shown.lines("header")


@checks("number")
async def number(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert shown.read(Cell("z1", 0)) is not None
    assert shown.read(Cell("z1", 1)) is None
    await shown.press(key, key)
    assert shown.read(Cell("h1", 0)) is not None
    assert shown.read(Cell("h1", 1)) is None


@checks("batch_row")
async def batch_row(shown: Driven, key: str) -> None:
    await shown.press("space", key)
    assert "m is for a batch" in shown.text


@checks("background")
async def background(shown: Driven, key: str) -> None:
    await shown.press("space")
    before = shown.pane("sample").render_line(1).text
    dark = _color_of(shown, "negative")
    await shown.press(key)
    assert _color_of(shown, "negative") != dark
    assert shown.pane("sample").render_line(1).text == before
    await shown.press(key)
    assert _color_of(shown, "negative") == dark


def _color_of(shown: Driven, role: str) -> object:
    """The color in which the first number of that role is painted."""
    pane = shown.pane("sample")
    row = next(y for y, line in enumerate(pane.lines) if any(span.role.startswith(role) for span in line))
    colors = {segment.style.color for segment in pane.render_line(row) if segment.style and segment.style.color}
    return next(iter(colors))


@checks("back")
async def back(shown: Driven, key: str) -> None:
    await shown.press("space", "space", "s", "s", "s")
    after_z1 = None
    for done in (8, 4, 0):
        await shown.press(key)
        computed = [cell for cell, text in shown.shown().items() if text != "·"]
        if done > 0:
            assert Cell("z1") in computed
        after_z1 = after_z1 or shown.lines("forward")
    assert "step 2" in shown.lines("header")
    assert shown.read(Cell("new_w1")) is not None, "back from the first phase: the whole step before it"
    await shown.press(key)
    assert "step 1" in shown.lines("header")
    await shown.press(key, key, key)
    assert "step 0" in shown.lines("header")
    assert shown.read(Cell("z1")) is None
    assert shown.read(Cell("w1")) == 0.5488


@checks("back_phase")
async def back_phase(shown: Driven, key: str) -> None:
    await shown.press("space", "space")
    for name in reversed(PHASES[:-1]):
        await shown.press(key)
        assert shown.pane("step").title.startswith(f"{name} ")
    assert shown.session.timeline.history.entries == 2, "the history stays"


@checks("forward_phase")
async def forward_phase(shown: Driven, key: str) -> None:
    states = await states_after(shown, "space")
    await shown.press("home")
    for name in PHASES:
        await shown.press(key)
        assert shown.pane("step").title.startswith(f"{name} ")
    newest, status = shown.text, shown.lines("status")
    await shown.press(key)
    assert "this is the newest place" in shown.lines("status")
    assert shown.text.replace(shown.lines("status").rstrip(), status.rstrip()) == newest, "it makes no step"
    np.testing.assert_array_equal(shown.session.timeline.history.states, states)


@checks("first")
async def first(shown: Driven, key: str) -> None:
    start = shown.lines("forward"), shown.lines("updated")
    await shown.press("space", "space", "s", key)
    assert "step 0" in shown.lines("header")
    assert (shown.lines("forward"), shown.lines("updated")) == start
    assert shown.session.timeline.history.entries >= 2, "the history stays"


@checks("last")
async def last(shown: Driven, key: str) -> None:
    await shown.press("space", "space", "space")
    newest = shown.text
    await shown.press("home", key)
    assert shown.text == newest


@checks("reinit")
async def reinit(shown: Driven, key: str) -> None:
    await shown.press("space", "space", key)
    assert "seed 1" in shown.lines("header")
    assert "step 0" in shown.lines("header")
    assert shown.session.timeline.history.entries == 0
    drawn = np.random.RandomState(1).uniform(size=9)
    assert shown.read(Cell("w1")) == pytest.approx(drawn[0], abs=5e-5)
    assert shown.read(Cell("b2")) == pytest.approx(drawn[8], abs=5e-5)
    assert shown.read(Cell("new_w1")) is None


@checks("restart")
async def restart(shown: Driven, key: str) -> None:
    states = await states_after(shown, "space")
    await shown.press("space", key)
    assert "seed 0" in shown.lines("header")
    assert shown.session.timeline.history.entries == 0
    np.testing.assert_array_equal(await states_after(shown, "space"), states)


@checks("autoplay")
async def autoplay(shown: Driven, key: str) -> None:
    await shown.press(*[">"] * 3, key)
    assert "autoplay 30/s" in shown.lines("header")
    while shown.session.timeline.steps < 5:
        await asyncio.sleep(0.02)
    await shown.press(key)
    assert "autoplay" not in shown.lines("header")
    stopped = shown.session.timeline.steps
    await asyncio.sleep(0.15)
    assert shown.session.timeline.steps == stopped


@checks("slower")
async def slower(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "1 steps a second" in shown.lines("status") or "1 step a second" in shown.lines("status")
    await shown.press(*[key] * 20)
    assert "0.5 steps a second" in shown.lines("status")


@checks("faster")
async def faster(shown: Driven, key: str) -> None:
    await shown.press(key, "a")
    assert "autoplay 5/s" in shown.lines("header")
    await shown.press("a", *[key] * 8)
    assert "100000 steps a second" in shown.lines("status").replace(",", "")
    await shown.pilot.press("a")
    while shown.session.timeline.steps < 20_000:
        await asyncio.sleep(0.02)
    await shown.press("a")
    assert shown.session.timeline.history.entries == shown.session.timeline.steps, (
        "every step is recorded, however fast"
    )


@checks("jump")
async def jump(shown: Driven, key: str) -> None:
    await shown.press(key)
    await shown.type("2500")
    assert "step 2,500" in shown.lines("header")
    await shown.press("R", key)
    await shown.type("<0.5")
    losses = shown.session.timeline.losses
    assert losses[-1] < 0.5
    assert (losses[:-1] >= 0.5).all()
    for refused in ("0", "-3", "many", "99999999999", "<nan"):
        before = shown.session.timeline.steps
        await shown.press(key)
        await shown.type(refused)
        assert shown.lines("status").strip()
        assert shown.session.timeline.steps == before


@checks("lr_up")
async def lr_up(shown: Driven, key: str) -> None:
    for lr in ("0.5", "1", "2", "5", "10"):
        await shown.press(key)
        assert f"lr {lr} " in shown.lines("header")


@checks("lr_down")
async def lr_down(shown: Driven, key: str) -> None:
    for lr in ("0.1", "0.05", "0.02", "0.01", "0.005"):
        await shown.press(key)
        assert f"lr {lr} " in shown.lines("header")


@checks("lr")
async def typed_lr(shown: Driven, key: str) -> None:
    await shown.press(key)
    await shown.type("0.03")
    assert "lr 0.03 " in shown.lines("header")
    await shown.press("space")
    old, gradient = shown.read(Cell("b2")), shown.read(Cell("gb2"))
    assert old is not None
    assert gradient is not None
    assert shown.read(Cell("new_b2")) == pytest.approx(old - 0.03 * gradient, abs=1e-4)
    for refused in ("-1", "nan", "inf", "fast"):
        await shown.press(key)
        await shown.type(refused)
        assert "lr 0.03 " in shown.lines("header")
        assert shown.lines("status").strip()


@checks("next_row")
async def next_row(shown: Driven, key: str) -> None:
    assert shown.read(Cell("x", 0, 0)) == -0.4332
    await shown.press(key)
    assert "row 1 " in shown.lines("header")
    assert shown.session.timeline.sample is not None
    assert shown.session.timeline.sample.row == 1


@checks("previous_row")
async def previous_row(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "row 498 " in shown.lines("header"), "before the first row comes the last of the 499"
    await shown.press("n")
    assert "row 0 " in shown.lines("header")
    assert "313000" in shown.lines("sample").replace(",", "")


@checks("row")
async def row(shown: Driven, key: str) -> None:
    await shown.press(key)
    await shown.type("7")
    assert "row 7 " in shown.lines("header")
    for refused in ("499", "-1", "x", "10000000000"):
        await shown.press(key)
        await shown.type(refused)
        assert "row 7 " in shown.lines("header")
        assert shown.lines("status").strip()


@checks("change")
async def change(shown: Driven, key: str) -> None:
    await shown.press("space")
    await shown.press("tab", "tab", "tab")
    cursor = shown.screen.cursor
    assert cursor == Cell("w1"), "the first number of the updated weights"
    await shown.press(key)
    await shown.type("0.25")
    assert shown.read(cursor) == 0.25
    await shown.press("b")
    assert shown.read(cursor) == 0.5488


@checks("picture")
async def picture(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert not isinstance(shown.app.screen, StepperScreen)
    await shown.pilot.press("escape")
    assert isinstance(shown.app.screen, StepperScreen)


@checks("loss_picture")
async def loss_picture(shown: Driven, key: str) -> None:
    await shown.press("space", "space")
    await picture(shown, key)


@checks("prediction")
async def prediction(shown: Driven, key: str) -> None:
    await picture(shown, key)


@checks("predict")
async def predict(shown: Driven, key: str) -> None:
    await shown.press(key, "space")
    assert "?" in shown.lines("step")
    assert shown.read(Cell("gw1")) is None, "the gradients come after the answer"
    while shown.screen.predictor.on:
        await shown.press(key)
    await shown.press("R", "space")
    assert shown.read(Cell("gw1")) is not None, "off again"


@checks("examples")
async def examples(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert not isinstance(shown.app.screen, StepperScreen)
    await shown.pilot.press("escape")
    assert isinstance(shown.app.screen, StepperScreen)


@checks("setup")
async def setup(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "A new run" in shown.text
    await shown.pilot.press("escape")
    assert isinstance(shown.app.screen, StepperScreen)
    assert len(shown.session.timelines) == 1


@checks("save")
async def save(shown: Driven, key: str) -> None:
    await shown.press("space", key)
    assert "not saved here" in shown.lines("status"), "the program saves, an app without a place for it says so"


@checks("export")
async def export(shown: Driven, key: str) -> None:
    folder = Path(tempfile.mkdtemp())
    shown.app.export_folder = folder
    await shown.press("space", key)
    await shown.type("steps.csv")
    while "writing" in shown.lines("status"):
        await shown.pilot.pause(0.02)
    assert "steps.csv" in shown.lines("status")
    (written,) = folder.iterdir()
    assert "61.267" in written.read_text()


@checks("copy")
async def copy(shown: Driven, key: str) -> None:
    await shown.press("space", "space", key)
    assert "backprop-tui" in shown.app.clipboard
    assert "--steps 2" in shown.app.clipboard


@checks("copy_number")
async def copy_number(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "point at one that is computed" in shown.text
    await shown.press("space", "tab", "tab", key)
    cursor = shown.screen.cursor
    assert cursor is not None
    assert abs(float(shown.app.clipboard) - (shown.read(cursor) or 0)) <= 0.5e-4
    assert shown.app.clipboard in shown.text


@checks("why")
async def why(shown: Driven, key: str) -> None:
    await shown.press("space", "tab", "tab")
    cursor = shown.screen.cursor
    assert cursor is not None
    await shown.press(key)
    assert not isinstance(shown.app.screen, StepperScreen)
    value = shown.shown()[cursor]
    assert value in shown.text


for number_of_lesson, words in ((1, "scaled"), (2, "derivative"), (3, "descent"), (4, "Forward"), (5, "epoch")):

    async def lesson(shown: Driven, key: str, words: str = words) -> None:
        await shown.pilot.press(key)
        await shown.pilot.pause(0.2)
        assert words.lower() in shown.text.lower()
        await shown.pilot.press("4")
        await shown.pilot.pause()
        assert isinstance(shown.app.screen, StepperScreen)

    CHECKS[f"lesson({number_of_lesson})"] = lesson


@checks("what")
async def what(shown: Driven, key: str) -> None:
    await shown.press("space", key)
    assert "new w = w - lr·∂L/∂w" in shown.text, "the update was computed last"
    await shown.press("escape", "down", "tab", key)
    assert "pre-activation, z" in shown.text, "the number under the cursor"


@checks("question")
async def question(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "workshop" in shown.lines("status"), "there is no class here, and it says so"


@checks("follow")
async def follow(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "workshop" in shown.lines("status"), "there is nobody to follow here, and it says so"


@checks("task")
async def task(shown: Driven, key: str) -> None:
    await shown.press(key, "escape")
    assert "Task 1 of" in shown.text, "without a course it opens the one that comes along"
    await shown.press(key)
    assert "Task 1 of" not in shown.text
    await shown.press(key)
    assert "Task 1 of" in shown.text


@checks("answer")
async def answer(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "no course is open; T opens" in shown.lines("status")
    await shown.press("T", "escape", "down", key)
    assert "Task 2 of" in shown.text, "the first was done, and it goes on"
    await shown.press(key)
    assert "to within 0.01" in shown.text
    await shown.type("14.68")
    assert "Right: 14.684" in shown.text


@checks("hint")
async def hint(shown: Driven, key: str) -> None:
    await shown.press(key)
    assert "no course is open; T opens" in shown.lines("status")
    await shown.press("T", "escape", key)
    assert "Hint: the prices stand in the column on the right" in shown.text


@checks("precision")
async def precision(shown: Driven, key: str) -> None:
    await shown.press("space", key)
    trace = shown.session.timeline.trace
    assert trace is not None
    for cell, text in shown.shown().items():
        value = float(text)
        assert np.float32(value) == np.float32(trace[cell.name][cell.row, cell.column]), cell
    assert len(shown.shown()[Cell("w1")]) >= 10
    await shown.press(key)
    assert shown.shown()[Cell("w1")] == "+0.5488"


@checks("next_pane")
async def next_pane(shown: Driven, key: str) -> None:
    await shown.pilot.resize_terminal(40, 12)
    while not shown.screen.has_class("tabs"):
        await shown.pilot.pause(0.01)
    seen = []
    for _ in range(5):
        seen += [pane.id for pane in shown.screen.query(".framed") if pane.display and pane.id != "step"]
        await shown.press(key)
    assert seen == ["sample", "forward", "gradients", "updated", "loss"]


@checks("cursor('up')")
async def cursor(shown: Driven, key: str) -> None:
    await shown.press("space")
    named = set()
    for arrow in (key, "down", "down", "right", "left", "down", "right", "down", key):
        await shown.press(arrow)
        named.add(shown.lines("status").strip())
        cell = shown.screen.cursor
        assert cell is not None
        assert "shape" in shown.lines("status")
    assert len(named) > 4, "the cursor moves"


@checks("cancel")
async def cancel(shown: Driven, key: str) -> None:
    await shown.press("j", "5", key)
    assert shown.session.timeline.steps == 0
    assert not shown.screen.query_one("#prompt").display
    await shown.press("a", key)
    assert "autoplay" not in shown.lines("header")
    await shown.press("j")
    await shown.pilot.press(*"10000000", "enter")
    async with asyncio.timeout(40):
        while shown.session.timeline.history.entries < 5000 or "of 10,000,000 steps" not in shown.lines("status"):
            await asyncio.sleep(0.002)
    await shown.press(key)
    assert "canceled" in shown.lines("status")
    assert 5000 <= shown.session.timeline.steps < 10_000_000
    assert shown.session.timeline.steps == shown.session.timeline.history.entries, "what the jump has done stays"


@checks("command_palette")
async def command_palette(shown: Driven, key: str) -> None:
    await shown.pilot.press(key)
    await shown.pilot.pause()
    assert not isinstance(shown.app.screen, StepperScreen)
    await shown.pilot.press(*"reinit")
    await shown.pilot.pause(0.3)
    await shown.pilot.press("enter")
    await shown.pilot.pause(0.3)
    if not isinstance(shown.app.screen, StepperScreen):
        await shown.pilot.press("enter")
        await shown.pilot.pause(0.1)
    await shown.settle()
    assert shown.session.timeline.run.seed == 1


@checks("help")
async def help_page(shown: Driven, key: str) -> None:
    await shown.pilot.resize_terminal(120, 75)
    await shown.press(key)
    for one in MAIN:
        assert one.written in shown.text
    await shown.pilot.press("escape")
    assert isinstance(shown.app.screen, StepperScreen)


@checks("quit")
async def quit_key(shown: Driven, key: str) -> None:
    await shown.press("space")
    await shown.pilot.press(key)
    assert shown.app.return_code == 0

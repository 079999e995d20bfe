"""The picture of the prediction, by keys in the real app: what is drawn, what it stands for, how it moves."""

from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.losses import SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.tui.lessons.training import TrainingScreen
from backprop_tui.tui.stepper.overlays.prediction import PredictionScreen
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven, text_of

SIZES = [(80, 24), (120, 40)]

CORNERS = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 2.0], [0.0, 1.0, 3.0], [1.0, 1.0, 4.0]])
"""Three features of four rows; what is beyond the second line or column belongs to another class."""

THREE_CLASSES = Run(
    table=TableSpec(
        features=("east", "north", "third"),
        targets=("red", "green", "blue"),
        standardize=(),
        log_target=False,
        x=numbers(CORNERS),
        y=numbers(np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])),
        holdout=0.25,
    ),
    network=Network(3, (Layer(2, "tanh"), Layer(3, "softmax")), SOFTMAX_CROSS_ENTROPY),
    # tanh of 4·(east - 1/2) and of 4·(north - 1/2); blue where north is large, else green where east is.
    initial=(4, 0, 0, 0, 4, 0, -2, -2, -3, -3, 3, -3, 0, 6, 0, 0, 0),
    settings=Settings(lr=0.001),
)

ONE_FEATURE = Run(
    table=TableSpec(
        features=("x",),
        targets=("y",),
        standardize=(),
        log_target=False,
        x=numbers(np.array([[0.0], [1.0], [2.0]])),
        y=numbers(np.array([[1.0], [3.0], [5.0]])),
    ),
    network=Network(1, (Layer(1, "linear"),)),
    initial=(2, 1),
)
"""y = 2x + 1, with the line that goes through its rows."""


async def press(found: Driven, *keys: str) -> None:
    """Press keys, and wait until the page that is open has its rows, and is painted."""
    await found.press(*keys)
    for _ in range(50):
        await found.settle()
        if not isinstance(found.app.screen, PredictionScreen) or (title(found) and lines(found, "signs")):
            break
    await found.settle()


def lines(found: Driven, name: str) -> list[str]:
    """The lines of a pane of the page."""
    screen = found.app.screen
    assert isinstance(screen, PredictionScreen)
    return [text_of(line) for line in screen.query_one(f"#{name}", Pane).lines]


def title(found: Driven) -> str:
    return found.app.screen.query_one("#map", Pane).title


def inside(found: Driven) -> list[str]:
    """What lies within the axes."""
    return [line[9:] for line in lines(found, "map") if line[8] in "│┤"]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_regions_of_classes_with_the_rows_upon_them(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, THREE_CLASSES, size=size) as found:
        await press(found, "P")
        assert title(found).startswith("likeliest class over east and north   step 0   by numpy")
        shown = inside(found)
        assert {len(line) for line in shown} == {size[0] - 11}
        middle = len(shown[0]) // 2
        assert shown[0][1] == shown[0][-2] == "▒", "blue at the top"
        assert shown[-1][1] == " ", "red at the left"
        assert shown[-1][-2] == "░", "green at the right"
        assert shown[len(shown) // 2 + 3][middle - 6] == " "
        assert shown[len(shown) // 2 + 3][middle + 6] == "░"
        marks = "".join(character for line in shown for character in line if character.isalpha() or character == "◆")
        assert marks.lower() == "cc◆b"
        assert sum(mark.islower() for mark in marks) <= 1, "one row is held out; it may be the one in view"
        (signs,), (here,) = lines(found, "signs"), lines(found, "here")
        assert "A red" in signs
        assert "░ B green" in signs
        assert "▒ C blue" in signs
        assert "small letters: held out" in signs
        assert here.startswith("row 0 ◆: red by 0.")
        assert "others at the row's value: third 1" in here
        await press(found, "m")
        assert "others at the rows' mean: third 2.5" in lines(found, "here")[0]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_the_share_of_a_class_in_digits(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, THREE_CLASSES, size=size) as found:
        await press(found, "P", "o", "r")
        assert title(found).startswith("ŷ[1] red over east and north")
        shown = inside(found)
        assert shown[-1][0] == "9"
        assert shown[-1][-1] == "0"
        assert shown[0][0] == "0"
        assert set("".join(shown)) - {"◆"} <= set("0123456789")
        (signs,) = lines(found, "signs")
        assert signs.startswith("digits: 0 from 0 to 9 at 1  " if size[0] > 80 else "0: 0  9: 1")
        assert "A red  B green  C blue  small letters: held out" in signs
        await press(found, "o", "o")
        assert title(found).startswith("ŷ[3] blue")
        await press(found, "o")
        assert title(found).startswith("likeliest class")


@pytest.mark.slow
async def test_what_a_hidden_unit_has_learnt(engine: Engine) -> None:
    async with driven(engine, THREE_CLASSES) as found:
        await press(found, "P", "u", "r")
        assert title(found).startswith("what h1[1] has learnt over east and north   step 0")
        assert all(line[0] == "0" and line[-1] == "9" for line in inside(found)), "it looks east only"
        await press(found, "u")
        assert title(found).startswith("what h1[2] has learnt")
        shown = inside(found)
        assert set(shown[0]) == {"9"}
        assert set(shown[-1]) - {"◆"} == {"0"}
        await press(found, "u")
        assert title(found).startswith("likeliest class")
        await press(found, "U")
        assert title(found).startswith("what h1[2] has learnt")
        await press(found, "o")
        assert title(found).startswith("likeliest class")


@pytest.mark.parametrize("size", SIZES)
async def test_a_curve_goes_through_the_rows_that_it_fits(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, ONE_FEATURE, size=size) as found:
        await press(found, "P")
        assert title(found).startswith("ŷ over x   step 0")
        shown = inside(found)
        marked = [(y, line.index("◆")) for y, line in enumerate(shown) if "◆" in line]
        assert len(marked) == 1
        assert "●" not in "".join(shown), "the curve lies upon the rows that it goes through"
        assert any(character > "\u2800" for line in shown for character in line)
        assert lines(found, "here") == ["row 0 ◆: ŷ 1, y 1"]
        await press(found, "c")
        assert lines(found, "here") == ["the table has one feature: there is no second one for a map"]
        await press(found, "n")
        assert lines(found, "here") == ["row 1 ◆: ŷ 3, y 3"]
        await press(found, "p")
        assert lines(found, "here") == ["row 0 ◆: ŷ 1, y 1"]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_it_moves_with_the_steps(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await press(found, "P")
        assert title(found).startswith("ŷ over bedrooms and sqft_living   step 0")
        start, at = inside(found), lines(found, "here")
        assert at[0].startswith("row 0 ◆: ŷ ")
        assert "y 12.65 ≈ $313,000" in at[0]
        await press(found, "space")
        assert "step 1" in title(found)
        assert inside(found) != start
        assert found.session.timeline.steps == 1
        state = found.session.timeline.history.state(1)
        assert state is not None
        await press(found, "b")
        assert (inside(found), lines(found, "here")) == (start, at)
        await press(found, "c")
        assert title(found).startswith("ŷ over bedrooms   step 0")
        assert "others at the row's value" in lines(found, "here")[0]
        await press(found, "right")
        assert title(found).startswith("ŷ over sqft_living")
        await press(found, "up", "up")
        assert title(found).startswith("ŷ over bedrooms and sqft_living")
        await press(found, "escape")
        assert isinstance(found.app.screen, StepperScreen)


@pytest.mark.slow
async def test_it_moves_by_autoplay(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "P", "a")
        for _ in range(600):
            await found.pilot.pause(0.02)
            if "step 0" not in title(found):
                break
        assert found.session.timeline.steps > 0
        assert "step 0" not in title(found)
        await press(found, "a")
        assert not found.screen.autoplay.running


async def test_it_opens_in_lesson_5(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "5", "P")
        assert title(found).startswith("ŷ over bedrooms and sqft_living   step 0")
        await press(found, "space")
        assert "step 1" in title(found)
        await press(found, "escape")
        assert isinstance(found.app.screen, TrainingScreen)


async def test_an_earlier_run_has_its_own_picture(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "r", "P", "u", "u")
        assert title(found).startswith("what h1[2] has learnt")
        second = inside(found)
        await press(found, "b")
        assert found.session.run_number == 1
        assert inside(found) != second


async def test_names_from_outside_are_no_markup(engine: Engine) -> None:
    names = ("[red]a\x1b[2J", "\u6e29\u5ea6\u6e29\u5ea6\u6e29")
    table = TableSpec(
        features=names, targets=("y",), standardize=(), log_target=False, x=numbers(CORNERS[:, :2]), y=ONE_Y
    )
    async with driven(engine, Run(table=table)) as found:
        await press(found, "P")
        assert "\x1b" not in title(found)
        assert title(found).startswith("ŷ over [red]a\\x1b[2J")
        assert "\u6e29" in lines(found, "map")[0] or "\u6e29" in lines(found, "map")[1]
        widths = {len(line.rstrip()) for line in lines(found, "map")}
        assert max(widths) <= 78
        await press(found, "c")
        assert "[red]" in lines(found, "map")[-1]


ONE_Y = numbers(np.array([[1.0], [2.0], [3.0], [4.0]]))


def test_the_page_of_keys_has_it() -> None:
    page = (Path(__file__).parents[3] / "docs" / "keys.md").read_text(encoding="utf-8")
    assert "## P: the prediction" in page

"""The pictures of losses, by keys in the real app: ticks on both axes, logarithms, earlier runs, the newest value."""

import re

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Network
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven, text_of
from networks import hidden_layers

SIZES = [(80, 24), (120, 40)]


async def typed(found: Driven, key: str, text: str) -> None:
    await found.press_each(key, *text, "enter")


def lines(found: Driven, name: str) -> list[str]:
    """The lines of a pane of the screen that is open."""
    return [text_of(line) for line in found.app.screen.query_one(f"#{name}", Pane).lines]


def beside(shown: list[str]) -> list[float]:
    """The numbers beside the ticks of the upright axis, from the top."""
    return [float(line.partition("┤")[0]) for line in shown if "┤" in line]


def below(shown: list[str]) -> list[float]:
    """The numbers below the plot."""
    return [float(text.replace(",", "")) for text in shown[-1].split()[1:]]


@pytest.mark.parametrize("size", SIZES)
async def test_both_axes_have_ticks_with_numbers_and_say_what_they_are(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await typed(found, "j", "60")
        await found.press_each("L")
        shown = lines(found, "curve")
        assert any(line.startswith("log loss│") for line in shown), "from 61 to 1e-12"
        assert beside(shown)[0] >= 1 > 1e-9 > beside(shown)[-1]
        assert len(below(shown)) >= 5
        assert shown[-1].startswith("    step ")
        ticks = [at for at, character in enumerate(shown[-2]) if character in "┬┼"]
        assert len(ticks) == len(below(shown))
        for at, number in zip(ticks, re.finditer(r"[\d,]+", shown[-1]), strict=True):
            assert number.start() <= at <= number.end()


@pytest.mark.parametrize("size", SIZES)
async def test_a_logarithm_on_either_axis_by_a_key(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await typed(found, "j", "100")
        await found.press_each("L", "g")
        shown = lines(found, "curve")
        assert any(line.startswith("    loss│") for line in shown), "g: linear"
        assert beside(shown)[-1] == 0
        assert not shown[-2].startswith("     log└")
        await found.press_each("x")
        shown = lines(found, "curve")
        assert shown[-2].startswith("     log└"), "x: the steps on a logarithm, and it says so"
        assert {1, 10, 100} <= set(below(shown))
        await found.press_each("g", "x")
        shown = lines(found, "curve")
        assert any(line.startswith("log loss│") for line in shown)
        assert not shown[-2].startswith("     log└")
        await found.press_each("e")
        assert lines(found, "curve")[-1].startswith("   epoch ")


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_earlier_runs_are_drawn_beside_the_one_in_view(engine: Engine, size: tuple[int, int]) -> None:
    """The same seed at 0.2 and at 2: told apart by dashes and by the number of the run at the end of its curve."""
    async with driven(engine, size=size) as found:
        await typed(found, "j", "60")
        await found.press_each("L")
        assert not lines(found, "legend"), "one run needs no legend"
        await found.press_each("escape", "R")
        await typed(found, "l", "2")
        await typed(found, "j", "40")
        await found.press_each("L")
        (legend,) = lines(found, "legend")
        assert re.fullmatch(r"2 ⠒⠒⠒⠒ seed 0 lr 2   1 \S+ ?\S* +seed 0 lr 0.2", legend.rstrip())
        assert legend.rstrip() in found.text
        shown = lines(found, "curve")
        assert any(line.endswith("1") and "⣀ ⣀ ⣀" in line for line in shown[:-2]), "run 1 is dashed and ends in its 1"
        assert any(line.rstrip().endswith("●") for line in shown[:3]), "run 2 is solid, and one stands at its end"
        assert below(shown)[-1] == 60, "the longer run is seen whole"
        assert len(found.app.screen.query_one("#curve", Pane).lines) == size[1] - 4, "nothing to scroll to"
        await found.press_each("left", "left", "left")
        assert any("2" in line[20:] for line in lines(found, "curve")[:3]), "its number stands at its end"
        await found.press_each("r")
        assert not lines(found, "legend")
        assert below(lines(found, "curve"))[-1] == 40
        await found.press_each("r", "escape", "home", "b")
        assert found.session.run_number == 1
        await found.press_each("L")
        assert lines(found, "legend")[0].startswith("1 ⠒⠒⠒⠒ seed 0 lr 0.2   2 "), "later runs too"


@pytest.mark.slow
async def test_runs_of_another_loss_are_not_compared(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press_each("space", "space", "o", "enter", "escape")
        await found.press_each("4", "space", "L")
        assert len(found.session.timelines) == 2
        assert not lines(found, "legend")


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_loss_is_seen_also_if_it_is_no_number(engine: Engine, size: tuple[int, int]) -> None:
    run = Run(network=Network(2, hidden_layers([2], "linear")), settings=Settings(lr=0.9))
    async with driven(engine, run, size=size) as found:
        await typed(found, "j", "100")
        await found.press_each("L")
        assert lines(found, "point")[0].endswith(("NaN", "∞"))
        end = found.session.timeline.losses[-1]
        assert lines(found, "curve")[0].rstrip().endswith("NaN" if end != end else "∞")


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_of_many_losses_is_drawn(engine: Engine, size: tuple[int, int]) -> None:
    """The end of the curve is at the right edge, at the level of the last loss, however many there are."""
    async with driven(engine, size=size) as found:
        await typed(found, "j", "30001")
        await found.press_each("L", "g")
        shown = lines(found, "curve")
        assert shown[size[1] - 6].rstrip().endswith("●"), "the loss is 0"
        assert len(shown[size[1] - 6].rstrip()) == found.app.screen.query_one("#curve", Pane).content_size.width


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_the_picture_of_lesson_5_has_the_same(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await found.press_each("5")
        await typed(found, "m", "32")
        await typed(found, "j", "40")
        await typed(found, "o", "adam")
        await typed(found, "j", "100")
        shown = lines(found, "plot")
        assert re.fullmatch(r"2 ⠒⠒⠒⠒ seed 0 lr 0.2 adam   1 \S+ ?\S* +seed 0 lr 0.2 sgd", shown[0].rstrip())
        assert any(re.search("1(?!\\d)", line[30:]) for line in shown[1:-2]), "run 1's curve ends in its 1"
        assert any(line.rstrip().endswith("T") for line in shown)
        assert len(beside(shown)) >= 2
        assert len(below(shown)) >= 4
        assert shown[-1].startswith("    step ")
        was_log = any("log loss│" in line for line in shown)
        await found.press_each("g")
        shown = lines(found, "plot")
        assert any("log loss│" in line for line in shown) != was_log
        await found.press_each("x")
        shown = lines(found, "plot")
        assert shown[-2].startswith("     log└")
        assert {1, 10, 100} <= set(below(shown))

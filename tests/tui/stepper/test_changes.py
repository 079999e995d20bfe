"""`=` by keys in the real app: it opens with the present value, takes a raw or a scaled one, and shows both."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.phases import Cell
from driven_screen import Driven, driven
from sklearn.preprocessing import StandardScaler
from textual.widgets import Input

SIZES = [(80, 24), (120, 40)]


async def open_at(found: Driven, cell: Cell) -> str:
    """Open the prompt at a number; what it holds."""
    found.screen.point_at(cell)
    await found.press("equals_sign")
    return found.screen.query_one("#prompt", Input).value


def scaler() -> StandardScaler:
    """The house table's scaling, by scikit-learn itself."""
    import pandas as pd
    from backprop_tui.data import HOUSE_TABLE

    with HOUSE_TABLE.open() as file:
        return StandardScaler().fit(pd.read_csv(file)[["bedrooms", "sqft_living"]].to_numpy())


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_with_the_present_value_and_says_what_it_takes(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size, steps=1) as found:
        for cell, value, said in (
            (Cell("w1"), "0.548813", "w1[1,1] is 0.54881: type a new value"),
            (Cell("x"), "-0.43319764", "bedrooms is scaled -0.4332, raw 3: type a new scaled value, or raw 3"),
            (Cell("y"), "12.653958", "price is ln 12.654, raw 313000: type a new ln value, or raw 3.13e5"),
        ):
            assert (await open_at(found, cell)).startswith(value)
            assert said in found.text
            await found.press("escape")
            assert said not in found.text
            assert "space step" in found.text, "the keys stand there again"


@pytest.mark.parametrize("size", SIZES)
async def test_a_raw_input_is_scaled_as_the_table_is(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size, steps=1) as found:
        await open_at(found, Cell("x"))
        await found.type("raw 4")
        expected = scaler().transform([[4, 1340]])[0, 0]
        assert found.session.timeline.settings.x is not None
        assert found.session.timeline.settings.x[0] == pytest.approx(expected, abs=1e-12)
        assert "bedrooms raw 3 → 4, scaled -0.4332 → 0.62127, " in found.lines("status")
        assert "loss 61.267 → 59.0" in found.lines("status")
        await found.press("b")
        assert found.read(Cell("x")) == -0.4332


async def test_a_scaled_input_shows_what_it_is_in_the_table(engine: Engine) -> None:
    async with driven(engine, size=(120, 40), steps=1) as found:
        await open_at(found, Cell("x", 0, 1))
        await found.type("0")
        mean = scaler().mean_[1]
        assert f"sqft_living raw 1340 → {mean:.7g}, scaled -0.75326 → 0," in found.lines("status")


async def test_a_raw_target_is_its_logarithm(engine: Engine) -> None:
    async with driven(engine, size=(120, 40), steps=1) as found:
        await open_at(found, Cell("y"))
        await found.type("raw 400,000")
        assert found.session.timeline.settings.y == (pytest.approx(np.log(400_000)),)
        assert "price raw 313000 → 400000, ln 12.654 → 12.899" in found.lines("status")
        for wrong, said in (("raw -1", "a raw value is above 0"), ("raw", "'' is not a number"), ("x", "'x' is not")):
            await open_at(found, Cell("y"))
            await found.type(wrong)
            assert said in found.lines("status")
            assert found.session.timeline.settings.y == (pytest.approx(np.log(400_000)),)


async def test_what_is_typed_takes_the_place_of_the_present_value_and_it_can_be_edited(engine: Engine) -> None:
    async with driven(engine, steps=1) as found:
        await open_at(found, Cell("w1"))
        await found.type("0.25")
        assert found.read(Cell("w1")) == 0.25
        await open_at(found, Cell("w1"))
        await found.press("end", "5", "enter")
        assert found.session.timeline.parameters is not None
        assert found.session.timeline.parameters[0] == np.float32(0.255)


async def test_enter_alone_changes_nothing(engine: Engine) -> None:
    async with driven(engine, steps=1) as found:
        entries = found.session.timeline.history.entries
        for cell in (Cell("w1"), Cell("x"), Cell("y")):
            await open_at(found, cell)
            await found.press("enter")
            assert "stays" in found.lines("status")
        assert found.session.timeline.history.entries == entries

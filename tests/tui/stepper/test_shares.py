"""With a row of a batch chosen, the gradients' pane shows what the row gives beside each sum; the rows add up to it."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from driven_screen import Driven, driven, read_number
from networks import hidden_layers

ROWS = 4
BATCH = Settings(sampling=Sampling(SHUFFLED, 0, ROWS))
RUNS = {
    "2-2-1": Run(settings=BATCH),
    "2-3-2-1 tanh": Run(network=Network(2, hidden_layers([3, 2], "tanh")), settings=BATCH),
}
SIZES = [(64, 20), (80, 24), (120, 40)]


def of_weights(found: Driven) -> list[str]:
    """What the row gives to each weight's gradient, as it is written: the pane's numbers that no cursor points at."""
    roles = {"positive", "negative", "pending", "alarm"}
    every = [span for line in found.pane("gradients").lines for span in line]
    return [span.text.strip() for span in every if span.cell is None and roles & set(span.role.split())]


def cells(network: Network, kind: str) -> list[Cell]:
    """The numbers of the gradients of all weights, or of all biases, in the order in which they stand on the screen."""
    parameters = [parameter for parameter in network.parameters if parameter.name.startswith(kind)]
    return [Cell(f"g{parameter.name}", *place) for parameter in parameters for place in np.ndindex(*parameter.shape)]


def last(name: str, network: Network) -> str:
    """Where a row's part of a bias's gradient stands: in its ∂L/∂z, or in ∂L/∂ŷ, which is the same of a linear end."""
    return "gy_pred" if name == f"gb{network.depth}" else name.replace("b", "z")


@pytest.mark.slow
@pytest.mark.parametrize("precise", [False, True], ids=["four decimals", "all digits"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", RUNS)
async def test_what_the_rows_give_adds_up_to_the_sum(
    engine: Engine, name: str, size: tuple[int, int], precise: bool
) -> None:
    run = RUNS[name]
    async with driven(engine, run, size=size) as found:
        await found.press("space", *(["d"] if precise else []))
        trace = found.session.timeline.trace
        assert trace is not None
        weights, biases = cells(run.network, "w"), cells(run.network, "b")
        added = dict.fromkeys([*weights, *biases], 0.0)
        for _ in range(ROWS):
            await found.press("m")
            shown = found.shown()
            for cell, text in zip(weights, of_weights(found), strict=True):
                added[cell] += read_number(text) or 0.0
            for cell in biases:
                added[cell] += read_number(shown[Cell(last(cell.name, run.network), cell.row)]) or 0.0
        for cell, total in added.items():
            sum_of_tape = float(trace[cell.name][cell.row, cell.column])
            # Each part is rounded to half a unit of its last decimal.
            near = 1e-5 * abs(sum_of_tape) if precise else ROWS * 0.5e-4 + 1e-7
            assert total == pytest.approx(sum_of_tape, abs=near)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_all_of_it_is_seen_at_once(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, RUNS["2-2-1"], size=size) as found:
        await found.press("space", "m")
        pane, trace = found.pane("gradients"), found.session.timeline.trace
        assert trace is not None
        assert f"sum of {ROWS} │ row {trace.rows[0]}" in pane.title
        assert pane.virtual_size.height <= pane.size.height
        assert pane.virtual_size.width <= pane.size.width
        for label in ("│z1", "h1", "│ŷ"):
            assert label in found.lines("gradients")


@pytest.mark.slow
async def test_a_sum_that_is_to_come_has_no_parts_yet(engine: Engine) -> None:
    async with driven(engine, RUNS["2-2-1"]) as found:
        await found.press("space", "m", *["s"] * 5)
        assert of_weights(found) == ["·"] * 6
        await found.press("s")
        *first, one, other = of_weights(found)
        assert first == ["·"] * 4
        assert "·" not in (one, other)
        trace = found.session.timeline.trace
        assert trace is not None
        assert read_number(one) == pytest.approx(float(trace["gy_pred"][0, 0] * trace["h1"][0, 0]), abs=0.5e-4)


async def test_without_a_row_there_is_no_bar(engine: Engine) -> None:
    async with driven(engine, RUNS["2-2-1"]) as found:
        await found.press("space", *["m"] * (ROWS + 1))
        assert "│" not in found.lines("gradients")
        assert of_weights(found) == []

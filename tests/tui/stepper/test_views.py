"""Why?, one number at a time, changed numbers, questions, pictures: the real app with the real engine, by its keys."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model import phases
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.numerals import two_digits
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.stepper.overlays.curves import CurvesScreen
from backprop_tui.tui.stepper.overlays.why import WhyScreen
from backprop_tui.tui.stepper.panes import network as picture
from backprop_tui.tui.stepper.view import view_of
from backprop_tui.tui.widgets import axis
from backprop_tui.tui.widgets.line import Line
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, InThisProcess, driven, text_of
from driving import Settle
from networks import hidden_layers
from real_terminal import RealTerminal
from sizes import IDS, SIZES
from textual.pilot import Pilot

PART_4 = bundled("notebook-part-4").run
DEEP = Run(network=Network(2, hidden_layers([3, 3], "sigmoid")))
EVERY_SIZE = [(40, 10), (60, 16), (80, 24), (100, 24), (120, 40)]


async def press(found: Driven, *keys: str) -> None:
    """Press keys on whatever screen is on top, and wait until all is answered and drawn."""
    for key in keys:
        await found.pilot.press(key)
        await found.settle()
        over = [worker for worker in found.app.workers if worker.node is not found.screen]
        if over:
            await found.app.workers.wait_for_complete(over)
        await found.pilot.pause()


async def point(found: Driven, cell: Cell) -> None:
    """Move the cursor to a number: tab to its pane, then the arrow keys."""
    for _ in range(60):
        if found.screen.cursor == cell:
            return
        here = {place.cell: place for pane in _panes(found) for place in pane}
        now, goal = here.get(found.screen.cursor), here[cell]
        if now is None or now.pane is not goal.pane:
            await press(found, "tab")
        elif now.y != goal.y:
            await press(found, "down" if goal.y > now.y else "up")
        else:
            await press(found, "right" if goal.x > now.x else "left")
    raise AssertionError(f"the arrow keys do not reach {cell}")


def _panes(found: Driven) -> list[Any]:
    from backprop_tui.tui.stepper.cursor import places

    return [places([found.pane(name)]) for name in ("sample", "forward", "gradients", "updated")]


async def why(found: Driven, cell: Cell) -> None:
    await point(found, cell)
    await press(found, "enter")
    assert isinstance(found.app.screen, WhyScreen)


def lines(found: Driven, name: str) -> str:
    return "\n".join(text_of(line) for line in found.app.screen.query_one(f"#{name}", Pane).lines)


def roles(found: Driven, role: str) -> set[Cell]:
    """The numbers of the panes that are drawn in a role."""
    return {
        span.cell
        for name in ("sample", "forward", "gradients", "updated")
        for line in found.pane(name).lines
        for span in line
        if span.cell is not None and role in span.role.split()
    }


# Why?


async def test_the_notebooks_gradients_are_explained(engine: Engine) -> None:
    """Part 4's printed gradients, -11.906485 and 0.24420656, with the numbers that make them."""
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await why(found, Cell("gb2"))
        shown = lines(found, "why").splitlines()
        assert shown[0].startswith("Negative: a slightly larger b2 makes the loss smaller, so the update makes b2")
        assert [line.strip() for line in shown[3:6]] == ["∂L/∂b2 = ∂L/∂ŷ", "= -11.9065", ""]
        assert "tape         -11.906485" in shown
        await press(found, "escape")
        await why(found, Cell("gw1"))
        shown = lines(found, "why").splitlines()
        assert [line.strip() for line in shown[3:7]] == [
            "∂L/∂w1[1,1] = ∂L/∂z1[1] · ∂z1[1]/∂w1[1,1]",
            "= ∂L/∂z1[1] · bedrooms",
            "= -0.5637   · (-0.4332)",
            "= +0.2442",
        ]
        await press(found, "c")
        shown = lines(found, "why").splitlines()
        assert [line.strip() for line in shown[3:7]] == [
            "∂L/∂w1[1,1] = ∂L/∂ŷ    · ∂ŷ/∂h1[1] · ∂h1[1]/∂z1[1]    · ∂z1[1]/∂w1[1,1]",
            "= (ŷ - y)  · w2[1]     · h1[1](1 - h1[1]) · bedrooms",
            "= -11.9065 · 0.1908    · 0.2481           · (-0.4332)",
            "= +0.2442",
        ]
        for way in ("tape        ", "chain rule  ", "difference  "):
            assert f"{way} +0.24420656" in shown
        assert "all three agree to 7 digits" in shown


@pytest.mark.slow
async def test_every_number_of_the_panes_is_explained(engine: Engine) -> None:
    """Each explanation ends with the number that the pane shows."""
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        shown = found.shown()
        for cell, text in shown.items():
            found.screen.cursor = cell
            await press(found, "enter")
            assert isinstance(found.app.screen, WhyScreen)
            result = next(line for line in reversed(lines(found, "why").splitlines()) if f"= {text}" in line)
            assert result.endswith(f"= {text}"), (cell, lines(found, "why"))
            await press(found, "escape")
        assert len(shown) == 3 + 6 + 9 + 5 + 2 + 18


async def test_terms_are_followed_to_the_data_and_back(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await why(found, Cell("gw1"))
        assert lines(found, "trail") == "∂L/∂w1[1,1]  enter: ∂L/∂z1[1]"
        await press(found, "enter", "enter", "enter", "enter", "enter")
        assert lines(found, "trail").startswith("∂L/∂w1[1,1]  ›  ∂L/∂z1[1]  ›  ∂L/∂h1[1]  ›  ∂L/∂ŷ  ›  ŷ  ›  w2[1]")
        await press(found, "backspace", "backspace", "backspace", "backspace", "backspace", "c")
        assert lines(found, "trail") == "∂L/∂w1[1,1]  enter: ∂L/∂ŷ"
        await press(found, "right", "enter")
        assert "ŷ = w2[1]·h1[1] + w2[2]·h1[2] + b2" in lines(found, "why")
        await press(found, "right", "enter", "right", "enter")
        assert lines(found, "trail") == "∂L/∂w1[1,1]  ›  ŷ  ›  h1[1]  ›  x[1]"
        assert "= (3 - 3.4108)/0.9483" in lines(found, "why")
        await press(found, "backspace", "backspace")
        assert lines(found, "trail").startswith("∂L/∂w1[1,1]  ›  ŷ  enter")
        await press(found, "backspace", "backspace")
        assert found.app.screen is found.screen


@pytest.mark.slow
async def test_the_chosen_term_is_marked_in_every_line(engine: Engine) -> None:
    """Also ŷ and y, which share a part of the formula."""
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await why(found, Cell("gw1"))
        await press(found, "c")
        cells = []
        for _ in range(7):
            marked = [
                span.text
                for line in found.app.screen.query_one("#why", Pane).lines
                for span in line
                if "cursor" in span.role
            ]
            assert len(marked) == 3
            cells.append(lines(found, "trail").partition("enter: ")[2])
            await press(found, "right")
        assert cells == ["∂L/∂ŷ", "ŷ", "y", "w2[1]", "z1[1]", "h1[1]", "x[1]"]


async def test_what_a_number_is_made_of_stands_below_if_all_of_it_has_room(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await why(found, Cell("gw1"))
        above, _, made_of = lines(found, "why").partition("made of")
        assert above.rstrip().endswith("all three agree to 7 digits")
        rows = [row.split(maxsplit=2) for row in made_of.strip().splitlines()]
        assert [(name, float(value), said.rstrip()) for name, value, said in rows] == [
            ("∂L/∂z1[1]", found.read(Cell("gz1")), "the gradient of the loss by z1[1]"),
            ("x[1]", found.read(Cell("x")), "bedrooms of row 0, scaled"),
        ]
        await press(found, "c")
        assert "made of" not in lines(found, "why"), "the whole chain leaves no room"


async def test_one_link_or_the_whole_chain_four_digits_or_all(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await why(found, Cell("gw1"))
        assert "= -0.5637   · (-0.4332)" in lines(found, "why")
        await press(found, "c")
        assert "= -11.9065 · 0.1908    · 0.2481           · (-0.4332)" in lines(found, "why")
        await press(found, "c", "d")
        # ∂L/∂z1[1] is what the notebook prints for ∂L/∂b1[1].
        assert "= -0.5637301 · (-0.43319765)" in lines(found, "why")
        # What is chosen on the main screen holds in its lines, and in why? from the start.
        await press(found, "escape", "home", "s", "d")
        assert "-0.43319765" in lines(found, "step")
        await press(found, "d")
        assert "-0.4332" in lines(found, "step")
        assert "-0.43319765" not in lines(found, "step")
        await press(found, "d", "end")
        await why(found, Cell("gw1"))
        assert "-0.43319765" in lines(found, "why")


async def test_the_mouse_points_and_follows(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await found.pilot.click("#gradients", offset=(6, 6))
        await found.settle()
        assert "∂L/∂b2" in lines(found, "status")
        await press(found, "enter")
        assert "∂L/∂b2 = ∂L/∂ŷ" in lines(found, "why")
        await found.pilot.click("#why", offset=(12, 4))
        await press(found, "c")
        assert lines(found, "trail").startswith("∂L/∂b2  ›  ")


@pytest.mark.slow
async def test_an_update_tells_what_it_does_to_the_loss(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await why(found, Cell("new_w1"))
        shown = lines(found, "why")
        assert "= 0.37399 - 0.01·0.24421" in shown
        alone, together = (line for line in shown.splitlines() if ": loss" in line)
        assert alone.startswith("this update alone: loss 70.8822 → 70.88")
        await press(found, "escape", "space")
        assert together.startswith(f"all updates together: loss 70.8822 → {found.read(Cell('loss'))}")
        await press(found, "b", "space")
        await why(found, Cell("new_w1"))
        await press(found, "d")
        words = " ".join(lines(found, "why").split())
        told = re.search(r"this update alone: loss (\S+) → (\S+) \((\S+)\)", words)
        assert told is not None
        before, after, by = told.groups()
        assert len(before) > 12
        assert float(after) - float(before) == float(by), "all digits can be checked by hand"


@pytest.mark.slow
async def test_a_row_of_a_batch_is_explained_and_the_others_reached(engine: Engine) -> None:
    run = Run(settings=Settings(sampling=Sampling(SHUFFLED, 0, 3)))
    async with driven(engine, run) as found:
        await press(found, "space")
        trace = found.session.timeline.trace
        assert trace is not None
        mean = found.shown()[Cell("h1", 1)]
        await why(found, Cell("h1", 1))
        for place, row in enumerate(trace.rows):
            assert f"row {row}, number {place + 1} of the 3 in the batch: their mean is {mean}" in lines(found, "why")
            assert f"= {trace['h1'][1, place]:+.4f}" in lines(found, "why")
            await press(found, "n")
        assert lines(found, "trail").startswith("h1[2]⁽¹⁾  enter")
        await press(found, "p")
        assert lines(found, "trail").startswith("h1[2]⁽³⁾  enter")


async def test_the_panes_show_a_row_of_a_batch_or_the_mean(engine: Engine) -> None:
    run = Run(settings=Settings(sampling=Sampling(SHUFFLED, 0, 3)))
    async with driven(engine, run) as found:
        await press(found, "m")
        assert "make a step first" in found.text
        await press(found, "space")
        trace = found.session.timeline.trace
        assert trace is not None
        whole = found.shown()
        assert "mean of 3 rows" in found.pane("forward").title
        assert "mean of h1" in lines(found, "forward"), "σ of the mean of z is not the mean of h"
        for place, row in enumerate(trace.rows):
            await press(found, "m")
            assert f"row {row}, {place + 1} of 3" in found.pane("forward").title
            assert "h1 = σ(z1)" in lines(found, "forward")
            for cell, text in found.shown().items():
                value = trace[cell.name]
                if cell.name in ("x", "y", "gx"):
                    assert float(text) == round(float(value[place, cell.column]), 4)
                elif cell.name in ("z1", "h1", "y_pred", "gz1", "gh1", "gy_pred"):
                    assert float(text) == round(float(value[cell.row, place]), 4)
                else:
                    assert text == whole[cell], "the parameters and the loss are the whole batch's"
            await point(found, Cell("gw1", 0, 1))
            part = trace["gz1"][0, place] * trace["x"][place, 1]
            assert f"of which row {row} gives {part:+.4f}" in lines(found, "status")
        await press(found, "m")
        assert found.shown() == whole
        await press(found, "m", "s", "s")
        assert "h1[1]⁽¹⁾ = σ(" in lines(found, "step")


async def test_m_is_for_batches(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "space", "m")
        assert "this step has one row" in found.text


@pytest.mark.slow
async def test_a_long_explanation_scrolls(engine: Engine) -> None:
    async with driven(engine, DEEP, size=(60, 16)) as found:
        await press(found, "space")
        found.screen.cursor = Cell("gw1")
        await press(found, "enter")
        assert "all three agree" not in found.text
        await press(found, "pagedown", "pagedown", "pagedown")
        assert "all three agree" in found.text
        await press(found, *["up"] * 30)
        assert "∂L/∂w1[1,1] =" in found.text


@pytest.mark.slow
@pytest.mark.parametrize("size", EVERY_SIZE)
async def test_nothing_is_cut_off(engine: Engine, size: tuple[int, int]) -> None:
    """Every line of an explanation fits the frame; the line of keys ends with the way out."""
    run = Run(network=Network(2, hidden_layers([3, 3], "tanh")), optimizer=Optimizer("adam"))
    async with driven(engine, run, size=size) as found:
        await press(found, "space", "space")
        for name in ("gw1", "gh1", "new_w1", "new_v_w2", "loss", "y", "x", "b3", "h2", "gy_pred"):
            found.screen.cursor = Cell(name)
            await press(found, "enter")
            pane = found.app.screen.query_one("#why", Pane)
            assert all(len(text_of(line)) < pane.content_size.width for line in pane.lines), name
            assert lines(found, "why-keys").removesuffix(" close").endswith("esc")
            assert len(lines(found, "why-keys")) <= size[0]
            assert len(lines(found, "trail")) <= size[0]
            await press(found, "escape")
        await press(found, "L")
        for _ in range(2):
            assert lines(found, "curve-keys").endswith("esc")
            for name in ("point", "curve-keys"):
                assert len(lines(found, name)) <= size[0]
            await press(found, "tab")


async def test_what_is_known_stands_there_while_the_engine_is_asked(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space")
        await point(found, Cell("gb2"))
        answer, found.asker.ask = found.asker.ask, _never  # type: ignore[method-assign]
        await found.pilot.press("enter")
        await found.pilot.pause()
        shown = lines(found, "why").splitlines()
        asked = shown.index("difference   …")
        assert shown[asked - 2 : asked] == ["tape         -11.906485", "chain rule   -11.906485"]
        room = len(found.app.screen.query_one("#why", Pane).lines)
        found.asker.ask = answer  # type: ignore[method-assign]
        await found.pilot.press("escape")
        await press(found, "enter")
        assert len(found.app.screen.query_one("#why", Pane).lines) == room, "nothing moves when the answer comes"


async def _never(request: object) -> Any:
    await asyncio.Event().wait()


@pytest.mark.slow
async def test_a_columns_name_is_no_markup(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("[b]a[/red],[@click=quit]c\n1,2\n3,5\n", encoding="utf-8")
    names = ("[b]a[/red]", "[@click=quit]c")
    table = TableSpec(str(path), names[:1], names[1:], (), False)
    async with driven(engine, Run(table=table, network=Network(1, hidden_layers([2], "sigmoid")))) as found:
        await press(found, "space")
        for cell, name in ((Cell("x"), names[0]), (Cell("y"), names[1])):
            await why(found, cell)
            assert f"Why?  {name} of row 0" in found.text
            await press(found, "escape")


# Nothing is told before it is shown


async def test_a_number_that_is_not_computed_is_not_explained(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "s", "s")
        await point(found, Cell("gw1"))
        await press(found, "enter")
        assert found.app.screen is found.screen
        assert "not computed yet" in lines(found, "status")


async def test_what_all_updates_do_is_told_when_all_are_shown(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, *["s"] * 9, "full_stop")
        found.screen.cursor = Cell("new_w1")
        await press(found, "enter")
        assert "this update alone" in lines(found, "why")
        assert "together" not in lines(found, "why")


async def test_a_step_gone_back_into_tells_nothing_of_its_end(engine: Engine) -> None:
    """lr 2.0 overshoots: known once the next step is made, told when the update is shown."""
    async with driven(engine, Run(settings=Settings(lr=2.0))) as found:
        await press(found, "space", "space", "b")
        found.screen.cursor = Cell("loss")
        await press(found, "enter")
        assert "the step overshoots: the loss goes from 61.267" in lines(found, "why")
        await press(found, "escape", *["left_square_bracket"] * 3)
        assert found.read(Cell("new_b2")) is None
        await press(found, "enter")
        assert "= +61.2673" in lines(found, "why")
        assert "overshoots" not in found.text


@pytest.mark.slow
async def test_the_way_along_the_gradient_waits_for_the_gradient(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "L", "tab")
        assert "finish the step first" in found.text
        await press(found, "escape", *["s"] * 4, "L", "tab")
        assert "finish the step first" in found.text
        await press(found, "escape", "space", "L", "tab")
        assert "least at 0.5" in lines(found, "point")


# One number at a time


async def test_one_number_and_what_enters_it(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "full_stop")
        assert found.read(Cell("z1", 0)) is not None
        assert found.read(Cell("z1", 1)) is None
        weights = {Cell("w1", 0, 0), Cell("w1", 0, 1), Cell("b1", 0)}
        assert roles(found, "input") == {Cell("x", 0, 0), Cell("x", 0, 1), *weights}
        assert roles(found, "fresh") == {Cell("z1", 0)}
        await press(found, *["s"] * 4, "full_stop")
        assert roles(found, "fresh") == {Cell("gy_pred")}
        await press(found, "full_stop")
        assert roles(found, "fresh") == {Cell("gw2", 0, 0)}
        assert roles(found, "input") == {Cell("gy_pred"), Cell("h1", 0)}


async def test_every_number_of_a_step_comes_in_its_turn(engine: Engine) -> None:
    async with driven(engine) as found:
        whole = phases.count(found.session.timeline.run.network)
        shown = []
        for _ in range(whole):
            await press(found, "full_stop")
            (fresh,) = roles(found, "fresh")
            shown.append(fresh)
            assert all(found.read(cell) is not None for cell in roles(found, "input"))
        assert len(set(shown)) == whole == 29
        assert found.session.timeline.steps == 1
        await press(found, "b")
        assert found.read(shown[-1]) is None
        assert found.read(shown[-2]) is not None


# Change a number


async def test_a_changed_number_branches_and_is_taken_back(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await press(found, "space", "space")
        before = found.shown()
        await point(found, Cell("w2", 0, 0))
        await press(found, "equals_sign", *"0.5", "enter")
        assert found.read(Cell("w2", 0, 0)) == 0.5
        assert "w2[1] 0.25553 → 0.5" in lines(found, "status")
        assert lines(found, "status").rstrip().endswith("b takes it back")
        z, h = found.read(Cell("y_pred")), [found.read(Cell("h1", unit)) for unit in (0, 1)]
        assert h[0] is not None
        assert h[1] is not None
        expected = (
            0.5 * h[0]
            + float(found.session.timeline.parameters[7]) * h[1]
            + float(found.session.timeline.parameters[8])
        )
        assert z == pytest.approx(expected, abs=2e-4)
        await press(found, "b")
        assert found.shown() == before


@pytest.mark.parametrize(("typed", "said"), [("x", "not a number"), ("1e400", "not a finite"), ("1e39", "float32")])
async def test_what_can_not_be_typed_is_refused(engine: Engine, typed: str, said: str) -> None:
    async with driven(engine) as found:
        await press(found, "space")
        before = found.shown()
        await point(found, Cell("y"))
        await press(found, "equals_sign", *typed, "enter")
        assert said in lines(found, "status")
        assert found.shown() == before


async def test_what_is_computed_can_not_be_changed(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "space")
        for cell in (Cell("gb2"), Cell("z1"), Cell("new_w1")):
            await point(found, cell)
            await press(found, "equals_sign")
            assert "= changes a weight, a bias, an input or the target" in lines(found, "status")


async def test_a_changed_input_keeps_its_row(engine: Engine) -> None:
    run = Run(settings=Settings(sampling=Sampling(SHUFFLED, 0, 1)))
    async with driven(engine, run) as found:
        await press(found, "space")
        assert found.session.timeline.trace is not None
        (row,) = found.session.timeline.trace.rows
        assert row != 0
        await point(found, Cell("x", 0, 1))
        await press(found, "equals_sign", *"1.5", "enter")
        assert f"row {row}" in lines(found, "header")
        assert "changed" in lines(found, "sample").splitlines()[2]
        assert "changed" not in lines(found, "sample").splitlines()[1]


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
def test_the_terminals_cursor_stands_where_the_programs_does() -> None:
    """Braille displays and magnifiers follow it."""
    with RealTerminal("notebook-part-4") as terminal:
        terminal.wait_for("New here?")
        terminal.press(" ")
        terminal.wait_for("-11.9065")
        terminal.press("\t\t")
        terminal.wait_for("∂L/∂w1[1,1] = +0.24420656")
        terminal.press("\x1b[C")
        terminal.wait_for("∂L/∂w1[1,2] = +0.42463395")
        at = terminal.screen.cursor
        assert terminal.text.splitlines()[at.y][at.x :].startswith("+0.4246")
        terminal.press("\x1b[B")
        terminal.wait_for("∂L/∂w1[2,2] =")
        at = terminal.screen.cursor
        assert terminal.text.splitlines()[at.y][at.x :].startswith("+0.6987")
        terminal.press("q")
        assert terminal.wait_for_end() == 0


# The network as a picture


def drawn(view: Any, width: int, height: int) -> tuple[list[Line], dict[Cell, str]]:
    """The picture, and every number in it as it is written."""
    found = picture.lines(view, width, height)
    numbers: dict[Cell, str] = {}
    for line in found:
        assert len(text_of(line)) == width
        for span in line:
            if span.cell is not None:
                numbers[span.cell] = numbers.get(span.cell, "") + span.text
    return found, {cell: text.replace("●", "").strip() for cell, text in numbers.items()}


def edge(view: Any, of: Cell, text: str) -> tuple[str, str]:
    """What an edge's number says of the weight and of its gradient; "" for one that has no room."""
    weight, both, gradient = text.partition(" ∂")
    if both:
        return weight, gradient
    return ("", weight) if of.name.startswith("g") else (weight, "")


def rounded(value: float | None) -> str:
    """A number as the picture writes it."""
    return "·" if value is None else two_digits(value)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [0, 1, 30])
@pytest.mark.parametrize("size", [(18, 12), (38, 12), (38, 8), (58, 14), (78, 22), (118, 38)])
def test_every_weight_of_2_2_1_has_its_number(settle: Settle, size: tuple[int, int], steps: int) -> None:
    for seed in range(10):
        session = settle(Session(Run(seed=seed, initializer="normal")))
        for _ in range(steps):
            session.timeline.step()
            settle(session)
        for _ in range(7):
            session.timeline.phase()
        for view in (view_of(settle(session).timeline), view_of(session.timeline)):
            _, texts = drawn(view, *size)
            for cell in [Cell("gw1", unit, place) for unit in (0, 1) for place in (0, 1)]:
                assert texts[cell] == "·"
            for place in (0, 1):
                cell, of = Cell("gw2", 0, place), float(view.parameters["w2"][0, place])
                weight, gradient = edge(view, cell, texts[cell])
                assert gradient == rounded(view.value(cell))
                assert weight in ("", rounded(of))
        session.timeline.step()
        view = view_of(settle(session).timeline)
        _, texts = drawn(view, *size)
        for name, value in view.parameters.items():
            if name.startswith("w"):
                for row, column in np.ndindex(value.shape):
                    weight, gradient = edge(view, Cell(name, row, column), texts[Cell(name, row, column)])
                    assert weight == rounded(float(value[row, column]))
                    assert gradient in ("", rounded(view.value(Cell(f"g{name}", row, column))))


@pytest.mark.parametrize("size", [(58, 14), (78, 22), (118, 38)])
def test_every_bias_of_2_2_1_stands_by_its_unit(settle: Settle, size: tuple[int, int]) -> None:
    view = view_of(settle(Session(Run(seed=1, initializer="normal"))).timeline)
    biases = {name: value for name, value in view.parameters.items() if name.startswith("b")}
    shown = "\n".join(map(text_of, drawn(view, *size)[0]))
    for number in (float(number) for value in biases.values() for number in value.flat):
        assert re.search(rf" b {re.escape(rounded(number))}\b", shown), f"{number} in\n{shown}"


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [[3, 3], [8], [5, 4, 3], [40], [2] * 10, [30, 30]])
def test_no_number_covers_another(settle: Settle, hidden: list[int]) -> None:
    network = Network(4, hidden_layers(hidden, "tanh", 3))
    x, y = (0.5, -1.5, 100.0, 1e-6), (1.0, 2.0, 3.0)
    table = TableSpec("", tuple("abcd"), tuple("pqr"), (), False, x=numbers(np.array([x])), y=numbers(np.array([y])))
    session = settle(Session(Run(network=network, table=table)))
    session.timeline.step()
    view = view_of(settle(session).timeline)
    for width, height in ((38, 8), (78, 22), (118, 38)):
        _, texts = drawn(view, width, height)
        for cell, text in texts.items():
            if cell.name.startswith("w") and " ∂" in text:
                gradient = view.value(Cell(f"g{cell.name}", *cell.place))
                wanted = f"{rounded(view.value(cell))} ∂{rounded(gradient)}"
            else:
                wanted = rounded(view.value(cell))
            assert text in ("", wanted, view.number(cell, 8).text.strip()), (cell, text, wanted)


@pytest.mark.parametrize("name", ["w1", "gw1", "new_w1"])
def test_the_weight_that_is_pointed_at_is_marked(settle: Settle, name: str) -> None:
    for network in (Network(), Network(2, hidden_layers([8, 8], "tanh"))):
        session = settle(Session(Run(network=network)))
        session.timeline.step()
        view = view_of(settle(session).timeline, cursor=Cell(name, 1, 0))
        marked = {span.cell for line in drawn(view, 78, 22)[0] for span in line if "cursor" in span.role}
        assert marked == {Cell("w1", 1, 0)}


@pytest.mark.parametrize("cell", [Cell("z1", 1), Cell("h1", 1), Cell("gh1", 1), Cell("b1", 1), Cell("new_b1", 1)])
def test_the_unit_that_is_pointed_at_is_marked(settle: Settle, cell: Cell) -> None:
    session = settle(Session(Run()))
    session.timeline.step()
    view = view_of(settle(session).timeline, cursor=cell)
    marked = {span.cell for line in drawn(view, 78, 22)[0] for span in line if "cursor" in span.role}
    assert marked == {Cell("h1", 1)}


async def test_values_flow_in_and_gradients_flow_back(engine: Engine) -> None:
    async with driven(engine, PART_4, size=(120, 40)) as found:
        await press(found, "s")
        assert "·" in lines(found, "network")
        await press(found, "s", "s")
        assert "0.75" in lines(found, "network")
        assert "-12" not in lines(found, "network")
        await press(found, "s", "s")
        assert "-12" in lines(found, "network")
        assert "flows back" in str(found.pane("network").border_title)


# The loss and the learning rate as pictures


async def test_the_loss_picture_travels_in_time(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, *["space"] * 5, "L")
        last = lines(found, "point")
        assert last.startswith("step 5: loss ")
        await press(found, "left", "left")
        assert lines(found, "point").startswith("step 3: loss 7.399")
        await press(found, "home", "right")
        assert lines(found, "point").startswith("step 1: loss 61.267")
        await press(found, "end")
        assert lines(found, "point") == last
        await press(found, "left", "escape")
        assert found.session.timeline.steps == 4


@pytest.mark.slow
async def test_the_rate_that_converges_and_the_one_that_flies_off(engine: Engine) -> None:
    async with driven(engine) as found:
        await press(found, "space", "L", "tab")
        assert isinstance(found.app.screen, CurvesScreen)
        assert lines(found, "point").startswith("lr 0.2: loss 61.267 → 27.3")
        await press(found, "plus", "plus", "plus")
        assert found.session.timeline.settings.lr == 2.0
        point = lines(found, "point")
        assert point.startswith("lr 2: loss 61.267 → 500")
        assert "least at 0.56 ▼, up again beyond 1.05" in point
        assert "●" in found.text.partition("\n")[2]
        await press(found, "plus", "plus", "plus")
        assert "lr 20 lies beyond the right edge" in lines(found, "point")
        await press(found, *["minus"] * 6)
        assert lines(found, "point").startswith("lr 0.2: loss 61.267 → 27.3")


async def test_where_no_number_is_left_it_says_so(engine: Engine) -> None:
    run = Run(network=Network(2, hidden_layers([2], "linear")), settings=Settings(lr=0.9))
    async with driven(engine, run) as found:
        await press(found, *["space"] * 13, "L")
        assert lines(found, "point") == "step 13: loss NaN"
        await press(found, "tab")
        assert "not finite here" in found.text
        await press(found, "escape")
        found.screen.cursor = Cell("gb2")
        await press(found, "enter")
        assert "no number to compare" in lines(found, "why")
        assert "is NaN before this step" in lines(found, "why")


@pytest.mark.parametrize("value", [0.0009256, 1.2345e-10, 12345678.9, 132.65, 0.0, 1e-300, 1e300])
def test_the_scale_of_a_plot_is_not_cut(value: float) -> None:
    text = axis.short(value)
    assert len(text) <= axis.LABEL
    number = float(text)
    assert number == pytest.approx(value, rel=0.06)


# In a real terminal


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
@pytest.mark.parametrize("term", ["xterm-256color", "screen-256color", "xterm-16color"])
def test_why_in_a_real_terminal(term: str) -> None:
    environment = {"NO_COLOR": "1"} if term == "xterm-16color" else {}
    with RealTerminal("notebook-part-4", term=term, **environment) as terminal:
        terminal.wait_for("New here?")
        terminal.press(" ")
        terminal.wait_for("-11.9065")
        terminal.press("\t\t\x1b[C")  # two panes on, and to the right
        terminal.wait_for("∂L/∂w1[1,2] = +0.42463395")
        terminal.press("\r")
        terminal.wait_for("all three agree to 7 digits")
        assert "= -0.5637   · (-0.7533)" in terminal.text
        terminal.press("c")
        terminal.wait_for("= -11.9065 · 0.1908    · 0.2481           · (-0.7533)")
        terminal.press("\x1b[C\r")
        terminal.wait_for("ŷ = w2[1]·h1[1] + w2[2]·h1[2] + b2")
        terminal.press("\x7f")
        terminal.wait_for("all three agree")
        terminal.press("q")
        terminal.wait_for("space step")
        row = next(number for number, line in enumerate(terminal.text.splitlines(), 1) if line.startswith(" b2"))
        terminal.press(f"\x1b[<0;6;{row}M\x1b[<0;6;{row}m")  # the mouse, on ∂L/∂b2
        terminal.wait_for("-11.906485")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored()


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
def test_a_talk_in_a_real_terminal() -> None:
    """Predict, change a number, look at the pictures."""
    with RealTerminal(columns=80, rows=24) as terminal:
        terminal.wait_for("New here?")
        terminal.press("t")
        terminal.press(" ")
        terminal.wait_for("space skips")
        terminal.press("2")
        terminal.wait_for("predicted")
        terminal.wait_for("ŷ is below y")
        terminal.press("t.")
        terminal.wait_for("z1[1] = ")
        terminal.press("\t\t\t=5\r")
        terminal.wait_for("b takes it back")
        terminal.press("b")
        terminal.press("L")
        terminal.wait_for("step 1: loss 61.267315")
        terminal.press("qv")
        terminal.wait_for("esc closes")
        terminal.press("q")
        terminal.wait_for("space step")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored()


# Pictures

VIEWS: dict[str, tuple[str, ...]] = {
    "start": (),
    "step": ("space",),
    "phase": ("space", *["s"] * 7),
    "number": ("space", *["s"] * 5, "full_stop"),
    "why": ("space", "tab", "tab", "enter", "right", "right", "right"),
    "why-update": ("space", "tab", "tab", "tab", "right", "enter"),
    "why-loss": ("space", "tab", "down", "down", "right", "enter"),
    "network": ("space", "tab", "tab", "v"),
    "network-back": (*["s"] * 7, "v"),
    "loss": (*["space"] * 12, "L", *["left"] * 4),
    "rate": ("space", "L", "tab", "plus"),
    "question": ("t", "space"),
    "verdict": ("t", "space", "1"),
    "change": ("space", "tab", "tab", "tab", "equals_sign", *"0.9", "enter"),
}


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("view", VIEWS)
def test_picture(engine: Engine, snap_compare: Callable[..., bool], view: str, size: tuple[int, int]) -> None:
    app = StepperApp(Session(PART_4, bundled("notebook-part-4")), InThisProcess(engine))

    async def act(pilot: Pilot[None]) -> None:
        found = Driven(app, pilot, app.engine)  # type: ignore[arg-type]
        await pilot.pause()
        await found.settle()
        await press(found, *VIEWS[view])

    assert snap_compare(app, terminal_size=size, run_before=act)

"""What a scenario hides from the learner: panes and keys, everywhere; and nothing else becomes different."""

import re
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import PANES, Scenario, ScenarioError, Show, bundled, bundled_names, open_scenario
from backprop_tui.core.session.session import Session
from backprop_tui.tui.lessons.keys import AUTOGRAD, DATA, DESCENT, TRAINING, hideable
from backprop_tui.tui.stepper.keys import MAIN
from backprop_tui.tui.widgets.keys import KeysShown
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven
from driving import Settle
from textual.geometry import Region

SIZES = [(80, 24), (120, 40), (60, 20), (40, 10)]


def narrowed(*panes: str, keys: tuple[str, ...] = ()) -> Scenario:
    return Scenario(show=Show(hide_panes=panes, hide_keys=keys))


def regions(shown: Driven) -> dict[str, Region]:
    return {str(pane.id): pane.region for pane in shown.screen.query(Pane) if pane.display}


@pytest.mark.parametrize("size", SIZES[:2])
async def test_a_hidden_pane_leaves_its_place_empty(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size, steps=3) as shown:
        places, numbers = regions(shown), shown.shown()
    async with driven(engine, size=size, steps=3, scenario=narrowed("gradients", "loss")) as shown:
        left = regions(shown)
        assert {name: left[name] for name in places if name not in ("gradients", "loss")} == {
            name: place for name, place in places.items() if name not in ("gradients", "loss")
        }
        # ∂L/∂x stands in the gradients' pane if there is room beside the others: in one of no width there is none.
        assert shown.shown() == {cell: number for cell, number in numbers.items() if cell.name != "gx"}
        assert "Gradients" not in shown.text
        assert "Updated weights" in shown.text
        region = places["gradients"]
        lines = [line.ljust(size[0])[region.x : region.right] for line in shown.text.splitlines()]
        assert not "".join(lines[region.y : region.bottom]).strip()


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("hidden", [("sample",), ("sample", "forward", "loss"), ("updated",), PANES])
async def test_no_key_leads_to_a_hidden_pane(engine: Engine, hidden: tuple[str, ...], size: tuple[int, int]) -> None:
    titles = {"sample": "Data sample", "forward": "Forward", "gradients": "Gradients", "updated": "Updated weights"}
    async with driven(engine, size=size, steps=1, scenario=narrowed(*hidden)) as shown:
        tabs = shown.screen.has_class("tabs")
        seen = set()
        for _ in range(6):
            active = [str(pane.id) for pane in shown.screen.query(".framed.active").results(Pane) if pane.visible]
            seen.update(active)
            assert not set(active) & set(hidden)
            assert len(active) == (len(hidden) < len(PANES))
            assert not any(titles[name] in shown.text for name in hidden if name in titles)
            await shown.press("tab", "right", "down", "left", "up")
            lines = [line for name in hidden for line in shown.pane(name).lines]
            assert shown.screen.cursor not in {span.cell for line in lines for span in line if span.cell is not None}
        assert seen == {name for name in PANES if name not in hidden and (tabs or name != "loss")}
        if len(hidden) == len(PANES):
            assert shown.screen.cursor is None


# Keys


def test_a_scenario_calls_a_key_as_the_help_writes_it() -> None:
    assert {key.written for table in (MAIN, DATA, AUTOGRAD, DESCENT, TRAINING) for key in table} - hideable() == {"q"}
    assert {"[", "shift+left"} <= hideable()
    for called in ("[", "shift+left", "[ or shift+left"):
        assert not KeysShown(MAIN, (called,)).do("back_phase")


def test_lessons_are_hidden_one_by_one() -> None:
    keys = KeysShown(MAIN, ("2", "arrow keys"))
    assert [keys.do("lesson", (number,)) for number in (1, 2, 3)] == [True, False, True]
    assert not any(keys.do("cursor", (way,)) for way in ("up", "down", "left", "right"))
    assert not any(KeysShown(MAIN, tuple("12345")).do("lesson", (number,)) for number in range(1, 6))


@pytest.mark.slow
async def test_a_hidden_key_is_gone_from_everywhere(engine: Engine) -> None:
    hidden = ("r", "j", "2", "=", "o")
    async with driven(engine, steps=2, scenario=narrowed(keys=hidden)) as shown:
        assert " reinit" not in shown.lines("footer")
        assert " jump" not in shown.lines("footer")
        await shown.press("r", "j", "2", "equals_sign", "o")
        assert shown.session.timeline.steps == 2
        assert shown.session.timeline.run.seed == 0
        assert shown.app.screen is shown.screen
        assert shown.screen.focused is None, "nothing is asked"
        titles = await palette(shown)
        written = {title.rpartition("(")[2].rstrip(")") for title in titles}
        assert not written & set(hidden)
        assert {"space", "R", "1", "3", "w"} <= written
        await shown.press("question_mark")
        (page,) = shown.app.screen.query(Pane)
        told = {line[0].text.strip() for line in page.lines if line}
        assert not told & set(hidden)
        assert {"space", "R", "1", "3", "w"} <= told
        await shown.press("escape", "3")
        assert shown.app.lessons.open.number == 3
        await shown.pilot.press("2")
        assert shown.app.lessons.open.number == 3


async def palette(shown: Driven) -> list[str]:
    return [command.title for command in shown.app.get_system_commands(shown.app.screen)]


async def test_without_the_palettes_key_there_is_none(engine: Engine) -> None:
    async with driven(engine, scenario=narrowed(keys=("ctrl+p",))) as shown:
        await shown.pilot.press("ctrl+p")
        assert shown.app.screen is shown.screen
    async with driven(engine) as shown:
        await shown.pilot.press("ctrl+p")
        assert shown.app.screen is not shown.screen


def test_a_key_that_there_is_not_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for key in ("foo", "q", "ctrl+c", "Space"):
        path.write_text(f'title = "t"\n\n[show]\nhide_keys = ["r", "{key}"]\n')
        with pytest.raises(
            ScenarioError, match=rf"mine.toml, line 4: show.hide_keys\[2\]: .*; got {re.escape(key)}"
        ) as caught:
            open_scenario(str(path), hideable())
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", bundled_names())
def test_ours_hide_what_there_is(name: str) -> None:
    assert set(bundled(name).show.hide_keys) <= hideable()


async def test_what_is_hidden_changes_no_number(engine: Engine, settle: Settle) -> None:
    plain = Session(Scenario().run)
    plain.timeline.start_jump(5)
    settle(plain)
    async with driven(engine, scenario=narrowed(*PANES, keys=("b", "r"))) as shown:
        await shown.press(*["space"] * 5, "b", "r")
        assert shown.session.timeline.history.states.tobytes() == plain.timeline.history.states.tobytes()

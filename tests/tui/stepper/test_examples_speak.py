"""An example that is opened by `o` tells its story; published numbers stand beside the computed ones."""

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import bundled, bundled_names
from backprop_tui.core.scenario.story import story
from backprop_tui.tui.stepper.overlays.words import WordsScreen
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import Driven, driven, text_of
from textual.widgets import OptionList

SIZES = [(80, 24), (120, 40)]


async def open_example(found: Driven, name: str) -> None:
    await found.press("o")
    options = found.app.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(name)
    await found.press("enter")
    await found.pilot.pause()
    await found.settle()


def words(found: Driven) -> str:
    """All lines of the page that is open, in one."""
    return " ".join(text_of(line) for line in found.app.screen.query_one("#words", Pane).lines)


@pytest.mark.parametrize("name", bundled_names())
def test_every_example_has_a_subject_and_something_to_look_for(name: str) -> None:
    scenario = bundled(name)
    assert 0 < len(scenario.subject) <= 60
    assert scenario.look.strip()
    assert any(part.startswith("Look for: ") for part in story(scenario))


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_the_list_shows_title_and_subject(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await found.press("o")
        for name in bundled_names()[:5]:
            assert bundled(name).title in found.text
            assert f"{name}: {bundled(name).subject}"[:70] in found.text


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_an_example_tells_its_story_when_it_is_opened(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as found:
        await open_example(found, "mazur-2015")
        assert isinstance(found.app.screen, WordsScreen)
        assert "Matt Mazur's 2-2-2 network" in found.text
        told = words(found)
        assert "Two inputs, two sigmoid units" in told
        assert "Look for: every number of the post" in told
        assert "Source: M. Mazur, A Step by Step Backpropagation Example" in told
        assert "0.291027924 is published, 0.291027774 is right: the published loss comes out when w2" in told
        await found.press("escape")
        assert isinstance(found.app.screen, StepperScreen)
        await found.press("space")
        assert found.session.timeline.steps == 1


async def test_one_that_opens_in_another_lesson_tells_it_there(engine: Engine) -> None:
    async with driven(engine) as found:
        await open_example(found, "xor-training")
        assert isinstance(found.app.screen, WordsScreen)
        await found.press("escape")
        assert "5 TRAINING" in found.text


@pytest.mark.parametrize("size", SIZES)
async def test_a_published_number_stands_beside_the_computed_one(engine: Engine, size: tuple[int, int]) -> None:
    """Mazur's post: out h1, out h2, E total; his w5+ to w8+ after the update."""
    async with driven(engine, scenario=bundled("mazur-2015"), size=size) as found:
        await found.press("s")
        assert found.lines("status").startswith("z1[1]: published 0.3775, computed 0.3775: agrees")
        await found.press("s")
        said = "h1[1]: published 0.593269992, computed 0.593269992: agrees"
        assert found.lines("status").startswith(f"{said}; 1 more agrees")
        if size[0] >= 120:
            assert said in found.lines("step")
            assert "h1[2]: published 0.596884378, computed 0.596884378: agrees" in found.lines("step")
        await found.press("space")
        found.screen.point_at(Cell("new_w2", 1, 1))
        found.screen.draw()
        assert "new w2[2,2] = +0.5613701" in found.lines("status")
        assert "published 0.561370121: agrees" in found.lines("status")


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_published_wrong_is_said(engine: Engine, size: tuple[int, int]) -> None:
    async with driven(engine, scenario=bundled("mazur-2015"), size=size) as found:
        await found.press("space", "s", "s", "s", "s", "s")
        assert found.screen.view().phase.names == ("loss",)  # type: ignore[union-attr]
        said = "loss: published 0.291027924, computed 0.291027774: the published"
        assert found.lines("status").startswith(said)
        if size[0] >= 120:
            assert "the post's own updated weights give 0.291027774" in " ".join(found.lines("step").split())


async def test_a_run_that_is_no_longer_the_example_s_is_not_compared(engine: Engine) -> None:
    async with driven(engine, scenario=bundled("mazur-2015")) as found:
        await found.press("s", "s")
        assert "published" in found.lines("status")
        await found.press("space", "plus", "space")
        assert "published" not in found.lines("status")

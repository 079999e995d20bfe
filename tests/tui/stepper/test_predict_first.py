"""Predict first on the main screen, by its keys: space, s and . ask, a digit answers, another key ends it at once."""

from math import isnan

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.practice.question import Question
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell, phases
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from backprop_tui.tui.stepper.overlays.why import WhyScreen
from driven_screen import Driven, driven
from networks import hidden_layers
from predictions import answer, asked_in, typed

PART_4 = bundled("notebook-part-4").run
KINDS = ("sign", "most", "factor", "product", "update", "loss")


def words(found: Driven, name: str = "step") -> str:
    return " ".join(found.lines(name).split())


async def test_a_question_comes_before_the_gradients(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t", "space")
        assert words(found).endswith("space skips t ends")
        assert found.read(Cell("loss")) is not None
        assert not any(found.read(cell) for cell in found.shown() if cell.name.startswith(("g", "new_")))
        asked = await answer(found)
        assert words(found).startswith("Right, ")
        assert "ŷ is below y" in words(found), "how one could have known"
        assert "predicted 1 of 1" in found.lines("header")
        assert found.session.timeline.steps == 1
        assert found.screen.cursor == asked.cell
        await found.press("space")
        await answer(found, right=False)
        assert words(found).startswith("No: you said ")
        assert "predicted 1 of 2" in found.lines("header")
        await found.press("enter")
        assert isinstance(found.app.screen, WhyScreen)


@pytest.mark.slow
async def test_a_phase_is_asked_about_before_it_is_shown(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await found.press("t")
        for phase in phases(PART_4.network):
            before = found.session.timeline.position.done
            await found.press("s")
            asked = found.screen.predictor.open
            if asked is not None:
                assert found.session.timeline.position.done == before, "nothing is computed yet"
                names = {"new_" + asked.cell.name[1:], asked.cell.name} if asked.cell else set()
                assert names & set(phase.names), "it is about the phase that comes"
                assert found.read(asked.cell) is None or phase.kind == "update"  # type: ignore[arg-type]
                await answer(found)
            assert found.session.timeline.position.done == phase.end
        assert found.session.timeline.steps == 1
        assert found.screen.predictor.score.asked >= 8


@pytest.mark.slow
async def test_a_number_is_asked_about_before_it_is_shown(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await found.press("t")
        whole = found.session.timeline.whole
        for done in range(whole):
            await found.press("full_stop")
            asked = found.screen.predictor.open
            if asked is not None:
                assert found.session.timeline.position.done == done
                await answer(found)
            assert found.session.timeline.position.done == done + 1
        assert found.screen.predictor.score.asked >= whole // 2


async def test_keys_faster_than_the_engine_are_taken_in_their_turn(engine: Engine) -> None:
    async with driven(engine) as found:
        found.asker.gate.clear()
        await found.pilot.press("t", "space", "1", "space", "space", "space", "2")
        found.asker.gate.set()
        await found.settle()
        assert found.session.timeline.steps == 3
        assert " of 2" in found.lines("header"), "two are answered, one is skipped"
        assert found.app.screen is found.screen, "a digit that comes before its question answers it"


@pytest.mark.parametrize("key", ["s", "full_stop"])
async def test_keys_of_parts_are_taken_in_their_turn_too(engine: Engine, key: str) -> None:
    async with driven(engine) as found:
        found.asker.gate.clear()
        await found.pilot.press("t", key, "1", key, "1", key, "t")
        found.asker.gate.set()
        await found.settle()
        assert found.app.screen is found.screen
        assert found.screen.predictor.open is None, "t ends it"
        assert " of 2" in found.lines("header")


async def test_while_a_question_is_open_a_digit_opens_no_lesson(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t", "space", "9")
        assert found.app.screen is found.screen
        assert asked_in(found)
        await found.press("escape")
        assert found.screen.predictor.open is None, "esc ends it at once"
        assert found.session.timeline.steps == 0
        await found.press("5")
        assert found.app.lessons.open.number == 5


async def test_t_ends_an_open_question_at_once(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t", "space", "t")
        assert found.screen.predictor.open is None
        assert not found.screen.predictor.on
        assert "predict first is off" in found.lines("status")
        await found.press("space")
        assert found.session.timeline.steps == 1


async def at_kind(found: Driven, kind: str) -> Question:
    """Predict rightly until a question of a kind comes."""
    for _ in range(30):
        await found.press("space")
        if asked_in(found).kind == kind:
            return asked_in(found)
        await answer(found)
    raise AssertionError(f"no question of the kind {kind} came")


@pytest.mark.slow
async def test_questions_get_harder_and_end_with_the_loss(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t")
        kinds = []
        for _ in range(11):
            await found.press("space")
            kinds.append((await answer(found)).kind)
        assert [KINDS.index(kind) for kind in kinds] == sorted(KINDS.index(kind) for kind in kinds)
        assert set(kinds) == set(KINDS)


@pytest.mark.slow
async def test_a_missed_kind_comes_again(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t")
        await at_kind(found, "factor")
        await answer(found, right=False)
        came = []
        for _ in range(2):
            await found.press("space")
            came.append((await answer(found)).kind)
        assert came[0] != "factor"
        assert came[1] == "factor"


@pytest.mark.slow
async def test_the_number_is_typed_at_once(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t")
        asked = await at_kind(found, "product")
        steps = found.session.timeline.steps
        await found.press(*typed(asked.answer), "enter")
        assert words(found).startswith("Right: you said ")
        assert found.session.timeline.steps == steps + 1
        await found.press("space")
        asked = asked_in(found)
        await found.press("equals_sign", *"much", "enter")
        assert "not a number" in found.lines("status")
        await found.press("minus", "5", "escape")
        assert asked_in(found) == asked, "esc leaves the line, the question stays"
        await found.press("full_stop", *"5", "enter")
        assert "you said +0.5000" in words(found)


async def test_a_wrong_number_is_told_what_was_done(engine: Engine) -> None:
    async with driven(engine, PART_4) as found:
        await found.press("t")
        for _ in range(40):
            await found.press("s")
            asked = found.screen.predictor.open
            if asked is not None and asked.kind == "product" and asked.answer:
                break
            if asked is not None:
                await answer(found)
        assert asked is not None
        await found.press(*typed(-asked.answer), "enter")
        assert "That is the right number with the wrong sign" in words(found)


async def test_space_skips_and_a_skipped_one_does_not_count(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t", "space", "space")
        assert found.session.timeline.steps == 1
        assert "predicted 0 of 0" in found.lines("header")
        await found.press("space", "b")
        assert "?" not in found.lines("step")
        await found.press("home", "s", "s")
        assert found.session.timeline.position.done == phases(found.session.timeline.run.network)[0].end


async def test_a_step_without_numbers_is_not_asked_about(engine: Engine) -> None:
    run = Run(network=Network(2, hidden_layers([2], "linear")), settings=Settings(lr=0.9))
    async with driven(engine, run) as found:
        await found.press(*["space"] * 13, "t", "space")
        assert isnan(found.read(Cell("loss")) or 0)
        assert found.session.timeline.steps == 14


@pytest.mark.slow
async def test_each_step_takes_another_row(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t")
        rows = []
        for key in ("space", "s", "full_stop") * 2:
            await found.press(key)
            await found.press("space")  # skips
            while found.session.timeline.position.done < found.session.timeline.whole:
                await found.press("space", "space")
            assert found.session.timeline.trace is not None
            rows.append(found.session.timeline.trace.rows[0])
        assert rows == [0, 1, 2, 3, 4, 5]
        await found.press("t", "space", "space")
        assert found.session.timeline.trace is not None
        assert found.session.timeline.trace.rows[0] == 5, "as it is when nothing is asked"


async def test_the_answer_is_not_always_the_same(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t")
        said = []
        for _ in range(8):
            await found.press("space")
            asked = asked_in(found)
            if asked.kind == "sign":
                said.append(asked.answer)
            await answer(found, right=False)
        assert all(len(set(said[at : at + 3])) > 1 for at in range(len(said) - 2))


async def test_what_was_asked_is_saved_with_the_session(engine: Engine) -> None:
    async with driven(engine) as found:
        await found.press("t", "space")
        await answer(found)
        kept, practice = found.screen.kept(), found.screen.predictor.practice
    async with driven(engine) as other:
        other.screen._restore(kept)
        assert other.screen.predictor.on
        assert other.screen.predictor.practice == practice
        other.screen._restore({"practice": {"on": True, "of": {"back-propagation": {"level": "high"}}}})
        assert other.screen.predictor.practice == practice, "what is not as expected is left out"


RUNS = {
    "default": Run(),
    "deep": Run(network=Network(2, hidden_layers([2, 2, 2], "sigmoid"))),
    "wide": Run(network=Network(2, hidden_layers([6, 6], "tanh"))),
    "batch": Run(settings=Settings(sampling=Sampling(SHUFFLED, 0, 8))),
    "adam": Run(optimizer=Optimizer("adam")),
}


@pytest.mark.slow
@pytest.mark.parametrize("size", [(40, 10), (60, 16), (64, 20), (80, 24), (120, 40)])
@pytest.mark.parametrize("name", RUNS)
async def test_every_question_is_seen_whole(engine: Engine, name: str, size: tuple[int, int]) -> None:
    async with driven(engine, RUNS[name], size=size) as found:
        await found.press("t")
        kinds = set()
        for key in ["space"] * 12 + ["s"] * 8:
            await found.press(key)
            asked = found.screen.predictor.open
            if asked is None:
                continue
            seen = " ".join(found.text.split())
            for place, choice in enumerate(asked.choices, 1):
                assert f"{place} {choice}" in seen
            assert all(word in seen for word in asked.text.split())
            assert "space skips" in seen
            kinds.add(asked.kind)
            await answer(found)
            pane = found.pane("step")
            if size >= (64, 20):
                assert len(pane.lines) <= pane.content_size.height
        assert {"sign", "most"} < kinds

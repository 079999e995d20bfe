"""A course by its keys, in the real app: done from end to end, missed, diagnosed, hidden, saved, resumed, exported."""

import asyncio
import csv
from pathlib import Path

import pytest
from backprop_tui.core.course import Course, bundled, parse
from backprop_tui.core.course.progress import DONE, OPEN, TOLD
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import parse as parse_scenario
from backprop_tui.core.session.drive import Ask
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.cli.check import AGREE, BAD, DIFFER
from backprop_tui.tui.cli.options import UsageError, scenario_of
from backprop_tui.tui.cli.play import play, settled
from backprop_tui.tui.lessons.course import Guide
from backprop_tui.tui.saving import Keeper, resume
from backprop_tui.tui.stepper.overlays.why import WhyScreen
from backprop_tui.tui.stepper.overlays.words import WordsScreen
from driven_screen import Driven, InThisProcess, driven

STEP = """
title = "A step"

[[lesson]]
title = "By hand"
screen = "back-propagation"
goal = "one step, number by number"
summary = "Back went {gh1[1]}."

[[lesson.task]]
text = "What is ∂L/∂w1[1,1] of the first step?"
number = { of = "gw1[1,1]", step = 1, tolerance = 0.01 }
hint = "four factors"
done = "One for each link."

[[lesson.task]]
text = "Which sign has ∂L/∂ŷ?"
choice = { of = ["negative", "positive"], sign = "gy_pred", step = 1 }
hint = "ŷ - y"
done = "Too low."

[[lesson.task]]
text = "Reach the loss."
reach = { value = "loss" }
keys = "s*4"
worked = "Press s four times."
hint = "s"
done = "There."

[[lesson.task]]
text = "Ask why of ∂L/∂ŷ."
why = "gy_pred"
keys = "s enter escape"
worked = "s, then enter."
hint = "enter"
done = "Asked."

[[lesson.task]]
text = "Predict one step rightly."
reach = { between = { predicted = [1, 1000] } }
keys = "t"
worked = "t, space, a digit."
hint = "t"
done = "Rightly."
"""


@pytest.fixture
def step() -> Course:
    return parse(STEP, None, "step")


def guide_of(shown: Driven) -> Guide:
    assert shown.app.guide is not None
    return shown.app.guide


async def at_task(shown: Driven, number: int) -> None:
    """At a task, by its number from 1: those before it are given up."""
    guide = guide_of(shown)
    while guide.progress.place < number - 1:
        while guide.progress.is_open:
            guide.progress.miss(0.0)
        await shown.press("A")
    assert f"Task {number} of" in shown.text


# From end to end


@pytest.mark.slow
async def test_the_first_hour_is_done_by_its_keys(engine: Engine) -> None:
    course = bundled()
    played = [task async for task in play(course, engine.answer)]
    assert [task.number for task in played] == list(range(1, len(course.tasks) + 1))
    assert not [(task.number, task.text, task.problem) for task in played if task.problem]
    assert all(task.keys for task in played)


@pytest.mark.slow
async def test_every_task_of_the_first_hour_is_seen_whole_at_80x24(engine: Engine) -> None:
    """Its text in two lines, its summary on a page, with the person's own numbers."""
    async with driven(engine, course=bundled()) as shown:
        guide = guide_of(shown)
        assert "Part 1, What the network sees" in shown.text
        await shown.press("escape")
        while not guide.progress.is_over:
            task = guide.progress.task
            screen = " ".join(shown.text.split())
            assert " ".join(task.text.split()) in screen
            assert f"Task {guide.progress.place + 1} of" in screen
            assert "q quit" in screen
            await shown.press(*await guide.right_keys())
            assert not guide.progress.is_open, task.text
            assert " ".join(task.done.split()) in " ".join(shown.text.split())
            await shown.press("A")
            if isinstance(shown.app.screen, WordsScreen):
                assert "tasks done" in shown.text
                assert "…" not in shown.text, "a number of the summary is missing"
                assert "{" not in shown.text
                await shown.press("escape")
        assert "The course is done: 39 of 39 tasks done" in shown.text
        await shown.press("A", "H", "1")
        assert guide.progress.is_over


# Answers


async def test_a_wrong_number_is_named_then_a_hint_then_the_answer(engine: Engine, step: Course) -> None:
    async with driven(engine, course=step) as shown:
        await shown.press("escape")
        guide = guide_of(shown)
        # -11.0695·0.4376·(-0.4332), by hand: the slope of the sigmoid is left out.
        await shown.press(*"2.0984", "enter")
        assert "No: that is the product without h1[1](1 - h1[1]). Hint: four factors" in shown.text
        await shown.press("s")
        assert "What is ∂L/∂w1[1,1] of the first step?" in shown.text, "the next key brings the question back"
        await shown.press("A", *"77", "enter")
        assert "No. Hint: four factors" in shown.text
        await shown.press("-", *"1", "enter")
        assert "It is 0.5086: ∂L/∂w1[1,1] = " in shown.text
        result = guide.progress.results[0]
        assert (result.state, result.tries, result.hints) == (TOLD, 3, 1)
        assert result.mistakes == ("the product without h1[1](1 - h1[1])",)
        await shown.press("A")
        assert "Task 2 of 5" in shown.text


async def test_what_is_no_number_costs_nothing(engine: Engine, step: Course) -> None:
    async with driven(engine, course=step) as shown:
        await shown.press("escape", "A", *"abc", "enter")
        assert "'abc' is not a number" in shown.text
        await shown.press("A", "escape")
        assert guide_of(shown).progress.results[0].tries == 0
        await shown.press(*"0.51", "enter")
        assert "Right: 0.5086. One for each link." in shown.text


async def test_while_a_question_is_shown_a_digit_is_an_answer_and_no_lesson(engine: Engine, step: Course) -> None:
    async with driven(engine, course=step) as shown:
        await shown.press("escape")
        await shown.press("-")
        assert shown.session.timeline.settings.lr == 0.2, "a minus begins the answer"
        await shown.press("escape")
        await at_task(shown, 2)
        await shown.press("9")
        assert "a digit from 1 to 2 answers" in shown.text
        await shown.press("A")
        assert "a digit from 1 to 2 answers" in shown.text
        await shown.press("2")
        assert shown.app.lessons.open.number == 4
        assert "No. Hint: ŷ - y" in shown.text
        await shown.press("T", "2")
        assert shown.app.lessons.open.number == 2, "hidden, it asks nothing"
        await shown.press("4", "T", "1")
        assert "Right. Too low." in shown.text
        await shown.press("1")
        assert shown.app.lessons.open.number == 1, "it is answered"


async def test_what_is_done_on_the_screen_is_seen(engine: Engine, step: Course) -> None:
    async with driven(engine, course=step) as shown:
        await shown.press("escape")
        await at_task(shown, 3)
        await shown.press("s", "s", "A")
        assert "Not yet. Hint: s" in shown.text
        await shown.press("s")
        assert "Reach the loss." in shown.text
        await shown.press("s")
        assert "Done. There." in shown.text
        await shown.press("A", "s", "enter")
        assert isinstance(shown.app.screen, WhyScreen)
        await shown.press("escape")
        assert "Done. Asked." in shown.text
        assert [result.state for result in guide_of(shown).progress.results[2:]] == [DONE, DONE, OPEN]


async def test_after_three_misses_the_way_is_told(engine: Engine, step: Course) -> None:
    async with driven(engine, course=step) as shown:
        await shown.press("escape")
        await at_task(shown, 3)
        await shown.press("A", "A", "A")
        assert "Press s four times." in shown.text
        await shown.press("A")
        assert "Task 4 of 5" in shown.text


async def test_a_prediction_counts_and_its_question_comes_first(engine: Engine, step: Course) -> None:
    async with driven(engine, course=step) as shown:
        await shown.press("escape")
        await at_task(shown, 5)
        await shown.press("t")
        for _ in range(4):
            await shown.press("space")
            asked = shown.screen.predictor.open
            if asked is not None:
                assert "Predict first" in shown.text
                await shown.press(str(int(asked.answer)))
        assert guide_of(shown).progress.result.state == DONE
        assert "Done. Rightly." not in shown.text, "the verdict on the prediction stays until the next key"
        await shown.press("i", "escape")
        assert shown.app.lessons.open.number == 4


@pytest.mark.slow
async def test_a_question_on_another_screen_leads_to_its_own(engine: Engine) -> None:
    async with driven(engine, course=bundled()) as shown:
        await shown.press("escape", "down", "A")
        await shown.press("T", "4", "T", "A")
        assert shown.app.lessons.open.number == 1
        await shown.press("A", *"14.68", "enter")
        assert "Right: 14.684" in shown.text


ONE_UNIT = """
title = "One unit"
[data]
x = [[3.0]]
y = [[8.0]]
features = ["x"]
targets = ["y"]
[network]
layers = [{ units = 1, activation = "linear" }]
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "told"),
    [('scenario = "notebook-part-4"\n', "has begun again: A answers there"), ("", "b leads back to the run before")],
)
async def test_a_run_that_can_not_tell_is_no_miss(scenario: str, told: str, engine: Engine) -> None:
    """Another network was opened meanwhile, which has no such number."""
    text = STEP.replace("goal =", scenario + "goal =").replace("gw1[1,1]", "gw1[2,2]")
    async with driven(engine, course=parse(text, None, "it")) as shown:
        await shown.press("escape")
        shown.screen.open(parse_scenario(ONE_UNIT, None, "one"))
        await shown.settle()
        assert shown.session.timeline.run.network.features == 1
        await shown.press("A", *"1", "enter")
        assert told in " ".join(shown.text.split())
        assert guide_of(shown).progress.results[0].tries == 0
        assert shown.session.timeline.run.network.features == (2 if scenario else 1)


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 10), (120, 40)])
async def test_the_task_is_seen_at_every_size(size: tuple[int, int], engine: Engine, step: Course) -> None:
    async with driven(engine, course=step, size=size) as shown:
        await shown.press("escape")
        assert "What is ∂L/∂w1[1,1]" in shown.text
        await shown.press("2")
        await shown.press("escape", "T")
        assert "What is ∂L/∂w1[1,1]" not in shown.text


# What stays


@pytest.mark.slow
async def test_it_is_saved_and_goes_on(engine: Engine, tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    async with driven(engine, keeper=keeper, course=bundled()) as shown:
        await shown.press("escape", "down", "A", *"1", "enter", "H", "q")
    keeper.close()
    loaded, keeper = resume(folder=tmp_path)
    app = StepperApp(loaded.session, InThisProcess(engine), keeper=keeper, loaded=loaded)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert app.guide is not None
        assert app.guide.progress.place == 1
        first, second = app.guide.progress.results[:2]
        assert (first.state, second.state, second.tries, second.hints) == (DONE, OPEN, 1, 2)
        assert app.lessons.open.number == 1
        for key in ("A", *"12.65", "enter"):
            await pilot.press(key)
            await settled(app, pilot)
        assert app.guide.progress.result.state == DONE, "row 0 is chosen again: ln 313,000"
    keeper.close()


@pytest.mark.parametrize("kept", [{"course": "gone.toml", "place": 0, "results": []}, {"course": 3}, "nonsense"])
async def test_a_course_that_can_not_go_on_is_told(kept: object, engine: Engine, tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    async with driven(engine, keeper=keeper, steps=1) as shown:
        keeper.save(shown.session, {"course": kept})
    keeper.close()
    loaded, keeper = resume(folder=tmp_path)
    app = StepperApp(loaded.session, InThisProcess(engine), keeper=keeper, loaded=loaded)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert app.guide is None
        assert not app.faults
    keeper.close()


@pytest.mark.slow
async def test_what_was_done_is_written_down(
    engine: Engine, step: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with driven(engine, course=step) as shown:
        await shown.press("escape", "A", *"2.0984", "enter", "A", *"0.51", "enter")
        for name in ("mine.course.md", "mine.course.csv", "steps.md"):
            await shown.press("e")
            await shown.type(name)
            while shown.screen.notice == "writing …":
                await asyncio.sleep(0.01)
            await shown.settle()
            assert name in shown.lines("status")
    rows = list(csv.reader((tmp_path / "mine.course.csv").open(encoding="utf-8")))
    assert rows[1][:5] == ["By hand", "1", "done", "2", "1"]
    assert rows[1][6] == "the product without h1[1](1 - h1[1])"
    assert "| 1 | done | 2 | 1 |" in (tmp_path / "mine.course.md").read_text("utf-8")
    assert "| 1 | done" not in (tmp_path / "steps.md").read_text("utf-8")


# Without a screen


@pytest.fixture
def checked(engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """`backprop-tui check` with the engine that is there."""
    from backprop_tui.tui.cli import check

    def run(*names: str) -> tuple[int, str]:
        complaints: list[str] = []
        ask: Ask = engine.answer
        codes = [check.check_course(name, ask, complaints.append) for name in names]
        return max(codes), capsys.readouterr().out + "\n".join(complaints)

    return run


@pytest.mark.slow
def test_check_says_which_task_can_not_be_done(checked, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "step.toml"
    path.write_text(STEP, "utf-8")
    code, told = checked(str(path))
    assert code == DIFFER
    assert "  3  Reach the loss." in told
    assert "  5  Predict one step rightly." in told
    assert told.count("CAN'T BE DONE: its keys do not do it") == 1
    assert "4 of 5 tasks can be done" in told
    path.write_text(STEP[: STEP.index('[[lesson.task]]\ntext = "Predict')], "utf-8")
    code, told = checked(str(path))
    assert code == AGREE
    assert "4 of 4 tasks can be done" in told


WITH_TASKS = """
title = "A run with tasks"
subject = "one step"
[training]
lr = 0.5
""" + "".join(f"[[task]]{task}" for task in STEP.split("[[lesson.task]]")[1:4])


async def test_the_tasks_of_a_scenario_are_there_when_it_is_opened(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(WITH_TASKS, "utf-8")
    scenario = scenario_of(str(path))
    keeper = Keeper(tmp_path / "kept")
    app = StepperApp(Session(scenario.run, scenario), InThisProcess(engine), keeper=keeper)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert app.guide is not None
        assert isinstance(app.screen, WordsScreen)
        for key in ("escape", *"0.51", "enter"):
            await pilot.press(key)
            await settled(app, pilot)
        assert app.guide.progress.result.state == DONE
        assert len(app.session.timelines) == 1, "the run that is there is not begun a second time"
        assert app.session.timeline.settings.lr == 0.5
        await pilot.press("T")
        assert not app.guide.shown
        await pilot.press("q")
    keeper.close()
    loaded, keeper = resume(folder=tmp_path / "kept")
    app = StepperApp(loaded.session, InThisProcess(engine), keeper=keeper, loaded=loaded)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert app.guide is not None
        assert [result.state for result in app.guide.progress.results] == [DONE, OPEN, OPEN]
    keeper.close()


def test_check_plays_the_tasks_of_a_scenario(checked, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "run.toml"
    path.write_text(WITH_TASKS, "utf-8")
    code, told = checked(str(path))
    assert "3 of 3 tasks can be done" in told
    assert code == AGREE


def test_a_task_that_a_scenario_can_not_ask_is_told_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(WITH_TASKS.replace("gw1[1,1]", "gw1[7,1]"), "utf-8")
    with pytest.raises(UsageError, match=r"run\.toml, line \d+: task\[1\]\.number\.of: expected a place within 2 by 2"):
        scenario_of(str(path))


XOR = """
title = "Four rows"

[[lesson]]
title = "Learned"
screen = "training"
goal = "it tells the rows apart"
scenario = "xor-training"

[[lesson.task]]
text = "Make steps until all four rows are right."
reach = { accuracy = 1, epochs = MOST }
keys = 'j "500" enter'
hint = "j"
worked = "Press j, type 500, press enter."
done = "All of them."
"""


@pytest.mark.slow
def test_check_makes_an_accuracy_be_reached(checked, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Half of the rows are right at the start, and an epoch is a step here: all four rows are in each."""
    path = tmp_path / "xor.toml"
    path.write_text(XOR.replace("MOST", "500"), "utf-8")
    code, told = checked(str(path))
    assert "1 of 1 tasks can be done" in told
    assert code == AGREE
    path.write_text(XOR.replace("MOST", "499"), "utf-8")
    code, told = checked(str(path))
    assert "CAN'T BE DONE: its keys do not do it" in told
    assert code == DIFFER


def test_check_of_a_bad_course_is_told(checked, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "step.toml"
    path.write_text(STEP.replace("gy_pred", "gy"), "utf-8")
    code, told = checked(str(path))
    assert code == BAD
    assert "choice.sign: expected x, y, loss" in told

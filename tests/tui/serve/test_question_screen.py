"""The question over the screen that it has come to: what it takes, what it says, and what stays as it was below."""

import asyncio
from dataclasses import dataclass, field

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.tui.serve.notes import ClassQuestion
from backprop_tui.tui.serve.seat import question_screen
from backprop_tui.tui.serve.seat.question_screen import QuestionScreen
from driven_screen import Driven, driven
from msgspec.structs import replace

CHOICES = ClassQuestion(1, text="Will the loss [b]fall\x1b[2J?", choices=("smaller", "larger"), may_answer=True)
NUMBER = ClassQuestion(2, text="What is ŷ?", may_answer=True)


@dataclass
class Over:
    """A question over the main screen, and what is answered to it."""

    shown: Driven
    asked: ClassQuestion
    answers: list[float] = field(default_factory=list)

    async def open(self) -> None:
        self.screen = QuestionScreen(self.asked, self.answers.append)
        self.shown.app.push_screen(self.screen)
        await self.shown.pilot.pause()

    async def becomes(self, **changes: object) -> None:
        self.asked = replace(self.asked, **changes)
        self.screen.show(self.asked)
        await self.shown.pilot.pause()


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_screen, "GRACE", -1.0)


@pytest.mark.usefixtures("no_grace")
async def test_a_digit_answers_another_changes_it_and_esc_puts_it_away(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("space", "j", "5")
        over = Over(shown, CHOICES)
        await over.open()
        assert "Data sample" in shown.text, "what it lies over is still seen"
        assert r"[b]fall\x1b[2J?" in shown.text, "what is asked is never markup nor an escape sequence"
        await shown.press("3", "0", "space", "q", "enter")
        assert over.answers == []
        assert "1 to 2 answers" in shown.text
        await shown.press("2")
        assert over.answers == [2]
        await asyncio.sleep(2 * question_screen.ON_ITS_WAY)
        await shown.settle()
        assert "Your answer: larger - on its way" in shown.text
        await over.becomes(answer=2.0)
        assert "Your answer: larger; it may be changed" in shown.text
        await shown.press("1")
        assert over.answers == [2, 1]
        await over.becomes(answer=1.0)
        await over.becomes(stage="closed")
        assert "The vote is closed. Your answer: smaller." in shown.text
        await shown.press("2")
        assert over.answers == [2, 1]
        await over.becomes(stage="open", round=2, answer=None)
        assert "second vote" in shown.text
        await shown.press("2")
        assert over.answers == [2, 1, 2]
        await over.becomes(stage="revealed", told=("The answer: smaller.", "With lr 0.2 it falls."))
        assert "The answer: smaller." in shown.text
        assert shown.session.timeline.steps == 1
        await shown.press("escape")
        assert "Question 1" not in shown.text
        await shown.press("enter")
        assert shown.session.timeline.steps == 6, "the line that was being typed is as it was left: j5"


@pytest.mark.usefixtures("no_grace")
async def test_a_number_is_typed_and_nonsense_is_told(engine: Engine) -> None:
    async with driven(engine, size=(50, 14)) as shown:
        over = Over(shown, NUMBER)
        await over.open()
        await shown.type("lots")
        assert "'lots' is not a number" in shown.text
        await shown.press(*["backspace"] * 4)
        for typed, answer in (("nan", None), ("1e999", None), ("-1.5", -1.5), ("-2", -2.0)):
            before = len(over.answers)
            await shown.type(typed)
            assert over.answers[before:] == ([] if answer is None else [answer])
            await shown.press(*["backspace"] * len(over.screen.unsent))
        assert over.screen.unsent == ""
        await shown.press("7")
        await over.becomes(answer=-2.0)
        assert over.screen.unsent == "7", "what is being typed stays"
        await over.becomes(stage="closed")
        assert "The vote is closed. Your answer: -2.0000" in " ".join(shown.text.split())
        await shown.press("escape", "space")
        assert shown.session.timeline.steps == 1


async def test_what_was_typed_as_it_came_up_is_no_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_screen, "GRACE", 60.0)
    async with driven(engine) as shown:
        over = Over(shown, CHOICES)
        await over.open()
        await shown.press("1")
        assert over.answers == []


@pytest.mark.usefixtures("no_grace")
async def test_who_shows_their_screen_does_not_answer(engine: Engine) -> None:
    async with driven(engine) as shown:
        over = Over(shown, replace(CHOICES, may_answer=False))
        await over.open()
        await shown.press("1")
        assert over.answers == []
        assert "Your class answers." in shown.text


async def test_a_question_of_the_longest_kind_fits(engine: Engine) -> None:
    asked = ClassQuestion(3, text="long " * 60, choices=("many words " * 7,) * 9, may_answer=True)
    async with driven(engine) as shown:
        await Over(shown, asked).open()
        assert "9 many words" in shown.text
        assert "1 to 9 answers" in shown.text

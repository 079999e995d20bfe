"""The open question of predict first, on whichever screen is open, and its answer by keys."""

from backprop_tui.core.explain.practice.question import Question
from backprop_tui.tui.widgets.predicting import PredictingScreen
from driven_screen import Driven

NAMES = {".": "full_stop", "-": "minus"}


def asked_in(found: Driven) -> Question:
    """The question that is open."""
    screen = found.app.screen
    assert isinstance(screen, PredictingScreen)
    assert screen.predictor.open is not None
    return screen.predictor.open


def typed(number: float) -> list[str]:
    """The keys of a number."""
    return [NAMES.get(character, character) for character in f"{number:.6f}"]


async def answer(found: Driven, right: bool = True) -> Question:
    """Answer the open question."""
    asked = asked_in(found)
    if asked.choices:
        wrong = int(asked.answer) % len(asked.choices) + 1
        await found.press_each(str(int(asked.answer) if right else wrong))
    else:
        await found.press_each(*typed(asked.answer if right else 3 * asked.answer + 1), "enter")
    return asked

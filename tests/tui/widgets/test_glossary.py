"""The glossary over each screen, by its key."""

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.glossary import ENTRIES
from backprop_tui.tui.widgets import glossary
from driven_screen import driven

KEYS_AND_WORDS = [
    ("", "network"),
    ("space", "update"),
    ("s", "pre-activation"),
    ("1", "scaled"),
    ("2", "GradientTape"),
    ("3", "gradient descent"),
    ("5", "epoch"),
    ("space enter", "weight"),
    ("question_mark", "network"),
]


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
@pytest.mark.parametrize(("keys", "word"), KEYS_AND_WORDS, ids=[keys for keys, _ in KEYS_AND_WORDS])
async def test_i_opens_it_at_what_is_looked_at(engine: Engine, keys: str, word: str, size: tuple[int, int]) -> None:
    async with driven(engine, size=size) as shown:
        await shown.press(*keys.split(), "i")
        assert isinstance(shown.app.screen, glossary.GlossaryScreen)
        assert word in shown.text
        await shown.press("escape")
        assert not isinstance(shown.app.screen, glossary.GlossaryScreen)


async def test_arrows_and_letters_choose(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("i", "s", "e", "e", "e")
        assert "error, ŷ - y" in shown.text
        await shown.press("down")
        assert "feature, input" in shown.text
        for _ in range(len(ENTRIES)):
            await shown.press("up")
        assert ENTRIES[0].says.split(":")[0] in shown.text
        await shown.press("q")
        assert "Words" in shown.text, "a letter is a word's first one, also q"


def test_every_entry_fits_into_80x24() -> None:
    for entry in ENTRIES:
        assert len(glossary.lines(entry, 80 - glossary.WORDS - 3)) <= 23, entry.word

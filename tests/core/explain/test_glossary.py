"""The glossary: every number, activation, loss, optimizer and word of the screens has an entry, if it is not plain."""

import re
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.glossary import BY_WORD, ENTRIES, beginning_with, entry_of
from backprop_tui.core.model.activations import ACTIVATIONS
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.optimizers import OPTIMIZERS
from backprop_tui.core.model.phases import phases, shapes
from backprop_tui.core.model.values import Value, parse
from driven_screen import driven
from hypothesis import given
from networks import networks

PLAIN = Path(__file__).parents[2] / "support" / "plain_words.txt"
"""Words of the screens that need no entry, a line of them for each letter."""

TOUR = (
    "s full_stop space i escape t space 1 space t t t L tab escape v escape enter c d d escape y escape b j 3 0 0 "
    "enter question_mark escape 1 space s enter 2 s space enter escape 3 space j 9 enter enter escape 5 space space 4"
)
"""Keys that lead through the screens and pages, in the order in which they are pressed."""


def known_words() -> set[str]:
    """What the glossary explains, letter by letter, and the plain words."""
    titles = (text for entry in ENTRIES for text in (entry.word, *entry.also))
    return {*words_of(" ".join(titles)), *PLAIN.read_text("utf-8").split()}


def words_of(text: str) -> set[str]:
    """The words of a text, of three letters and more, in small letters; a row of one letter is a curve."""
    return {word.lower() for word in re.findall(r"[^\W\d_]{3,}", text) if len(set(word)) > 1}


def is_known(word: str, known: set[str]) -> bool:
    """Whether a word or its singular is one of them."""
    return bool(known & {word, word.removesuffix("s"), word.removesuffix("es")})


@pytest.mark.slow
async def test_a_word_of_the_screens_is_plain_or_explained(engine: Engine) -> None:
    """If not: write an entry for it, or put it among the plain words if everybody knows it."""
    found: set[str] = set()
    async with driven(engine, size=(120, 40)) as shown:
        names = {*words_of(" ".join((*shown.session.timeline.run.table.features, "sqft_liv", "price")))}
        for key in TOUR.split():
            await shown.press(key)
            found |= words_of(shown.text)
    known = known_words() | names
    assert len(found) > 250, "the tour led through the screens"
    assert not {word for word in found if not is_known(word, known)}


@given(networks())
def test_every_number_of_a_step_has_an_entry(network) -> None:
    names = {*shapes(network), *(name for phase in phases(network) for name in phase.names)}
    assert all(entry_of(parse(name)).says for name in names)


def test_a_number_s_entry_says_what_it_is() -> None:
    assert entry_of(Value("w", 1, gradient=True)).word == "gradient"
    assert entry_of(Value("w", 1, updated=True)).word == "update"
    assert entry_of(Value("w", 1, moment="m", updated=True)).word == "moment"
    assert entry_of(Value("z", 2)).word == "pre-activation"
    assert entry_of(Value("y_pred")).word == "prediction"


def test_every_row_of_the_vocabulary_has_an_entry_with_its_formula() -> None:
    for name, row in ACTIVATIONS.items():
        assert row.formula in BY_WORD[name].formula
    for row in LOSSES.values():
        assert row.formula(1) in BY_WORD[row.title].formula
    for name, rule in OPTIMIZERS.items():
        assert rule.formula in BY_WORD[name].formula


def test_no_word_stands_twice() -> None:
    assert len(BY_WORD) == len(ENTRIES)


def test_a_letter_leads_around_all_words_that_begin_with_it() -> None:
    place, seen = 0, []
    for _ in range(20):
        found = beginning_with("s", place)
        assert found is not None
        place = found
        seen.append(ENTRIES[place].word)
    assert all(word[0] in "sS" for word in seen)
    assert set(seen) == {entry.word for entry in ENTRIES if entry.word[0].lower() == "s"}
    assert beginning_with("7", 0) is None

"""What a terminal sends, whatever it is: sequences that no terminal sends leave the keys as they were."""

import random

import pytest
from backprop_tui.tui.terminal.typed import MAX_UNFINISHED, Typed
from backprop_tui.tui.textual_hooks import XTermParser
from processes import resident
from real_terminal import RealTerminal
from textual.events import Key, Paste, Resize

HOSTILE = [
    b"\x1b[48;0;0;0;0t\x1b[<35;5;5M",
    b"\x1b[48;10;10;0;0t\x1b[<35;5;5M",
    b"\x1b[1114112;1u",
    b"\x1b[99999999999;1u",
    b"\x1b[97;1:9u",
    b"\x1b[97;;99999999u",
    b"\x1b[55296;1u",
    "é".encode()[:1],
    b"\xff",
    b"\x1b[200~" + b"x" * (MAX_UNFINISHED + 1),
]
HUGE = b"\x1b[?2048;1$y\x1b[48;20000;20000;0;0t"


def typed() -> Typed:
    return Typed(lambda: XTermParser(False))


@pytest.mark.parametrize("data", HOSTILE, ids=[ascii(data)[:30] for data in HOSTILE])
def test_keys_are_heard_after_any_bytes(data) -> None:
    keys = typed()
    for event in keys.feed(data):
        if isinstance(event, Key):
            (event.character or "").encode()
    assert [event.key for event in keys.feed(b"qs") if isinstance(event, Key)][-1] == "s"


@pytest.mark.slow
def test_keys_are_heard_after_random_sequences() -> None:
    generator = random.Random(6)
    parts = [b"\x1b[", b"\x1b[<", b"\x1b[48;", b"\x1b[?2048;1$y", b"1;1u", b";", b"M", b"u", b"t", b"R", b"\xc3", b":"]
    for _ in range(1_000):
        keys = typed()
        for _ in range(generator.randrange(1, 9)):
            number = b"%d" % generator.randrange(10 ** generator.randrange(1, 12))
            keys.feed(generator.choice([*parts, number]))
        keys.feed(b"x" * 100)  # more than the longest sequence
        assert [event.key for event in keys.feed(b"zs") if isinstance(event, Key)][-1] == "s"


def test_a_character_in_two_parts_is_one() -> None:
    keys = typed()
    first, second = "é".encode()[:1], "é".encode()[1:]
    assert keys.feed(first) == []
    [event] = keys.feed(second)
    assert isinstance(event, Key)
    assert event.character == "é"


def test_pastes_sizes_and_the_keypad_are_understood() -> None:
    keys = typed()
    [paste] = keys.feed(b"\x1b[200~a paste\x1b[201~")
    assert isinstance(paste, Paste)
    assert paste.text == "a paste"
    [size] = keys.feed(b"\x1b[48;30;100;600;1000t")
    assert isinstance(size, Resize)
    assert size.size == (100, 30)
    [key] = keys.feed(b"\x1b[57413;1u")
    assert isinstance(key, Key)
    assert key.character == "+"


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
def test_a_huge_size_that_is_typed_takes_no_memory() -> None:
    with RealTerminal(draw=False) as terminal:
        terminal.wait_until(lambda: b"Gradients" in terminal.written, 60, "the screen")
        before = resident(terminal.process.pid)
        terminal.press(HUGE.decode())
        terminal.press(" ")
        terminal.wait_until(lambda: b"step 1" in terminal.written, 30, "a step")
        assert resident(terminal.process.pid) - before < 150 * 2**20
        terminal.press("q")
        assert terminal.wait_for_end(10) == 0

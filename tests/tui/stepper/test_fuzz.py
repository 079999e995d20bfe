"""Keys at random, with resizes in between: no exception, and the panes always agree with the core."""

import asyncio
import random
import re
from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.checks import read_steps
from backprop_tui.core.model import phases
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.values import parse
from backprop_tui.core.session import requests
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.stepper.screen import StepperScreen
from driven_screen import Driven, driven, read_number
from networks import hidden_layers
from textual.events import Key

KEYS_A_RUN, BURST = 2_000, 60

OFTEN, SOMETIMES, SELDOM = (
    words.split()
    for words in (
        "space space s s s full_stop b b left_square_bracket right_square_bracket home end up down left right tab",
        "r R a less_than_sign greater_than_sign plus minus n p d t v L y question_mark enter escape",
        "1 2 3 4 5 6 9 o w shift+left shift+right f1 x backspace delete pageup",
    )
)
LINES = ("j7", "j300", "j0", "j<60", "l0.3", "l1000", "l1e-9", "lx", "g3", "g498", "g499", "=0.5", "=-3", "=1e30", "=")
CHARACTERS = {
    "space": " ",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "question_mark": "?",
    "equals_sign": "=",
}
NAMES = {character: name for name, character in CHARACTERS.items()}
SIZES = ((80, 24), (120, 40), (40, 10), (100, 30), (30, 8), (79, 23), (200, 60), (40, 24))


def burst(source: random.Random) -> list[str]:
    """Some keys, and lines that are typed into the prompt."""
    keys: list[str] = []
    while len(keys) < BURST:
        chance = source.random()
        if chance < 0.08:
            keys += [NAMES.get(character, character) for character in source.choice(LINES)]
            keys.append(source.choice(("enter", "enter", "enter", "escape")))
        else:
            keys.append(source.choice(OFTEN if chance < 0.7 else SOMETIMES if chance < 0.95 else SELDOM))
    return keys


def post(shown: Driven, keys: list[str]) -> None:
    """Keys as fast as a terminal can deliver them."""
    for key in keys:
        shown.app.post_message(Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))


async def at_rest(shown: Driven) -> None:
    """Back on the main screen, with everything done that was asked for."""
    for _ in range(20):
        await shown.pilot.pause()
        if not isinstance(shown.app.screen, StepperScreen):
            post(shown, ["escape", "4"])
            continue
        post(shown, ["escape"])
        await shown.pilot.pause()
        await asyncio.wait_for(shown.screen.settled(), 60)
        await shown.pilot.pause()
        if isinstance(shown.app.screen, StepperScreen):  # a page that waited for its turn may have come
            return
    raise AssertionError("the main screen does not come back")


def expected(session: Session, cell: Cell) -> float | None:
    """A number of the step in view as the core has it; None where it is not computed."""
    network, (entry, done) = (
        session.timeline.run.network,
        (session.timeline.position.entry, session.timeline.position.done),
    )
    parameters = network.split(session.timeline.history.states[entry][: network.width])
    if cell.name in parameters:
        return float(parameters[cell.name][cell.row, cell.column])
    trace = session.timeline.trace
    several = len(trace.rows) if trace is not None and len(trace.rows) > 1 else 0
    if cell.name in ("x", "y") and several and trace is not None:  # an example whose steps take a batch
        return float(np.mean(trace[cell.name][:several, cell.column]))
    if cell.name in ("x", "y"):
        x, y = session.timeline.shown_sample()
        return float((x if cell.name == "x" else y)[cell.column])
    columns = phases.shapes(network)[cell.name][1]
    if cell.row * columns + cell.column >= phases.numbers_done(network, cell.name, done):
        return None
    assert trace is not None
    if several and parse(cell.name).per_sample:
        row = trace[cell.name][cell.row, :several]
        return float(np.sum(row) if parse(cell.name).gradient else np.mean(row))
    return float(trace[cell.name][cell.row, cell.column])


def agrees(text: str, value: float | None) -> bool:
    """Whether a written number is this one, to the digits that are written."""
    written = read_number(text)
    if value is None or written is None:
        return value is None and written is None
    if not np.isfinite(value):
        return str(written) == str(value)
    mantissa, _, exponent = text.partition("e")
    digits = len(mantissa.partition(".")[2])
    return abs(written - value) <= 0.5001 * 10.0 ** (int(exponent or 0) - digits) + 1e-7 * abs(value)


def check(shown: Driven, engine: Engine) -> None:
    """What is on the screen against the session, and the session against TensorFlow."""
    session, too_small = shown.session, shown.screen.has_class("too-small")
    assert ("needs at least" in shown.text) == too_small
    for cell, text in shown.shown().items() if not too_small else ():
        assert agrees(text, expected(session, cell)), f"{cell} reads {text}, is {expected(session, cell)}"
    if shown.screen.size.width >= 80 and shown.screen.size.height >= 24:
        header = shown.lines("header")
        assert re.search(rf"step {session.timeline.step_number:,}(\s|$)", header), header
        assert session.timeline.run.initial is not None or f"seed {session.timeline.run.seed} " in header
    entry = session.timeline.position.entry
    if session.timeline.trace is not None:
        request = requests.past_step(session.timeline, entry)
        again = read_steps(request, engine.answer(request))
        for name, value in session.timeline.trace.values.items():
            np.testing.assert_array_equal(value, again.trace[name])
        if session.timeline.position.done == session.timeline.whole and entry not in session.timeline.history.changes:
            np.testing.assert_array_equal(session.timeline.history.states[entry + 1], again.states[0])
    assert np.isnan(session.timeline.history.losses[list(session.timeline.history.changes)]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "run"),
    [
        (1, Run()),
        (2, Run()),
        (3, Run(network=Network(2, hidden_layers([5, 4], "relu")))),
        (4, Run(network=Network(2, hidden_layers([12], "tanh")), seed=2**32 - 1)),
    ],
    ids=["2-2-1", "2-2-1 again", "2-5-4-1 relu", "2-12-1 tanh, the last seed"],
)
async def test_keys_at_random(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    source, pressed = random.Random(seed), 0
    async with driven(engine, run) as shown:
        shown.app.export_folder = tmp_path
        while pressed < KEYS_A_RUN:
            keys = burst(source)
            if source.random() < 0.3:
                await shown.pilot.resize_terminal(*source.choice(SIZES))
            post(shown, keys)
            pressed += len(keys)
            try:
                await at_rest(shown)
                check(shown, engine)
            except BaseException as error:
                print(f"{error!r}, {shown.app.farewell!r}, after {pressed} keys, the last of them:", *keys)
                raise
            if len(shown.session.timeline.history.losses) > 30_000:
                post(shown, ["r"])

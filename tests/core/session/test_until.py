"""What a jump stops at: at the very step, as single steps show it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.remarks import remarks
from backprop_tui.core.model.network import Network
from backprop_tui.core.session import jump_text
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.jump_text import JumpTyped
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import ALL_ROWS, NEXT_ROW, SHUFFLED, THIS_ROW, Sampling
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from networks import hidden_layers

NETWORK = Network()


def jumped(settle: Settle, run: Run, text: str) -> Session:
    session = settle(Session(run))
    session.timeline.jump_as(jump_text.parse(text, run.network))
    return settle(session)


def stepped(settle: Settle, run: Run, holds: Callable[[Session], bool], most: int = 3000) -> int:
    """The first of single steps after which something holds."""
    session = settle(Session(run))
    for step in range(1, most + 1):
        session.timeline.step()
        settle(session)
        if holds(session):
            return step
    raise AssertionError("it never came")


def with_lr(lr: float, rule: str = THIS_ROW, batch: int = 1, network: Network = NETWORK) -> Run:
    return Run(network=network, settings=Settings(lr=lr, sampling=Sampling(rule, 0, batch)))


# As it is typed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500", JumpTyped(500)),
        ("1,000", JumpTyped(1000)),
        ("to 120", JumpTyped(to=120)),
        ("to 0", JumpTyped(to=0)),
        ("<0.01", JumpTyped(None, 0.01)),
        ("500 <0.01", JumpTyped(500, 0.01)),
        ("until <0.01", JumpTyped(None, 0.01)),
    ],
)
def test_what_is_typed_is_understood(text: str, expected: JumpTyped) -> None:
    assert jump_text.parse(text, NETWORK) == expected


@pytest.mark.parametrize(
    ("text", "words", "steps"),
    [
        ("until rises", "rises", None),
        ("Until  NaN", "nan", None),
        ("40 until saturated", "saturated", 40),
        ("until sign w2[1]", "sign w2[1]", None),
        ("until sign w1[2, 1]", "sign w1[2,1]", None),
        ("until sign b1[2]", "sign b1[2]", None),
        ("until sign b2", "sign b2", None),
    ],
)
def test_a_condition_is_understood(text: str, words: str, steps: int | None) -> None:
    typed = jump_text.parse(text, NETWORK)
    assert typed.until is not None
    assert (typed.until.words, typed.steps) == (words, steps)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("until", "nothing to stop at: sign w2"),
        ("until noon", "'noon' is nothing to stop at"),
        ("until sign", "is no parameter: name one of w1, b1, w2, b2"),
        ("until sign h1[1]", "'h1.1.' is no parameter"),
        ("until sign w3[1]", "'w3.1.' is no parameter"),
        ("until sign w1[1]", "w1 has 2 x 2 numbers: name one of them, up to w1.2,2."),
        ("until sign w1[0,1]", "w1 has 2 x 2 numbers"),
        ("until sign w2[3]", "w2 has 1 x 2 numbers: name one of them, up to w2.2."),
        ("until sign w2", "w2 has 1 x 2 numbers"),
        ("x until rises", "'x' is not a whole number"),
        ("0 until rises", "0 is not a number of steps"),
        ("to tomorrow", "'tomorrow' is not a whole number"),
        ("<nan", "is not a finite number"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        jump_text.parse(text, NETWORK)


# The very step


@pytest.mark.parametrize(
    ("name", "of", "place", "rule"),
    [
        ("w2[2]", "w2", (0, 1), THIS_ROW),
        ("w2[2]", "w2", (0, 1), NEXT_ROW),
        ("w1[1,1]", "w1", (0, 0), NEXT_ROW),
        ("b1[2]", "b1", (1, 0), SHUFFLED),
    ],
)
def test_a_jump_stops_where_a_sign_changes(
    settle: Settle, name: str, of: str, place: tuple[int, int], rule: str
) -> None:
    run = with_lr(2.0 if of == "w2" else 0.9, rule)

    def changed(session: Session) -> bool:
        trace = session.timeline.trace
        assert trace is not None
        return bool(np.sign(trace[of][place]) != np.sign(trace["new_" + of][place]))

    session = jumped(settle, run, f"until sign {name}")
    jump, parameter = session.timeline.jump, run.network.parameter(of)
    assert jump is not None
    assert session.timeline.steps == session.timeline.history.entries == stepped(settle, run, changed)
    assert jump.ended.startswith(f"{name} changes its sign, ")
    assert changed(session), "the step in view is that one"
    newest = session.timeline.history.states[-1][parameter.span].reshape(parameter.shape)[place]
    assert session.timeline.trace is not None
    assert session.timeline.trace["new_" + of][place] == newest


def test_a_jump_stops_where_the_loss_rises(settle: Settle) -> None:
    run = with_lr(0.9)
    session = jumped(settle, run, "until rises")
    losses = session.timeline.losses
    assert losses[-1] > losses[-2]
    assert (np.diff(losses[:-1]) <= 0).all()
    assert session.timeline.jump is not None
    told = session.timeline.jump.told(session.timeline.step_number)
    assert told.startswith(f"stopped at step {len(losses)}: the loss rises, ")


def test_a_loss_that_only_trembles_does_not_rise(settle: Settle) -> None:
    """At the minimum float32's last digits go up and down."""
    session = jumped(settle, with_lr(0.2), "3000 until rises")
    jump = session.timeline.jump
    assert jump is not None
    assert jump.told(3000) == "the loss never rose within 3,000 steps: this is step 3,000"


def test_the_step_before_the_jump_counts(settle: Settle) -> None:
    session = jumped(settle, with_lr(0.9), "until rises")
    rose = session.timeline.steps
    session.back()
    settle(session)
    session.timeline.jump_as(jump_text.parse("until rises", NETWORK))
    assert settle(session).timeline.steps == rose, "its loss is above that of the step one stood at"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "holdout"),
    [
        (with_lr(5.0), 0.0),
        (with_lr(2.0, ALL_ROWS), 0.9),
        (with_lr(3.0, SHUFFLED, 4), 0.0),
        (with_lr(5.0, network=Network(2, hidden_layers([3, 2], "tanh"))), 0.0),
    ],
    ids=["one row", "50 rows", "mini-batches", "two layers"],
)
def test_a_jump_stops_where_a_remark_says_that_a_unit_is_saturated(settle: Settle, run: Run, holdout: float) -> None:
    run = replace(run, table=TableSpec(holdout=holdout))

    def saturated(session: Session) -> bool:
        assert session.timeline.trace is not None
        return any(remark.kind == "saturated" for remark in remarks(session.timeline.trace))

    session = jumped(settle, run, "until saturated")
    assert session.timeline.jump is not None
    assert "is saturated, its derivative is " in session.timeline.jump.ended
    assert session.timeline.steps == stepped(settle, run, saturated)
    assert saturated(session)


def test_a_jump_stops_where_a_number_is_none(settle: Settle) -> None:
    run = with_lr(0.9, network=Network(2, hidden_layers([2], "linear")))
    session = jumped(settle, run, "until nan")
    states, losses = session.timeline.history.states, session.timeline.history.losses
    assert np.isfinite(states[:-1]).all()
    assert np.isfinite(losses[:-1]).all()
    assert not (np.isfinite(losses[-1]) and np.isfinite(states[-1]).all())
    assert session.timeline.jump is not None
    assert "after the update" in session.timeline.jump.ended or "the loss is" in session.timeline.jump.ended


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20 until nan", "all numbers stayed finite within 20 steps: this is step 20"),
        ("20 until sign w2[1]", "w2[1] kept its sign within 20 steps: this is step 20"),
        ("20 until saturated", "no unit was saturated within 20 steps: this is step 20"),
        ("1 <0.01", "the loss did not fall below 0.01 within 1 step: this is step 1"),
        ("5", ""),
    ],
)
def test_what_does_not_come_is_told(settle: Settle, text: str, said: str) -> None:
    session = jumped(settle, with_lr(0.01), text)
    jump = session.timeline.jump
    assert jump is not None
    assert jump.told(session.timeline.step_number) == said


@pytest.mark.parametrize("text", ["until sign w2[2]", "until rises", "until saturated", "until nan"])
def test_a_jump_in_pieces_stops_at_the_same_step(engine: Engine, settle: Settle, text: str) -> None:
    run = with_lr(2.0)
    if text.endswith("nan"):
        run = with_lr(0.9, network=Network(2, hidden_layers([2], "linear")))
    whole, pieces = jumped(settle, run, text), settle(Session(run))
    pieces.timeline.jump_as(jump_text.parse(text, run.network))
    while pieces.timeline.jumping:
        assert pieces.timeline.jump is not None
        pieces.timeline.jump.pace = 2
        request = pieces.request()
        assert request is not None
        pieces.accept(request, engine.answer(request))
    settle(pieces)
    assert whole.timeline.steps == pieces.timeline.steps > 1
    assert whole.timeline.jump is not None
    assert pieces.timeline.jump is not None
    assert whole.timeline.jump.ended == pieces.timeline.jump.ended
    assert whole.timeline.history.states.tobytes() == pieces.timeline.history.states.tobytes()


# What can't be decided


@pytest.mark.parametrize(
    ("run", "text", "said"),
    [
        (with_lr(0.1, NEXT_ROW), "until rises", "over the same rows"),
        (with_lr(0.1, ALL_ROWS), "until saturated", "batches of 64 rows at most"),
        (with_lr(0.1, network=Network(2, hidden_layers([2], "relu"))), "until saturated", "a sigmoid or a tanh can"),
        (with_lr(0.1, network=replace(NETWORK, frozen=("b1",))), "until sign b1[1]", "b1 is frozen"),
    ],
)
def test_what_can_not_be_decided_is_refused(settle: Settle, run: Run, text: str, said: str) -> None:
    session = settle(Session(run))
    with pytest.raises(ValueError, match=said):
        session.timeline.jump_as(jump_text.parse(text, run.network))
    assert session.timeline.jump is None

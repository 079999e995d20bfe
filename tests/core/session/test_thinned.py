"""A history whose states don't all fit into memory shows the very same numbers as one that has room for all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from actions import act
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.export.steps import recorded_steps
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.history import History, Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.store import load, save
from backprop_tui.core.table.batches import RULES
from driving import Settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CELLS = st.sampled_from([Cell("w1", 1, 1), Cell("b2"), Cell("x", 0, 1), Cell("y")])


def call(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[str, tuple[object, ...]]]:
    return st.tuples(st.just(name), st.tuples(*arguments))


ACTIONS = st.one_of(
    *(
        call(name)
        for name in ["step", "phase", "number", "back", "back", "back_phase", "forward_phase", "first", "last"]
    ),
    call("start_jump", st.integers(1, 40)),
    call("go_to", st.integers(0, 60)),
    call("set_lr", st.sampled_from([0.01, 0.2])),
    call("set_sampling", st.sampled_from(RULES), st.sampled_from([1, 3])),
    call("change", CELLS, st.floats(-3, 3)),
)


def thin(session: Session, states: int) -> Session:
    """The session with room for so many states only."""
    session.timeline.history.most_bytes = states * session.timeline.history.states[0].nbytes
    return session


def shown(session: Session) -> tuple[object, ...]:
    """Everything that a person sees of a place."""
    values = (
        {}
        if session.timeline.trace is None
        else {name: value.tobytes() for name, value in session.timeline.trace.values.items()}
    )
    assert session.timeline.parameters is not None
    losses = session.timeline.losses.tobytes()
    return (
        session.timeline.position,
        session.timeline.steps,
        session.timeline.settings,
        session.timeline.parameters.tobytes(),
        losses,
        values,
    )


@pytest.mark.slow
@given(st.lists(ACTIONS, min_size=3, max_size=30), st.integers(2, 20))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_is_shown_whatever_is_done(
    engine: Engine, settle: Settle, actions: list[tuple[str, tuple[Any, ...]]], room: int
) -> None:
    plain, thinned = settle(Session(Run())), thin(settle(Session(Run())), room)
    for name, arguments in actions:
        for session in (plain, thinned):
            act(session, name, *arguments)
            settle(session)
        assert shown(thinned) == shown(plain)
    ours, theirs = (
        [getattr(event, "trace", None) for event in recorded_steps(session.timeline, engine.answer)]
        for session in (thinned, plain)
    )
    assert [trace and trace["new_w1"].tobytes() for trace in ours] == [
        trace and trace["new_w1"].tobytes() for trace in theirs
    ]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", [Optimizer(), Optimizer("adam")])
def test_a_long_run_keeps_few_states_and_any_step_comes_back(settle: Settle, optimizer: Optimizer) -> None:
    run = Run(optimizer=optimizer)
    plain, thinned = settle(Session(run)), thin(settle(Session(run)), 100)
    for session in (plain, thinned):
        session.timeline.set_sampling("shuffled", 4)
        session.timeline.start_jump(3000)
        settle(session)
    assert thinned.timeline.history.entries == 3000
    assert len(thinned.timeline.history.states) <= 100
    assert thinned.timeline.history.every == 32
    assert len(plain.timeline.history.states) == 3001
    for steps in (1, 31, 32, 33, 1234, 2999, 3000, 7):
        for session in (plain, thinned):
            session.timeline.go_to(steps)
            settle(session)
        assert shown(thinned) == shown(plain)
    # On from the past: another way.
    for session in (plain, thinned):
        session.timeline.set_lr(0.05)
        session.timeline.start_jump(50)
        settle(session)
    assert shown(thinned) == shown(plain)


def test_a_thinned_run_is_saved_and_comes_back(settle: Settle, tmp_path: Path) -> None:
    session = thin(settle(Session(Run())), 20)
    session.timeline.start_jump(333)
    settle(session)
    session.timeline.change(Cell("b2"), 0.5)
    session.timeline.start_jump(40)
    settle(session)
    session.timeline.go_to(201)
    settle(session)
    save(session, tmp_path / "s")
    back = load(tmp_path / "s").session
    assert len(back.timeline.history.states) == len(session.timeline.history.states) <= 24
    settle(back)
    assert shown(back) == shown(session)
    for other in (back, session):
        other.timeline.go_to(350)
        settle(other)
    assert shown(back) == shown(session)


@given(st.lists(st.integers(1, 70), min_size=1, max_size=20), st.integers(3, 30))
@settings(max_examples=60, deadline=None)
def test_states_that_are_kept_are_those_of_their_entries(blocks: list[int], room: int) -> None:
    """State number n is n everywhere: nothing is shifted."""
    history = History(np.zeros(2, "float32"), Settings())
    history.most_bytes = room * 8
    for block in blocks:
        first = history.entries
        numbers = np.arange(first + 1, first + block + 1, dtype="float32")
        history.append(np.stack([numbers, numbers], 1), numbers)
    assert len(history.states) <= max(room, 3)
    for entry in range(history.entries + 1):
        start, state = history.nearest(entry)
        assert state[0] == start <= entry
        assert entry - start < max(history.every, 1)
    assert history.state(history.entries) is not None

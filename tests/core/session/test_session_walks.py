"""Random walks through a run: whatever a person does, what is shown is what was computed."""

from collections.abc import Callable

import numpy as np
import pytest
from actions import ACTIONS, CELLS, act, remade
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell, numbers_done
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from driving import Settle
from hypothesis import given, settings
from hypothesis import strategies as st

Action = Callable[[Session], None]


def assert_shown_is_computed(session: Session) -> None:
    network, history, at = session.timeline.run.network, session.timeline.history, session.timeline.position
    assert 0 <= at.done <= session.timeline.whole
    assert at.entry <= history.entries
    assert list(session.timeline.stops) == sorted(set(session.timeline.stops))
    assert len(session.timeline.losses) == history.steps(at.entry) + (numbers_done(network, "loss", at.done) > 0)
    for start, held in history.stretches:
        assert start >= history.entries or held.since <= history.steps(start)
    if at.done == 0:
        return
    trace = session.timeline.trace
    assert trace is not None
    before, after = history.states[at.entry], history.states[at.entry + 1]
    assert np.array_equal(network.join(trace.values), before[: network.width], equal_nan=True)
    new = {parameter.name: trace["new_" + parameter.name] for parameter in network.parameters}
    assert np.array_equal(network.join(new), after[: network.width], equal_nan=True)
    assert np.array_equal(trace["loss"].item(), history.losses[at.entry], equal_nan=True)
    assert trace.lr == session.timeline.shown_settings.lr == history.settings(at.entry).lr


def assert_past_comes_out_again(session: Session, engine: Engine) -> None:
    history, width = session.timeline.history, session.timeline.run.network.width
    for entry in range(history.entries):
        if entry in history.changes:
            assert np.isnan(history.losses[entry])
            continue
        trace = remade(session, engine, entry)
        new = {parameter.name: trace["new_" + parameter.name] for parameter in session.timeline.run.network.parameters}
        assert np.array_equal(session.timeline.run.network.join(new), history.states[entry + 1][:width], equal_nan=True)
        assert np.array_equal(trace["loss"].item(), history.losses[entry], equal_nan=True)


@given(st.lists(ACTIONS, max_size=40))
@settings(max_examples=40, deadline=None)
def test_whatever_is_done(engine: Engine, settle: Settle, actions: list[tuple[str, tuple[object, ...]]]) -> None:
    session = settle(Session(Run(network=Network())))
    for name, arguments in actions:
        act(session, name, *arguments)
        settle(session)
        assert_shown_is_computed(session)
    assert_past_comes_out_again(session, engine)
    # Enough times back, and it is the very start of the first run.
    for _ in range(
        sum(2 + run.history.entries + len(run.stops) + len(run.history.changes) for run in session.timelines)
    ):
        session.back()
        settle(session)
        assert_shown_is_computed(session)
    assert (session.run_number, session.timeline.position.entry, session.timeline.position.done) == (1, 0, 0)
    assert (session.timeline.history.states[0] == session.timeline.run.first_state()).all()


@pytest.mark.slow
@given(st.lists(ACTIONS, max_size=12), st.lists(st.tuples(CELLS, st.floats(-3, 3)), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_changes_are_taken_back_wherever_they_were_made(
    engine: Engine,
    settle: Settle,
    actions: list[tuple[str, tuple[object, ...]]],
    changes: list[tuple[Cell, float]],
) -> None:
    session = settle(Session(Run()))
    for name, arguments in actions:
        act(session, name, *arguments)
        settle(session)

    def shown() -> tuple[object, ...]:
        values = {} if session.timeline.trace is None else session.timeline.trace.values
        numbers = {name: value.tobytes() for name, value in values.items()} if session.timeline.position.done else {}
        states = session.timeline.history.states[: session.timeline.position.entry + 1].tobytes()
        return (
            session.timeline.position,
            session.timeline.settings,
            session.timeline.steps,
            session.timeline.losses.tobytes(),
            states,
            numbers,
        )

    seen = []
    for cell, value in changes:
        seen.append(shown())
        session.timeline.change(cell, value)
        settle(session)
        assert_shown_is_computed(session)
    for expected in reversed(seen):
        session.back()
        settle(session)
        assert shown() == expected
    assert_past_comes_out_again(session, engine)

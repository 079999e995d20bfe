"""Random walks through a run: whatever a person does, what is shown is what was computed."""

from collections.abc import Callable

import numpy as np
from actions import ACTIONS, CELLS
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
    network, history, at = session.run.network, session.history, session.position
    assert 0 <= at.done <= session.whole
    assert at.entry <= history.entries
    assert list(session.stops) == sorted(set(session.stops))
    assert len(session.losses) == history.steps(at.entry) + (numbers_done(network, "loss", at.done) > 0)
    for start, held in history.stretches:
        assert start >= history.entries or held.since <= history.steps(start)
    if at.done == 0:
        return
    trace = session.trace
    assert trace is not None
    before, after = history.states[at.entry], history.states[at.entry + 1]
    assert np.array_equal(network.join(trace.values), before[: network.width], equal_nan=True)
    new = {parameter.name: trace["new_" + parameter.name] for parameter in network.parameters}
    assert np.array_equal(network.join(new), after[: network.width], equal_nan=True)
    assert np.array_equal(trace["loss"].item(), history.losses[at.entry], equal_nan=True)
    assert trace.lr == session.shown_settings.lr == history.settings(at.entry).lr


def assert_past_comes_out_again(session: Session, engine: Engine) -> None:
    history, width = session.history, session.run.network.width
    for entry in range(history.entries):
        if entry in history.changes:
            assert np.isnan(history.losses[entry])
            continue
        trace = session.record.past_trace(entry, engine.answer(session.record.past_request(entry)))
        new = {parameter.name: trace["new_" + parameter.name] for parameter in session.run.network.parameters}
        assert np.array_equal(session.run.network.join(new), history.states[entry + 1][:width], equal_nan=True)
        assert np.array_equal(trace["loss"].item(), history.losses[entry], equal_nan=True)


@given(st.lists(ACTIONS, max_size=40))
@settings(max_examples=40, deadline=None)
def test_whatever_is_done(engine: Engine, settle: Settle, actions: list[tuple[str, tuple[object, ...]]]) -> None:
    session = settle(Session(Run(network=Network())))
    for name, arguments in actions:
        getattr(session, name)(*arguments)
        settle(session)
        assert_shown_is_computed(session)
    assert_past_comes_out_again(session, engine)
    # Enough times back, and it is the start.
    for _ in range(session.history.entries + len(session.stops) + len(session.history.changes) + 1):
        session.back()
        settle(session)
        assert_shown_is_computed(session)
    assert (session.position.entry, session.position.done) == (0, 0)
    assert (session.history.states[0] == session.run.first_state()).all()


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
        getattr(session, name)(*arguments)
        settle(session)

    def shown() -> tuple[object, ...]:
        values = {} if session.trace is None else session.trace.values
        numbers = {name: value.tobytes() for name, value in values.items()} if session.position.done else {}
        states = session.history.states[: session.position.entry + 1].tobytes()
        return session.position, session.settings, session.steps, session.losses.tobytes(), states, numbers

    seen = []
    for cell, value in changes:
        seen.append(shown())
        session.change(cell, value)
        settle(session)
        assert_shown_is_computed(session)
    for expected in reversed(seen):
        session.back()
        settle(session)
        assert shown() == expected
    assert_past_comes_out_again(session, engine)

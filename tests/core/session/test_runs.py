"""A session is a list of runs: whatever is done, going back enough leads to the start of the first; nothing is lost."""

import pytest
from actions import ACTIONS, act
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session import session as session_module
from backprop_tui.core.session.position import START
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline
from driving import Settle
from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLES = ("mazur-2015", "brownlee-2016")
NEW_RUNS = st.one_of(
    st.sampled_from([("reinit", ()), ("restart", ())]),
    st.tuples(st.just("set_optimizer"), st.tuples(st.sampled_from(["sgd", "momentum", "adam"]))),
    st.tuples(st.just("open"), st.tuples(st.sampled_from(EXAMPLES))),
)


def do(session: Session, name: str, arguments: tuple[object, ...]) -> None:
    if name == "open":
        example = bundled(str(arguments[0]))
        session.begin(example.run, example)
        return
    try:
        act(session, name, *arguments)
    except (ValueError, IndexError, KeyError):
        assert session.timeline.opened_from is not None, "other examples have other rows, weights and targets"


def recorded(timeline: Timeline) -> tuple[object, ...]:
    """All that was done in a run."""
    history = timeline.history
    return timeline.run, history.states.tobytes(), history.losses.tobytes(), history.stretches, repr(history.changes)


def seen(session: Session) -> tuple[object, ...]:
    """What is seen: which run, which place, and every number there."""
    at = session.timeline
    values = {} if at.trace is None or not at.position.done else {k: v.tobytes() for k, v in at.trace.values.items()}
    return session.run_number, at.position, at.settings, at.losses.tobytes(), values


@given(st.lists(st.one_of(ACTIONS, NEW_RUNS), max_size=14))
@settings(max_examples=10, deadline=None)
def test_going_back_enough_leads_to_the_start_of_the_first_run(
    settle: Settle, actions: list[tuple[str, tuple[object, ...]]]
) -> None:
    session = settle(Session(Run()))
    first = session.timeline
    for name, arguments in actions:
        others = {id(run): recorded(run) for run in session.timelines if run is not session.timeline}
        do(session, name, arguments)
        settle(session)
        for run in session.timelines:
            if id(run) in others:
                assert recorded(run) == others[id(run)], "only the run in view is changed"
        assert others.keys() <= {id(run) for run in session.timelines}
    while session.run_number > 1 or session.timeline.position != START:
        before = session.run_number, session.timeline.position
        session.back()
        settle(session)
        assert (session.run_number, session.timeline.position) < before
    assert session.timeline is first
    assert first.parameters is not None
    assert first.parameters.tobytes() == Run().first_state().tobytes()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("reinit", ()), ("restart", ()), ("set_optimizer", ("adam",)), *(("open", (example,)) for example in EXAMPLES)],
)
def test_a_new_run_is_left_backwards_to_where_one_was(settle: Settle, name: str, arguments: tuple[object, ...]) -> None:
    session = settle(Session(Run()))
    session.timeline.start_jump(50)
    settle(session)
    session.timeline.phase()
    settle(session)
    before = seen(session)
    do(session, name, arguments)
    settle(session)
    assert (session.run_number, session.timeline.position) == (2, START)
    session.timeline.start_jump(3)
    settle(session)
    further = seen(session)
    for _ in range(4):
        session.back()
        settle(session)
    assert seen(session) == before
    session.last()
    session.last()  # from the end of a run to the next, as it was left
    assert (session.run_number, session.timeline.position) == (2, START)
    session.last()
    assert seen(settle(session)) == further


def test_stepping_on_in_an_earlier_run_leaves_the_later_ones(settle: Settle) -> None:
    session = settle(Session(Run()))
    session.timeline.start_jump(5)
    settle(session).reinit()
    session.timeline.start_jump(7)
    settle(session).first()
    session.first()
    assert (session.run_number, settle(session).timeline.steps) == (1, 5)
    session.timeline.step()
    assert settle(session).timeline.steps == 6
    session.reinit()  # comes after the one in view: going back leads there
    assert [run.history.entries for run in session.timelines] == [6, 0, 7]
    session.back()
    assert (session.run_number, settle(session).timeline.steps) == (1, 6)


def test_runs_stay_within_the_memory_and_what_went_is_counted(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first runs give up states, which come again bit for bit; only then whole runs go, the first ones first."""
    monkeypatch.setattr(session_module, "history_bytes", lambda: 64_000)
    session = settle(Session(Run()))
    ends = []
    for _ in range(12):
        session.timeline.start_jump(600)
        settle(session)
        ends.append(session.timeline.history.states[-1].tobytes())
        session.reinit()
        others = [run.history.size for run in session.timelines if run is not session.timeline]
        assert sum(others) <= 32_000
    assert session.dropped == 12 - (len(session.timelines) - 1) > 0
    settle(session)
    for end in reversed(ends[session.dropped :]):
        session.back()
        assert settle(session).timeline.history.states[-1].tobytes() == end
        session.timeline.go_to(301)
        shown = settle(session).timeline.parameters
        fresh = settle(Session(session.timeline.run))
        fresh.timeline.start_jump(301)
        settle(fresh).timeline.go_to(301)
        again = settle(fresh).timeline.parameters
        assert shown is not None
        assert again is not None
        assert shown.tobytes() == again.tobytes()
        session.timeline.first()


def test_so_many_runs_and_no_more(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_RUNS", 5)
    session = settle(Session(Run()))
    for _ in range(9):
        session.reinit()
    assert [run.run.seed for run in session.timelines] == [5, 6, 7, 8, 9]
    assert session.dropped == 5

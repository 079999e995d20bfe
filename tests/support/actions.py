"""What a person may do to a session, at random: for property tests."""

from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session import requests
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import RULES
from hypothesis import strategies as st

CELLS = st.sampled_from([Cell("w1", 1, 1), Cell("b1", 1), Cell("w2", 0, 1), Cell("b2"), Cell("x", 0, 1), Cell("y")])
ROWS = st.integers(0, 498)


def call(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[str, tuple[object, ...]]]:
    return st.tuples(st.just(name), st.tuples(*arguments))


def act(session: Session, name: str, *arguments: object) -> None:
    """A move by its name: one from run to run, or one within the run in view."""
    getattr(session if hasattr(Session, name) else session.timeline, name)(*arguments)


def remade(session: Session, engine: Engine, entry: int) -> Trace:
    """The trace of a recorded step of the run in view, computed again."""
    request = requests.past_step(session.timeline, entry)
    return requests.past_trace(session.timeline, entry, request, engine.answer(request))


PLAIN = ["step", "phase", "number", "back", "back_phase", "forward_phase", "first", "last", "reinit", "restart"]
ACTIONS = st.one_of(
    *(call(name) for name in ["step", "phase", "number", "back"]),
    *(call(name) for name in PLAIN),
    call("start_jump", st.integers(1, 6), st.none() | st.floats(0.01, 80)),
    call("go_to", st.integers(0, 30)),
    call("set_lr", st.sampled_from([0.0, 0.01, 0.2, 0.5, 1000.0])),
    call("set_row", ROWS),
    call("set_sampling", st.sampled_from(RULES), st.sampled_from([1, 3])),
    call("change", CELLS, st.floats(-3, 3)),
)

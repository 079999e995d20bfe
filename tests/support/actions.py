"""What a person may do to a session, at random: for property tests."""

from backprop_tui.core.model.phases import Cell
from backprop_tui.core.table.batches import RULES
from hypothesis import strategies as st

CELLS = st.sampled_from([Cell("w1", 1, 1), Cell("b1", 1), Cell("w2", 0, 1), Cell("b2"), Cell("x", 0, 1), Cell("y")])
ROWS = st.integers(0, 498)


def call(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[str, tuple[object, ...]]]:
    return st.tuples(st.just(name), st.tuples(*arguments))


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

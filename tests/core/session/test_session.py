"""The session: what each action does to the place, the history and the settings, with the real engine."""

import numpy as np
import pytest
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import Failed, RunSteps
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell, phase_at, shapes
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import Sampling
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from networks import hidden_layers


@pytest.fixture
def session(settle: Settle) -> Session:
    return settle(Session(Run()))


def do(settle: Settle, session: Session, actions: str) -> Session:
    """space a step, s a phase, . a number, b back, [ and ] a phase back and forward, j a jump of 3."""
    methods = {
        " ": session.timeline.step,
        "s": session.timeline.phase,
        ".": session.timeline.number,
        "b": session.back,
        "[": session.back_phase,
        "]": session.forward_phase,
        "j": lambda: session.timeline.start_jump(3),
    }
    for key in actions:
        methods[key]()
        settle(session)
    return session


def place(session: Session) -> tuple[int, int]:
    return session.timeline.position.entry, session.timeline.position.done


# Phases


def test_a_steps_phases_come_in_the_order_of_the_computation(settle: Settle, session: Session) -> None:
    titles = []
    while session.timeline.steps == 0:
        do(settle, session, "s")
        phase = phase_at(session.timeline.run.network, session.timeline.position.done)
        assert phase is not None
        titles.append(phase.title)
    assert titles == [
        "z1",
        "h1",
        "ŷ",
        "loss",
        "∂L/∂ŷ",
        "∂L/∂w2, ∂L/∂b2",
        "∂L/∂h1",
        "∂L/∂z1",
        "∂L/∂w1, ∂L/∂b1",
        "update",
    ]


@pytest.mark.slow
def test_deeper_networks_have_more_phases_in_the_same_order(settle: Settle) -> None:
    layers = (*hidden_layers([3, 2], "tanh")[:-1], *Network(layers=hidden_layers([1], "tanh")).layers[:1])
    session = settle(Session(Run(network=Network(layers=layers))))
    titles = []
    while session.timeline.steps == 0:
        do(settle, session, "s")
        titles.append(phase_at(session.timeline.run.network, session.timeline.position.done).title)  # type: ignore[union-attr]
    forward = ["z1", "h1", "z2", "h2", "z3", "ŷ", "loss", "∂L/∂ŷ", "∂L/∂z3", "∂L/∂w3, ∂L/∂b3"]
    backward = ["∂L/∂h2", "∂L/∂z2", "∂L/∂w2, ∂L/∂b2", "∂L/∂h1", "∂L/∂z1", "∂L/∂w1, ∂L/∂b1", "update"]
    assert titles == forward + backward


def test_numbers_come_one_at_a_time_until_the_step_is_whole(settle: Settle, session: Session) -> None:
    """2 z, 2 h, ŷ, the loss, ∂ŷ, 3 of layer 2, 2 of h, 2 of z, 6 of layer 1, 9 updated parameters."""
    for done in range(1, 30):
        do(settle, session, ".")
        assert place(session) == (0, done)
    assert session.timeline.whole == 29
    assert session.timeline.steps == 1


def test_a_space_finishes_the_step_begun(settle: Settle, session: Session) -> None:
    whole = session.timeline.whole
    assert place(do(settle, session, "ss ")) == (0, whole)
    assert place(do(settle, session, " ")) == (1, whole)
    assert place(do(settle, session, ".. s")) == (3, 2)


# Back


@pytest.mark.parametrize("actions", [" ", "s", ".", "j", "ss .", ".s.j", "s..ss js", "j.j", " s s s", "....sssss"])
def test_back_goes_through_every_place_that_was_stopped_at(settle: Settle, session: Session, actions: str) -> None:
    """Space, s, . and j mixed: back takes back the last one, a jump step by step; to the very start, and no further."""
    visited = [place(session)]
    for key in actions:
        before, _ = (
            place(session)
            if session.timeline.position.done < session.timeline.whole
            else (session.timeline.position.entry + 1, 0)
        )
        do(settle, session, key)
        visited += [(entry, session.timeline.whole) for entry in range(before, session.timeline.position.entry)]
        visited.append(place(session))
    for expected in [*reversed(visited[:-1]), (0, 0), (0, 0)]:
        do(settle, session, "b")
        assert place(session) == expected


def test_the_start_shows_the_initial_parameters_and_no_trace(settle: Settle, session: Session) -> None:
    start = session.timeline.parameters.copy()
    do(settle, session, "  j")
    session.first()
    settle(session)
    assert session.timeline.trace is None
    assert session.timeline.steps == 0
    assert len(session.timeline.losses) == 0
    assert (session.timeline.parameters == start).all()
    assert session.timeline.history.entries == 5
    session.last()
    assert settle(session).timeline.steps == 5


def test_phases_go_back_and_forward_through_what_is_computed(settle: Settle, session: Session) -> None:
    whole = session.timeline.whole
    do(settle, session, "  ")
    assert place(do(settle, session, "[")) == (1, 20)
    assert place(do(settle, session, "[")) == (1, 14)
    assert place(do(settle, session, "]]")) == (1, whole)
    assert place(do(settle, session, "]")) == (1, whole)
    assert place(do(settle, session, "[" * 10)) == (0, whole)
    assert place(do(settle, session, "[" * 10)) == (0, 0)
    assert place(do(settle, session, "[")) == (0, 0)
    assert place(do(settle, session, "]")) == (0, 2)
    assert session.timeline.history.entries == 2


# The learning rate


def test_the_learning_rate_holds_from_the_next_update_on(settle: Settle, session: Session) -> None:
    do(settle, session, " ")
    first = session.timeline.trace
    session.timeline.set_lr(0.5)
    assert settle(session).timeline.trace is first
    assert session.timeline.shown_settings.lr == 0.2
    do(settle, session, " ")
    assert session.timeline.trace is not None
    assert session.timeline.trace.lr == 0.5
    w2, gradient = session.timeline.trace["w2"], session.timeline.trace["gw2"]
    assert (session.timeline.trace["new_w2"] == w2 - np.float32(0.5) * gradient).all()
    do(settle, session, "b")
    assert session.timeline.trace is not None
    assert session.timeline.trace.lr == 0.2


def test_the_learning_rate_changed_in_the_middle_of_a_step_is_that_of_its_update(
    settle: Settle, session: Session
) -> None:
    do(settle, session, " ss")
    before = session.timeline.trace
    session.timeline.set_lr(0.01)
    settle(session)
    assert place(session) == (1, 4)
    do(settle, session, " ")
    assert before is not None
    assert session.timeline.trace is not None
    assert (session.timeline.trace["gw1"] == before["gw1"]).all()
    assert session.timeline.trace.lr == 0.01
    assert (session.timeline.trace["new_w1"] == before["w1"] - np.float32(0.01) * before["gw1"]).all()
    assert session.timeline.steps == 2


@pytest.mark.parametrize("lr", [-0.1, float("nan"), float("inf"), 1e39])
def test_no_learning_rate_is_refused_with_a_word(session: Session, lr: float) -> None:
    with pytest.raises(ValueError, match="not a learning rate, a number from 0"):
        session.timeline.set_lr(lr)
    assert session.timeline.settings.lr == 0.2


# Reinit and restart


def test_reinit_goes_to_the_next_seed_and_keeps_the_settings(settle: Settle, session: Session) -> None:
    do(settle, session, " j")
    session.timeline.set_lr(0.5)
    session.reinit()
    assert session.timeline.run.seed == 1
    assert (session.timeline.history.entries, place(session)) == (0, (0, 0))
    assert session.timeline.settings.lr == 0.5
    assert (session.timeline.parameters == Session(Run(seed=1)).timeline.parameters).all()
    assert settle(session).timeline.trace is None
    do(settle, session, " ")
    assert session.timeline.trace is not None
    assert session.timeline.trace.lr == 0.5


def test_restart_goes_back_to_the_same_weights(settle: Settle, session: Session) -> None:
    start = session.timeline.parameters.copy()
    do(settle, session, " j")
    session.restart()
    assert session.timeline.run.seed == 0
    assert (session.timeline.history.entries, place(session)) == (0, (0, 0))
    assert (settle(session).timeline.parameters == start).all()


def test_seed_0_is_the_same_everywhere() -> None:
    """The first nine of RandomState(0).random_sample(), as numpy's documentation and NEP 19's promise fix them."""
    published = [0.5488135, 0.71518937, 0.60276338, 0.54488318, 0.4236548, 0.64589411, 0.43758721, 0.891773, 0.96366276]
    np.testing.assert_allclose(Session(Run()).timeline.parameters, published, atol=1e-7)


# Jumps


def test_a_jump_ends_below_its_bound(settle: Settle, session: Session) -> None:
    session.timeline.start_jump(1000, bound=0.5)
    settle(session)
    assert session.timeline.jump is not None
    assert session.timeline.jump.ended == "the loss is below 0.5"
    assert (session.timeline.losses[:-1] >= 0.5).all()
    assert session.timeline.losses[-1] < 0.5
    assert session.timeline.steps == session.timeline.jump.done == len(session.timeline.losses)


def test_a_bound_that_the_loss_only_reaches_does_not_end_a_jump(settle: Settle, session: Session) -> None:
    """Below is below, in the program's precision, wherever a chunk happens to end."""
    do(settle, session, "   ")
    bound = float(session.timeline.losses[2]) + 1e-9  # as a float32, the loss itself
    session.restart()
    session.timeline.start_jump(3, bound)
    assert settle(session).timeline.jump.ended == ""  # type: ignore[union-attr]
    session.restart()
    session.timeline.start_jump(5, bound)
    assert settle(session).timeline.steps == 4


def test_a_jump_that_blows_up_ends_at_the_first_loss_that_is_not_finite(settle: Settle) -> None:
    session = settle(Session(Run(settings=Settings(lr=1000.0))))
    session.timeline.start_jump(100_000)
    settle(session)
    assert session.timeline.jump is not None
    assert session.timeline.jump.ended == "the loss is not finite"
    assert np.isfinite(session.timeline.losses[:-1]).all()
    assert not np.isfinite(session.timeline.losses[-1])
    assert session.timeline.steps == len(session.timeline.losses) < 100
    # Back and reinit still work.
    do(settle, session, "b")
    assert session.timeline.trace is not None
    assert np.isfinite(session.timeline.trace.loss)
    session.reinit()
    session.timeline.set_lr(0.2)
    assert np.isfinite(do(settle, session, " ").timeline.losses).all()


def test_a_jump_is_canceled_after_the_request_under_way(engine: object, session: Session) -> None:
    session.timeline.start_jump(100_000)
    request = session.request()
    assert isinstance(request, RunSteps)
    session.timeline.cancel()
    session.accept(request, engine.answer(request))  # type: ignore[attr-defined]
    assert session.request() is None
    assert session.timeline.steps == session.timeline.history.entries == 4096
    assert session.timeline.jump is not None
    assert session.timeline.jump.ended == "canceled"


def test_any_other_way_to_go_ends_a_jump(engine: object, settle: Settle, session: Session) -> None:
    """So that a jump whose answer was lost does not go on from somewhere else."""
    session.timeline.start_jump(5000)
    request = session.request()
    assert request is not None
    session.accept(request, engine.answer(request))  # type: ignore[attr-defined]
    session.request()
    do(settle, session, "b")
    assert session.timeline.steps == 4095
    assert not session.timeline.jumping


def test_a_jump_of_no_steps_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="not a number of steps, from 1"):
        session.timeline.start_jump(0)
    with pytest.raises(ValueError, match="no number"):
        session.timeline.start_jump(1, float("nan"))


# Rows


def test_the_row_is_that_of_the_next_steps(settle: Settle, session: Session) -> None:
    do(settle, session, " ")
    session.timeline.set_row(1)
    settle(session)
    assert place(session) == (1, 0)
    assert session.timeline.sample is not None
    assert (
        session.timeline.sample.row,
        session.timeline.sample.raw.tolist(),
        session.timeline.sample.raw_y.tolist(),
    ) == (1, [5, 3650], [2384000])
    do(settle, session, " ")
    assert session.timeline.trace is not None
    assert session.timeline.trace.rows == (1,)
    do(settle, session, "b")
    assert session.timeline.sample.row == 0
    assert session.timeline.trace is not None
    assert session.timeline.trace.rows == (0,)


@pytest.mark.parametrize("row", [-1, 499])
def test_a_row_that_is_not_there_is_refused(settle: Settle, session: Session, row: int) -> None:
    with pytest.raises(ValueError, match=f"no row {row}: the table has rows 0 to 498"):
        session.timeline.set_row(row)
    assert settle(session).timeline.settings.sampling.row == 0


def test_next_row_walks_down_the_table_and_around(settle: Settle) -> None:
    session = settle(Session(Run(settings=Settings(sampling=Sampling("next row", 497)))))
    rows = []
    for _ in range(4):
        do(settle, session, " ")
        assert session.timeline.trace is not None
        rows += session.timeline.trace.rows
    assert rows == [497, 498, 0, 1]


# Changes by hand


@pytest.mark.parametrize("actions", ["", "s", " ", " ss", "j", "...", "j."])
@pytest.mark.parametrize("cell", [Cell("w1", 1, 0), Cell("b2"), Cell("x", 0, 1), Cell("y")])
def test_back_takes_a_change_back(settle: Settle, session: Session, actions: str, cell: Cell) -> None:
    do(settle, session, actions)
    session.timeline.set_lr(0.3)
    settle(session)
    before = (
        place(session),
        session.timeline.settings,
        session.timeline.history.states[: session.timeline.position.entry + 1].tobytes(),
    )
    loss, trace = session.timeline.losses.tobytes(), session.timeline.trace
    session.timeline.change(cell, 1.5)
    settle(session)
    done = session.timeline.position.done
    assert (session.timeline.position.entry, done) == (before[0][0] + 1, before[0][1])
    if trace is not None:
        assert session.timeline.trace is not None
        assert session.timeline.trace[cell.name][cell.place] == np.float32(1.5)
        assert session.timeline.trace["loss"] != trace["loss"]
    do(settle, session, "b")
    assert (
        place(session),
        session.timeline.settings,
        session.timeline.history.states[: session.timeline.position.entry + 1].tobytes(),
    ) == before
    assert session.timeline.losses.tobytes() == loss
    if trace is not None:
        assert session.timeline.trace is not None
        assert {name: value.tobytes() for name, value in session.timeline.trace.values.items()} == {
            name: value.tobytes() for name, value in trace.values.items()
        }
        assert session.timeline.trace.lr == trace.lr


def test_a_change_at_the_start_is_a_place_to_go_back_to(settle: Settle, session: Session) -> None:
    session.timeline.change(Cell("w1", 0, 0), 2.0)
    settle(session)
    do(settle, session, " s")
    assert place(do(settle, session, "bb")) == (1, 0)
    assert session.timeline.parameters[0] == 2.0
    assert session.timeline.steps == 0
    session.first()
    assert settle(session).timeline.parameters[0] != 2.0
    do(settle, session, "]")
    assert session.timeline.parameters[0] == 2.0
    session.timeline.go_to(0)
    settle(session)
    session.last()
    assert settle(session).timeline.steps == 2


def test_a_change_alone_is_the_last_place(settle: Settle, session: Session) -> None:
    session.timeline.change(Cell("w1", 0, 0), 2.0)
    session.first()
    session.last()
    assert settle(session).timeline.parameters[0] == 2.0
    do(settle, session, "b")
    assert session.timeline.parameters[0] != 2.0
    assert session.timeline.history.entries == 0


def test_steps_and_losses_count_no_changes(settle: Settle, session: Session) -> None:
    do(settle, session, "  ")
    session.timeline.change(Cell("b1", 0, 0), 0.0)
    do(settle, settle(session), " ")
    assert session.timeline.history.entries == 4
    assert session.timeline.steps == 3
    assert len(session.timeline.losses) == 3
    assert np.isfinite(session.timeline.losses).all()
    session.timeline.go_to(1)
    assert settle(session).timeline.steps == 1
    session.timeline.go_to(2)
    assert settle(session).timeline.steps == 2
    assert session.timeline.trace is not None
    assert session.timeline.trace["b1"][0, 0] == 0.0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e39])
def test_a_change_to_what_is_no_number_is_refused(session: Session, value: float) -> None:
    with pytest.raises(ValueError, match="is not a number that float32 holds"):
        session.timeline.change(Cell("w1"), value)
    assert session.timeline.history.entries == 0


# The engine


def test_what_the_engine_refuses_is_told_and_ends_the_jump(session: Session) -> None:
    session.timeline.start_jump(10)
    request = session.request()
    assert request is not None
    with pytest.raises(EngineRefused, match="no memory"):
        session.accept(request, Failed("no memory"))
    assert session.request() is None
    assert session.timeline.history.entries == 0


def test_a_step_that_was_refused_can_be_asked_for_again(engine: object, settle: Settle, session: Session) -> None:
    do(settle, session, " ")
    for _ in range(2):
        session.timeline.step()
        request = session.request()
        assert request is not None
        with pytest.raises(EngineRefused):
            session.accept(request, Failed("no memory"))
        assert session.timeline.steps == 1
    assert place(do(settle, session, " ")) == (1, session.timeline.whole)
    assert session.timeline.steps == 2


def test_a_table_that_cannot_be_opened_is_told(settle: Settle) -> None:
    with pytest.raises(EngineRefused, match="no such file"):
        settle(Session(Run(table=TableSpec(path="nowhere.csv"))))


def test_a_row_beyond_the_table_is_told(settle: Settle) -> None:
    with pytest.raises(EngineRefused, match="there is no row 499: the table has rows 0 to 498"):
        settle(Session(Run(settings=Settings(sampling=Sampling(row=499)))))


def test_an_answer_that_comes_too_late_changes_nothing(engine: object, settle: Settle, session: Session) -> None:
    session.timeline.step()
    late = session.request()
    assert isinstance(late, RunSteps)
    session.timeline.set_row(3)
    session.accept(late, engine.answer(late))  # type: ignore[attr-defined]
    settle(session)
    assert session.timeline.trace is not None
    assert session.timeline.trace.rows == (3,)
    assert session.timeline.history.entries == 1


def test_a_warm_up_compiles_and_steps_nothing(engine: object, session: Session) -> None:
    request = session.warm_up()
    session.accept(request, engine.answer(request))  # type: ignore[attr-defined]
    assert session.timeline.history.entries == 0
    assert session.request() is None


def test_a_copy_goes_its_own_way(settle: Settle, session: Session) -> None:
    do(settle, session, "  ")
    other = session.copy()
    do(settle, session, " s")
    other.first()
    do(settle, settle(other), " ")
    assert (session.timeline.history.entries, other.timeline.history.entries) == (4, 1)
    assert place(session) == (3, 2)
    assert place(other) == (0, other.timeline.whole)
    assert Position(3, 2) not in other.timeline.stops
    assert "gw1" in shapes(other.timeline.run.network)

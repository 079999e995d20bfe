"""The loss along the negative gradient: where it rises again, on cases known by hand and on the real network."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.step_length import (
    FARTHEST,
    StepLengths,
    accept,
    plotted_lengths,
    request,
    scouting_lengths,
    where_it_rises,
)
from backprop_tui.core.model.network import Array, Layer, Network
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from driving import Settle
from hypothesis import given
from hypothesis import strategies as st


def looked_at(engine: Engine, session: Session, lr: float = 0.2) -> StepLengths:
    """What the picture draws: first far and wide, then closely."""

    def losses_at(lengths: Array) -> Array:
        assert session.timeline.trace is not None
        return accept(lengths, engine.answer(request(session.timeline, session.timeline.trace, lengths)))

    far = scouting_lengths()
    near = plotted_lengths(where_it_rises(far, losses_at(far)), lr)
    losses = losses_at(near)
    return StepLengths(near, losses, where_it_rises(near, losses))


def stepped(settle: Settle, run: Run) -> Session:
    session = settle(Session(run))
    session.timeline.step()
    return settle(session)


# By hand


@given(curvature=st.floats(1e-4, 1e9), start=st.floats(-100, 100).filter(lambda value: abs(value) > 1e-3))
def test_a_parabola_is_back_at_twice_the_way_to_its_minimum(curvature: float, start: float) -> None:
    # L = ½·c·w² from w: after a step of length η it is ½·c·w²·(1 - η·c)², least at 1/c and as before at 2/c.
    def losses_at(lengths: Array) -> Array:
        return curvature / 2 * (start - lengths * curvature * start) ** 2

    far = scouting_lengths()
    rough = where_it_rises(far, losses_at(far))
    assert rough is not None
    assert rough == pytest.approx(2 / curvature, rel=0.3)
    near = plotted_lengths(rough, 1 / curvature)
    found = StepLengths(near, losses_at(near), where_it_rises(near, losses_at(near)))
    assert found.rises == pytest.approx(2 / curvature, rel=0.005)
    assert found.best == pytest.approx(1 / curvature, rel=0.02)


def test_a_loss_that_only_falls_does_not_rise() -> None:
    lengths = scouting_lengths()
    assert where_it_rises(lengths, 1 / (1 + lengths)) is None
    assert where_it_rises(lengths, np.ones_like(lengths)) is None


def test_a_loss_that_rises_from_the_start() -> None:
    lengths = np.array([0.0, 1.0, 2.0, 3.0])
    assert where_it_rises(lengths, np.array([1.0, 1.0, 2.0, 3.0])) == 2.0


def test_a_loss_that_becomes_infinite_has_risen() -> None:
    lengths = np.array([0.0, 1.0, 2.0, 3.0])
    assert where_it_rises(lengths, np.array([4.0, 1.0, np.inf, np.inf])) == 2.0
    assert where_it_rises(lengths, np.array([4.0, 1.0, np.nan, np.nan])) == 2.0


def test_the_first_rise_counts() -> None:
    lengths = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert where_it_rises(lengths, np.array([2.0, 1.0, 3.0, 1.0, 0.0, 9.0])) == 1.5


def test_the_picture_reaches_the_learning_rate_where_it_is_near() -> None:
    assert plotted_lengths(1.0, 0.2)[-1] == pytest.approx(1.15)
    assert plotted_lengths(1.0, 2.0)[-1] == pytest.approx(2.3)
    assert plotted_lengths(1.0, 1000.0)[-1] == pytest.approx(1.15)
    assert plotted_lengths(None, 3.0)[-1] == pytest.approx(12)
    assert scouting_lengths()[-1] == FARTHEST


# The real network


@pytest.mark.slow
def test_row_0_of_the_houses(engine: Engine, settle: Settle) -> None:
    """Seed 0: lr 0.2 lowers the loss, 2.0 raises it, as the next step of a run with that rate shows."""
    session = stepped(settle, Run())
    found = looked_at(engine, session, lr=2.0)
    start = found.losses[0]
    assert session.timeline.trace is not None
    assert start == pytest.approx(session.timeline.trace.loss, rel=1e-6)
    assert found.at(0.2) < start < found.at(2.0)
    assert found.rises is not None
    assert 0.2 < found.best < found.rises < 2.0
    for lr in (0.2, 2.0):
        run = stepped(settle, Run(settings=Settings(lr=lr)))
        run.timeline.step()
        after = settle(run).timeline.trace
        assert after is not None
        assert found.at(lr) == pytest.approx(after.loss, rel=2e-3), "between two computed points"


@pytest.mark.slow
def test_one_linear_unit(engine: Engine, settle: Settle) -> None:
    # ŷ = w·x + b and L = ½(ŷ - y)²: along the gradient the curvature is x² + 1, so it is back at 2 / (x² + 1).
    table = bundled("talk-diverges").run.table
    for x in (0.5, 1.0, 3.0):
        settings = Settings(lr=0.1, x=(x,), y=(4.0,))
        session = stepped(settle, Run(table=table, network=Network(1, (Layer(1, "linear"),)), settings=settings))
        found = looked_at(engine, session)
        assert found.rises == pytest.approx(2 / (x * x + 1), rel=0.005)
        assert found.best == pytest.approx(1 / (x * x + 1), rel=0.02)
        assert min(found.losses) < 0.01 * found.losses[0]


@pytest.mark.slow
def test_a_frozen_parameter_does_not_move(engine: Engine, settle: Settle) -> None:
    # Without the bias the curvature is x² alone.
    table = bundled("talk-diverges").run.table
    network = Network(1, (Layer(1, "linear"),), frozen=("b1",))
    session = stepped(settle, Run(table=table, network=network, settings=Settings(lr=0.1, x=(2.0,), y=(4.0,))))
    assert looked_at(engine, session).rises == pytest.approx(2 / 4, rel=0.005)


@pytest.mark.slow
def test_talk_diverges_lies_beyond_where_the_loss_rises(engine: Engine, settle: Settle) -> None:
    run = bundled("talk-diverges").run
    found = looked_at(engine, stepped(settle, run), run.settings.lr)
    assert found.rises is not None
    assert run.settings.lr > found.rises

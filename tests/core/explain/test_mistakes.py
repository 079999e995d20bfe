"""A wrong number is known by what was done wrong: every mistake is named as itself, and a right number as none."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.mistakes import diagnosis, is_close, mistakes
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell, phases
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import networks
from traced import traced

BY_HAND = [
    # The first step of the house network (seed 0, row 0), worked with a pocket calculator from the screen's numbers:
    # x = -0.4332, -0.7533; w1[1] = 0.5488, 0.7152; b1[1] = 0.4237; z1[1] = -0.3528; h1[1] = 0.4127; w2[1] = 0.4376,
    # after the update 1.3513; ŷ = 1.5844; y = 12.6540; lr 0.2.
    (Cell("gy_pred"), 11.0695, "the right number with the wrong sign"),
    (Cell("gw1", 0, 0), 2.0984, "the product without h1[1](1 - h1[1])"),  # -11.0695·0.4376·(-0.4332)
    (Cell("gw1", 0, 0), -1.1742, "the product without x[1]"),  # -11.0695·0.4376·0.2424
    (Cell("gw1", 0, 0), 1.5707, "the number with w2[1] after the update instead of before"),
    (Cell("gz1", 0), -1.1609, "the number with σ′ taken at h instead of z"),  # σ(0.4127) = 0.6017; 0.6017·0.3983
    (Cell("new_w1", 0, 0), 0.0402, "the product without lr"),  # 0.5488 - 0.5086
    (Cell("new_w1", 0, 0), 0.6505, "plus lr·∂L/∂w1[1,1] instead of the other sign"),  # 0.5488 + 0.2·0.5086
    (Cell("loss"), 122.5338, "the product without ½"),  # 11.0695²
    (Cell("z1", 0), -0.7765, "the sum without b1[1]"),  # -0.3528 - 0.4237
    (Cell("z1", 0), -0.2681, "the number with w1[2,1] instead of w1[1,2]"),  # -0.2377 + 0.6028·(-0.7533) + 0.4237
    (Cell("h1", 0), -0.3528, "what goes into sigmoid, without sigmoid itself"),
    (Cell("y_pred"), 1.4038, "the sum without w2[1]·h1[1]"),  # 1.5844 - 0.4376·0.4127
]


@pytest.mark.parametrize(("cell", "typed", "says"), BY_HAND, ids=[says for *_, says in BY_HAND])
def test_ten_mistakes_worked_by_hand(engine: Engine, cell: Cell, typed: float, says: str) -> None:
    session = Session(Run())
    session.timeline.step()
    settle(session, engine.answer)
    trace = session.timeline.trace
    assert trace is not None
    found = diagnosis(trace, cell, None, typed)
    assert found is not None
    assert found.says == says


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    network=networks(),
    seed=st.integers(0, 2**31),
    size=st.integers(1, 3),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
)
def test_a_mistake_is_named_as_itself_or_gives_the_same_number_as_another(
    engine: Engine, network, seed: int, size: int, optimizer: str
) -> None:
    trace, context = traced(engine, network, seed, size, "float64", Optimizer(optimizer))
    random = np.random.RandomState(seed % 2**32)
    names = [name for phase in phases(network) for name in phase.names]
    for name in random.permutation(names)[:5].tolist():
        rows, columns = trace[name].shape
        cell = Cell(name, random.randint(rows), random.randint(columns))
        right = float(trace[name][cell.place])
        assert diagnosis(trace, cell, context, right) is None
        every = mistakes(trace, cell, context)
        for mistake in every:
            same = {other.says for other in every if is_close(other.value, mistake.value)}
            found = diagnosis(trace, cell, context, mistake.value)
            assert found == mistake if same == {mistake.says} else found is None


@pytest.mark.parametrize("typed", [float("nan"), float("inf"), 1e30, -123.456])
def test_nonsense_is_no_mistake_that_is_known(engine: Engine, typed: float) -> None:
    session = Session(Run())
    session.timeline.step()
    settle(session, engine.answer)
    trace = session.timeline.trace
    assert trace is not None
    assert diagnosis(trace, Cell("gw1", 0, 0), None, typed) is None

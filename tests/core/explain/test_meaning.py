"""What a number means is true: the loss moves as the sentence says, and the update goes where it says."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import FindLosses, Inline, LossesFound
from backprop_tui.core.explain.meaning import meaning
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell, phases
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import networks
from traced import traced

NUDGE = 1e-6


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.integers(0, 2**31), st.sampled_from(list(OPTIMIZERS)))
def test_the_loss_and_the_update_go_as_it_says(engine: Engine, network: Network, seed: int, optimizer: str) -> None:
    trace, _ = traced(engine, network, seed, 1, "float64", Optimizer(optimizer))
    before = np.concatenate([trace[parameter.name].reshape(-1) for parameter in network.parameters])
    samples = Inline(numbers(trace["x"]), numbers(trace["y"]), 1)
    for place, parameter in enumerate(network.parameters):
        row, column = (seed % size for size in parameter.shape)
        cell = Cell("g" + parameter.name, row, column)
        gradient = float(trace[cell.name][cell.place])
        if abs(gradient) < 1e-4:
            continue
        nudged = np.array([before, before])
        nudged[:, parameter.offset + row * parameter.shape[1] + column] += (-NUDGE, NUDGE)
        answer = engine.answer(FindLosses(network, numbers(nudged), samples))
        assert isinstance(answer, LossesFound), place
        low, high = answer.losses.array
        told = meaning(trace, cell)
        assert ("makes the loss larger" in told) == (high > low)
        assert ("makes the loss smaller" in told) == (high < low)
        moved = float(trace["new_" + parameter.name][row, column] - trace[parameter.name][row, column])
        if "so the update makes" in told:
            assert told.endswith("larger." if moved > 0 else "smaller.")
            assert moved * gradient < 0, "against the gradient: what the optimizer remembers may lead elsewhere"
        elif moved:
            assert moved * gradient > 0
        assert ("larger" in meaning(trace, Cell("new_" + parameter.name, row, column))) == (moved > 0)


def house(engine: Engine, run: Run) -> Session:
    session = Session(run)
    session.timeline.step()
    settle(session, engine.answer)
    return session


@pytest.mark.slow
def test_a_frozen_weight_and_a_zero_gradient_are_told(engine: Engine) -> None:
    frozen = house(engine, Run(network=Network(frozen=("w1",)))).timeline.trace
    assert frozen is not None
    assert meaning(frozen, Cell("new_w1")) == "w1[1,1] is frozen: it stays as it is."
    assert meaning(frozen, Cell("gw1")) == "Positive: a slightly larger w1[1,1] makes the loss larger."
    still = house(engine, Run(initial=(0.0,) * 9)).timeline.trace
    assert still is not None
    assert meaning(still, Cell("gw1")) == "Zero: a small change of w1[1,1] leaves the loss as it is."


@pytest.mark.slow
def test_every_number_has_a_meaning(engine: Engine) -> None:
    trace = house(engine, Run(optimizer=Optimizer("adam"))).timeline.trace
    assert trace is not None
    names = {*trace.values, *(name for phase in phases(trace.network) for name in phase.names)}
    assert all(meaning(trace, Cell(name)).endswith(".") for name in names)


@pytest.mark.slow
def test_a_prediction_is_below_its_target_or_above_it(engine: Engine) -> None:
    network = Network(2, (Layer(3, "tanh"), Layer(2, "linear")), "mean_squared_error")
    trace, _ = traced(engine, network, 1, 4, "float64", Optimizer())
    ways = set()
    for output in range(2):
        for row in range(4):
            below = trace["y_pred"][output, row] < trace["y"][row, output]
            told = meaning(trace, Cell("y_pred", output, row))
            assert ("too low: below" if below else "too high: above") in told
            assert told.endswith(f"{trace['y'][row, output]:+.4f}.")
            ways.add(bool(below))
    assert ways == {True, False}

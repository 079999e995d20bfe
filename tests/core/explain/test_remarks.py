"""Remarks: each is made when it is so, from a real step, and not when it is not."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, Program, RunSteps, StepsRun
from backprop_tui.core.explain import explain
from backprop_tui.core.explain.remarks import Remark, about, first_not_finite, known, remarks
from backprop_tui.core.model import phases
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from driving import Settle
from networks import hidden_layers


def traced(
    engine: Engine,
    network: Network,
    parameters: list[float] | np.ndarray,
    x: list[float],
    y: list[float],
    lr: float = 0.1,
) -> Trace:
    """One step on one sample."""
    program = Program(network, Optimizer(), "float32")
    samples = Inline(numbers(np.array([x])), numbers(np.array([y])))
    answer = engine.answer(RunSteps(program, numbers(np.array(parameters, "float32")), samples, lr))
    assert isinstance(answer, StepsRun)
    return Trace(network, lr, (0,), arrays(answer.trace))


def kinds(found: tuple[Remark, ...]) -> set[str]:
    assert all(len(remark.text) <= 76 for remark in found), found
    return {remark.kind for remark in found}


def test_a_step_with_nothing_to_remark(engine: Engine) -> None:
    trace = traced(engine, Network(), [0.4, 0.1, 0.3, 0.3, 0.4, 0.9, 0.2, 0.3, 0.4], [-0.4, -0.8], [0.9])
    assert remarks(trace) == ()


@pytest.mark.parametrize(("activation", "derivative"), [("sigmoid", "0.0025"), ("tanh", "2.5e-5")])
def test_a_saturated_unit(engine: Engine, activation: str, derivative: str) -> None:
    # At z = 6: σ′ = e⁻⁶/(1 + e⁻⁶)² = 0.00247, and 1 - tanh²(6) = 2.46e-5.
    network = Network(1, hidden_layers([2], activation))
    trace = traced(engine, network, [6, 0.5, 0, 0, 1, 1, 0], [1], [1.5])
    (remark,) = remarks(trace)
    assert remark.text == f"h1[1] is saturated: at z = +6.0000 the derivative is {derivative}"
    assert about([remark], [Cell("gw1"), *explain(trace, Cell("gw1")).cells]) == (remark,)
    assert about([remark], [Cell("gw1", 1), *explain(trace, Cell("gw1", 1)).cells]) == ()


def test_a_dead_relu(engine: Engine) -> None:
    network = Network(1, hidden_layers([3], "relu"))
    trace = traced(engine, network, [-1, 1, -2, 0, 0, 0, 1, 1, 1, 0], [1.5], [1])
    (remark,) = remarks(trace)
    assert remark.kind == "dead"
    assert remark.text == "h1[1] and 1 more of layer 1 are dead ReLUs: z ≤ 0, no gradient passes"
    assert not trace["gw1"][0].any()
    # It is not told before h1 is computed.
    assert known([remark], network, 3) == ()
    assert known([remark], network, 4) == (remark,)


def test_the_derivative_of_a_cross_entropy_does_not_saturate(engine: Engine) -> None:
    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    trace = traced(engine, network, [8, 0], [1], [0])
    assert kinds(remarks(trace)) == set()
    assert trace["gw1"][0, 0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("weight", "kind"), [(0.5, "vanishing"), (20.0, "exploding")])
def test_along_the_layers(engine: Engine, weight: float, kind: str) -> None:
    # Linear layers of one unit: ∂L/∂z is multiplied by the weight at each of four.
    network = Network(1, hidden_layers([1] * 8, "linear"))
    row = network.join({p.name: np.full(p.shape, weight if p.name[0] == "w" else 0.0) for p in network.parameters})
    (remark,) = [found for found in remarks(traced(engine, network, row, [1], [2], 1e-30)) if found.kind == kind]
    assert f"×{weight:g} a layer" in remark.text
    assert len(remark.text) <= 76


def test_equal_units_stay_equal(engine: Engine, settle: Settle) -> None:
    session = Session(Run(initializer="constant"))
    for _ in range(3):
        session.timeline.step()
        settle(session)
        assert session.timeline.trace is not None
        assert "symmetric" in kinds(remarks(session.timeline.trace))
    # Unlike numbers behind them tell them apart.
    trace = traced(engine, Network(), [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.2, 0.3, 0.4], [-0.4, -0.8], [0.9])
    assert kinds(remarks(trace)) == set()


def test_a_step_that_overshoots(settle: Settle) -> None:
    session = settle(Session(Run(settings=Settings(lr=2.0))))
    session.timeline.step()
    first = settle(session).timeline.trace
    session.timeline.step()
    second = settle(session).timeline.trace
    assert first is not None
    assert second is not None
    found = {remark.kind: remark.text for remark in remarks(first, after=second)}
    assert second.loss > first.loss
    assert found["overshoot"].startswith("the step overshoots: the loss goes from ")
    assert found["overshoot"].endswith("ŷ - y turns")
    assert "leap" in found
    # By the next loss alone, and not at all without it.
    assert "overshoot" in kinds(remarks(first, next_loss=second.loss))
    assert "overshoot" not in kinds(remarks(first))


def test_a_step_past_the_minimum(engine: Engine) -> None:
    # ŷ = b: the loss ½(b - 1)² has its minimum at 1; lr 1.5 from 0 goes to 1.5.
    network = Network(1, (Layer(1, "linear"),), frozen=("w1",))
    first = traced(engine, network, [0, 0], [1], [1], 1.5)
    second = traced(engine, network, [0, first["new_b1"].item()], [1], [1], 1.5)
    (remark,) = remarks(first, after=second)
    assert remark.text == "the step goes past the minimum: ŷ - y was -1.0000 and is +0.5000 after it"


def test_the_first_number_that_is_not_finite(engine: Engine) -> None:
    fine = traced(engine, Network(), [0.5] * 9, [1, 1], [1])
    assert first_not_finite(fine) is None
    # 1e30 · 1e30 is beyond float32 in ŷ: -∞ + ∞ there is undefined from the loss's gradient on.
    network = Network(1, hidden_layers([1], "linear"))
    trace = traced(engine, network, [1e30, 0, 1e30, 0], [1], [1])
    assert first_not_finite(trace) == Cell("y_pred")
    assert "ŷ is the first infinite number: beyond 3.4e38" in remarks(trace)[0].text
    broken = traced(engine, network, [1, float("nan"), 1, 0], [1], [1])
    assert first_not_finite(broken) == Cell("b1")
    assert remarks(broken)[0].text == "b1 is NaN before this step: what follows from it is lost"


def test_a_prediction_rounded_to_0(engine: Engine) -> None:
    # ŷ = σ(-200) is 0 in float32, and ∂L/∂ŷ = -1/ŷ = -e^200 is beyond it; the program's own way, by z, stays finite.
    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    trace = traced(engine, network, [-200, 0], [1], [1])
    assert first_not_finite(trace) == Cell("gy_pred")
    assert trace["gw1"][0, 0] == -1
    assert "∂L/∂ŷ is -∞: 1/ŷ is beyond all numbers" in remarks(trace)[0].text


@pytest.mark.slow
def test_remarks_of_any_run_fit_and_say_when(settle: Settle) -> None:
    for seed, optimizer in enumerate(OPTIMIZERS):
        for activation in ("sigmoid", "tanh", "relu", "linear"):
            network = Network(2, hidden_layers([5, 4], activation))
            run = Run(
                network=network,
                optimizer=Optimizer(optimizer),
                seed=seed,
                initializer="normal",
                settings=Settings(lr=50),
            )
            session = settle(Session(run))
            session.timeline.start_jump(3)
            trace = settle(session).timeline.trace
            assert trace is not None
            found = remarks(trace)
            kinds(found)
            whole = phases.count(network)
            assert known(found, network, whole) == found
            assert known(found, network, 0) == tuple(remark for remark in found if remark.after in ("b1", "w1", "w2"))

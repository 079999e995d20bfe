"""Remarks: each is made when it is so, from a real step, and not when it is not."""

import itertools

import numpy as np
import pytest
from arithmetic import FUNCTIONS
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import FindLosses, Inline, LossesFound, Program, RunSteps, StepsRun
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
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.tui.stepper.view import view_of
from driving import Settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import batch, hidden_layers, networks

ONE = numbers(np.array([[1.0]]))


def traced(
    engine: Engine,
    network: Network,
    parameters: list[float] | np.ndarray,
    x: list[float],
    y: list[float],
    lr: float = 0.1,
    optimizer: str = "sgd",
) -> Trace:
    """One step on one sample."""
    return of_batch(engine, network, np.array(parameters), np.array([x]), np.array([y]), lr, optimizer)


def of_batch(
    engine: Engine,
    network: Network,
    state: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    lr: float = 0.1,
    optimizer: str = "sgd",
    dtype: str = "float32",
) -> Trace:
    """One step on a batch of rows, from the parameters, or from these and the optimizer's moments."""
    program = Program(network, Optimizer(optimizer), dtype)  # type: ignore[arg-type]
    row = state if len(state) > network.width else program.optimizer.first_state(state)
    answer = engine.answer(RunSteps(program, numbers(row.astype(dtype)), Inline(numbers(x), numbers(y)), lr))
    assert isinstance(answer, StepsRun), answer
    return Trace(network, lr, tuple(range(len(x))), arrays(answer.trace))


def loss_of(engine: Engine, network: Network, parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """The loss in float64, by the request that knows nothing of a trace."""
    answer = engine.answer(
        FindLosses(network, numbers(parameters.astype("float64")[None]), Inline(numbers(x), numbers(y)))
    )
    assert isinstance(answer, LossesFound), answer
    return float(answer.losses.array[0])


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


def test_a_relu_that_is_off(engine: Engine) -> None:
    network = Network(1, hidden_layers([3], "relu"))
    trace = traced(engine, network, [-1, 1, -2, 0, 0, 0, 1, 1, 1, 0], [1.5], [1])
    (remark,) = remarks(trace)
    assert remark.kind == "off"
    assert remark.text == "2 units of layer 1 are off for this row: z ≤ 0, no gradient passes"
    assert not trace["gw1"][0].any()
    # It is not told before h1 is computed.
    assert known([remark], network, 3) == ()
    assert known([remark], network, 4) == (remark,)


def test_the_derivative_of_a_cross_entropy_does_not_saturate(engine: Engine) -> None:
    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    trace = traced(engine, network, [8, 0], [1], [0])
    assert kinds(remarks(trace)) == set()
    assert trace["gw1"][0, 0] == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("weight", "kind"), [(0.5, "vanishing"), (20.0, "exploding")])
def test_along_the_layers(engine: Engine, weight: float, kind: str) -> None:
    # Linear layers of one unit: ∂L/∂z is multiplied by the weight at each of four.
    network = Network(1, hidden_layers([1] * 8, "linear"))
    row = network.join({p.name: np.full(p.shape, weight if p.name[0] == "w" else 0.0) for p in network.parameters})
    (remark,) = [found for found in remarks(traced(engine, network, row, [1], [2], 1e-30)) if found.kind == kind]
    error = abs(weight**9 - 2)
    layer_9, layer_1 = (
        f"{float(f'{value:.2g}'):g}".replace("e-0", "e-").replace("e+", "e") for value in (error, error * weight**8)
    )
    assert f"is {layer_9} at layer 9, " in remark.text
    assert kind != "vanishing" or remark.text.endswith(f", {layer_1} at layer 1")
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


def test_equal_units_with_unlike_moments_do_not_stay_equal(engine: Engine) -> None:
    network = Network(1, hidden_layers([2], "tanh"))
    alike, state = [0.5, 0.5, 0.1, 0.1, 0.3, 0.3, 0], np.zeros(14)
    state[:7] = alike
    assert "symmetric" in kinds(remarks(traced(engine, network, state, [1], [1], optimizer="momentum")))
    state[7] = 0.2  # m of w1[1] alone
    trace = traced(engine, network, state, [1], [1], optimizer="momentum")
    assert trace["new_w1"][0] != trace["new_w1"][1]
    assert "symmetric" not in kinds(remarks(trace))


def test_a_small_gradient_of_paths_that_cancel_does_not_vanish(engine: Engine) -> None:
    # ∂L/∂z1 = (1·1 - 0.999·1)·∂L/∂ŷ by two paths of size 1 each.
    network = Network(1, hidden_layers([1, 2], "linear"))
    trace = traced(engine, network, [1, 0, 1, 1, 0, 0, 1, -0.999, 0], [1], [2])
    assert abs(trace["gz1"].item()) < 0.002 * abs(trace["gy_pred"].item())
    assert "vanishing" not in kinds(remarks(trace))


def test_a_relu_off_for_all_rows_of_a_batch_or_for_one(engine: Engine) -> None:
    network, x = Network(1, hidden_layers([2], "relu")), np.array([[1.0], [2.0]])
    trace = of_batch(engine, network, np.array([-1, 1, 0, 0, 1, 1, 0]), x, np.ones((2, 1)))
    (remark,) = remarks(trace)
    assert remark.text == "h1[1] is off for the batch's 2 rows: no gradient passes"
    trace = of_batch(engine, network, np.array([-1, 1, 1.5, 0, 1, 1, 0]), x, np.ones((2, 1)))
    assert trace["z1"][0].tolist() == [0.5, -0.5]
    assert kinds(remarks(trace)) == set()


@pytest.mark.slow
def test_what_is_not_a_number_is_neither_off_nor_saturated(engine: Engine) -> None:
    for activation in ("relu", "tanh", "sigmoid"):
        network = Network(1, hidden_layers([1], activation))
        trace = traced(engine, network, [float("nan"), 0, 1, 0], [1], [1])
        assert kinds(remarks(trace)) == {"not finite"}


def test_a_step_that_overshoots(settle: Settle) -> None:
    session = settle(Session(Run(settings=Settings(lr=2.0))))
    session.timeline.step()
    first = settle(session).timeline.trace
    session.timeline.step()
    second = settle(session).timeline.trace
    assert first is not None
    assert second is not None
    assert second.loss > first.loss
    found = {remark.kind: remark.text for remark in remarks(first, next_loss=second.loss)}
    assert found["overshoot"].startswith("the step overshoots: the loss goes from ")
    assert "leap" in found
    assert "overshoot" not in kinds(remarks(first))
    assert "overshoot" not in kinds(remarks(first, next_loss=first.loss))
    (rose,) = [remark for remark in remarks(second, loss_before=first.loss) if remark.kind == "rose"]
    assert rose.text.startswith("the last step went too far: loss ")
    assert "rose" not in kinds(remarks(second, loss_before=second.loss))


def test_a_rise_under_momentum_is_no_overshoot(engine: Engine) -> None:
    # m carries w1 away from the minimum at 1, with a rate far below the one that overshoots.
    network = Network(1, (Layer(1, "linear"),), frozen=("b1",))
    state = np.array([1.5, 0, 1.0, 0])
    trace = traced(engine, network, state, [1], [1], 0.01, "momentum")
    after = 0.5 * (trace["new_w1"].item() - 1) ** 2
    assert after > trace.loss
    found = {remark.kind: remark.text for remark in remarks(trace, next_loss=after)}
    assert found["overshoot"].startswith("the loss rises in this step, from 0.125 to ")
    found = {remark.kind: remark.text for remark in remarks(trace, loss_before=0.01)}
    assert found["rose"] == "the last step went uphill: loss 0.01 → 0.125"


def test_a_rise_by_rounding_alone_is_none(engine: Engine) -> None:
    # ŷ is within two roundings of y = 12.65396: any other loss as small tells nothing.
    y = float(np.float32(12.65396))
    network = Network(1, (Layer(1, "linear"),), frozen=("w1",))
    trace = traced(engine, network, [0, y + 1e-6], [1], [y], 1.0)
    assert 0 < trace.loss < 1e-11
    assert kinds(remarks(trace, loss_before=0.0, next_loss=4 * trace.loss)) == set()


def test_a_bias_that_bounces_between_two_values(settle: Settle) -> None:
    # ŷ = b1: the loss ½(b1 - 1)² with lr 2 sends b1 from 0 to 2 and back to 0, for ever.
    network = Network(1, (Layer(1, "linear"),), frozen=("w1",))
    table = TableSpec(features=("a",), targets=("b",), standardize=(), log_target=False, x=ONE, y=ONE)
    for lr, bounces in ((2.0, True), (1.5, False), (0.5, False)):
        run = Run(network=network, table=table, initial=(0.0, 0.0), settings=Settings(lr=lr))
        session = settle(Session(run))
        for _ in range(2):
            session.timeline.step()
            settle(session)
        view = view_of(session.timeline)
        assert ("to and fro" in kinds(view.remarks)) is bounces, lr
        if bounces:
            texts = [remark.text for remark in view.remarks]
            assert texts == ["the steps overshoot: b1 goes 0 → 2 → 0"]


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    network=networks(max_hidden=4),
    seed=st.integers(0, 2**31),
    size=st.integers(1, 4),
    dtype=st.sampled_from(("float32", "float64")),
    scale=st.sampled_from((0.02, 0.3, 1.0, 5.0)),
    lr=st.sampled_from((1e-30, 0.05, 1.0, 20.0)),
)
def test_a_remark_is_made_if_it_is_true_and_only_then(
    engine: Engine, network: Network, seed: int, size: int, dtype: str, scale: float, lr: float
) -> None:
    """By the parameters and the data alone, in float64: forwards, backwards along every path, and the losses."""
    data = batch(network, size, seed)
    x, y = data.x.astype(dtype).astype("float64"), data.y.astype(dtype).astype("float64")
    parameters = (data.parameters * scale).astype(dtype).astype("float64")
    trace = of_batch(engine, network, parameters, x, y, lr, dtype=dtype)
    after = network.join({p.name: trace["new_" + p.name] for p in network.parameters}, "float64")
    with np.errstate(all="ignore"):
        losses = [loss_of(engine, network, row, x, y) for row in (parameters, after)]
    if not np.isfinite(losses).all():
        return
    found = {remark.kind: remark.text for remark in remarks(trace, loss_before=losses[1], next_loss=losses[1])}
    assert all(len(text) <= 76 for text in found.values())

    if losses[1] - losses[0] > 1e-3 * abs(losses[0]) + 1e-6:
        assert "overshoot" in found
    if losses[1] < losses[0]:
        assert "overshoot" not in found
        assert ("rose" in found) or losses[0] - losses[1] < 1e-3 * abs(losses[1]) + 1e-6
    else:
        assert "rose" not in found

    values, slopes = network.split(parameters), {}
    h = x.T
    for layer in range(1, network.depth + 1):
        z = values[f"w{layer}"] @ h + values.get(f"b{layer}", 0)
        name = network.activation(layer).name
        if name == "softmax":
            break
        function = np.vectorize(FUNCTIONS.get(name, lambda number: number))
        h, step = function(z), 1e-6
        # A ReLU has no slope at 0 itself, which rounding may miss.
        slopes[layer] = (z > 0) * 1.0 if name == "relu" else (function(z + step) - function(z - step)) / (2 * step)
    coupled = network.loss_row.from_z
    looked_at = [layer for layer in slopes if not (coupled and layer == network.depth)]
    greatest = [slope for layer in looked_at for slope in slopes[layer].max(axis=1)]
    if all(abs(slope - 0.01) > 1e-3 for slope in greatest):  # no slope at the very bound, as leaky_relu's is
        flat = any(slope < 0.01 for slope in greatest)
        assert flat == bool({"off", "saturated"} & found.keys())
    off = [layer for layer in looked_at if network.activation(layer).name == "relu"]
    assert ("off" in found) == any((slopes[layer].max(axis=1) == 0).any() for layer in off)

    if network.depth > 1:
        last = np.abs(trace[f"gz{network.depth}"].astype("float64"))
        sizes = np.zeros((network.layers[0].units, size))
        for units in itertools.product(*(range(layer.units) for layer in network.layers)):
            path = last[units[-1]].copy()
            for layer in range(network.depth - 1, 0, -1):
                path *= np.abs(
                    values[f"w{layer + 1}"][units[layer], units[layer - 1]] * slopes[layer][units[layer - 1]]
                )
            sizes[units[0]] += path
        ratio = sizes.mean() / last.mean() if last.any() else 1.0
        if abs(ratio - 0.01) > 1e-3 * 0.01 and trace["gz1"].any() and ratio > 1e-12:
            assert ("vanishing" in found) == (ratio < 0.01)


def test_the_first_number_that_is_not_finite(engine: Engine) -> None:
    fine = traced(engine, Network(), [0.5] * 9, [1, 1], [1])
    assert first_not_finite(fine) is None
    # 1e30 · 1e30 is beyond float32 in ŷ: -∞ + ∞ there is undefined from the loss's gradient on.
    network = Network(1, hidden_layers([1], "linear"))
    trace = traced(engine, network, [1e30, 0, 1e30, 0], [1], [1])
    assert first_not_finite(trace) == Cell("y_pred")
    assert remarks(trace)[0].text == "ŷ is the first infinite number: beyond 3.4e38, the largest float32"
    broken = traced(engine, network, [1, float("nan"), 1, 0], [1], [1])
    assert first_not_finite(broken) == Cell("b1")
    assert remarks(broken)[0].text == "b1 is NaN before this step: no update mends it"


@pytest.mark.slow
def test_a_prediction_rounded_to_0(engine: Engine) -> None:
    # ŷ = σ(-200) is 0 in float32, and ∂L/∂ŷ = -1/ŷ = -e^200 is beyond it; the program's own way, by z, stays finite.
    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    trace = traced(engine, network, [-200, 0], [1], [1])
    assert first_not_finite(trace) == Cell("gy_pred")
    assert trace["gw1"][0, 0] == -1
    assert remarks(trace)[0].text == "∂L/∂ŷ is -∞: 1/ŷ is beyond 3.4e38; the tape goes from loss to z"
    # For a target of 0 it is 1/(1 - ŷ), and ŷ = σ(200) is 1.
    trace = traced(engine, network, [200, 0], [1], [0])
    assert remarks(trace)[0].text == "∂L/∂ŷ is +∞: 1/(1 - ŷ) is beyond 3.4e38; the tape goes from loss to z"


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

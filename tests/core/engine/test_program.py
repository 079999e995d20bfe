"""The one TensorFlow program: batches, filled-up batches, large batches, frozen parameters, and its end conditions."""

from time import perf_counter

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.program import TRACE_ROWS, Compiled
from backprop_tui.core.engine.compute.tensorflow import tf
from backprop_tui.core.engine.protocol.limits import capacity, chunk
from backprop_tui.core.engine.protocol.messages import Failed, Program, RunSteps, StepsRun, TableRows
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.spec import TableSpec
from networks import hidden_layers

NETWORK = Network(2, hidden_layers([3], "tanh"))
START = Run(network=NETWORK).first_state()


def traced(engine: Engine, rows: Array, lr: float = 0.1) -> dict[str, Array]:
    """One step over rows (batch,) of the house table."""
    samples = TableRows(TableSpec(), numbers(rows[None].astype("int32")))
    answer = engine.answer(RunSteps(Program(NETWORK), numbers(START), samples, lr))
    assert isinstance(answer, StepsRun), answer
    return arrays(answer.trace)


@pytest.mark.slow
def test_a_batch_is_the_mean_of_its_rows(engine: Engine) -> None:
    rows = np.array([3, 141, 59, 26])
    batch, singles = traced(engine, rows), [traced(engine, rows[place : place + 1]) for place in range(4)]
    assert batch["loss"].item() == pytest.approx(np.mean([single["loss"] for single in singles]), rel=1e-6)
    for name in ("gw1", "gb1", "gw2", "gb2"):
        np.testing.assert_allclose(batch[name], np.mean([single[name] for single in singles], axis=0), rtol=2e-5)
    for name in ("z1", "h1", "y_pred"):
        np.testing.assert_allclose(batch[name], np.hstack([single[name] for single in singles]), rtol=1e-5)
    for name in ("gz1", "gh1", "gy_pred"):
        np.testing.assert_allclose(batch[name], np.hstack([single[name] for single in singles]) / 4, rtol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, TRACE_ROWS + 30])
def test_a_batch_filled_up_is_the_smaller_batch(engine: Engine, size: int) -> None:
    rows = np.arange(size) * 3
    batch, filled = traced(engine, rows), traced(engine, np.concatenate([rows, [-1, -1, -1]]))
    assert batch.keys() == filled.keys()
    for name, value in batch.items():
        np.testing.assert_allclose(filled[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_a_large_batch_is_shown_as_means(engine: Engine) -> None:
    rows = np.arange(TRACE_ROWS + 1)
    large, singles = traced(engine, rows), [traced(engine, rows[place : place + 1]) for place in rows]
    for name in ("x", "y", "z1", "h1", "y_pred", "gz1", "gh1", "gy_pred", "gw1", "gb2", "loss"):
        assert large[name].shape == singles[0][name].shape
        np.testing.assert_allclose(
            large[name], np.mean([single[name] for single in singles], axis=0), rtol=1e-4, atol=1e-6, err_msg=name
        )
    assert traced(engine, rows[:TRACE_ROWS])["z1"].shape == (3, TRACE_ROWS)


@pytest.mark.slow
def test_nothing_is_compiled_again_for_other_numbers() -> None:
    """Compiling takes 200 ms and more, a step less than 1."""
    compiled, state, times = Compiled(Program(NETWORK), 1), START, []
    x, y, weight = np.ones((9, 1, 2)), np.ones((9, 1, 1)), np.ones((9, 1))
    for number in range(20):
        before = perf_counter()
        n = number % 9
        state = state + np.float32(0.01)
        compiled.run(state, x[:n] * number, y[:n], weight[:n], n, 0.01 * number, 0.1 * number)
        times.append(perf_counter() - before)
    assert np.median(times) < 0.05


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_frozen_parameter_stays(name: str) -> None:
    network = Network(2, hidden_layers([3], "tanh"), frozen=("b1", "w2"))
    optimizer = Optimizer(name)
    compiled = Compiled(Program(network, optimizer), 1)
    x, y = np.ones((5, 1, 2)), np.ones((5, 1, 1))
    result = compiled.run(optimizer.first_state(START), x, y, np.ones((5, 1)), 5, 0.1, None)
    before, after = network.split(START), network.split(result.states[-1])
    moved = {name: bool((before[name] != after[name]).any()) for name in before}
    assert moved == {"w1": True, "b1": False, "w2": False, "b2": True}
    assert np.any(result.trace["gb1"])
    # Nor do its moments move, neither in the state nor in the trace; those of the others do.
    for number, letter in enumerate(optimizer.moments, 1):
        moments = network.split(result.states[-1][number * network.width : (number + 1) * network.width])
        assert {key: bool(np.any(value)) for key, value in moments.items()} == moved
        assert not np.any(result.trace[f"new_{letter}_b1"])
        assert np.any(result.trace[f"new_{letter}_w1"])
    if optimizer.rule.counts:
        assert result.states[-1][-1] == 5


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_moments_are_part_of_the_trace(name: str) -> None:
    optimizer = Optimizer(name)
    compiled = Compiled(Program(NETWORK, optimizer), 1)
    x, y = np.ones((3, 1, 2)), np.ones((3, 1, 1))
    result = compiled.run(optimizer.first_state(START), x, y, np.ones((3, 1)), 3, 0.1, None)
    width = NETWORK.width
    for place, letter in enumerate(optimizer.moments, 1):
        for prefix, state in ((f"{letter}_", result.states[1]), (f"new_{letter}_", result.states[2])):
            moment = {p.name: result.trace[prefix + p.name] for p in NETWORK.parameters}
            assert (NETWORK.join(moment) == state[place * width : (place + 1) * width]).all()
    if name == "adam":
        assert result.states[:, -1].tolist() == [1, 2, 3]


@pytest.mark.slow
def test_without_xla_it_is_the_same_to_rounding() -> None:
    random = np.random.RandomState(3)
    x, y, weight = random.standard_normal((40, 4, 2)), random.standard_normal((40, 4, 1)), np.ones((40, 4))
    for optimizer in map(Optimizer, OPTIMIZERS):
        state = optimizer.first_state(START)
        fast, plain = (
            Compiled(Program(NETWORK, optimizer), 4, xla).run(state, x, y, weight, 40, 0.02, None)
            for xla in (True, False)
        )
        np.testing.assert_allclose(fast.states, plain.states, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(fast.losses, plain.losses, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_where_there_is_no_xla_the_program_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """What TensorFlow raises at the first call on a platform that has none."""
    compiled, plain = Compiled(Program(NETWORK), 1), Compiled(Program(NETWORK), 1, xla=False)

    def missing(*_: object) -> None:
        raise tf.errors.NotFoundError(None, None, "could not find registered compiler for platform Host")

    monkeypatch.setattr(compiled, "_function", missing)
    x, y, weight = np.ones((2, 1, 2)), np.ones((2, 1, 1)), np.ones((2, 1))
    states = compiled.run(START, x, y, weight, 2, 0.1, None).states
    assert not compiled.xla
    assert (states == plain.run(START, x, y, weight, 2, 0.1, None).states).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("bound", [None, float("inf"), 1e39, 0.0])
def test_the_first_step_always_runs(bound: float | None) -> None:
    compiled = Compiled(Program(NETWORK), 1)
    x, y = np.ones((2, 1, 2)), np.ones((2, 1, 1))
    result = compiled.run(START, x, y, np.ones((2, 1)), 2, 0.1, bound)
    assert len(result.losses) == (2 if not bound else 1)


def test_no_steps_compile_and_run_nothing() -> None:
    result = Compiled(Program(NETWORK), 1).run(
        START, np.ones((0, 1, 2)), np.ones((0, 1, 1)), np.ones((0, 1)), 0, 0.1, None
    )
    assert result.states.shape == (0, NETWORK.width)
    assert result.trace == {}


@pytest.mark.parametrize("batch", [1, 32, 499, 300_000])
@pytest.mark.parametrize(
    "network", [Network(), Network(8, hidden_layers([64, 32], "relu")), Network(200, hidden_layers([200], "relu"))]
)
def test_a_jumps_request_fits_into_the_program(network: Network, batch: int) -> None:
    for optimizer in map(Optimizer, OPTIMIZERS):
        assert 1 <= capacity(network, optimizer, batch) <= 4096
        assert 1 <= chunk(network, optimizer, batch) <= 2**16


@pytest.mark.slow
def test_one_batch_stands_for_each_step(engine: Engine) -> None:
    """The row of a jump is sent once: the same states, losses and trace as if it was sent for each step."""

    def steps(rows: Array, count: int) -> StepsRun:
        samples = TableRows(TableSpec(), numbers(rows.astype("int32")), count)
        answer = engine.answer(RunSteps(Program(NETWORK), numbers(START), samples, 0.1))
        assert isinstance(answer, StepsRun), answer
        return answer

    batch = np.array([[5, 7, -1]])
    for count in (1, 2, 70):
        assert steps(batch, count) == steps(np.repeat(batch, count, axis=0), count)
    assert steps(batch, 70) != steps(np.repeat(batch + 1, 70, axis=0), 70)
    too_many = RunSteps(
        Program(NETWORK), numbers(START), TableRows(TableSpec(), numbers(batch.astype("i4")), 65_537), 0.1
    )
    assert isinstance(engine.answer(too_many), Failed)


@pytest.mark.parametrize(
    ("rows", "state", "said"),
    [
        (np.zeros((1, 1), "int32"), START[:-1], "width of this network"),
        (np.full((1, 1), 499, "int32"), START, "rows 0 to 498"),
        (np.zeros(3, "int32"), START, "shape"),
        (np.zeros((65_537, 1), "int32"), START, "up to 65,536 steps"),
        (np.zeros((600, 499), "int32"), START, "262,144 rows"),
        (np.zeros((1, 1)), START, "no such row"),
    ],
)
def test_requests_that_do_not_fit_are_refused_with_a_word(engine: Engine, rows: Array, state: Array, said: str) -> None:
    samples = TableRows(TableSpec(), numbers(rows), len(rows))
    answer = engine.answer(RunSteps(Program(NETWORK), numbers(state), samples, 0.1))
    assert isinstance(answer, Failed)
    assert said in answer.message


def test_a_trace_cannot_be_changed(engine: Engine) -> None:
    trace = Trace(NETWORK, 0.1, (0,), {name: value.copy() for name, value in traced(engine, np.array([0])).items()})
    with pytest.raises(ValueError, match="read-only"):
        trace["w1"][0, 0] = 1
    with pytest.raises(TypeError):
        trace.values["w1"] = trace["w1"]  # type: ignore[index]


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_request_says_how_many_steps_its_rows_are_for(engine: Engine, steps: int) -> None:
    """What it costs is reckoned from the steps that it says."""
    samples = TableRows(TableSpec(), numbers(np.zeros((5, 1), "int32")), steps)
    answer = engine.answer(RunSteps(Program(NETWORK), numbers(START), samples, 0.1))
    assert answer == Failed(f"rows are one batch, or {steps} for as many steps, not 5")

"""Which rows a step uses: every row once in an epoch, held-out rows never, the same order for a seed everywhere."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, Program, RunSteps, StepsRun, TableRows
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import ALL_ROWS, NEXT_ROW, SHUFFLED, THIS_ROW, Sampling, split_rows
from backprop_tui.core.table.spec import TableSpec
from hypothesis import given
from hypothesis import strategies as st
from networks import hidden_layers

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 300)


@given(SEEDS, SIZES, st.integers(1, 400), st.integers(0, 50), st.sampled_from([NEXT_ROW, SHUFFLED, ALL_ROWS]))
def test_an_epoch_visits_every_row_once(seed: int, size: int, batch: int, epoch: int, rule: str) -> None:
    sampling = Sampling(rule, 0, batch)
    draws = sampling.steps_per_epoch(size)
    rows = sampling.rows(seed, size, epoch * draws, draws)
    assert rows.shape == (draws, sampling.batch_size(size))
    assert sorted(rows[rows >= 0].tolist()) == list(range(size))


@given(SEEDS, st.integers(2, 300), st.integers(1, 40), st.floats(0.01, 0.9), st.sampled_from([NEXT_ROW, SHUFFLED]))
def test_an_epoch_never_visits_a_row_that_is_held_out(
    seed: int, size: int, batch: int, share: float, rule: str
) -> None:
    held_count = round(share * size)
    if held_count >= size:
        with pytest.raises(ValueError, match="held out"):
            split_rows(size, share, seed)
        return
    training, held = split_rows(size, share, seed)
    assert len(held) == held_count
    assert sorted([*training.tolist(), *held.tolist()]) == list(range(size))
    sampling = Sampling(rule, 0, batch)
    draws = sampling.steps_per_epoch(len(training))
    rows = sampling.rows(seed, training, 0, draws)
    assert sorted(rows[rows >= 0].tolist()) == training.tolist()


@given(SEEDS, SIZES, st.integers(1, 40), st.integers(0, 300), st.integers(1, 60))
def test_rows_drawn_together_are_the_rows_drawn_one_by_one(
    seed: int, size: int, batch: int, first: int, draws: int
) -> None:
    """A jump uses the rows that single steps would use."""
    for rule in (THIS_ROW, NEXT_ROW, SHUFFLED):
        sampling = Sampling(rule, 0, batch)
        together = sampling.rows(seed, size, first, draws)
        one_by_one = [sampling.rows(seed, size, first + draw)[0] for draw in range(draws)]
        assert np.array_equal(together, one_by_one)


def test_a_seed_names_one_order_on_every_machine() -> None:
    """Recorded once, with numpy's RandomState, whose stream NEP 19 promises never to change."""
    sampling = Sampling(SHUFFLED, 0, 4)
    assert sampling.rows(0, 10, 0, 3).tolist() == [[6, 3, 7, 2], [9, 0, 8, 4], [5, 1, -1, -1]]
    assert split_rows(10, 0.3, 0)[1].tolist() == [2, 4, 8]


def gradient(engine: Engine, program: Program, table: TableSpec, state: np.ndarray, rows: list[int]) -> np.ndarray:
    """The flat gradient of one step over these rows, over all that train where there are none."""
    samples = TableRows(table, numbers(np.array([rows], "int32").reshape(1 if rows else 0, len(rows))))
    answer = engine.answer(RunSteps(program, numbers(state), samples, 0.1))
    assert isinstance(answer, StepsRun)
    trace = arrays(answer.trace)
    return np.concatenate([trace["g" + parameter.name].ravel() for parameter in program.network.parameters])


@pytest.mark.slow
@pytest.mark.parametrize("holdout", [0.0, 0.2])
@pytest.mark.parametrize("hidden", [[2], [5, 3]])
def test_a_full_batch_step_is_the_mean_of_the_single_rows(engine: Engine, hidden: list[int], holdout: float) -> None:
    program = Program(Network(2, hidden_layers(hidden, "sigmoid")), dtype="float64")
    table = TableSpec(holdout=holdout)
    state = np.random.RandomState(3).uniform(size=program.network.width)
    rows = range(499) if not holdout else split_rows(499, holdout, 0)[0].tolist()
    single = [gradient(engine, program, table, state, [row]) for row in rows]
    assert gradient(engine, program, table, state, []) == pytest.approx(np.mean(single, axis=0), rel=1e-10)
    batch = [gradient(engine, program, table, state, list(rows)[:32])]
    assert batch[0] == pytest.approx(np.mean(single[:32], axis=0), rel=1e-10)


@pytest.mark.slow
def test_a_large_batch_worked_through_in_blocks_is_the_mean_of_its_parts(engine: Engine) -> None:
    """10,000 rows fill two blocks and a part of a third; parts of 3,000 and 4,000 fill none."""
    program = Program(Network(2, hidden_layers([4], "tanh")), dtype="float64")
    random = np.random.RandomState(5)
    x, y = random.standard_normal((10_000, 2)), random.standard_normal((10_000, 1))
    state = numbers(random.uniform(size=program.network.width))

    def trace(first: int, end: int) -> dict[str, np.ndarray]:
        samples = Inline(numbers(x[first:end]), numbers(y[first:end]))
        answer = engine.answer(RunSteps(program, state, samples, 0.1))
        assert isinstance(answer, StepsRun)
        return arrays(answer.trace)

    whole, parts = trace(0, 10_000), [trace(0, 3_000), trace(3_000, 6_000), trace(6_000, 10_000)]
    for name in ("loss", "x", "y", "z1", "h1", "y_pred", "gz1", "gh1", "gy_pred", "gw1", "gb1", "gw2", "gb2"):
        mean = sum(share * part[name] for share, part in zip((0.3, 0.3, 0.4), parts, strict=True))
        assert whole[name] == pytest.approx(mean, rel=1e-9, abs=1e-12), name


def test_a_session_trains_on_the_rows_that_are_not_held_out(engine: Engine, settle: object) -> None:
    session = Session(Run(table=TableSpec(holdout=0.2)))
    settle(session)  # type: ignore[operator]
    assert session.timeline.training_rows == 399
    session.timeline.set_sampling(SHUFFLED, 32)
    used = set()
    for _ in range(13):
        session.timeline.step()
        settle(session)  # type: ignore[operator]
        assert session.timeline.trace is not None
        used |= set(session.timeline.trace.rows)
    assert session.timeline.epochs == 1
    assert used == set(split_rows(499, 0.2, 0)[0].tolist())

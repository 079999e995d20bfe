"""A step is the same bits however it is come by: alone, in a jump of whatever chunks, or computed again."""

from dataclasses import replace

import numpy as np
import pytest
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import RULES, Sampling
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from hypothesis import example, given, settings
from hypothesis import strategies as st
from networks import batch, frozen, networks
from same_bits import is_same


def run_of(network: Network, optimizer: Optimizer, sampling: Sampling, rows: int, seed: int, dtype: str) -> Run:
    """A run on a table of random rows."""
    data = batch(network, rows, seed)
    table = TableSpec(
        features=tuple(f"f{number}" for number in range(network.features)),
        targets=tuple(f"t{number}" for number in range(network.outputs)),
        standardize=(),
        log_target=False,
        x=numbers(data.x),
        y=numbers(data.y),
    )
    initial = tuple(data.parameters.astype(dtype).tolist())
    return Run(table, network, optimizer, Settings(0.05, sampling), initial=initial, dtype=dtype)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    optimizer = Optimizer(draw(st.sampled_from(list(OPTIMIZERS))))
    rows = draw(st.integers(2, 7))
    sampling = Sampling(draw(st.sampled_from(RULES)), draw(st.integers(0, rows - 1)), draw(st.integers(1, 4)))
    dtype = draw(st.sampled_from(["float32", "float64"]))
    network = draw(networks())
    network = replace(network, frozen=draw(frozen(network)))
    return run_of(network, optimizer, sampling, rows, draw(st.integers(0, 2**32 - 1)), dtype)


def bits(values: Array) -> bytes:
    return np.ascontiguousarray(values).tobytes()


def trace_bits(trace: Trace | None) -> dict[str, bytes]:
    assert trace is not None
    return {name: bits(value) for name, value in trace.values.items()} | {"rows": repr(trace.rows).encode()}


def recorded(session: Session) -> tuple[bytes, bytes]:
    return bits(session.timeline.history.states), bits(session.timeline.history.losses)


def steps_one_by_one(settle: Settle, run: Run, steps: int) -> tuple[Session, list[dict[str, bytes]]]:
    session, traces = Session(run), []
    for _ in range(steps):
        session.timeline.step()
        traces.append(trace_bits(settle(session).timeline.trace))
    return session, traces


OVERFLOWS = Run(optimizer=Optimizer("momentum"), settings=Settings(1000.0))
"""The loss of its seventh step is infinite, those after that are no numbers."""


@pytest.mark.slow
@given(runs(), st.lists(st.integers(1, 40), min_size=1, max_size=4))
@example(run=OVERFLOWS, jumps=[5, 4, 1])
@settings(max_examples=20, deadline=None)
def test_jumps_equal_single_steps_and_the_past_comes_out_again(settle: Settle, run: Run, jumps: list[int]) -> None:
    single, traces = steps_one_by_one(settle, run, sum(jumps))
    states, losses = single.timeline.history.states, single.timeline.history.losses
    jumped = Session(run)
    for steps in jumps:
        ahead = losses[jumped.timeline.steps : jumped.timeline.steps + steps]
        expected = jumped.timeline.steps + steps_until_not_finite(ahead)
        jumped.timeline.start_jump(steps)
        settle(jumped)
        assert jumped.timeline.steps == expected
    made = jumped.timeline.steps
    assert recorded(jumped) == (bits(states[: made + 1]), bits(losses[:made]))
    assert trace_bits(jumped.timeline.trace) == traces[made - 1]
    # Back to the very start by single steps, forward again by phases: each step's trace on the way.
    for trace in reversed(traces):
        assert trace_bits(settle(single).timeline.trace) == trace
        single.back()
    assert (single.timeline.position.entry, single.timeline.position.done) == (0, 0)
    for trace in traces:
        single.forward_phase()
        while single.timeline.position.done < single.timeline.whole:
            single.forward_phase()
        assert trace_bits(settle(single).timeline.trace) == trace
    assert recorded(single) == (bits(states), bits(losses))


def steps_until_not_finite(losses: Array) -> int:
    """How many steps a jump over these losses makes: it ends with the first loss that is not finite."""
    ends = np.flatnonzero(~np.isfinite(losses))
    return int(ends[0]) + 1 if len(ends) else len(losses)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 100, 25))
def test_random_programs_make_the_same_bits_in_pieces(first: int) -> None:
    """A hundred; thousands are tried by `python tests/support/same_bits.py`."""
    assert [number for number in range(first, first + 25) if not is_same(number)] == []


@pytest.mark.slow
def test_a_jump_over_many_chunks(settle: Settle) -> None:
    """More steps than one request runs (2,621 of 100 rows), over an epoch's end with a smaller last batch."""
    run = Run(settings=Settings(0.01, Sampling("shuffled", 0, 100)))
    whole, parts = Session(run), Session(run)
    whole.timeline.start_jump(6000)
    settle(whole)
    for steps in (1, 2620, 2622, 757):
        parts.timeline.start_jump(steps)
        settle(parts)
    assert recorded(whole) == recorded(parts)
    assert trace_bits(whole.timeline.trace) == trace_bits(parts.timeline.trace)
    assert len(whole.timeline.losses) == 6000


@pytest.mark.slow
@given(runs(), st.integers(2, 12), st.data())
@settings(max_examples=8, deadline=None)
def test_stepping_from_the_past_cuts_the_future(settle: Settle, run: Run, steps: int, data: st.DataObject) -> None:
    session, _ = steps_one_by_one(settle, run, steps)
    states, losses = session.timeline.history.states.copy(), session.timeline.history.losses.copy()
    place = data.draw(st.integers(0, steps - 1))
    session.timeline.go_to(place)
    settle(session)
    assert session.timeline.history.entries == steps  # looking back forgets nothing
    assert session.timeline.steps == place
    session.timeline.set_lr(0.01)
    session.timeline.step()
    settle(session)
    assert session.timeline.history.entries == place + 1
    assert bits(session.timeline.history.states[: place + 1]) == bits(states[: place + 1])
    assert bits(session.timeline.history.losses[:place]) == bits(losses[:place])
    # The same example at the same parameters: the same loss, and another update.
    assert bits(session.timeline.history.losses[place]) == bits(losses[place])
    gradient = session.timeline.trace
    assert gradient is not None
    moved = any(np.any(gradient["g" + parameter.name]) for parameter in run.network.parameters)
    # A gradient that is not 0 may still be too small to move anything.
    assert moved or bits(session.timeline.history.states[place + 1]) == bits(states[place + 1])

"""Transcripts of thousands of steps a call read, to the last digit, as those that are made step by step."""

import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import one_by_one
import pytest
from backprop_tui.core.engine.compute import traces
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.program import Compiled
from backprop_tui.core.engine.protocol.limits import TRACED_NUMBERS, traced
from backprop_tui.core.engine.protocol.messages import Failed, Inline, Program, RunSteps, StepsRun
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.as_csv import csv_text
from backprop_tui.core.export.as_json import json_text
from backprop_tui.core.export.markdown import markdown
from backprop_tui.core.export.steps import made, single
from backprop_tui.core.export.text import notebook_text
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import Sampling
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from networks import batch, hidden_layers
from same_bits import random_program


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program that hands out every step is compiled for a hundred steps, not only for a thousand."""
    monkeypatch.setattr(traces, "LEAST", 100)


def on_random_rows(network: Network, optimizer: str, sampling: Sampling, dtype: str = "float32") -> Run:
    """A run on eleven rows of random numbers."""
    data = batch(network, 11, 5)
    table = TableSpec(
        features=tuple(f"f{number}" for number in range(network.features)),
        targets=tuple(f"t{number}" for number in range(network.outputs)),
        standardize=(),
        log_target=False,
        x=numbers(data.x),
        y=numbers(data.y),
    )
    return Run(table, network, Optimizer(optimizer), Settings(0.05, sampling), seed=4, dtype=dtype)


RUNS = [
    Run(),
    Run(network=Network(2, hidden_layers([3, 2], "tanh")), optimizer=Optimizer("momentum"), dtype="float64"),
    on_random_rows(Network(3, hidden_layers([8], "relu")), "adam", Sampling("next row")),
    on_random_rows(Network(2, hidden_layers([4], "softplus"), frozen=("b1",)), "rmsprop", Sampling("all rows")),
    on_random_rows(
        Network(2, (Layer(4, "elu"), Layer(1, "sigmoid")), BINARY_CROSS_ENTROPY), "adam", Sampling("shuffled", 0, 4)
    ),
    on_random_rows(
        Network(2, (Layer(3, "tanh"), Layer(3, "softmax")), SOFTMAX_CROSS_ENTROPY),
        "sgd",
        Sampling("shuffled", 0, 3),
        "float64",
    ),
    replace(on_random_rows(Network(), "sgd", Sampling("shuffled", 0, 1)), settings=Settings(1e4)),  # not finite soon
    Run(settings=Settings(1e-5)),
    Run(settings=Settings(0.01, Sampling("shuffled", 0, 70))),  # shown as means
]


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.network.name} {run.optimizer.name} {run.dtype}")
def test_every_format_reads_as_if_made_step_by_step(run: Run, engine: Engine) -> None:
    session, steps = Session(run), 260
    alone = list(one_by_one.made(session, engine.answer, steps))
    for form, written, plain in (
        ("csv", csv_text, one_by_one.csv_text(run, alone)),
        ("json", json_text, one_by_one.json_text(run, alone)),
        ("text", lambda _, blocks: notebook_text(single(blocks)), "".join(notebook_text(alone))),
    ):
        assert "".join(written(run, made(run, engine.answer, steps))) == plain, form
        assert "".join(FORMATS[form].write(session.timeline, engine.answer, None)) == plain, form


@pytest.mark.slow
def test_a_session_with_changes_reads_as_if_computed_step_by_step(
    engine: Engine, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = settle(Session(Run(seed=3)))
    for change in (
        lambda: session.timeline.set_lr(0.05),
        lambda: session.timeline.change(Cell("w1", 0, 1), 0.25),
        lambda: session.timeline.set_sampling("next row"),
        lambda: session.timeline.change(Cell("x", 0, 1), 1.5),
        lambda: session.timeline.set_sampling("shuffled", 3),
    ):
        session.timeline.start_jump(150)
        settle(session)
        change()
        settle(session)
    session.timeline.start_jump(400)
    settle(session)
    run, alone = session.timeline.run, list(one_by_one.recorded(session.timeline, engine.answer))

    def text(form: str) -> str:
        return "".join(FORMATS[form].write(session.timeline, engine.answer, None))

    assert text("csv") == one_by_one.csv_text(run, alone)
    assert text("json") == one_by_one.json_text(run, alone)
    assert text("text") == "".join(notebook_text(alone))
    monkeypatch.setattr(sys.modules[markdown.__module__], "recorded_steps", lambda *_: iter(alone))
    plain = "".join(markdown(session.timeline, engine.answer))
    monkeypatch.undo()
    assert "".join(markdown(session.timeline, engine.answer)) == plain


@pytest.mark.parametrize("bound", [0.5, 1e-3])
def test_steps_end_at_a_bound_as_a_jump_does(bound: float, engine: Engine, settle: Settle) -> None:
    session = settle(Session(Run()))
    session.timeline.start_jump(500, bound)
    settle(session)
    blocks = list(made(Run(), engine.answer, 500, bound))
    assert sum(map(len, blocks)) == session.timeline.steps < 500
    assert [len(block) for block in blocks[:2]] == [1, 4], "something is written at once"


def test_the_history_that_is_not_kept_reads_the_same(engine: Engine, settle: Settle) -> None:
    session = Session(Run())
    session.timeline.history.most_bytes = 36 * 300
    session.timeline.start_jump(900)
    settle(session)
    assert session.timeline.history.every > 1
    text = "".join(FORMATS["csv"].write(session.timeline, engine.answer, None))
    assert text == "".join(csv_text(Run(), made(Run(), engine.answer, 900)))


# The engine's side

DEFAULT = Network()


def asked(steps: int, network: Network = DEFAULT) -> RunSteps:
    state = numbers(np.full(network.width, 0.25, "float32"))
    one = numbers(np.ones((1, network.features))), numbers(np.ones((1, network.outputs)))
    return RunSteps(Program(network), state, Inline(*one, steps), 0.1, every=True)


@pytest.mark.slow
def test_an_answer_is_bounded(engine: Engine) -> None:
    for network in (Network(), Network(8, hidden_layers([64, 32], "relu")), Network(200, hidden_layers([200], "relu"))):
        most = traced(network, Optimizer(), 1)
        assert isinstance(engine.answer(asked(most + 4096, network)), Failed)
        answer = engine.answer(asked(2, network))
        assert isinstance(answer, StepsRun)
        assert sum(np.prod(value.shape) for value in answer.trace.values()) / 2 * most <= TRACED_NUMBERS
    none = engine.answer(asked(0))
    assert isinstance(none, StepsRun)
    assert none.trace == {}


@pytest.mark.slow
def test_few_steps_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    engine = Engine()
    answer = engine.answer(asked(999))
    assert isinstance(answer, StepsRun)
    assert (engine.compiled, answer.losses.shape) == (1, (traces.SINGLE_STEPS,))
    assert not engine.is_ready(asked(1000))
    answer = engine.answer(asked(1000))
    assert isinstance(answer, StepsRun)
    assert (engine.compiled, answer.losses.shape) == (2, (1000,))
    assert engine.is_ready(asked(1000))


@pytest.mark.slow
def test_a_program_that_rounds_otherwise_is_not_used(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(2, hidden_layers([5], "tanh"))
    monkeypatch.setattr(traces, "rounds_alike", lambda *_: False)
    answer = engine.answer(asked(500, network))
    assert isinstance(answer, StepsRun)
    assert answer.losses.shape == (traces.SINGLE_STEPS,)


@pytest.mark.slow
def test_another_rounding_is_noticed() -> None:
    """The same program without XLA rounds otherwise."""
    program = Program(Network(2, hidden_layers([3], "tanh")))
    assert traces.rounds_alike(Compiled(program, 1), Compiled(program, 1, every=True))
    assert not traces.rounds_alike(Compiled(program, 1), Compiled(program, 1, xla=False, every=True))


@pytest.mark.slow
def test_random_programs_hand_out_what_single_steps_compute() -> None:
    """Where the compiler rounds as for single steps, which it does for most; the others are made one by one."""
    found = []
    for number in range(12):
        program, size = random_program(number)
        found.append(traces.tracing(Compiled(program, size)).every)
    assert sum(found) >= 10


@pytest.mark.slow
def test_memory_stays_flat_over_many_rows(engine: Engine) -> None:
    def peak(steps: int) -> int:
        tracemalloc.start()
        for _ in csv_text(Run(), made(Run(), engine.answer, steps)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(9_000)
    assert peak(60_000) < 1.1 * peak(20_000)

"""The picture of the prediction: each of its points against what the engine predicts there, and the rows upon it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, RowsRead, RunSteps, StepsRun, WireError
from backprop_tui.core.model.activations import SOFTMAX, hidden_activations
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, HALF_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Array, Layer, Network
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.plane import Plane, beginning, hidden_units
from backprop_tui.core.session.prediction import (
    BANDS,
    LEAST_POINTS,
    MOST_ROWS,
    Picture,
    Rows,
    most_points,
    picture,
    read_rows,
    rows_request,
)
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import split_rows
from backprop_tui.core.table.spec import TableSpec
from driving import Settle

COLUMNS, LINES = 8, 7
"""A trace is of 64 rows at most."""

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(50, 20, (12, 3))
CLASSES = np.eye(3)[np.arange(12) % 3]
NUMBERS = RANDOM.normal(size=(12, 1))

TABLE = TableSpec(
    features=("a", "b", "c"),
    targets=("t",),
    standardize=("a", "b"),
    log_target=False,
    x=numbers(X),
    y=numbers(NUMBERS),
)


def run_with(last: str = "linear", loss: str = HALF_SQUARED, hidden: Sequence[str] = ("tanh", "sigmoid")) -> Run:
    outputs = 3 if last == SOFTMAX else 1
    table = TABLE
    if outputs == 3:
        table = replace_table(targets=("red", "green", "blue"), y=numbers(CLASSES))
    elif loss == BINARY_CROSS_ENTROPY:
        table = replace_table(y=numbers(CLASSES[:, :1]))
    network = Network(3, (*(Layer(3, activation) for activation in hidden), Layer(outputs, last)), loss)
    return Run(table=table, network=network, settings=Settings(lr=0.01), initializer="normal", dtype="float64")


def replace_table(**changes: object) -> TableSpec:
    fields = {name: getattr(TABLE, name) for name in TABLE.__struct_fields__}
    return TableSpec(**(fields | changes))  # type: ignore[arg-type]


def opened(engine: Engine, settle: Settle, run: Run, steps: int = 2) -> tuple[Session, Rows]:
    session = settle(Session(run))
    for _ in range(steps):
        session.timeline.step()
        settle(session)
    scaling = session.timeline.scaling
    assert scaling is not None
    request = rows_request(run.table, scaling)
    return session, read_rows(request, engine.answer(request), scaling)


def drawn(session: Session, rows: Rows, plane: Plane, columns: int = COLUMNS, lines: int = LINES) -> Picture:
    found = picture(session.timeline, rows, plane, columns, lines)
    assert found is not None
    return found


def of_engine(engine: Engine, session: Session, raw: Array) -> dict[str, Array]:
    """What the engine computes at points (n, features) in the table's own units."""
    timeline = session.timeline
    scaling, run = timeline.scaling, timeline.run
    assert scaling is not None
    y = np.tile(np.eye(run.network.outputs)[0], (len(raw), 1))
    samples = Inline(numbers((raw - scaling.mean) / scaling.std), numbers(y))
    state = timeline.history.state(timeline.whole_entries)
    assert state is not None
    answer = engine.answer(RunSteps(run.program, numbers(state), samples, 0.0))
    assert isinstance(answer, StepsRun), answer
    return {name: value.array for name, value in answer.trace.items()}


def centers(session: Session, found: Picture, plane: Plane) -> Array:
    """The middle of each character of a map, (lines * columns, features), line after line from the top."""
    timeline = session.timeline
    assert timeline.scaling is not None
    assert found.up is not None
    assert plane.up is not None
    here = timeline.shown_sample()[0] * timeline.scaling.std + timeline.scaling.mean
    raw = np.tile(here, (COLUMNS * LINES, 1))
    for line in range(LINES):
        for column in range(COLUMNS):
            place = line * COLUMNS + column
            share = (column + 0.5) / COLUMNS
            raw[place, plane.across] = found.across.low * (1 - share) + found.across.high * share
            share = (line + 0.5) / LINES
            raw[place, plane.up] = found.up.high * (1 - share) + found.up.low * share
    return raw


ENDINGS = [("linear", HALF_SQUARED), ("sigmoid", BINARY_CROSS_ENTROPY), (SOFTMAX, SOFTMAX_CROSS_ENTROPY)]


@pytest.mark.slow
@pytest.mark.parametrize(("last", "loss"), ENDINGS)
def test_a_map_is_what_the_engine_predicts(engine: Engine, settle: Settle, last: str, loss: str) -> None:
    session, rows = opened(engine, settle, run_with(last, loss, hidden_activations()))
    network = session.timeline.run.network
    for across, up in ((0, 1), (2, 0)):
        plane = Plane(across, up)
        computed = of_engine(engine, session, centers(session, drawn(session, rows, plane), plane))
        for output in range(network.outputs):
            found = drawn(session, rows, replace(plane, unit=output))
            np.testing.assert_allclose(found.values.reshape(-1), computed["y_pred"][output], rtol=1e-9, atol=1e-12)
        for layer, unit in hidden_units(network):
            found = drawn(session, rows, replace(plane, layer=layer, unit=unit))
            np.testing.assert_allclose(found.values.reshape(-1), computed[f"h{layer}"][unit], rtol=1e-9, atol=1e-12)
        if network.outputs > 1:
            found = drawn(session, rows, replace(plane, unit=None))
            assert found.bands.reshape(-1).tolist() == computed["y_pred"].argmax(axis=0).tolist()


@pytest.mark.slow
def test_a_curve_of_the_house_table_is_what_the_engine_predicts(engine: Engine, settle: Settle) -> None:
    session, rows = opened(engine, settle, Run())
    scaling = session.timeline.scaling
    assert scaling is not None
    found = drawn(session, rows, Plane(across=1, up=None), columns=30)
    assert found.up is None
    assert found.values.shape == found.x.shape == (60,)
    assert session.timeline.sample is not None
    raw = np.tile(session.timeline.sample.raw, (60, 1))
    raw[:, 1] = found.x
    np.testing.assert_allclose(found.values, of_engine(engine, session, raw)["y_pred"][0], rtol=1e-5)
    np.testing.assert_allclose(found.value, of_engine(engine, session, session.timeline.sample.raw[None])["y_pred"][0])
    assert (found.here.x, found.here.y) == (pytest.approx(session.timeline.sample.raw[1]), session.timeline.sample.y[0])
    assert len(found.points) == rows.of == 499
    np.testing.assert_allclose([point.x for point in found.points], rows.raw[:, 1])
    np.testing.assert_allclose(np.exp([point.y for point in found.points]), price_of_each_row(engine))


def price_of_each_row(engine: Engine) -> Array:
    request = rows_request(TableSpec(), opened_scaling(engine))
    answer = engine.answer(request)
    assert isinstance(answer, RowsRead)
    return answer.raw_y.array[:, 0]


def opened_scaling(engine: Engine) -> object:
    from backprop_tui.core.session import drive

    session = Session(Run())
    drive.settle(session, engine.answer)
    return session.timeline.scaling


@pytest.mark.slow
def test_the_other_features_stay_at_the_row_or_at_the_mean(engine: Engine, settle: Settle) -> None:
    session, rows = opened(engine, settle, run_with())
    session.timeline.set_row(4)
    settle(session)
    assert drawn(session, rows, Plane(0, 1)).held == (("c", pytest.approx(X[4, 2])),)
    at_mean = Plane(0, None).turned_mean()
    assert dict(drawn(session, rows, at_mean).held) == pytest.approx(dict(zip("bc", X.mean(axis=0)[1:], strict=True)))


@pytest.mark.slow
def test_rows_held_out_have_other_signs(engine: Engine, settle: Settle) -> None:
    for last, loss in ENDINGS:
        run = run_with(last, loss)
        fields = {name: getattr(run.table, name) for name in run.table.__struct_fields__}
        run = replace(run, table=TableSpec(**(fields | {"holdout": 0.25})))
        session, rows = opened(engine, settle, run)
        held = split_rows(12, 0.25, 0)[1].tolist()
        signs = [point.sign for point in drawn(session, rows, beginning(run)).points]
        if loss == HALF_SQUARED:
            wanted = ["○" if row in held else "●" for row in range(12)]
        else:
            letters = "ABC" if last == SOFTMAX else "BAA"
            wanted = [letters[row % 3].lower() if row in held else letters[row % 3] for row in range(12)]
        assert signs == wanted


@pytest.mark.slow
def test_bands_go_from_the_lowest_to_the_highest(engine: Engine, settle: Settle) -> None:
    session, rows = opened(engine, settle, run_with())
    found = drawn(session, rows, Plane(0, 1), 40, 20)
    assert found.bands.shape == found.values.shape == (20, 40)
    assert found.bands.flat[found.values.argmin()] == 0
    assert found.bands.flat[found.values.argmax()] == BANDS - 1
    assert (np.diff(found.bands.reshape(-1)[found.values.reshape(-1).argsort()]) >= 0).all()
    shares = drawn(*opened(engine, settle, run_with("sigmoid", BINARY_CROSS_ENTROPY)), Plane(0, 1), 40, 20)
    assert (shares.low, shares.high) == (0, 1)
    np.testing.assert_array_equal(shares.bands, np.floor(shares.values * 10))


@pytest.mark.slow
def test_what_is_no_number_has_no_band(engine: Engine, settle: Settle) -> None:
    run = replace(run_with(hidden=["linear"]), settings=Settings(lr=1e300))
    session, rows = opened(engine, settle, run, steps=4)
    found = drawn(session, rows, Plane(0, 1))
    assert not np.isfinite(found.values).any()
    assert (found.bands == -1).all()


def test_a_large_network_has_wider_points(engine: Engine, settle: Settle) -> None:
    assert most_points(Network()) >= 191 * 50, "a large terminal has a point for each character"
    large = Network(3, (Layer(4000, "relu"), Layer(1, "linear")))
    assert LEAST_POINTS <= most_points(large) < 10_000
    run = Run(table=TABLE, network=large)
    session, rows = opened(engine, settle, run, steps=0)
    found = drawn(session, rows, Plane(0, 1), 191, 50)
    assert found.values.shape == (50, 191)
    assert len(found.x) * 50 <= most_points(large)
    assert (found.values[:, 0] == found.values[:, 1]).all()


def test_rows_of_a_large_table_are_spread_over_it(settle: Settle) -> None:
    session = settle(Session(Run()))
    scaling = session.timeline.scaling
    assert scaling is not None
    rows = rows_request(TableSpec(), replace(scaling, rows=1_000_000)).rows.array
    assert len(rows) == MOST_ROWS == len(set(rows.tolist()))
    assert (rows[0], rows[-1]) == (0, 999_999)


def test_rows_that_do_not_fit_are_refused(engine: Engine, settle: Settle) -> None:
    session = settle(Session(Run()))
    scaling = session.timeline.scaling
    assert scaling is not None
    request = rows_request(TableSpec(), scaling)
    other = replace_rows(engine, request.table, 3)
    with pytest.raises(WireError):
        read_rows(request, other, scaling)


def replace_rows(engine: Engine, table: TableSpec, count: int) -> object:
    from backprop_tui.core.engine.protocol.messages import ReadRows

    return engine.answer(ReadRows(table, numbers(np.arange(count, dtype="int32"))))


def test_keys_go_round() -> None:
    run = run_with(SOFTMAX, SOFTMAX_CROSS_ENTROPY)
    plane = beginning(run)
    assert (plane.across, plane.up, plane.unit) == (0, 1, None)
    outputs = [plane]
    for _ in range(4):
        outputs.append(outputs[-1].next_output(run, 1))
    assert [one.unit for one in outputs] == [None, 0, 1, 2, None]
    units = [plane]
    for _ in range(7):
        units.append(units[-1].next_unit(run, 1))
    assert [(one.layer, one.unit) for one in units[1:]] == [*hidden_units(run.network), (0, None)]
    assert plane.next_unit(run, -1).layer == 2
    assert (plane.next_across(run, 1).across, plane.next_across(run, 1).up) == (1, 0), "the two change places"
    assert (plane.next_up(run, 1).across, plane.next_up(run, 1).up) == (0, 2)
    curve = plane.as_curve()
    assert (curve.up, curve.unit) == (None, 0)
    assert curve.as_map(run) == plane
    other = Run(network=Network(1))
    assert plane.fitting(other) == beginning(other) == Plane(up=None)
    with pytest.raises(ValueError, match="one feature"):
        beginning(other).as_map(other)

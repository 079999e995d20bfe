"""Random scenarios for property tests: runs of every kind, what is shown, what is expected."""

from dataclasses import replace

import numpy as np
from backprop_tui.core.lessons.names import NAMES
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.initializers import INITIALIZERS
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.scenario import PANES, Expectation, Scenario, Show
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.table.batches import RULES, Sampling
from backprop_tui.core.table.spec import TableSpec
from hypothesis import strategies as st
from networks import batch, frozen, networks

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=60)
LINES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
REALS = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def tables(draw: st.DrawFn, network: Network) -> TableSpec:
    """Rows written in the scenario, 2 to 5 of them, or columns of the house table if those fit the network."""
    prices_fit = network.features <= 2 and network.outputs == 1 and not network.loss_row.classes
    if prices_fit and draw(st.booleans()):
        features = ("bedrooms", "sqft_living")[: network.features]
        holdout = draw(st.sampled_from([0.0, 0.2]))
        standardize = features if draw(st.booleans()) else ()
        return TableSpec("", features, ("price",), standardize, draw(st.booleans()), holdout, 3 if holdout else 0)
    samples = batch(network, draw(st.integers(2, 5)), draw(st.integers(0, 99)))
    names = draw(st.lists(LINES, min_size=network.features, max_size=network.features, unique=True))
    features = tuple("x:" + name for name in names)
    targets = tuple(f"y {number}" for number in range(network.outputs))
    return TableSpec("", features, targets, (), False, x=numbers(samples.x), y=numbers(samples.y))


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Every network, optimizer, precision and rule for rows; parameters of a seed or given, with moments or without."""
    network = draw(networks(max_hidden=2, max_units=3))
    network = replace(network, frozen=draw(frozen(network)))
    optimizer = Optimizer(draw(st.sampled_from(list(OPTIMIZERS))))
    sampling = Sampling(draw(st.sampled_from(RULES)), draw(st.integers(0, 1)), draw(st.integers(1, 3)))
    drawn = draw(st.integers(0, 20))
    settings = Settings(draw(st.floats(0, 2)), sampling, -drawn)
    if draw(st.booleans()):
        sample = batch(network, 1, draw(st.integers(0, 99)))
        settings = replace(settings, x=tuple(sample.x[0].tolist()), y=tuple(sample.y[0].tolist()))
    widths = [None, network.width, optimizer.state_width(network)]
    width = draw(st.sampled_from(widths))
    initial = None if width is None else tuple(draw(st.lists(REALS, min_size=width, max_size=width)))
    return Run(
        draw(tables(network)),
        network,
        optimizer,
        settings,
        draw(st.integers(0, 2**32 - 1)),
        draw(st.sampled_from(INITIALIZERS)),
        draw(st.floats(-2, 2)),
        initial,
        draw(st.sampled_from(["float32", "float64"])),
    )


@st.composite
def expectations(draw: st.DrawFn, run: Run) -> Expectation:
    """One about a parameter: all of it, or one number; if a source is wrong, both numbers."""
    parameter = draw(st.sampled_from(run.network.parameters))
    rows, columns = parameter.shape
    index = (draw(st.integers(1, rows)), draw(st.integers(1, columns))) if draw(st.booleans()) else None
    shape = (1, 1) if index else parameter.shape
    value = np.array(draw(st.lists(REALS, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))).reshape(shape)
    wrong = draw(st.booleans())
    matrix = tuple(map(tuple, value.tolist()))
    because = draw(TEXTS.filter(bool)) if wrong else ""
    return Expectation(
        draw(st.integers(0, 1000)),
        parameter.name,
        matrix,
        draw(st.floats(0, 1)),
        index,
        draw(st.just("") | LINES),
        matrix if wrong else None,
        because,
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """All of it."""
    run = draw(runs())
    show = Show(
        draw(st.sampled_from(NAMES)),
        tuple(draw(st.lists(st.sampled_from(PANES), unique=True))),
        tuple(draw(st.lists(st.sampled_from(["r", "+", "ctrl+p", '"', "\\"]), unique=True))),
        draw(st.dictionaries(st.sampled_from(NAMES), TEXTS)),
    )
    expected = tuple(draw(st.lists(expectations(run), max_size=3)))
    return Scenario(draw(LINES), draw(st.just("") | LINES), draw(TEXTS), run, expected, show)

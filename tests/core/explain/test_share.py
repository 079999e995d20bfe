"""The shares of a batch's rows add up to the gradient that the tape found."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain.share import share
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.phases import Cell
from traced import traced

NETWORKS = {
    "2-2-1": Network(),
    "2-3-2": Network(2, (Layer(3, "tanh"), Layer(2, "linear")), "mean_squared_error"),
    "3-2-3": Network(3, (Layer(2, "relu"), Layer(3, "softmax")), "softmax_cross_entropy"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_they_add_up(engine: Engine, name: str) -> None:
    trace, _ = traced(engine, NETWORKS[name], 3, 5, "float64", Optimizer())
    for parameter in NETWORKS[name].parameters:
        for place in np.ndindex(*parameter.shape):
            cell = Cell(f"g{parameter.name}", *place)
            parts = [share(trace, cell, sample) for sample in range(5)]
            assert sum(part for part in parts if part is not None) == pytest.approx(float(trace[cell.name][place]))


def test_other_numbers_have_none(engine: Engine) -> None:
    trace, _ = traced(engine, Network(), 3, 5, "float32", Optimizer())
    assert [share(trace, Cell(name), 0) for name in ("z1", "gz1", "gh1", "w1", "new_w1", "loss")] == [None] * 6

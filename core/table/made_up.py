"""Rows that are made up for a network that comes without a table, as for a model from a file."""

import numpy as np
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Network

from .spec import TableSpec

ROWS = 64
"""So many rows are made up."""


def made_up(network: Network, seed: int = 0) -> TableSpec:
    """Features from a normal distribution, and targets of the kind that the network's loss takes.

    These are classes, one of several, or yes and no; else numbers from a normal distribution.
    """
    random = np.random.RandomState(seed)
    x = random.standard_normal((ROWS, network.features))
    shape = (ROWS, network.outputs)
    y = np.eye(network.outputs)[random.randint(0, network.outputs, ROWS)]
    if network.loss_row.first_refused(np.full((1, network.outputs), -0.5)) is None:
        y = random.standard_normal(shape)
    elif network.loss_row.first_refused(np.ones((1, network.outputs))) is None:
        y = random.randint(0, 2, shape).astype("float64")
    return TableSpec(
        features=_names("x", network.features),
        targets=_names("y", network.outputs),
        standardize=(),
        log_target=False,
        x=numbers(x),
        y=numbers(y),
    )


def _names(letter: str, count: int) -> tuple[str, ...]:
    return (letter,) if count == 1 else tuple(f"{letter}{number}" for number in range(1, count + 1))

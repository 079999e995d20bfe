"""The tables that come with the program besides the houses: scikit-learn makes them or brings them. No network."""

from collections.abc import Callable

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.built_in import BUILT_IN

from .loading import without_collection

with without_collection():
    import pandas as pd
    from sklearn import datasets

SEED = 0
"""Of all of them: a table has the same rows on every machine (RandomState, NEP 19)."""


def make_frame(name: str) -> pd.DataFrame:
    """The table of that name in `BUILT_IN`: float64 columns, and a last one of texts if it has classes."""
    table = BUILT_IN[name]
    x, y = _MADE[name](table.rows)
    frame = pd.DataFrame(np.asarray(x, "float64"), columns=list(table.features))
    frame[table.target] = [table.classes[number] for number in y.tolist()] if table.classes else y
    return frame


def _xor(rows: int) -> tuple[Array, Array]:
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    x, corner = datasets.make_blobs(rows, centers=corners, cluster_std=0.12, random_state=SEED)
    return x, np.array([0, 1, 1, 0])[corner]


def _moons(rows: int) -> tuple[Array, Array]:
    x, moon = datasets.make_moons(rows, noise=0.15, random_state=SEED)
    return x, 1 - moon  # scikit-learn's first moon is the upper one


def _circles(rows: int) -> tuple[Array, Array]:
    x, circle = datasets.make_circles(rows, noise=0.08, factor=0.5, random_state=SEED)
    return x, 1 - circle  # scikit-learn's first circle is the outer one


def _spiral(rows: int) -> tuple[Array, Array]:
    """The arms of https://cs231n.github.io/neural-networks-case-study/: angles with noise along growing radii."""
    random, each = np.random.RandomState(SEED), rows // 3
    arm, radius = np.repeat(np.arange(3), each), np.tile(np.linspace(0.0, 1.0, each), 3)
    angle = 4 * arm + 4 * radius + random.standard_normal(3 * each) * 0.2
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), arm


def _iris(_: int) -> tuple[Array, Array]:
    x, species = datasets.load_iris(return_X_y=True)
    return x, species


def _line(rows: int) -> tuple[Array, Array]:
    x, y = datasets.make_regression(rows, 1, noise=10.0, bias=20.0, random_state=SEED)
    return x, y


_MADE: dict[str, Callable[[int], tuple[Array, Array]]] = {
    "xor": _xor,
    "moons": _moons,
    "circles": _circles,
    "spiral": _spiral,
    "iris": _iris,
    "line": _line,
}

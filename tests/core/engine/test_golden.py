"""The notebook's printed numbers, Parts 1, 4 and 5 of the published notebook: every digit that it printed.

Part 5 prints no initial parameters. The weights follow from its printed updates and gradients (w = updated + lr·g);
the biases from its gradients (∂L/∂w2 / ∂L/∂b2 is h1, ∂L/∂b2 is ŷ - y); TensorFlow draws multiples of 2⁻²³, which
gives the digits beyond those printed. It prints no updated biases in the copy that these numbers come from.
"""

from math import log

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.program import Compiled
from backprop_tui.core.engine.protocol.messages import OpenTable, Program, ReadRows, RowsRead, TableOpened
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from driving import Settle

X = (-0.43319764280264655, -0.7532575369937701)

PART_4 = {
    "w1": [[0.37398827, 0.13191855], [0.33133006, 0.2887237]],
    "b1": [[0.43552864], [0.86466706]],
    "w2": [[0.19082546, 0.33180952]],
    "b2": [[0.43695092]],
}
PART_4_PRINTED = {
    "w1": "[[0.37398827 0.13191855]\n [0.33133006 0.2887237 ]]",
    "gw1": "[[0.24420656 0.42463395]\n [0.40183094 0.6987161 ]]",
    "gb1": "[[-0.5637301 ]\n [-0.92759264]]",
    "gw2": "[[-6.470312  -7.4215174]]",
    "gb2": "[[-11.906485]]",
    "new_w1": "[[0.3715462  0.12767221]\n [0.32731175 0.28173655]]",
    "new_b1": "[[0.44116592]\n [0.873943  ]]",
    "new_w2": "[[0.25552857 0.4060247 ]]",
    "new_b2": "[[0.5560158]]",
}

PART_5 = {
    "w1": [[8046992 / 2**23, 8306870 / 2**23], [8198768 / 2**23, 5742572 / 2**23]],
    "b1": [[5482839 / 2**23], [1245997 / 2**23]],
    "w2": [[4061955 / 2**23, 3250847 / 2**23]],
    "b2": [[6886955 / 2**23]],
}
PART_5_PRINTED = {
    "gw1": "[[0.56727874 0.9864019 ]\n [0.4155407  0.72255504]]",
    "gw2": "[[-4.3317885 -3.5980651]]",
    "gb1": "[[-1.3095149 ]\n [-0.95924044]]",
    "gb2": "[[-11.530118]]",
    "new_w1": "[[0.8458204  0.79297566]\n [0.8942612  0.54005694]]",
    "new_w2": "[[1.3505805 1.1071441]]",
}
PARTS = pytest.mark.parametrize(
    ("initial", "lr", "printed"), [(PART_4, 0.01, PART_4_PRINTED), (PART_5, 0.2, PART_5_PRINTED)], ids=["4", "5"]
)


def row(initial: dict[str, list[list[float]]]) -> np.ndarray:
    return Network().join({name: np.array(matrix) for name, matrix in initial.items()})


@PARTS
def test_a_step_of_the_session(initial: dict, lr: float, printed: dict[str, str], settle: Settle) -> None:
    session = Session(Run(initial=tuple(row(initial).tolist()), settings=Settings(lr=lr)))
    session.timeline.step()
    trace = settle(session).timeline.trace
    assert {name: str(trace[name]) for name in printed} == printed


@PARTS
def test_the_program_without_xla(initial: dict, lr: float, printed: dict[str, str]) -> None:
    program = Compiled(Program(Network()), 1, xla=False)
    result = program.run(row(initial), np.array([[X]]), np.array([[[log(313000)]]]), np.ones((1, 1)), 1, lr, None)
    assert {name: str(result.trace[name]) for name in printed} == printed


def test_the_weights_of_part_5_follow_from_what_it_printed() -> None:
    """As far as its eight digits go."""
    for name, gradient, updated in (
        ("w1", [[0.56727874, 0.9864019], [0.4155407, 0.72255504]], [[0.8458204, 0.79297566], [0.8942612, 0.54005694]]),
        ("w2", [[-4.3317885, -3.5980651]], [[1.3505805, 1.1071441]]),
    ):
        np.testing.assert_allclose(PART_5[name], np.array(updated) + 0.2 * np.array(gradient), atol=1.2e-7)
    h1 = np.array([[-4.3317885], [-3.5980651]]) / -11.530118
    z1 = np.log(h1 / (1 - h1))
    np.testing.assert_allclose(PART_5["b1"], z1 - np.array(PART_5["w1"]) @ np.array([X]).T, atol=1e-6)
    np.testing.assert_allclose(PART_5["b2"], log(313000) - 11.530118 - np.array(PART_5["w2"]) @ h1, atol=1e-6)


def test_part_1_the_table(engine: Engine) -> None:
    opened = engine.answer(OpenTable(TableSpec()))
    assert isinstance(opened, TableOpened)
    assert opened.rows == 499
    read = engine.answer(ReadRows(TableSpec(), numbers(np.array([0, 1, 2, 3, 4, 494, 495, 496, 497]))))
    assert isinstance(read, RowsRead)
    assert tuple(read.x.array[0]) == X
    assert read.y.array[0, 0] == log(313000)
    assert [tuple(line) for line in np.hstack([read.raw.array, read.raw_y.array])[:5]] == [
        (3, 1340, 313000),
        (5, 3650, 2384000),
        (3, 1930, 342000),
        (3, 2000, 420000),
        (4, 1940, 550000),
    ]
    scaled = [
        (-0.433198, -0.753258),
        (1.675735, 1.457330),
        (-0.433198, -0.188649),
        (-0.433198, -0.121661),
        (0.621269, -0.179079),
        (0.621269, 0.873582),
        (1.675735, 2.299459),
        (-0.433198, -0.724549),
        (-0.433198, -0.179079),
    ]
    assert [tuple(line) for line in np.round(read.x.array, 6)] == scaled

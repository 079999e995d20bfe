"""The trace: the frozen record of one step, all that a person may look at.

Its numbers go by one name each, the same in code and files; `values.py` takes them apart:
`x` (batch, features) and `y` (batch, outputs), the parameters `w1` `b1` ... before the
update, `z1` `h1` ... `y_pred` (units, batch), `loss` (1, 1), the gradients of the loss
(`gw1`, `gz1`, `gh1`, `gy_pred`, `gx` ...: `g` and the name, in that value's shape), the parameters after the update
(`new_w1` ...), and, if an optimizer keeps state, `m_w1` `v_w1` before and `new_m_w1`
`new_v_w1` after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from .network import Array, Network


@dataclass(frozen=True)
class Trace:
    """One step: the numbers by name. `rows` are the table's rows of the batch, in its order."""

    network: Network
    lr: float
    rows: Sequence[int]
    values: Mapping[str, Array]
    averaged: bool = False
    """True when the batch was too large to hand out row by row: values are means over it."""

    def __post_init__(self) -> None:
        frozen = {}
        for name, value in self.values.items():
            frozen[name] = value.view()
            frozen[name].flags.writeable = False
        object.__setattr__(self, "values", MappingProxyType(frozen))

    def __getitem__(self, name: str) -> Array:
        return self.values[name]

    @property
    def batch(self) -> int:
        """How many rows (columns of z and h) the values hold."""
        return int(self.values["x"].shape[0])

    @property
    def loss(self) -> float:
        """The loss before the update, of the whole batch."""
        return float(self.values["loss"].reshape(-1)[0])


def activations(network: Network) -> list[tuple[str, str]]:
    """The names of each layer's z and of what it hands on: (z1, h1) ... (z2, y_pred)."""
    names = [(f"z{number}", f"h{number}") for number in range(1, network.depth)]
    return [*names, (f"z{network.depth}", "y_pred")]

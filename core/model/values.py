"""What the names of a step's numbers mean: `gw1`, `new_b2`, `m_w1` taken apart, and nowhere else.

The names are strings on the wire, in files and in a trace. A name is a kind, what it is of, and a layer:
`new_m_w1` is the updated moment m of the weights of layer 1.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from .network import Network

_NAME = re.compile(
    r"(?P<updated>new_)?(?P<kind>g|[mv]_)?(?:(?P<of>[wbzh])(?P<layer>[1-9]\d*)|(?P<whole>x|y|y_pred|loss))"
)
_SYMBOLS = {"y_pred": "ŷ"}


@dataclass(frozen=True)
class Value:
    """A named matrix of numbers of a step.

    `of` is `w`, `b`, `z`, `h`, or one of `x`, `y`, `y_pred` and `loss`, which have no layer (0). A `gradient` is the
    loss's by that value; a `moment`, `m` or `v`, is the optimizer's of that parameter; `updated` is what the step
    makes of a parameter or a moment.
    """

    of: str
    layer: int = 0
    gradient: bool = False
    moment: str = ""
    updated: bool = False

    @property
    def name(self) -> str:
        """Its name: the inverse of `parse`."""
        kind = "g" if self.gradient else f"{self.moment}_" if self.moment else ""
        return f"{'new_' if self.updated else ''}{kind}{self.of}{self.layer or ''}"

    @property
    def base(self) -> "Value":
        """The value that it is about: `w1` for `gw1`, `new_w1`, `m_w1` and `new_v_w1`."""
        return Value(self.of, self.layer)

    @property
    def is_parameter(self) -> bool:
        """Whether it is about weights or biases."""
        return self.of in ("w", "b")

    @property
    def is_base(self) -> bool:
        """Whether it is a value of the step itself: no gradient, no moment, not what an update makes of it."""
        return not (self.gradient or self.moment or self.updated)

    @property
    def per_sample(self) -> bool:
        """Whether each sample of a batch has numbers of its own."""
        return self.of in ("x", "y", "z", "h", "y_pred")

    @property
    def is_row(self) -> bool:
        """Whether a sample's numbers lie in a row, as those of x and y do; the others lie in a column."""
        return self.of in ("x", "y")

    @property
    def symbol(self) -> str:
        """How it is written: `∂L/∂w1` for `gw1`, `ŷ` for `y_pred`, `m(w1)` for `m_w1`."""
        text = _SYMBOLS.get(self.of, f"{self.of}{self.layer or ''}")
        if self.gradient:
            return f"∂L/∂{text}"
        return f"{self.moment}({text})" if self.moment else text

    def layer_in(self, network: Network) -> int:
        """The number of the layer that a parameter, z, h or ŷ belongs to, from 1. Raises ValueError for the others."""
        if self.of == "y_pred":
            return network.depth
        if not self.layer:
            raise ValueError(f"{self.name} belongs to no layer")
        return self.layer

    def shape(self, network: Network, batch: int = 1) -> tuple[int, int]:
        """Its shape in a step over so many samples. Raises KeyError if the network has no such parameter."""
        if self.of == "loss":
            return 1, 1
        if self.is_row:
            return batch, network.features if self.of == "x" else network.outputs
        if self.is_parameter:
            return network.parameter(self.base.name).shape
        return network.layers[self.layer_in(network) - 1].units, batch


@lru_cache(maxsize=1024)
def parse(name: str) -> Value:
    """What a name means. Raises ValueError if it is none."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"no number of a step is called {name!r}")
    kind = found["kind"] or ""
    value = Value(
        found["of"] or found["whole"],
        int(found["layer"] or 0),
        gradient=kind == "g",
        moment=kind.removesuffix("_") if kind != "g" else "",
        updated=found["updated"] is not None,
    )
    bare = replace(value, gradient=False, moment="", updated=False)
    if (not bare.is_parameter and (value.moment or value.updated)) or (value.gradient and value.updated):
        raise ValueError(f"no number of a step is called {name!r}")
    return value


def symbol(name: str) -> str:
    """How a number's name is written: `gw1` as ∂L/∂w1, `y_pred` as ŷ."""
    return parse(name).symbol

"""What is drawn of a prediction, and over which features of the table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backprop_tui.core.model.activations import SOFTMAX
from backprop_tui.core.model.network import Network

from .run import Run


@dataclass(frozen=True)
class Plane:
    """What is drawn over which features (from 0). Without `up` it is a curve.

    A `unit` (from 0) of a hidden layer (from 1), or, if that is 0, an output: None for the likeliest of all classes.
    """

    across: int = 0
    up: int | None = None
    layer: int = 0
    unit: int | None = 0
    at_mean: bool = False

    def next_across(self, run: Run, by: int) -> "Plane":
        """Over another feature."""
        turned = (self.across + by) % run.network.features
        return replace(self, across=turned, up=self.across if turned == self.up else self.up)

    def next_up(self, run: Run, by: int) -> "Plane":
        """Another second feature, if there are two."""
        if self.up is None or run.network.features < 2:
            return self.as_map(run)
        turned = (self.up + by) % run.network.features
        return replace(self, up=turned, across=self.up if turned == self.across else self.across)

    def as_map(self, run: Run) -> "Plane":
        """Over two features. Raises ValueError if the table has but one."""
        if run.network.features < 2:
            raise ValueError("the table has one feature: there is no second one for a map")
        if self.up is not None:
            return self
        turned = replace(self, up=(self.across + 1) % run.network.features)
        return first_output(run, turned) if not self.layer else turned

    def as_curve(self) -> "Plane":
        """Over one feature."""
        return replace(self, up=None, unit=self.unit or 0)

    def next_output(self, run: Run, by: int) -> "Plane":
        """Another output, from all classes on; from a hidden unit back to the prediction."""
        if self.layer:
            return first_output(run, self)
        outputs = _outputs(run.network, self.up)
        return replace(self, unit=outputs[(outputs.index(self.unit) + by) % len(outputs)])

    def next_unit(self, run: Run, by: int) -> "Plane":
        """Another hidden unit; after the last one the prediction."""
        drawn = [(0, 0), *hidden_units(run.network)]
        here = drawn.index((self.layer, self.unit or 0) if self.layer else (0, 0))
        layer, unit = drawn[(here + by) % len(drawn)]
        return replace(self, layer=layer, unit=unit) if layer else first_output(run, self)

    def turned_mean(self) -> "Plane":
        """The other features at the rows' mean, or again at the values of the row in view."""
        return replace(self, at_mean=not self.at_mean)

    def fitting(self, run: Run) -> "Plane":
        """The same for this run, or what one begins with if it has no such features or units."""
        network = run.network
        last = network.features - 1
        there = self.across <= last and (self.up or 0) <= last
        known = hidden_units(network) if self.layer else [(0, unit) for unit in _outputs(network, self.up)]
        return self if there and (self.layer, self.unit) in known else beginning(run)


def beginning(run: Run) -> Plane:
    """What one begins with: the prediction over the first two features, or over the only one."""
    return first_output(run, Plane(up=1 if run.network.features > 1 else None))


def first_output(run: Run, plane: Plane) -> Plane:
    """The prediction over the same features: all classes, or the first output."""
    return replace(plane, layer=0, unit=_outputs(run.network, plane.up)[0])


def hidden_units(network: Network) -> list[tuple[int, int]]:
    """Layer (from 1) and unit (from 0) of all hidden units."""
    return [(number, unit) for number, layer in enumerate(network.layers[:-1], 1) for unit in range(layer.units)]


def _outputs(network: Network, up: int | None) -> Sequence[int | None]:
    """The outputs that can be drawn; first of all their classes, if a map can show these."""
    several = network.layers[-1].activation == SOFTMAX and up is not None
    return [*([None] if several else []), *range(network.outputs)]

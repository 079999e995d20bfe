"""The phases of one step, in the order of the computation, and the single numbers inside them.

A step is a row of numbers that are computed one after the other. How far a step has come is
how many of them are `done`: 0 is nothing yet, `count(network)` is the whole step. A phase is a run of
them that belongs together (a layer's z, its h, ŷ, the loss, then backwards, then the update).
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from typing import NamedTuple

from .network import Network
from .trace import activations
from .values import parse, symbol

FORWARD, LOSS, BACKWARD, UPDATE = "forward", "loss", "backward", "update"


@dataclass(frozen=True)
class Phase:
    """What is computed together: the names of its values, its kind, and its numbers' place in the step."""

    names: tuple[str, ...]
    kind: str
    start: int
    end: int

    @property
    def title(self) -> str:
        """`∂L/∂w2, ∂L/∂b2`, or `update` for the last."""
        return "update" if self.kind == UPDATE else ", ".join(symbol(name) for name in self.names)


class Cell(NamedTuple):
    """One number: the name of its value and its row and column there, from 0."""

    name: str
    row: int = 0
    column: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Row and column."""
        return self.row, self.column


@lru_cache(maxsize=64)
def shapes(network: Network) -> dict[str, tuple[int, int]]:
    """The shape of every value of a step of one sample, by name."""
    found: dict[str, tuple[int, int]] = {
        "x": (1, network.features),
        "y": (1, network.outputs),
        "loss": (1, 1),
    }
    for parameter in network.parameters:
        found[parameter.name] = found["g" + parameter.name] = found["new_" + parameter.name] = parameter.shape
    for layer, names in zip(network.layers, activations(network), strict=True):
        for name in names:
            found[name] = found["g" + name] = (layer.units, 1)
    found["gx"] = found["x"]
    return found


@lru_cache(maxsize=1024)
def shape(network: Network, name: str) -> tuple[int, int]:
    """The shape of a value of a step of one sample. Raises ValueError for a name that is none."""
    return parse(name).shape(network)


@lru_cache(maxsize=64)
def phases(network: Network) -> tuple[Phase, ...]:
    """All phases of a step: z1, h1, ... ŷ, loss, ∂L/∂ŷ, ∂L/∂w2 with ∂L/∂b2, ∂L/∂h1, ∂L/∂z1 ..., the update.

    A last layer without an activation has no z of its own: its z is ŷ.
    """
    layers = activations(network)
    groups: list[tuple[str, tuple[str, ...]]] = []
    for z, h in layers[:-1]:
        groups += [(FORWARD, (z,)), (FORWARD, (h,))]
    last_z, last_h = layers[-1]
    groups += [] if network.ends_linear else [(FORWARD, (last_z,))]
    groups += [(FORWARD, (last_h,)), (LOSS, ("loss",)), (BACKWARD, ("g" + last_h,))]
    groups += [] if network.ends_linear else [(BACKWARD, ("g" + last_z,))]
    for number in range(network.depth, 0, -1):
        names: tuple[str, ...] = (f"gw{number}", f"gb{number}")
        groups.append((BACKWARD, names if network.layers[number - 1].bias else names[:1]))
        if number > 1:
            groups += [(BACKWARD, (f"gh{number - 1}",)), (BACKWARD, (f"gz{number - 1}",))]
    groups.append((UPDATE, tuple("new_" + parameter.name for parameter in network.parameters)))
    found, start = [], 0
    for kind, names in groups:
        end = start + sum(prod(shapes(network)[name]) for name in names)
        found.append(Phase(names, kind, start, end))
        start = end
    return tuple(found)


def count(network: Network) -> int:
    """How many numbers one step computes."""
    return phases(network)[-1].end


def phase_at(network: Network, done: int) -> Phase | None:
    """The phase that the last computed number belongs to; None when nothing is computed yet."""
    return next((phase for phase in phases(network) if phase.start < done <= phase.end), None)


def next_stop(network: Network, done: int) -> int:
    """Where the phase after `done` ends; the end of the step when there is none."""
    return next((phase.end for phase in phases(network) if phase.end > done), count(network))


def previous_stop(network: Network, done: int) -> int:
    """Where the last phase before `done` ended; 0 at the first."""
    return max((phase.end for phase in phases(network) if phase.end < done), default=0)


@lru_cache(maxsize=64)
def _places(network: Network) -> dict[str, int]:
    """Where each computed value starts in the order of the step."""
    found = {}
    for phase in phases(network):
        start = phase.start
        for name in phase.names:
            found[name] = start
            start += prod(shapes(network)[name])
    return found


def numbers_done(network: Network, name: str, done: int) -> int:
    """How many numbers of a value are computed when `done` of the step are; all of what a step starts from.

    A linear last layer's z is computed with ŷ, and ∂L/∂x is known when ∂L/∂z1 is.
    """
    places = _places(network)
    if name not in places:
        value = parse(name)
        if value.of == "x" and value.gradient:
            known = numbers_done(network, "gz1", done) == prod(shape(network, "gz1"))
            return prod(shape(network, name)) if known else 0
        if value.of == "z":
            return numbers_done(network, "gy_pred" if value.gradient else "y_pred", done)
        if value.moment and value.updated:
            return numbers_done(network, replace(value, moment="").name, done)
        return prod(shape(network, name))
    return min(max(done - places[name], 0), prod(shapes(network)[name]))


def gradients_known(network: Network) -> int:
    """How many numbers are done when all gradients are: where the update begins."""
    return next(phase.start for phase in phases(network) if phase.kind == UPDATE)


def last_cell(network: Network, done: int) -> Cell | None:
    """The number that was computed last; None at the start of a step."""
    phase = phase_at(network, done)
    if phase is None:
        return None
    offset = done - 1 - phase.start
    for name in phase.names:
        size = prod(shapes(network)[name])
        if offset < size:
            return Cell(name, *divmod(offset, shapes(network)[name][1]))
        offset -= size
    raise AssertionError("a phase holds the numbers of its names")


def cells(network: Network, phase: Phase) -> tuple[Cell, ...]:
    """All numbers of a phase, in their order."""
    return tuple(
        Cell(name, row, column)
        for name in phase.names
        for row in range(shapes(network)[name][0])
        for column in range(shapes(network)[name][1])
    )

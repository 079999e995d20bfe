"""The loss along the negative gradient, by the length of the step: why one learning rate converges, another does not."""

from dataclasses import dataclass

import numpy as np

from .messages import FindLosses, LossesFound, WireError, numbers
from .network import Array
from .session import Session
from .trace import Trace

POINTS = 121
FARTHEST = 1e6
"""No longer step than this is looked at."""


@dataclass(frozen=True, eq=False)
class StepLengths:
    """Step lengths (n,), the loss (n,) at w − length·∂L/∂w, and the first length at which it is back where it was.

    `rises` is None where it does not come back up within what was looked at. `best` is the length of the least loss.
    """

    lengths: Array
    losses: Array
    rises: float | None

    @property
    def best(self) -> float:
        """The step length with the lowest loss."""
        finite = np.where(np.isfinite(self.losses), self.losses, np.inf)
        return float(self.lengths[int(np.argmin(finite))])

    def at(self, length: float) -> float:
        """The loss at a step length, between the points that were computed."""
        return float(np.interp(length, self.lengths, self.losses))


def scouting_lengths() -> Array:
    """Step lengths (n,) over many sizes, to find where the loss rises again; the first is 0."""
    return np.concatenate([[0.0], np.geomspace(1e-6, FARTHEST, POINTS - 1)])


def where_it_rises(lengths: Array, losses: Array) -> float | None:
    """The first step length beyond which the loss is above its start, having been below; None where it never is."""
    with np.errstate(invalid="ignore"):
        above = ~(losses[1:] <= losses[0])
        below = np.flatnonzero(~above)
    first = int(below[0]) if len(below) else 0
    later = np.flatnonzero(above[first:])
    return float(lengths[1 + first + later[0]]) if len(later) else None


def plotted_lengths(rises: float | None, lr: float) -> Array:
    """Step lengths (n,) from 0 to a little beyond where the loss rises again."""
    return np.linspace(0.0, 1.15 * rises if rises is not None else max(4 * lr, 1.0), POINTS)


def request(session: Session, trace: Trace, lengths: Array) -> FindLosses:
    """Asks for the loss of the samples in view at the parameters less each length times the gradient."""
    network = session.run.network
    start, gradient = (
        network.join({p.name: trace[part + p.name] for p in network.parameters}, "float64") for part in ("", "g")
    )
    with np.errstate(over="ignore", invalid="ignore"):
        rows = start - lengths[:, None] * gradient
    return FindLosses(network, numbers(rows), session.shown_samples())


def accept(lengths: Array, answer: object) -> Array:
    """The losses (n,) of an answer to `request`. Raises WireError where it is none."""
    if not isinstance(answer, LossesFound) or answer.losses.array.shape != lengths.shape:
        raise WireError("the engine's answer is not one to this request")
    return answer.losses.array

"""The loss along the negative gradient, by the step's length: why one learning rate converges and another does not."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.messages import FindLosses, LossesFound, WireError
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.requests import samples
from backprop_tui.core.session.timeline import Timeline

POINTS = 121
SHORTEST, FARTHEST = 1e-12, 1e6
"""No shorter and no longer step than these is looked at."""

PER_DECADE = 10
BEYOND, WIDEST = 1.15, 4.0
"""The picture ends so many times beyond the length at which the loss rises again, and beyond the learning rate if that
is no more than so many times this length.
"""


@dataclass(frozen=True, eq=False)
class StepLengths:
    """Step lengths (n,), the loss (n,) at w - length·∂L/∂w, and the first length at which it is back where it was.

    `rises` is None if it does not come back up within what was looked at. `best` is the length of the least loss.
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
    count = PER_DECADE * round(np.log10(FARTHEST / SHORTEST)) + 1
    return np.concatenate([[0.0], np.geomspace(SHORTEST, FARTHEST, count)])


def where_it_rises(lengths: Array, losses: Array) -> float | None:
    """The step length at which the loss is back at its start after having been below; None if it never is.

    Between two lengths that were computed it is found on the straight line. If the loss was never below its start,
    it is the first length at which it is above.
    """
    start = losses[0]
    with np.errstate(invalid="ignore"):
        above = np.flatnonzero(~(losses <= start))
        below = np.flatnonzero(losses < start)
    first = int(below[0]) if len(below) else 0
    later = above[above > first]
    if not len(later):
        return None
    place = int(later[0])
    gap, rise = float(lengths[place] - lengths[place - 1]), float(losses[place] - losses[place - 1])
    if not len(below) or not np.isfinite(rise):
        return float(lengths[place])
    return float(lengths[place - 1] + gap * float(start - losses[place - 1]) / rise)


def plotted_lengths(rises: float | None, lr: float) -> Array:
    """Step lengths (n,) from 0 to a little beyond the rise of the loss, and to the learning rate if that is near.

    `rises` may be as rough as `scouting_lengths` finds it.
    """
    if rises is None:
        end = max(4 * lr, 1.0)
    elif BEYOND * rises < lr <= WIDEST * rises:
        end = BEYOND * lr
    else:
        end = BEYOND * rises
    return np.linspace(0.0, end, POINTS)


def request(timeline: Timeline, trace: Trace, lengths: Array) -> FindLosses:
    """Asks for the loss of the samples in view at the parameters less each length times the gradient."""
    network = timeline.run.network
    start, gradient = (
        network.join({p.name: trace[part + p.name] for p in network.parameters}, "float64") for part in ("", "g")
    )
    gradient[network.fixed] = 0
    with np.errstate(over="ignore", invalid="ignore"):
        rows = start - lengths[:, None] * gradient
    return FindLosses(network, numbers(rows), samples(timeline, timeline.position.entry, timeline.shown_settings))


def accept(lengths: Array, answer: object) -> Array:
    """The losses (n,) of an answer to `request`. Raises WireError if it is none."""
    if not isinstance(answer, LossesFound) or answer.losses.array.shape != lengths.shape:
        raise WireError("the engine's answer is not one to this request")
    return answer.losses.array

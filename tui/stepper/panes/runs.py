"""Other runs beside the one in view in a picture of losses: each dashed in its own way, with its number at its end."""

from collections.abc import Sequence

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.losses import RunLosses
from backprop_tui.tui.widgets.line import Line, Span, fitting
from backprop_tui.tui.widgets.plot import DASHED, DOTTED, LONG, PAIRS, Mark, Series, sample

DASHES = (DASHED, DOTTED, LONG, PAIRS)


def curves(runs: Sequence[RunLosses], per_epoch: int = 1) -> tuple[list[Series], list[Mark]]:
    """The curve of each, over steps or epochs, and the mark at its end."""
    return drawn([(run.number, np.arange(1, len(run.losses) + 1) / per_epoch, run.losses) for run in runs])


def drawn(runs: Sequence[tuple[int, Array, Array]]) -> tuple[list[Series], list[Mark]]:
    """The curves through these points, x and y (n,), of runs by their numbers, and a mark at the end of each."""
    found, marks = [], []
    for place, (number, x, y) in enumerate(runs):
        found.append(Series(x, y, "dim", dash(place)))
        marks.append(Mark(float(x[-1]), float(y[-1]), str(number), "label", kept=True))
    return found, marks


def dash(place: int) -> tuple[int, int]:
    """How the curve of the run at this place is dashed."""
    return DASHES[place % len(DASHES)]


def legend(shown: RunLosses, runs: Sequence[RunLosses], width: int) -> Line:
    """Which number and which dashes stand for which run, the one in view first; as many as fit."""
    first = f"{shown.number} {sample((1, 0))} {shown.words}"
    others = [f"{run.number} {sample(dash(place))} {run.words}" for place, run in enumerate(runs)]
    texts = ["   ".join([first, *others[:count], *_more(len(others) - count)]) for count in range(len(others), -1, -1)]
    return (Span(fitting(width, *texts), "label"),)


def _more(count: int) -> tuple[str, ...]:
    return (f"and {count} more",) if count else ()

"""Where one stands in a run, and the places before and after it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from backprop_tui.core.model import phases
from backprop_tui.core.model.network import Network

from .history import History


@dataclass(frozen=True, order=True)
class Position:
    """A place in the run: in which entry of the history, and how many numbers of it are done. Ordered in time."""

    entry: int
    done: int


START = Position(0, 0)


def is_whole(history: History, network: Network, at: Position) -> bool:
    """Whether the step at this place is whole, and was computed: the engine may have refused it."""
    return at.done == phases.count(network) and at.entry < history.entries


def onward(history: History, network: Network, at: Position) -> Position:
    """This place, or the start of the next step if this one is whole."""
    return Position(at.entry + 1, 0) if is_whole(history, network, at) else at


def end_of(history: History, network: Network, steps: int) -> Position:
    """The end of the step with this number, from 1; at most the newest. 0 is the start."""
    steps = min(steps, history.steps(history.entries))
    if steps <= 0:
        return START
    entry = steps - 1
    for changed in sorted(history.changes):
        entry += changed <= entry
    return Position(entry, phases.count(network))


def newest(history: History, network: Network) -> Position:
    """The end of the newest step, or the change by hand after it."""
    entries = history.entries
    return Position(entries, 0) if entries - 1 in history.changes else end_of(history, network, entries)


def before(history: History, network: Network, stops: Sequence[Position], at: Position) -> Position:
    """The last place that was stopped at before this one: one of `stops` (in order), or the end of a step."""
    place = bisect_left(stops, at)
    inside = stops[place - 1] if place else START
    changed = history.changes.get(at.entry - 1)
    if changed is not None and changed.done == 0 and at.done:
        return max(inside, Position(at.entry, 0))  # where the number was typed
    return max(inside, Position(at.entry - 1, phases.count(network)) if at.entry else START)


def phase_before(history: History, network: Network, at: Position) -> Position:
    """One phase back."""
    done = phases.previous_stop(network, at.done)
    if done or not at.entry:
        return Position(at.entry, done)
    if at.done and at.entry - 1 in history.changes:
        return Position(at.entry, 0)
    return end_of(history, network, history.steps(at.entry))


def phase_after(history: History, network: Network, at: Position) -> Position | None:
    """One phase on through what is recorded; None at the newest place."""
    at = onward(history, network, at)
    while at.entry in history.changes:
        at = Position(at.entry + 1, 0)
    return Position(at.entry, phases.next_stop(network, at.done)) if at.entry < history.entries else None

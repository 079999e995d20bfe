"""The history of a run: per entry a state and a loss, in arrays that grow; everything else is computed again.

Entry k leads from state k to state k + 1. It is a step, or a change that a person typed.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .network import Array
from .phases import Cell
from .sampling import Sampling


@dataclass(frozen=True)
class Settings:
    """What holds for a stretch of steps: the learning rate, and which rows a step uses.

    `since` is the number of steps after which the present order of rows began. `x` (features) and `y`
    (outputs) replace the sample where a person changed it.
    """

    lr: float = 0.2
    sampling: Sampling = Sampling()
    since: int = 0
    x: tuple[float, ...] | None = None
    y: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Change:
    """A number that a person typed: where, what it was, what it is; how much of the step was done; what held before."""

    cell: Cell
    old: float
    new: float
    done: int
    before: Settings


class History:
    """States (entries + 1, state_width), losses (entries,) and, in stretches, the settings."""

    def __init__(self, first: Array, settings: Settings) -> None:
        self._states = np.empty((64, len(first)), first.dtype)
        self._losses = np.empty(64, first.dtype)
        self._states[0] = first
        self._starts = [0]
        self._settings = [settings]
        self.changes: dict[int, Change] = {}
        self.entries = 0

    @classmethod
    def restored(
        cls, states: Array, losses: Array, stretches: Sequence[tuple[int, Settings]], changes: Mapping[int, Change]
    ) -> "History":
        """A history as it was saved: states (entries + 1, state_width), losses (entries,), stretches and changes."""
        history = cls(states[0], stretches[0][1])
        history.append(states[1:], losses)
        history._starts = [start for start, _ in stretches]
        history._settings = [settings for _, settings in stretches]
        history.changes = dict(changes)
        return history

    @property
    def states(self) -> Array:
        """(entries + 1, state_width): a view."""
        return self._states[: self.entries + 1]

    @property
    def losses(self) -> Array:
        """(entries,): the loss of each step before its update, NaN for a change. A view."""
        return self._losses[: self.entries]

    @property
    def stretches(self) -> list[tuple[int, Settings]]:
        """Where each of the settings starts to hold."""
        return list(zip(self._starts, self._settings, strict=True))

    def settings(self, entry: int) -> Settings:
        """The settings that held, or would hold, for an entry."""
        return self._settings[bisect_right(self._starts, entry) - 1]

    def hold(self, settings: Settings) -> None:
        """These settings hold for the entries that are appended from now on."""
        if self._starts[-1] == self.entries:
            self._starts.pop()
            self._settings.pop()
        if not self._settings or self._settings[-1] != settings:
            self._starts.append(self.entries)
            self._settings.append(settings)

    def append(self, states: Array, losses: Array) -> None:
        """Steps: the state after each (n, state_width) and the loss of each (n,)."""
        end = self.entries + len(states)
        if end + 1 > len(self._states):
            room = max(end + 1, len(self._states) * 3 // 2)
            self._states = _grown(self._states, room)
            self._losses = _grown(self._losses, room)
        self._states[self.entries + 1 : end + 1] = states
        self._losses[self.entries : end] = losses
        self.entries = end

    def append_change(self, state: Array, change: Change) -> None:
        """A change by hand as an entry of its own."""
        self.changes[self.entries] = change
        self.append(state[None], np.array([np.nan]))

    def cut(self, entries: int) -> None:
        """Forget all after the first `entries` entries, and the settings made later than them."""
        self.entries = min(self.entries, entries)
        while self._starts[-1] > entries:
            self._starts.pop()
            self._settings.pop()
        self.changes = {entry: change for entry, change in self.changes.items() if entry < entries}

    def copy(self) -> "History":
        """The same entries in arrays of their own."""
        other = History(self._states[0], self._settings[0])
        other.append(self.states[1:], self.losses)
        other._starts, other._settings = list(self._starts), list(self._settings)
        other.changes = dict(self.changes)
        return other

    def steps(self, entry: int) -> int:
        """How many steps (not changes) the first `entry` entries hold."""
        return entry - sum(1 for changed in self.changes if changed < entry)


def _grown(array: Array, room: int) -> Array:
    """A larger array that starts with the old one's rows; the rest takes no memory until it is written."""
    larger = np.empty((room, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger

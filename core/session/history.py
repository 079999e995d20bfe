"""The history of a run: per entry a state and a loss, in arrays that grow; everything else is computed again.

Entry k leads from state k to state k + 1. It is a step, or a change that a person typed.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.table.batches import Sampling
from numpy.typing import NDArray

from .memory import history_bytes


@dataclass(frozen=True)
class Settings:
    """What holds for a stretch of steps: the learning rate, and which rows a step uses.

    `since` is the number of steps after which the present order of rows began. `x` (features) and `y`
    (outputs) replace the sample if a person changed it.
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


MOST_THINNED = 64
"""So many states are not worth dropping."""


class History:
    """States (entries + 1, state_width), losses (entries,) and, in stretches, the settings.

    If the states of all entries would take more than `most_bytes`, those of every second are dropped, then again:
    `every` says how many entries lie between two that are kept. Kept as well are the newest, and those where other
    settings or a change by hand begin, so that any state is computed again from the one kept before it by plain
    steps. The states around the place that is looked at are at hand (`near`) meanwhile.
    """

    def __init__(self, first: Array, settings: Settings) -> None:
        self.every, self.most_bytes = 1, history_bytes()
        self._kept: Array | None = None
        """The entries whose states are kept, ascending; None while all are."""
        self._near: tuple[int, Array] = (0, first[None])
        """States of neighbors, and the entry of the first."""
        self._states = np.empty((64, len(first)), first.dtype)
        self._losses = np.empty(64, first.dtype)
        self._states[0] = first
        self._starts = [0]
        self._settings = [settings]
        self.changes: dict[int, Change] = {}
        self.entries = 0

    @classmethod
    def restored(
        cls,
        states: Array,
        losses: Array,
        stretches: Sequence[tuple[int, Settings]],
        changes: Mapping[int, Change],
        kept: Sequence[int] = (),
    ) -> "History":
        """A history as it was saved: states (entries + 1, state_width), losses (entries,), stretches and changes.

        With `kept` the states are those of these entries, ascending from 0 to the last.
        """
        history = cls(states[0], stretches[0][1])
        if kept:
            history._states, history._losses, history.entries = states.copy(), losses.copy(), len(losses)
            history._kept = np.array(kept, "int64")
            history.every = int(np.diff(history._kept).max(initial=1))
        else:
            history.append(states[1:], losses)
        history._starts = [start for start, _ in stretches]
        history._settings = [settings for _, settings in stretches]
        history.changes = dict(changes)
        return history

    @property
    def states(self) -> Array:
        """A view of the states (entries + 1, state_width); fewer, those of the entries in `kept`, if not all fit."""
        return self._states[: self.entries + 1 if self._kept is None else len(self._kept)]

    @property
    def kept(self) -> tuple[int, ...]:
        """The entries whose states are kept, if those are not all."""
        return () if self._kept is None else tuple(self._kept.tolist())

    def state(self, entry: int) -> Array | None:
        """The state (state_width,) that an entry starts from; None if it must be computed again."""
        start, states = self.nearest(entry)
        return states if start == entry else None

    def nearest(self, entry: int) -> tuple[int, Array]:
        """The last entry up to this one whose state is at hand, and that state."""
        if self._kept is None:
            return entry, self._states[entry]
        row = int(np.searchsorted(self._kept, entry, "right")) - 1
        start, state = int(self._kept[row]), self._states[row]
        first, states = self._near
        last = min(entry, first + len(states) - 1)
        # What is near and beyond that was made by the same steps: other settings begin with a kept state.
        return (last, states[last - first]) if first <= last and start < last else (start, state)

    def keep_near(self, entry: int, states: Array) -> None:
        """Keep the states after the steps from this entry on (n, state_width) at hand, until others are."""
        if self._kept is None:
            return
        _, before = self.nearest(entry)
        self._near = entry, np.concatenate([before[None], states])

    @property
    def losses(self) -> Array:
        """A view of the losses (entries,): that of each step before its update, NaN for a change."""
        return self._losses[: self.entries]

    @property
    def stretches(self) -> list[tuple[int, Settings]]:
        """Where each of the settings starts to hold."""
        return list(zip(self._starts, self._settings, strict=True))

    def settings(self, entry: int) -> Settings:
        """The settings that held, or would hold, for an entry."""
        return self._settings[bisect_right(self._starts, entry) - 1]

    def hold(self, settings: Settings) -> None:
        """Let these settings hold for the entries that are appended from now on."""
        if self._starts[-1] == self.entries:
            self._starts.pop()
            self._settings.pop()
        if not self._settings or self._settings[-1] != settings:
            self._starts.append(self.entries)
            self._settings.append(settings)

    def reserve(self, entries: int) -> None:
        """Make room for so many entries to come, as far as memory goes: arrays that grow are copied again and again."""
        most = self.most_bytes // (self._states.itemsize * self._states.shape[1])
        end = min(self.entries + entries, most)
        self._losses = _room_for(self._losses, end)
        if self._kept is None:
            self._states = _room_for(self._states, end + 1)

    def append(self, states: Array, losses: Array) -> None:
        """Append steps: the state after each (n, state_width) and the loss of each (n,)."""
        first, end = self.entries, self.entries + len(states)
        self._losses = _room_for(self._losses, end)
        self._losses[first:end] = losses
        while self._kept is None and (end + 1) * self._states.itemsize * self._states.shape[1] > self.most_bytes:
            self._thin()
        self.entries = end
        if self._kept is None:
            self._states = _room_for(self._states, end + 1)
            self._states[first + 1 : end + 1] = states
            return
        self.keep_near(first, states)
        count = len(self._kept) - (not self._stay(np.array([first]))[0])
        chosen = np.arange(first + 1, end + 1)
        chosen = chosen[self._stay(chosen) | (chosen == end)]
        self._kept = np.concatenate([self._kept[:count], chosen])
        self._states = _room_for(self._states, len(self._kept))
        self._states[count : len(self._kept)] = states[chosen - first - 1]
        while len(self._kept) * self._states.itemsize * self._states.shape[1] > self.most_bytes and self._thin():
            pass

    def _stay(self, entries: Array) -> NDArray[np.bool_]:
        """Whether the states of these entries are kept also when they are not the newest."""
        begin = [*self._starts, *(place for entry in self.changes for place in (entry, entry + 1))]
        return np.asarray(entries % self.every == 0) | np.isin(entries, begin)

    def _thin(self) -> bool:
        """Drop every second of the states kept; False if none can be dropped."""
        kept = np.arange(self.entries + 1) if self._kept is None else self._kept
        if self.every > self.entries and self._kept is not None:
            return False
        self.every *= 2
        stay = self._stay(kept) | (kept == self.entries)
        self._kept, self._states = kept[stay], self._states[: len(kept)][stay]
        return True

    def append_change(self, state: Array, change: Change) -> None:
        """Append a change by hand, as an entry of its own."""
        self.changes[self.entries] = change
        self.append(state[None], np.array([np.nan]))

    def cut(self, entries: int) -> None:
        """Forget all after the first `entries` entries, and the settings made later than them.

        Raises ValueError if the state that they lead to is not at hand: it is where one looks at it.
        """
        if self._kept is not None and entries < self.entries:
            state = self.state(entries)
            if state is None:
                raise ValueError("this step is computed again first: wait for its numbers")
            first, near = self._near
            self._near = (first, near[: entries - first + 1]) if first <= entries else (entries, state[None])
            count = int(np.searchsorted(self._kept, entries))
            self._kept = np.append(self._kept[:count], entries)
            self._states[count] = state
        self.entries = min(self.entries, entries)
        while self._starts[-1] > entries:
            self._starts.pop()
            self._settings.pop()
        self.changes = {entry: change for entry, change in self.changes.items() if entry < entries}

    @property
    def size(self) -> int:
        """The bytes of its states and losses."""
        return self.states.nbytes + self.losses.nbytes

    def compact(self) -> None:
        """Give back the room for entries to come, and the states that are kept for a while only."""
        self._states, self._losses = self.states.copy(), self.losses.copy()
        if self._kept is not None:
            self._near = (0, self._states[:1].copy())

    def thin(self) -> bool:
        """Keep half as many states, the others are computed again; False if none can be dropped."""
        return len(self.states) > MOST_THINNED and self._thin()

    def copy(self) -> "History":
        """The same entries in arrays of their own."""
        other = History(self._states[0], self._settings[0])
        other._states, other._losses, other.entries = self.states.copy(), self.losses.copy(), self.entries
        other._kept, other._near, other.every = self._kept, self._near, self.every
        other._starts, other._settings = list(self._starts), list(self._settings)
        other.changes = dict(self.changes)
        return other

    def steps(self, entry: int) -> int:
        """How many steps (not changes) the first `entry` entries hold."""
        return entry - sum(1 for changed in self.changes if changed < entry)


def _room_for(array: Array, rows: int) -> Array:
    """An array of so many rows at least that starts with the old one's; the rest takes no memory until written."""
    if rows <= len(array):
        return array
    larger = np.empty((max(rows, len(array) * 3 // 2), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger

"""The history as a data structure: against plain lists, and exactly the same bits after any way through it."""

from itertools import pairwise

import numpy as np
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.history import Change, History, Settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

RATES = st.sampled_from([0.1, 0.2, 0.5])


class AgainstLists(RuleBasedStateMachine):
    """Everything that a history is told is told to lists as well."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History(np.zeros(3, "float32"), Settings(lr=0.2))
        self.states, self.losses = [np.zeros(3, "float32")], []
        self.rates: list[float] = []
        self.changes: set[int] = set()
        self.rate, self.made = 0.2, 0

    def new_state(self) -> np.ndarray:
        self.made += 1
        return np.full(3, self.made, "float32")

    @rule(n=st.integers(0, 200), rate=RATES)
    def append(self, n: int, rate: float) -> None:
        states = np.array([self.new_state() for _ in range(n)], "float32").reshape(n, 3)
        losses = -states[:, 0]
        self.history.hold(Settings(lr=rate))
        self.history.append(states, losses)
        self.states += list(states)
        self.losses += losses.tolist()
        self.rates += [rate] * n

    @rule()
    def change(self) -> None:
        state = self.new_state()
        self.changes.add(len(self.losses))
        self.history.append_change(state, Change(Cell("w1"), 0.0, 1.0, 0, Settings()))
        self.states.append(state)
        self.losses.append(float("nan"))
        self.rates.append(float("nan"))

    @rule(share=st.floats(0, 1.2))
    def cut(self, share: float) -> None:
        entries = round(share * len(self.losses))
        self.history.cut(entries)
        del self.states[entries + 1 :], self.losses[entries:], self.rates[entries:]
        self.changes = {entry for entry in self.changes if entry < entries}

    @rule()
    def copy(self) -> None:
        """Goes on with a copy; what is done to the first one after that must not be seen."""
        first, self.history = self.history, self.history.copy()
        first.cut(0)
        first.append(np.full((5, 3), -1, "float32"), np.full(5, -1.0))

    @rule()
    def save_and_restore(self) -> None:
        saved = self.history
        self.history = History.restored(saved.states, saved.losses, saved.stretches, saved.changes)

    @invariant()
    def they_agree(self) -> None:
        assert self.history.entries == len(self.losses)
        assert (self.history.states == np.array(self.states)).all()
        assert np.array_equal(self.history.losses, np.array(self.losses), equal_nan=True)
        assert set(self.history.changes) == self.changes
        for entry, rate in enumerate(self.rates):
            if entry not in self.changes:
                assert self.history.settings(entry).lr == rate
        assert self.history.steps(len(self.losses)) == len(self.losses) - len(self.changes)


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


@given(st.lists(st.tuples(st.integers(1, 30), RATES), max_size=12))
@settings(max_examples=30, deadline=None)
def test_settings_take_room_by_the_change_and_not_by_the_step(stretches: list[tuple[int, float]]) -> None:
    history = History(np.zeros(1), Settings(lr=0.2))
    for steps, rate in stretches:
        history.hold(Settings(lr=rate))
        history.append(np.zeros((steps, 1)), np.zeros(steps))
    rates = [rate for _, rate in stretches]
    turns = sum(rate != before for before, rate in pairwise(rates))
    assert len(history.stretches) == (1 + turns if rates else 1)


def test_a_million_steps_take_little_more_than_their_numbers() -> None:
    history = History(np.zeros(9, "float32"), Settings())
    block = np.ones((1000, 9), "float32")
    for _ in range(1000):
        history.append(block, np.ones(1000, "float32"))
    assert history.entries == 1_000_000
    held = history.states.base.nbytes + history.losses.base.nbytes
    assert held <= 1.5 * 1_000_000 * 10 * 4 + 50_000

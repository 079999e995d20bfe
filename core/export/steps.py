"""The steps of a run, one after the other, for those who write them down: made now, or recorded earlier.

The engine is asked for thousands at once, and hands out every number of each: a block.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from backprop_tui.core.engine.protocol.checks import Steps, read_steps
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.explain import Context, context_of
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.session import requests
from backprop_tui.core.session.drive import Ask, settle
from backprop_tui.core.session.history import Change, Settings
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline

FASTER = 4
"""The first request is for one step, so that something is written at once, the next for so many times as many."""


@dataclass(frozen=True)
class Step:
    """A whole step: its number from 1, its trace, the context of it, and whether its sample was typed by hand."""

    number: int
    trace: Trace
    typed: bool = False
    context: Context | None = None

    @property
    def rows(self) -> Sequence[int] | None:
        """The rows of the table that it used; None for a sample typed by hand, and if they are too many to name."""
        return None if self.typed or self.trace.averaged else self.trace.rows


@dataclass(frozen=True)
class Changed:
    """A number that a person typed after so many steps."""

    after: int
    change: Change


@dataclass(frozen=True)
class Block:
    """Steps one after the other with the same settings: the number of the first, from 1, and all of each.

    `made` holds the values of their traces by name (n, rows, columns), a smaller batch filled up; `used` are the rows
    of the table that each step used.
    """

    network: Network
    first: int
    lr: float
    typed: bool
    used: Sequence[Sequence[int]]
    made: Steps

    def __len__(self) -> int:
        return len(self.made.losses)

    def rows(self, place: int) -> Sequence[int] | None:
        """The rows of a step, as a step has them."""
        return None if self.typed or self.made.averaged else self.used[place]

    @property
    def is_same(self) -> bool:
        """Whether each of its steps used the same rows."""
        return all(used is self.used[0] for used in self.used)

    def samples(self, place: int) -> int:
        """How many samples a step's values show."""
        return 1 if self.made.averaged else len(self.used[place])

    def trace(self, place: int) -> Trace:
        """The trace of a step."""
        values = {name: shown(name, value[place], self.samples(place)) for name, value in self.made.trace.items()}
        return Trace(self.network, self.lr, self.used[place], values, self.made.averaged)

    def step(self, place: int, context: Context | None = None) -> Step:
        """A step by its place in the block, from 0."""
        return Step(self.first + place, self.trace(place), self.typed, context)


def shown(name: str, value: Array, samples: int) -> Array:
    """A value (rows, columns) of a step without what fills up its batch."""
    named = parse(name)
    if not named.per_sample:
        return value
    return value[:samples] if named.is_row else value[:, :samples]


Event = Step | Changed
Part = Block | Changed


def single(parts: Iterable[Part]) -> Iterator[Event]:
    """The same, step by step."""
    for part in parts:
        if isinstance(part, Changed):
            yield part
        else:
            yield from map(part.step, range(len(part)))


def made(run: Run, ask: Ask, steps: int, bound: float | None = None) -> Iterator[Block]:
    """Make so many steps of a run from its start; with a bound, until a loss is below it or not finite, as a jump does.

    Nothing is kept of them. The first blocks are short, so that there is something soon.
    """
    session = Session(run)
    settle(session, ask)
    timeline, state, done, pace = session.timeline, run.first_state(), 0, 1
    settings = timeline.settings
    while done < steps:
        count = min(steps - done, pace, requests.most_traced(timeline, settings))
        block = _block(timeline, ask, done, done + 1, settings, state, count, bound)
        yield block
        done, pace, state = done + len(block), pace * FASTER, block.made.states[-1]
        loss = block.made.losses[-1]
        if bound is not None and not (isfinite(loss) and loss >= loss.dtype.type(bound)):
            return


def recorded(timeline: Timeline, ask: Ask, most: int | None = None) -> Iterator[Part]:
    """The whole steps up to where the session is, and the changes between them; with `most`, the newest so many steps.

    They are computed again from recorded states. The timeline is copied at once and may go on meanwhile.
    """
    past = timeline.copy()
    return (part for _, part in _recorded(past, ask, _skipped(timeline, most)))


def recorded_steps(timeline: Timeline, ask: Ask, most: int | None = None) -> Iterator[Event]:
    """The same, step by step, each with its context."""
    return _with_context(timeline.copy(), ask, _skipped(timeline, most))


def _skipped(timeline: Timeline, most: int | None) -> int:
    return 0 if most is None else max(timeline.steps - most, 0)


def _with_context(past: Timeline, ask: Ask, skipped: int) -> Iterator[Event]:
    for entry, part in _recorded(past, ask, skipped):
        if isinstance(part, Changed):
            yield part
            continue
        for place in range(len(part)):
            past.position = Position(entry + place, past.whole)
            yield part.step(place, context_of(past))


def _recorded(past: Timeline, ask: Ask, skipped: int) -> Iterator[tuple[int, Part]]:
    """Each part, and its first entry in the history."""
    past.sample, entry, number, end = None, 0, 0, past.whole_entries
    stops = sorted({*past.history.changes, *(start for start, _ in past.history.stretches), end})
    while entry < end:
        if entry in past.history.changes:
            if number >= skipped:
                yield entry, Changed(number, past.history.changes[entry])
            entry += 1
            continue
        left = next(stop for stop in stops if stop > entry) - entry
        if number < skipped:
            left = min(left, skipped - number)
            entry, number = entry + left, number + left
            continue
        while (lost := requests.lost(past, entry)) is not None:
            requests.take_lost(past, entry, lost, ask(lost))
        settings, state = past.history.settings(entry), past.history.state(entry)
        assert state is not None, "what is not kept has come again"
        count = min(left, requests.most_traced(past, settings))
        block = _block(past, ask, entry, number + 1, settings, state, count)
        past.history.keep_near(entry, block.made.states)
        yield entry, block
        entry, number = entry + len(block), number + len(block)


def _block(
    timeline: Timeline,
    ask: Ask,
    entry: int,
    first: int,
    settings: Settings,
    state: Array,
    count: int,
    bound: float | None = None,
) -> Block:
    """So many steps from this entry on, or fewer. Raises EngineRefused, and WireError if they are of other rows."""
    request = requests.traced_from(timeline, entry, settings, state, count, bound)
    made = read_steps(request, ask(request))
    used = _used(timeline, entry, settings, made)
    one = made.averaged or settings.x is not None
    if made.trace["x"].shape[1] != (1 if one else settings.sampling.batch_size(timeline.training_rows)):
        raise WireError("the engine's traces are not of the rows that were asked for")
    return Block(timeline.run.network, first, settings.lr, settings.x is not None, used, made)


def _used(timeline: Timeline, entry: int, settings: Settings, made: Steps) -> Sequence[Sequence[int]]:
    """The rows of each step's batch."""
    count = len(made.losses)
    if settings.x is not None or settings.sampling.is_same:
        return [requests.rows_used(timeline, entry, settings, made.averaged)] * count
    drawn = requests.rows(timeline, entry, settings, count)
    if np.all(drawn >= 0):
        return list(map(tuple, drawn.tolist()))
    return [tuple(row[row >= 0].tolist()) for row in drawn]

"""The steps of a run, one after the other, for those who write them down: made now, or recorded earlier."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from backprop_tui.core.explain import Context, context_of
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session import requests
from backprop_tui.core.session.drive import Ask, settle
from backprop_tui.core.session.history import Change
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline


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


Event = Step | Changed


def made(session: Session, ask: Ask, steps: int, bound: float | None = None) -> Iterator[Step]:
    """Make so many steps, and hand out each; with a bound, until a loss is below it or not finite, as a jump does."""
    timeline = session.timeline
    for _ in range(steps):
        timeline.step()
        settle(session, ask)
        assert timeline.trace is not None, "a settled session has the trace of its step"
        yield Step(timeline.steps, timeline.trace, timeline.shown_settings.x is not None)
        if bound is not None and (timeline.trace.loss < bound or not isfinite(timeline.trace.loss)):
            return


def recorded(timeline: Timeline, ask: Ask, most: int | None = None) -> Iterator[Event]:
    """The whole steps up to where the session is, and the changes between them; with `most`, the newest so many steps.

    Each is computed again from its recorded state. The timeline is copied at once and may go on meanwhile.
    """
    return _recorded(timeline.copy(), ask, 0 if most is None else max(timeline.steps - most, 0))


def _recorded(past: Timeline, ask: Ask, skipped: int) -> Iterator[Event]:
    number, past.sample = 0, None
    for entry in range(past.whole_entries):
        if entry in past.history.changes:
            if number >= skipped:
                yield Changed(number, past.history.changes[entry])
            continue
        number += 1
        if number > skipped:
            while (lost := requests.lost(past, entry)) is not None:
                requests.take_lost(past, entry, lost, ask(lost))
            request = requests.past_step(past, entry)
            trace = requests.past_trace(past, entry, request, ask(request))
            past.position = Position(entry, past.whole)
            yield Step(number, trace, past.history.settings(entry).x is not None, context_of(past))

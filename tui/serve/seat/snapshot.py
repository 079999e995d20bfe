"""A snapshot of the instructor's screen, as it is sent to those who follow: a run of the one step in view.

The same state, settings and rows make the same step, bit for bit; only what the step cannot know (its number, the
losses before it) is sent along.
"""

from dataclasses import replace

import msgspec
import numpy as np
from backprop_tui.core.model.arrays import Numbers, numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.history import Change, Settings
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.tui.stepper.view import View, view_of

NEWEST, EARLIER = 400, 1_000
"""So many of the newest losses are sent as they are, and of those before them so many at even distances."""


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The step in view: as a run of its own, and what the screen says beside it."""

    run: Run
    """It begins with the state and the settings of the step in view."""

    given: bool
    """Whether the instructor's own run began with given weights."""

    done: int
    step: int
    """The number of the step that is explained, from 1."""

    settings: Settings
    earlier: Numbers
    stride: int
    newest: Numbers
    loss_before: float | None
    loss_after: float | None
    before: Numbers | None
    changes: tuple[Change, ...]
    every: int
    cursor: Cell | None
    single: bool
    lesson: int

    @property
    def session(self) -> Session:
        """A session of its one step; the engine is still to be asked for the trace."""
        session = Session(self.run)
        session.timeline.position = Position(0, self.done)
        return session

    def view(self, session: Session, cursor: Cell | None, precise: bool) -> View:
        """What the instructor's screen shows, made from that session."""
        view = view_of(session.timeline, cursor=cursor, precise=precise, single=self.single)
        run = self.run if self.given else replace(self.run, initial=None)
        context = replace(
            view.context,
            step=self.step,
            seed=None if self.given else run.seed,
            before=None if self.before is None else self.before.array,
            changes=self.changes,
        )
        return replace(
            view,
            run=run,
            settings=self.settings,
            step=self.step - (self.done == 0),
            losses=self._losses(),
            every=self.every,
            context=context,
            loss_before=self.loss_before,
            loss_after=self.loss_after,
        )

    def _losses(self) -> Array:
        return np.concatenate([np.repeat(self.earlier.array, self.stride), self.newest.array])


def encode(timeline: Timeline, view: View, lesson: int) -> bytes | None:
    """A session's step and what its screen shows; None while the engine is asked for it."""
    entry, history, context = timeline.position.entry, timeline.history, view.context
    state = history.state(entry)
    if state is None or (timeline.trace is None and timeline.position.done):
        return None
    shown = timeline.shown_settings
    # The rows of a step go by how many were drawn before it: this run has made none.
    first = replace(shown, since=shown.since - history.steps(entry))
    stride = max(-(-(len(view.losses) - NEWEST) // EARLIER), 1)
    newest = NEWEST + (len(view.losses) - NEWEST) % stride
    shown_now = Snapshot(
        run=replace(timeline.run, initial=tuple(state.tolist()), settings=first),
        given=timeline.run.initial is not None,
        done=timeline.position.done,
        step=context.step,
        settings=timeline.settings,
        earlier=numbers(view.losses[:-newest:stride]),
        stride=stride,
        newest=numbers(view.losses[-newest:]),
        loss_before=view.loss_before,
        loss_after=view.loss_after,
        before=None if context.before is None else numbers(context.before),
        changes=context.changes,
        every=view.every,
        cursor=view.cursor,
        single=any(isinstance(fresh, Cell) for fresh in view.fresh),
        lesson=lesson,
    )
    return msgspec.msgpack.encode(shown_now)


def decode(state: bytes) -> Snapshot:
    """What `encode` has made. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(state, type=Snapshot)

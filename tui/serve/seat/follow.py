"""The instructor's step on somebody else's screen: the same numbers, to look at only."""

from typing import ClassVar

from backprop_tui.core.lessons.names import LESSONS, MAIN
from backprop_tui.core.model.phases import Cell
from backprop_tui.tui.stepper import keys
from backprop_tui.tui.stepper.step_view import StepView
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.keys import Key, KeysShown, bindings
from backprop_tui.tui.widgets.runner import Asker
from textual import work
from textual.binding import BindingType

from .snapshot import Snapshot

BACK = Key(
    "f,escape",
    "f",
    "follow",
    "back to yours",
    "back to your own screen, which is as you left it (esc does it too)",
    True,
)
LOOKING = frozenset(
    {
        "why",
        "precision",
        "picture",
        "next_pane",
        "cursor('up')",
        "copy_number",
        "what",
        "command_palette",
        "question",
        "help",
        "quit",
    }
)
"""The actions that change nothing."""

FOLLOWING = (BACK, *(key for key in keys.MAIN if key.action in LOOKING))


class FollowScreen(StepView):
    """Shows what the instructor's session sends, as long as its person wants."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FOLLOWING)

    def __init__(self, shown: Snapshot, engine: Asker, name: str) -> None:
        """`name` is whom one follows."""
        super().__init__(shown.session, engine)
        self.keys = KeysShown(FOLLOWING)
        self.guide = name
        """Whom one follows; empty when they show nothing any more."""
        self._shown = self._newest = self._coming = shown
        self._queued = False
        self.cursor: Cell | None = shown.cursor

    def on_mount(self) -> None:
        """Follow; Textual calls the step view's own `on_mount` as well."""
        self._work()

    @work(exclusive=True)
    async def _work(self) -> None:
        self.show(self._newest)
        await self.runner.run()

    def show(self, shown: Snapshot) -> None:
        """The instructor has moved; if this is faster than the engine answers, only the newest is shown."""
        self._newest = shown
        if not self._queued:
            self._queued = True
            self.runner.act(self._go, self._arrive)

    def _go(self) -> None:
        self._queued, self._coming = False, self._newest
        session = self._coming.session
        if session.timeline.run.table == self.session.timeline.run.table:  # which need not be read again
            session.timeline.scaling, session.timeline.sample = (
                self.session.timeline.scaling,
                self.session.timeline.sample,
            )
        self.runner.requester = session

    def _arrive(self) -> None:
        before, self._shown = self._shown, self._coming
        self.session = self.runner.requester  # type: ignore[assignment]
        if self._shown.cursor != before.cursor:
            self.cursor = self._shown.cursor
        lesson = LESSONS[self._shown.lesson - 1]
        self.notice = f"the instructor is in lesson {lesson.number}, {lesson.name}" * (lesson != MAIN)
        if self._shown.run.network != before.run.network:
            self.take_shape()

    def view(self) -> View:
        """What the instructor's screen shows, with a cursor and digits of one's own."""
        return self._shown.view(self.session, self.cursor, self.precise)

    def activity(self) -> str:
        """Whom one follows, at the right of the first line."""
        return f"following {self.guide}" if self.guide else "this has ended: f leaves"

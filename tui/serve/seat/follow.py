"""The instructor's step on somebody else's screen: the same numbers, to look at only."""

from typing import ClassVar

from backprop_tui.core.model.phases import Cell
from backprop_tui.tui.lessons.screen import NAMES
from backprop_tui.tui.stepper.looking import Looking
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.keys import KEYS, Key, KeysShown, bindings
from backprop_tui.tui.widgets.runner import Asker
from textual import work
from textual.binding import Binding, BindingType

from .snapshot import Snapshot

MAIN = NAMES.index("back-propagation") + 1

BACK = Key(
    "f", "f", "follow", "back to yours", "back to your own screen, which is as you left it (esc does it too)", True
)
LOOKING = frozenset({"why", "precision", "picture", "next_pane", "cursor", "command_palette", "help", "quit"})
"""The actions that change nothing."""


def _looks(action: str) -> bool:
    return action.partition("(")[0] in LOOKING


class FollowScreen(Looking):
    """Shows what the instructor's session sends, as long as its person wants."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,escape", "follow", show=False),
        *(binding for binding in bindings() if _looks(binding.action)),
    ]

    def __init__(self, shown: Snapshot, engine: Asker, name: str) -> None:
        """`name` is whom one follows."""
        super().__init__(shown.session, engine)
        self.keys = KeysShown((BACK, *(key for key in KEYS if _looks(key.action))))
        self.guide = name
        """Whom one follows; empty when they show nothing any more."""
        self._shown = self._newest = self._coming = shown
        self._queued = False
        self._cursor: Cell | None = shown.cursor

    @work(exclusive=True)
    async def _work(self) -> None:
        self._loading = False
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
        if session.run.table == self.session.run.table:  # which need not be read again
            session.scaling, session.sample = self.session.scaling, self.session.sample
        self.runner.session = session

    def _arrive(self) -> None:
        before, self._shown = self._shown, self._coming
        self.session = self.runner.session  # type: ignore[assignment]
        if self._shown.cursor != before.cursor:
            self._cursor = self._shown.cursor
        elsewhere = self._shown.lesson != MAIN
        self._notice = f"the instructor is in lesson {self._shown.lesson}, {NAMES[self._shown.lesson - 1]}" * elsewhere
        if self._shown.run.network != before.run.network:
            self._lay_out()

    def view(self) -> View:
        """What the instructor's screen shows, with a cursor and digits of one's own."""
        return self._shown.view(self.session, self._cursor, self._precise)

    def _activity(self) -> str:
        return f"following {self.guide}" if self.guide else "this has ended: f leaves"

    def action_follow(self) -> None:
        """f, esc."""
        self.app.follow()  # type: ignore[attr-defined]

    def action_quit(self) -> None:
        """q."""
        self.app.leave()  # type: ignore[attr-defined]

    def action_command_palette(self) -> None:
        """ctrl+p."""
        self.app.action_command_palette()

"""The app as a workshop's session: it reports to the instructor, hears from them, and saves itself."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

import msgspec
import numpy as np
from backprop_tui.core.engine.client.socket import SharedEngine
from backprop_tui.core.engine.protocol.messages import Answer, Request
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.lessons.screen import NAMES
from backprop_tui.tui.serve import notes
from backprop_tui.tui.serve.notes import Broadcast, Follow, Guide, Hold, Report, Say
from backprop_tui.tui.stepper.screen import StepperScreen
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.containers import Middle
from textual.css.model import RuleSet
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static

from . import in_view
from .follow import FollowScreen
from .place import Place

REPORT_AFTER, SAVE_AFTER = 0.5, 10.0
"""Seconds after a change; a session that takes long to save is saved less often."""

SHOW_EVERY = 0.2
"""Seconds between two looks whether the guide's place is another one."""

_PARSED: LRUCache[tuple[object, ...], list[RuleSet]] = LRUCache(64)
"""The style sheets, which all sessions share: parsed in the nursery, a fifth of what a first frame costs."""

SPARKLINE = 24
SAY_FOR = 15.0


class WatchedEngine(SharedEngine):
    """A shared engine that tells when it has answered: the session has moved."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.on_answer: Callable[[], None] = lambda: None
        """Called after each answer."""

    async def ask(self, request: Request) -> Answer:
        """The answer to a request."""
        answer = await super().ask(request)
        self.on_answer()
        return answer


class HeldScreen(ModalScreen[None]):
    """Takes the keys while the instructor speaks; `f` still follows where there is somebody to follow."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f", "follow", show=False)]

    DEFAULT_CSS = """
    HeldScreen { align: center middle; }
    HeldScreen Middle { width: auto; height: auto; border: round $accent; padding: 1 3; }
    HeldScreen Static { width: auto; }
    """

    def __init__(self, guide: str) -> None:
        super().__init__()
        self._words = "The instructor has paused the workshop: look up" + f", or press f to follow {guide}." * bool(
            guide
        )

    def compose(self) -> ComposeResult:
        """One line in a box."""
        yield Middle(Static(self._words, markup=False))

    def action_follow(self) -> None:
        """f."""
        self.app.follow()  # type: ignore[attr-defined]


class ServedApp(StepperApp):
    """A stepper whose person sits elsewhere. Nothing of it writes outside the session's own folder."""

    SAVE_EVERY = 0.0  # it saves by itself, some seconds after a step

    def __init__(self, place: Place, engine: WatchedEngine, line: socket.socket) -> None:
        super().__init__(place.session, engine, 0, place.scenario, place.keeper, place.loaded)
        self.stylesheet._parse_cache = _PARSED
        self.export_folder = place.folder
        self._line, self._remark = line, place.remark
        self._reporting: asyncio.TimerHandle | None = None
        self._saving: asyncio.TimerHandle | None = None
        self._save_after = SAVE_AFTER
        self._held: HeldScreen | None = None
        self._holds = False
        self._guide = Guide("")
        self._follower: FollowScreen | None = None
        self._follows = False
        self._showing: Timer | None = None
        self._shown: bytes | None = None
        engine.on_answer = self._moved

    def on_mount(self) -> None:
        """Hear the server; Textual calls the stepper's own `on_mount` as well."""
        self._line.setblocking(False)
        asyncio.get_running_loop().add_reader(self._line, self._told)
        if self._remark:
            self.notify(escape_controls(self._remark), severity="warning", timeout=SAY_FOR, markup=False)

    # What the instructor sees

    def _moved(self) -> None:
        loop = asyncio.get_running_loop()
        if self._reporting is None:
            self._reporting = loop.call_later(REPORT_AFTER, self._report)
        if self._saving is None:
            self._saving = loop.call_later(self._save_after, self._save_again)

    def _report(self) -> None:
        self._reporting = None
        losses = self.session.losses
        last = float(losses[-1]) if len(losses) else None
        some = losses[np.linspace(0, len(losses) - 1, min(len(losses), SPARKLINE)).astype(int)] if len(losses) else ()
        stepper = self._stepper
        score = stepper.predictor.score if stepper else None
        report = Report(
            NAMES[self.lessons.open - 1],
            self.session.steps,
            last,
            tuple(float(loss) for loss in some),
            score.asked if score else 0,
            score.right if score else 0,
        )
        notes.send(self._line, report)

    @property
    def _stepper(self) -> StepperScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, StepperScreen)), None)

    # What the instructor says

    def _told(self) -> None:
        try:
            data = self._line.recv(notes.MAX_NOTE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._line)
            return
        with suppress(msgspec.MsgspecError):
            self._hear(notes.decode(data, notes.ToSession))  # type: ignore[arg-type]

    def _hear(self, note: notes.ToSession) -> None:
        match note:
            case Say():
                self.notify(escape_controls(note.text), title="From the instructor", timeout=SAY_FOR, markup=False)
            case Hold():
                self._hold(note.held)
            case Guide():
                self._take_guide(note)
            case Broadcast():
                self._take_place(in_view.decode(note.state))

    def _hold(self, held: bool) -> None:
        """Take no keys, or go on. Who follows may go on looking: what is one's own is held where one returns to it."""
        self._holds = held
        wanted = held and self._follower is None
        if wanted and self._held is None:
            self._held = HeldScreen(escape_controls(self._guide.name))
            self.push_screen(self._held)
        elif not wanted and self._held is not None:
            self._held.dismiss()
            self._held = None

    # Follow me

    def follow(self) -> str:
        """f: see the guide's place, or go back to one's own, which has not moved meanwhile."""
        if self._follows:
            self._follows = False
            if self._follower is not None:
                self.pop_screen()
                self._follower = None
                self._hold(self._holds)
        elif self._guide.you:
            return "you are the one who can be followed"
        elif not self._guide.name:
            return "nobody shows their screen now; you are told when somebody does"
        else:
            self._follows = True
            self.clear_notifications()
            if (stepper := self._stepper) is not None:
                stepper.autoplay.stop()
        notes.send(self._line, Follow(self._follows))
        return ""

    def _take_guide(self, guide: Guide) -> None:
        self._guide, self._shown = guide, None
        if self._follower is not None:
            self._follower.guide = guide.name
            self._follower.draw()
        if self._showing is not None:
            self._showing.stop()
        self._showing = self.set_interval(SHOW_EVERY, self._show) if guide.you else None
        if guide.you:
            self.notify("Everybody can follow you now: f on their screens shows yours.", timeout=SAY_FOR / 3)
        elif guide.name and self._follower is None:
            words = f"{escape_controls(guide.name)} shows their screen: f follows, f again goes back to yours."
            self.notify(words, title="Follow me", timeout=SAY_FOR, markup=False)

    def _show(self) -> None:
        """Send one's place to those who follow, where it is another one."""
        stepper = self._stepper
        place = in_view.encode(self.session, stepper.view(), self.lessons.open) if stepper else None
        if place is not None and place != self._shown:
            self._shown = place
            if not notes.send(self._line, Broadcast(place)) and len(place) > notes.MAX_NOTE - 100:
                self.notify("This network is too large to be shown to others.", severity="warning")

    def _take_place(self, place: in_view.InView) -> None:
        if not self._follows:
            return
        if self._follower is None:
            self._follower = FollowScreen(place, self.engine, self._guide.name)
            self._hold(self._holds)
            self.push_screen(self._follower)
        else:
            self._follower.show(place)

    # What Textual offers and a person who sits elsewhere must not have on this machine

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open nothing: the browser would be this machine's."""

    def deliver_screenshot(
        self,
        filename: str | None = None,
        path: str | None = None,
        time_format: str | None = None,
    ) -> str | None:
        """Write nothing."""
        return None

    def save_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str:
        """Write nothing."""
        return ""

    # What stays

    def _save_again(self) -> None:
        """What is done is kept every few seconds: a session that is killed goes on from there."""
        self._saving = None
        if self.keeper is None:
            return
        began = time.monotonic()
        try:
            self.keeper.save_changes(self.session, self._kept(), self.scenario)
        except ValueError as error:
            self.notify(escape_controls(str(error)), severity="error", markup=False)
        self._save_after = max(SAVE_AFTER, 20 * (time.monotonic() - began))

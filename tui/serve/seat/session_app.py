"""The app as a workshop's session: it reports to the instructor, hears from them, and saves itself."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import msgspec
import numpy as np
from backprop_tui.core.course import Course
from backprop_tui.core.course.classroom.poll import REVEALED
from backprop_tui.core.engine.client.socket import SharedEngine
from backprop_tui.core.engine.protocol.messages import Answer, Request
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.serve import notes
from backprop_tui.tui.serve.notes import Answered, Broadcast, ClassQuestion, Follow, Guide, Hold, Pose, Report, Say
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.textual_hooks import ParsedRules, share_parsed_rules
from backprop_tui.tui.widgets.messages import Export
from textual.cache import LRUCache
from textual.timer import Timer

from . import delivery, snapshot
from .follow import FollowScreen
from .held_screen import HeldScreen
from .posing import posed
from .question_screen import QuestionScreen
from .restore import Restored
from .telling import Telling

REPORT_AFTER, SAVE_AFTER = 0.5, 10.0
"""Seconds after a change; a session that takes long to save is saved less often."""

SHOW_EVERY = 0.2
"""Seconds between two looks whether the guide's screen has changed."""

_PARSED: ParsedRules = LRUCache(64)
"""The style sheets, which all sessions share: parsed in the fork server: a fifth of what a first frame costs."""

ANSWER_AGAIN = 0.5
"""Seconds until an answer that the server has not taken is sent once more."""

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


class SessionApp(StepperApp):
    """A stepper whose person sits elsewhere. Nothing of it writes outside the session's own folder."""

    READS_FILES = False  # they are the instructor's
    SAVE_EVERY = 0.0  # it saves by itself, some seconds after a step

    def __init__(
        self,
        restored: Restored,
        engine: WatchedEngine,
        link: socket.socket,
        downloads: bool,
        course: Course | None = None,
    ) -> None:
        """`course` is open at its start, unless the session goes on in it."""
        if restored.is_in(course):
            course = None
        super().__init__(restored.session, engine, 0, restored.keeper, restored.loaded, course)
        share_parsed_rules(self.stylesheet, _PARSED)
        self.export_folder = self._folder = restored.folder
        self._link, self._remark, self._downloads = link, restored.remark, downloads
        self._telling = Telling(link)
        self._tells: asyncio.TimerHandle | None = None
        self._reporting: asyncio.TimerHandle | None = None
        self._saving: asyncio.TimerHandle | None = None
        self._save_after = SAVE_AFTER
        self._held: HeldScreen | None = None
        self._holds = False
        self._guide = Guide("")
        self._follower: FollowScreen | None = None
        self._follows = False
        self._asked = ClassQuestion(0)
        self._answering: Answered | None = None
        self._showing: Timer | None = None
        self._shown: bytes | None = None
        engine.on_answer = self._moved

    def on_mount(self) -> None:
        """Hear the server; Textual calls the stepper's own `on_mount` as well."""
        self._link.setblocking(False)
        asyncio.get_running_loop().add_reader(self._link, self._told)
        if self._remark:
            self.notify(escape_controls(self._remark), severity="warning", timeout=SAY_FOR, markup=False)

    # What the instructor sees

    def _moved(self) -> None:
        if self._reporting is None:
            self._reporting = asyncio.get_running_loop().call_later(REPORT_AFTER, self._report)
        self._save_soon()

    def _save_soon(self) -> None:
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(self._save_after, self._save_again)

    def progressed(self) -> None:
        """Something has become of a task of the course: it is kept, and the workshop is told at once."""
        self._save_soon()
        if self._tells is None:
            self._tell_tasks()

    def _tell_tasks(self) -> None:
        """Tell what is new; once more in a while if the workshop does not take it now."""
        self._tells = None
        if self.guide is None:
            return
        self._telling.tell(self.guide.progress)
        if self._telling.is_behind(self.guide.progress):
            self._tells = asyncio.get_running_loop().call_later(REPORT_AFTER, self._tell_tasks)

    def _report(self) -> None:
        self._reporting = None
        losses = self.session.timeline.losses
        last = float(losses[-1]) if len(losses) else None
        some = losses[np.linspace(0, len(losses) - 1, min(len(losses), SPARKLINE)).astype(int)] if len(losses) else ()
        stepper = self._stepper
        score = stepper.predictor.score if stepper else None
        report = Report(
            self.lessons.open.name,
            self.session.timeline.step_number,
            last,
            tuple(float(loss) for loss in some),
            score.asked if score else 0,
            score.right if score else 0,
        )
        notes.send(self._link, report)

    @property
    def _stepper(self) -> StepperScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, StepperScreen)), None)

    # What the instructor says

    def _told(self) -> None:
        try:
            data = self._link.recv(notes.MAX_NOTE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._link)
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
                self._take_snapshot(snapshot.decode(note.state))
            case Pose():
                self.run_worker(self._pose(note))
            case ClassQuestion():
                self._take_question(note)

    def _hold(self, held: bool) -> None:
        """Take no keys, or go on. Who follows may go on looking: what is one's own is held where one returns to it."""
        self._holds = held
        wanted = held and self._follower is None
        if wanted and self._held is None:
            self._held = HeldScreen(escape_controls(self._guide.name))
            with self._beneath_question():
                self.push_screen(self._held)
        elif not wanted and self._held is not None:
            with self._beneath_question():
                self._held.dismiss()
            self._held = None

    # Follow me

    def follow(self) -> str:
        """f: see the guide's screen, or go back to one's own, which is as it was left."""
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
        notes.send(self._link, Follow(self._follows))
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
        """Send what is in view to those who follow, if it has changed."""
        stepper = self._stepper
        shown = snapshot.encode(self.session.timeline, stepper.view(), self.lessons.open.number) if stepper else None
        if shown is not None and shown != self._shown:
            self._shown = shown
            if not notes.send(self._link, Broadcast(shown)) and len(shown) > notes.MAX_NOTE - 100:
                self.notify("This network is too large to be shown to others.", severity="warning")

    def _take_snapshot(self, shown: snapshot.Snapshot) -> None:
        if not self._follows:
            return
        if self._follower is None:
            self._follower = FollowScreen(shown, self.engine, self._guide.name)
            self._hold(self._holds)
            with self._beneath_question():
                self.push_screen(self._follower)
        else:
            self._follower.show(shown)

    # The question to the class

    def _take_question(self, asked: ClassQuestion) -> None:
        """Show it, over whatever is there: what is new of it comes up, and else it changes where it is seen."""
        before, self._asked = self._asked, asked
        screen = self._question_screen
        is_new = (asked.number, asked.round) != (before.number, before.round)
        if not asked.number:
            if screen is not None:
                screen.dismiss()
        elif screen is not None:
            screen.show(asked)
        elif is_new or (asked.stage == REVEALED and before.stage != REVEALED):
            self._open_question()

    def show_question(self) -> str:
        """See the question again."""
        if not self._asked.number:
            return "nobody has asked the class anything"
        if self._question_screen is None:
            self._open_question()
        return ""

    @property
    def _question_screen(self) -> QuestionScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, QuestionScreen)), None)

    def _open_question(self, unsent: str = "") -> None:
        self.push_screen(QuestionScreen(self._asked, self._answer, unsent))

    @contextmanager
    def _beneath_question(self) -> Iterator[None]:
        """What is done to the screens meanwhile is done below the question, which stays on top."""
        screen = self._question_screen
        if screen is None:
            yield
            return
        unsent = screen.unsent
        self.pop_screen()
        yield
        self._open_question(unsent)

    def _answer(self, answer: float) -> None:
        self._answering = Answered(self._asked.number, self._asked.round, answer)
        self._send_answer(self._answering)

    def _send_answer(self, answer: Answered) -> None:
        """Send an answer; once more in a while if the server does not take it now. What it takes, it answers."""
        if answer is self._answering and not notes.send(self._link, answer):
            self.set_timer(ANSWER_AGAIN, lambda: self._send_answer(answer))

    async def _pose(self, note: Pose) -> None:
        """Make a question about the step in view, for the class."""
        stepper = self._stepper
        cursor = stepper.cursor if stepper else None
        notes.send(self._link, await posed(note, self.session.timeline, cursor, self.engine))

    # Files

    def export(self, what: Export) -> None:
        """Write a file, unless there are many."""
        if refusal := delivery.refusal(self._folder):
            self._main.say(refusal)
        else:
            super().export(what)

    def exported(self, name: str) -> None:
        """Send it to where its person sits."""
        copy = partial(self.call_from_thread, self.copy_to_clipboard)
        said = delivery.hand_over(self._folder / name, self._link, copy, self._downloads)
        self.call_from_thread(self.notify, escape_controls(said), timeout=SAY_FOR, markup=False)

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
            self.keeper.save_changes(self.session, self._kept())
        except ValueError as error:
            self.notify(escape_controls(str(error)), severity="error", markup=False)
        self._save_after = max(SAVE_AFTER, 20 * (time.monotonic() - began))

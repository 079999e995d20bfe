"""The app: one session of a run, the engine that answers it, and the screens on top."""

import asyncio
import os
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from backprop_tui.core.session.session import Session
from textual.app import App
from textual.screen import Screen

from .lessons.registry import Lessons
from .stepper.screen import StepperScreen
from .terminal.background import theme
from .terminal.driver import TerminalDriver
from .terminal.ending import Ending
from .textual_hooks import driver_of, make_first_screen_switchable
from .widgets.key_app import KeyApp
from .widgets.key_screen import KeyScreen
from .widgets.messages import (
    Export,
    Failed,
    FollowInstructor,
    Leave,
    NothingToShow,
    OpenBuiltIn,
    OpenExample,
    OpenLesson,
    OtherScenario,
    Save,
    SetUpRun,
    ShowGlossary,
    ShowHelp,
    ShowQuestion,
    ShowWords,
    TaskKey,
    Told,
    WhyOpened,
)
from .widgets.runner import FAULT, Asker

if TYPE_CHECKING:
    from backprop_tui.core.course import Course
    from backprop_tui.core.storage.store import Loaded

    from .lessons.course import Guide
    from .saving import Keeper

MOST_FAULTS, STORM = 20, 5.0
"""So many faults in so many seconds are not worth going on with."""


class StepperApp(KeyApp):
    """Steps a network through back-propagation."""

    TITLE = "backprop-tui"
    CSS_PATH = Path(__file__).parent / "stepper" / "stepper.tcss"

    READS_FILES: ClassVar[bool] = True
    """Whether a person may name files of this machine as tables."""

    SAVE_EVERY: ClassVar[float] = 30.0
    """Seconds between looks whether there is something to save; 0 if somebody else sees to it."""

    def __init__(
        self,
        session: Session,
        engine: Asker,
        steps: int = 0,
        keeper: "Keeper | None" = None,
        loaded: "Loaded | None" = None,
        course: "Course | None" = None,
    ) -> None:
        """`steps` are made at the start; `keeper` saves the session; `loaded` is what it was restored from.

        `course` is opened at once.
        """
        super().__init__(ansi_color=True)
        # Set before there is anything to be styled: to change the theme would style everything twice.
        self.set_reactive(App.theme, theme(os.environ))
        self.stylesheet.set_variables(self.get_css_variables())
        self.session, self.engine, self.keeper = session, engine, keeper
        self.lessons = Lessons(self, engine)
        self.farewell = ""
        """A line for the terminal once the screen is gone."""
        self.export_folder: Path | None = None
        """Where exported files go; None if their names may be paths."""
        self.event_loop: asyncio.AbstractEventLoop | None = None
        self.ending: Ending | None = None
        """What ends it when a signal asks for that; None if nothing does, as in a test."""
        self._steps, self._loaded, self._course = steps, loaded, course
        self.guide: Guide | None = None
        """Leads through a course, if one is open."""
        self._trouble = ""
        """Why the session could not be saved by itself."""
        self.faults: list[Exception] = []
        """What went wrong in the program itself."""
        self._failed_at: deque[float] = deque(maxlen=MOST_FAULTS)

    def get_default_screen(self) -> StepperScreen:
        """The main screen is the first."""
        return StepperScreen(self.session, self.engine, self._steps, self._loaded)

    def on_load(self) -> None:
        """The loop runs."""
        self.event_loop = asyncio.get_running_loop()

    def on_mount(self) -> None:
        """Open the lesson that is to be open, and begin to save."""
        make_first_screen_switchable(self.screen)
        kept = self._loaded.screen if self._loaded else {}
        self.lessons.begin(kept, self._main.scenario)
        if self._course is not None:
            self._open_course(self._course)
        elif "course" in kept:
            self._resume_course(kept["course"])
        elif self._loaded is None and (scenario := self._main.scenario) is not None and scenario.tasks:
            from backprop_tui.core.course import of_scenario

            self._open_course(of_scenario(scenario))
        if (keeper := self.keeper) is not None and self.SAVE_EVERY:
            self.set_timer(self.SAVE_EVERY, lambda: self._keep_saving(keeper))

    def hear(self, what: Told) -> None:
        """Do what a screen tells that a person wants."""
        match what:
            case OpenLesson():
                self.lessons.show(what.number)
            case OpenExample():
                from backprop_tui.core.scenario import bundled

                self.lessons.close()
                self._main.open(bundled(what.name), tells=True)
            case OpenBuiltIn():
                from backprop_tui.core.session.chosen import Chosen, run_with
                from backprop_tui.core.session.run import Run

                self.lessons.close()
                self._main.begin(run_with(Chosen(data=what.name), Run()))
            case SetUpRun():
                from backprop_tui.core.session.setup import setup_of

                from .stepper.overlays.setup import SetupScreen

                setup = setup_of(self.session.timeline, self.READS_FILES)
                self.push_screen(SetupScreen(setup, self.engine), self._main.begin)
            case OtherScenario():
                self.lessons.narrow(what.scenario)
            case ShowHelp():
                from .widgets.help import HelpScreen

                self.push_screen(HelpScreen(what.keys, what.words))
            case ShowWords():
                from .stepper.overlays.words import WordsScreen

                self.push_screen(WordsScreen(what.title, what.paragraphs))
            case ShowGlossary():
                from .widgets.glossary import GlossaryScreen

                self.push_screen(GlossaryScreen(what.word))
            case TaskKey():
                self._task_key(what)
            case WhyOpened():
                if self.guide is not None:
                    self.guide.explained(what.cell)
            case FollowInstructor():
                self._say(self.follow())
            case ShowQuestion():
                self._say(self.show_question())
            case Save():
                try:
                    self._main.say(self.save())
                except ValueError as error:
                    self._main.say(str(error))
            case Export():
                self.export(what)
            case Failed():
                self.failed(what.error)
            case NothingToShow():
                self.farewell = what.why
                self.exit(return_code=2)
            case Leave():
                self.leave()

    def _say(self, words: str) -> None:
        if words and isinstance(self.screen, KeyScreen):
            self.screen.say(words)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text; nothing leaves the clipboard as it is."""
        if text:
            super().copy_to_clipboard(text)

    # A course

    def _task_key(self, what: TaskKey) -> None:
        if self.guide is not None:
            self.guide.key(what.key, what.text)
        elif what.key != "task":
            self._say("no course is open; T opens the one that comes along")
        else:
            from backprop_tui.core.course import bundled

            self._open_course(bundled())

    def _open_course(self, course: "Course") -> None:
        self._lead(course).begin()

    def _resume_course(self, kept: object) -> None:
        """Go on with the course that a saved session was in; if that can't be opened any more, say so."""
        from .lessons.course import resumed

        try:
            course, saved = resumed(kept)
        except ValueError as error:
            self._main.say(str(error))
            return
        self._lead(course).resume(saved)

    def _lead(self, course: "Course") -> "Guide":
        from .lessons.course import Guide

        self.guide = Guide(self, self.lessons, self.engine, course)
        self.guide.progress.changed = self.progressed
        return self.guide

    def progressed(self) -> None:
        """Something has become of a task of the course."""

    # Ending

    def save(self) -> str:
        """Save the session; what to say of it. Raises ValueError if it can't be."""
        if self.keeper is None:
            raise ValueError("sessions are not saved here")
        self.keeper.save(self.session, self._kept())
        return f"saved as '{self.keeper.name}'; `backprop-tui --resume` goes on from here"

    @property
    def _main(self) -> StepperScreen:
        return next(screen for screen in self.screen_stack if isinstance(screen, StepperScreen))

    def _kept(self) -> dict[str, Any]:
        """What a saved session holds of the screens."""
        return self._main.kept() | self._kept_beside()

    def _kept_beside(self) -> dict[str, Any]:
        """What it holds of the lessons, and of the course."""
        return self.lessons.kept() | (self.guide.kept() if self.guide is not None else {})

    def _keep_saving(self, keeper: "Keeper") -> None:
        """What is done is saved now and then: a program that is killed has lost little."""
        began = time.monotonic()
        trouble = ""
        try:
            keeper.save_changes(self.session, self._kept())
        except ValueError as error:
            trouble = str(error)
            if trouble != self._trouble:  # said once, not every time
                self._main.say(trouble)
        self._trouble = trouble
        # A history of millions of steps takes its time: saving may take a twentieth of it all.
        self.set_timer(max(self.SAVE_EVERY, 20 * (time.monotonic() - began)), lambda: self._keep_saving(keeper))

    async def action_quit(self) -> None:
        """ctrl+q, which Textual gives every app."""
        self.leave()

    def leave(self) -> None:
        """Quit; what was done is saved."""
        self._save_quietly()
        if self.ending is not None:
            self.ending.nothing_to_save()
        self.exit()

    def save_at_end(self) -> None:
        """A signal asks for the end, or the terminal has gone: save first."""
        self._save_quietly()

    def end(self, code: int) -> None:
        """Leave, with this exit code."""
        self.exit(return_code=code)

    def give_terminal_back(self) -> None:
        """The loop is blocked: make the terminal what it was from another thread."""
        driver = driver_of(self)
        if isinstance(driver, TerminalDriver):
            driver.give_back()

    def _save_quietly(self) -> str:
        """Save if it is worth it; why that failed, if it did."""
        if self.keeper is None or not self.keeper.is_worth_saving(self.session, self._kept_beside()):
            return ""
        try:
            self.farewell = self.save()
        except ValueError as error:
            self.farewell = str(error)
            return self.farewell
        return ""

    # Faults

    def failed(self, error: Exception, screen: Screen[Any] | None = None) -> None:
        """A fault of this program: write it down, save, say so, and go on; if there are too many, end."""
        self.faults.append(error)
        self._failed_at.append(time.monotonic())
        line = f"{FAULT} ({type(error).__name__}){self._saved_words()}; {self._written_down(error)}"
        self.farewell = line  # should it end now
        stack = self.screen_stack if self.is_running else []
        storm = len(self._failed_at) == MOST_FAULTS and self._failed_at[-1] - self._failed_at[0] < STORM
        shown = next((one for one in reversed(stack) if isinstance(one, KeyScreen) and one.is_mounted), None)
        if storm or shown is None:
            self.exit(return_code=1)
            return
        if screen is self.screen and not isinstance(screen, KeyScreen):
            self.pop_screen()  # a page that does not work would take the keys
        shown.notice = line
        shown.draw()
        self.farewell = ""

    def _saved_words(self) -> str:
        if self.keeper is None or not self.keeper.is_worth_saving(self.session, self._kept_beside()):
            return ""
        try:
            self.save()
        except Exception as error:
            return f", not saved: {error}"
        return ", saved"

    def _written_down(self, error: Exception) -> str:
        """Where the traceback is."""
        from backprop_tui.core.storage import fault_log
        from backprop_tui.core.storage.folder import state_folder

        try:
            path = fault_log.write_down(error, self.keeper.folder if self.keeper else state_folder())
        except OSError as trouble:
            return f"its traceback can't be written: {trouble.strerror}"
        return f"traceback in {str(path).replace(str(Path.home()), '~', 1)}"

    # What screens ask for

    def follow(self) -> str:
        """See the instructor's screen, if there is one; else what to say."""
        return "there is nobody to follow: this is not a workshop"

    def show_question(self) -> str:
        """See the question to the class again, if there is one; else what to say."""
        return "there is no question: this is not a workshop"

    def export(self, what: Export) -> None:
        """Write a file, in a thread: it may ask the engine for many steps. Then say so."""
        from .saving import export

        self._main.say("writing …")
        loop, texts = asyncio.get_running_loop(), self.guide.report if self.guide is not None else None
        work = partial(export, what, self.engine, loop, self.export_folder, self.exported, texts)
        self.run_worker(lambda: self.call_from_thread(self._main.say, work()), thread=True)

    def exported(self, name: str) -> None:
        """A file of this name was written, by the thread that calls this."""

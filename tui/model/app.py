"""The app of `backprop-tui model`: one screen, and the process that holds the model."""

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from backprop_tui.core.session.model import ModelSession
from backprop_tui.tui.terminal.driver import TerminalDriver
from backprop_tui.tui.textual_hooks import driver_of
from backprop_tui.tui.widgets.key_app import KeyApp
from backprop_tui.tui.widgets.key_screen import KeyScreen
from backprop_tui.tui.widgets.messages import Failed, Leave, NothingToShow, ShowGlossary, ShowHelp, Told
from backprop_tui.tui.widgets.runner import FAULT, Asker
from textual.app import App
from textual.screen import Screen

from .screen import ModelScreen


class ModelApp(KeyApp):
    """Steps a model. Nothing is saved: a model's own code may have changed by then."""

    TITLE = "backprop-tui"
    # A first screen's own style sheet is not read.
    CSS_PATH: ClassVar = [Path(__file__).parents[1] / "stepper" / "stepper.tcss", Path(__file__).parent / "model.tcss"]

    def __init__(self, session: ModelSession, engine: Asker) -> None:
        super().__init__(ansi_color=True)
        self.set_reactive(App.theme, "ansi-dark")
        self.stylesheet.set_variables(self.get_css_variables())
        self.session, self.engine = session, engine
        self.farewell = ""
        """A line for the terminal once the screen is gone."""
        self.event_loop: asyncio.AbstractEventLoop | None = None
        self.faults: list[Exception] = []
        """What went wrong in the program itself."""

    def get_default_screen(self) -> ModelScreen:
        """The only screen."""
        return ModelScreen(self.session, self.engine)

    def on_load(self) -> None:
        """The loop runs."""
        self.event_loop = asyncio.get_running_loop()

    def hear(self, what: Told) -> None:
        """Do what the screen tells that a person wants."""
        match what:
            case ShowHelp():
                from backprop_tui.tui.widgets.help import HelpScreen

                self.push_screen(HelpScreen(what.keys, what.words))
            case ShowGlossary():
                from backprop_tui.tui.widgets.glossary import GlossaryScreen

                self.push_screen(GlossaryScreen(what.word))
            case Failed():
                self.failed(what.error)
            case NothingToShow():
                self.farewell = what.why
                self.exit(return_code=2)
            case Leave():
                self.exit()

    async def action_quit(self) -> None:
        """ctrl+q, which Textual gives every app."""
        self.exit()

    def failed(self, error: Exception, screen: Screen[Any] | None = None) -> None:
        """A fault of this program: say so, and go on if there is a screen."""
        self.faults.append(error)
        line = f"{FAULT}: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
        shown = (
            next((one for one in self.screen_stack if isinstance(one, KeyScreen)), None) if self.is_running else None
        )
        if shown is None or len(self.faults) > MOST_FAULTS:
            self.farewell = line
            self.exit(return_code=1)
        else:
            shown.say(line)

    def save_at_end(self) -> None:
        """There is nothing to save."""

    def end(self, code: int) -> None:
        """Leave, with this exit code."""
        self.exit(return_code=code)

    def give_terminal_back(self) -> None:
        """The loop is blocked: make the terminal what it was from another thread."""
        driver = driver_of(self)
        if isinstance(driver, TerminalDriver):
            driver.give_back()


MOST_FAULTS = 20
"""So many faults are not worth going on with."""

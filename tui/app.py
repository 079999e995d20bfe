"""The app: one session of a run, the engine that answers it, and the screens on top."""

from collections.abc import Awaitable, Callable, Iterable

from textual.app import App, SystemCommand
from textual.screen import Screen

from ..core.session import Session
from .keys import KEYS
from .runner import Asker
from .screens.stepper import StepperScreen
from .terminal import on_end


class StepperApp(App[None]):
    """Steps a network through back-propagation."""

    TITLE = "backprop-tui"
    CSS_PATH = "stepper.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = []  # noqa: RUF012 - Textual's own name; the screens have the keys

    def __init__(self, session: Session, engine: Asker, steps: int = 0) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.session = session
        self.engine = engine
        self.farewell = ""
        """A line for the terminal once the screen is gone."""
        self._steps = steps

    def on_mount(self) -> None:
        """Show the main screen."""
        on_end(self.end)
        self.push_screen(StepperScreen(self.session, self.engine, self._steps))

    def end(self, signal_number: int) -> None:
        """A signal asks for the end, or the terminal has gone."""
        self.exit(return_code=128 + signal_number)

    def on_stepper_screen_nothing_to_show(self, event: StepperScreen.NothingToShow) -> None:
        """End, and say why when the terminal is the shell's again."""
        self.farewell = event.why
        self.exit(return_code=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette holds what the keys do, and nothing that writes, opens or runs anything else."""
        for key in KEYS:
            if key.action not in ("command_palette", "cancel"):
                yield SystemCommand(f"{key.word}  ({key.written})", key.does, self._command(screen, key.action))

    def _command(self, screen: Screen[object], action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await screen.run_action(action)

        return run

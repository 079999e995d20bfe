"""The examples that come with the program, to be opened."""

from typing import ClassVar

from backprop_tui.core.scenario import Scenario, bundled, bundled_names
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.stepper.keys import EXAMPLES
from backprop_tui.tui.textual_hooks import EarlyList
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.overlay import Overlay
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class ExamplesScreen(Overlay[str]):
    """A list; enter opens one, and its name is the screen's result."""

    KEYS = EXAMPLES
    BINDINGS: ClassVar[list[BindingType]] = bindings(EXAMPLES)

    def compose(self) -> ComposeResult:
        """Two lines per example: its title, and its name with what it is about."""
        options = [Option(Content(_lines(name, bundled(name))), id=name) for name in bundled_names()]
        listed = EarlyList(*options, id="examples", classes="framed")
        listed.border_title = "Examples   enter opens   esc closes"
        yield listed

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open this one."""
        self.dismiss(event.option.id or "")


def _lines(name: str, scenario: Scenario) -> str:
    subject = f": {scenario.subject}" if scenario.subject else ""
    return escape_controls(scenario.title) + "\n  " + escape_controls(f"{name}{subject}")

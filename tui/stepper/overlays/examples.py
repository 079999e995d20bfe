"""The examples and the tables that come with the program, to be opened."""

from typing import ClassVar

from backprop_tui.core.scenario import Scenario, bundled, bundled_names
from backprop_tui.core.table.built_in import BUILT_IN, BuiltIn
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.stepper.keys import EXAMPLES
from backprop_tui.tui.textual_hooks import EarlyList
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.messages import OpenBuiltIn, OpenExample
from backprop_tui.tui.widgets.overlay import Overlay
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

TABLE = "table "
"""What the id of a table begins with: an example may have the same name."""


class ExamplesScreen(Overlay[OpenExample | OpenBuiltIn]):
    """A list; enter opens one, which is the screen's result."""

    KEYS = EXAMPLES
    BINDINGS: ClassVar[list[BindingType]] = bindings(EXAMPLES)

    def compose(self) -> ComposeResult:
        """Two lines per example: its title, and its name with what it is about; then the tables likewise."""
        options = [Option(Content(_lines(name, bundled(name))), id=name) for name in bundled_names()]
        options += [Option(Content(_table(name, table)), id=TABLE + name) for name, table in BUILT_IN.items()]
        listed = EarlyList(*options, id="examples", classes="framed")
        listed.border_title = "Examples and tables   enter opens   esc closes"
        yield listed

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open this one."""
        name = event.option.id or ""
        self.dismiss(OpenBuiltIn(name.removeprefix(TABLE)) if name.startswith(TABLE) else OpenExample(name))


def _lines(name: str, scenario: Scenario) -> str:
    subject = f": {scenario.subject}" if scenario.subject else ""
    return escape_controls(scenario.title) + "\n  " + escape_controls(f"{name}{subject}")


def _table(name: str, table: BuiltIn) -> str:
    return f"{table.title}\n  --data {name}: {table.rows} rows, {table.about}"

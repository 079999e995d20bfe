"""The page on which a run is set up: a line for each choice, changed by keys, and a new run at the end."""

from typing import ClassVar

from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.messages import Failed, OpenTable, TableOpened, WireError
from backprop_tui.core.explain import wrapped_words
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.setup import CHOICES, Choice, Setup, changed, choices_of, next_option
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.stepper.keys import SETUP
from backprop_tui.tui.widgets import footer
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import Asker
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region

LABELS = max(len(choice.label) for choice in CHOICES) + 2
SAYS = 2
"""Lines below the frame: what may be typed, or why something can't be."""


class SetupScreen(Overlay[Run]):
    """Its result is the run that is to begin; none if it was closed."""

    KEYS = SETUP
    BINDINGS: ClassVar[list[BindingType]] = bindings(SETUP)
    AUTO_FOCUS = ""

    def __init__(self, setup: Setup, engine: Asker) -> None:
        super().__init__()
        self._setup, self._engine = setup, engine
        self._at = 0
        """Which line is chosen, from 0."""
        self._notice = ""
        """What is said until the next key."""
        self._typing = False

    def compose(self) -> ComposeResult:
        """The lines, what is said, the line in which one types, the keys."""
        yield Pane("A new run", id="setup", classes="framed")
        yield Pane(id="setup-says")
        yield Prompt(self._take, self._leave)
        yield Pane(id="setup-keys")

    def on_mount(self) -> None:
        """Draw it before it is laid out, so that the first frame is whole."""
        self.paint()

    @property
    def _choice(self) -> Choice:
        return self._choices[self._at]

    @property
    def _choices(self) -> tuple[Choice, ...]:
        return choices_of(self._setup.run)

    def paint(self) -> None:
        """Draw the lines, and what is said of the chosen one."""
        pane, width = self.query_one("#setup", Pane), self.size.width
        pane.show([self._line(place, max(width - 2, 20)) for place in range(len(self._choices))])
        pane.scroll_to_region(Region(0, self._at, 1, 1), animate=False, force=True)
        words = self._notice or f"{self._choice.label}: {self._choice.hint}"
        role = "alarm" if self._notice else "dim"
        rows = wrapped_words(escape_controls(words), max(width, 20), 0)
        if len(rows) > SAYS:
            rows = [*rows[: SAYS - 1], clipped(" ".join(rows[SAYS - 1 :]), max(width, 20))]
        self.query_one("#setup-says", Pane).show([(Span(row, role),) for row in rows])
        self.query_one("#setup-keys", Pane).show(footer.every_key(width, SETUP))

    def _line(self, place: int, width: int) -> Line:
        choice = self._choices[place]
        value, before = choice.says(self._setup.run), choice.says(self._setup.base)
        here = place == self._at
        label = f"{'>' if here else ' '} {choice.label:{LABELS}}"
        is_new = value != before
        text = escape_controls(value) + (" *" if is_new else "")
        return (
            Span(label, "cursor" if here else "label"),
            Span(" "),
            Span(clipped(text, max(width - len(label) - 1, 1)).rstrip(), "positive label" if is_new else ""),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is typed its keys are the line's."""
        return super().check_action(action, parameters) and not self._typing

    # Keys

    def action_move(self, by: int) -> None:
        """Choose another line."""
        self._at, self._notice = min(max(self._at + by, 0), len(self._choices) - 1), ""
        self.draw()

    def action_option(self, by: int) -> None:
        """Take the next option of the chosen line."""
        option = next_option(self._choice, self._setup.run, by)
        if option is None:
            self._say("enter, and type it")
        else:
            self._change(option)

    def action_change(self) -> None:
        """Let a line be typed."""
        self._typing, self._notice = True, ""
        prompt, text = self.query_one(Prompt), self._choice.says(self._setup.run)
        prompt.value, prompt.placeholder, prompt.display = text, self._choice.hint, True
        prompt.cursor_position = len(text)
        prompt.action_select_all()  # what is typed takes its place
        self.set_focus(prompt)
        self.draw()

    def action_begin(self) -> None:
        """Begin a run, once the engine has read its table."""
        self._say("the engine reads the table …")
        self._begin()

    def _take(self, line: str) -> None:
        self._leave()
        if line.strip() and line.strip() != self._choice.says(self._setup.run):
            self._change(line)

    def _leave(self) -> None:
        self._typing = False
        self.query_one(Prompt).display = False
        self.set_focus(None)
        self.draw()

    def _change(self, text: str) -> None:
        self._notice, choice = "", self._choice
        try:
            self._setup = changed(self._setup, choice, text)
            self._at = self._choices.index(choice)  # lines come and go with what is chosen
        except ValueError as error:
            self._notice = str(error)
        self.draw()

    def _say(self, words: str) -> None:
        self._notice = words
        self.draw()

    @work(exclusive=True)
    async def _begin(self) -> None:
        run = self._setup.run
        try:
            answer = await self._engine.ask(OpenTable(run.table, run.network.loss))
        except (EngineLost, WireError) as error:
            self._say(str(error))
            return
        if isinstance(answer, Failed):
            self._say(answer.message)
        elif isinstance(answer, TableOpened) and (row := run.settings.sampling.row) >= answer.rows:
            self._say(f"there is no row {row}: the table has rows 0 to {answer.rows - 1}; g goes to another first")
        elif self._setup.run == run:
            self.dismiss(run)

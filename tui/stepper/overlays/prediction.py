"""The prediction as a picture over the whole screen, which moves with the steps."""

from collections.abc import Callable
from typing import ClassVar, Protocol

from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.session.plane import Plane, beginning
from backprop_tui.core.session.prediction import Rows, picture, read_rows, rows_request
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.tui.stepper.keys import PREDICTION
from backprop_tui.tui.stepper.panes import prediction
from backprop_tui.tui.widgets import footer, plot
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Span, fitting
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import FRAME_OF_TITLE, Pane
from backprop_tui.tui.widgets.runner import After, Asker
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

KEY_LINES = 2

LOOK = 0.1
"""Seconds between two looks at whether the session has moved on: by autoplay, or a jump."""


class Stepping(Protocol):
    """The main screen, as far as this page has its keys."""

    session: Session

    def act(self, action: Callable[[], None], after: After | None = None) -> None:
        """Carry out an action in its turn."""

    def action_autoplay(self) -> None:
        """Let it step by itself, or not."""

    def action_next_row(self) -> None:
        """Take the next row of the table."""

    def action_previous_row(self) -> None:
        """Take the row before."""


class PredictionScreen(Overlay[None]):
    """A curve over one feature or a map over two, of the prediction or of a hidden unit."""

    KEYS = PREDICTION
    BINDINGS: ClassVar[list[BindingType]] = bindings(PREDICTION)

    def __init__(self, stepper: Stepping, engine: Asker) -> None:
        super().__init__()
        self._stepper, self._session, self._engine = stepper, stepper.session, engine
        self._plane: Plane = beginning(self._session.timeline.run)
        self._rows: Rows | None = None
        self._table: TableSpec | None = None
        """The table whose rows are asked for, or here."""
        self._trouble, self._notice = "", ""
        self._with_rows = True
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """The picture, its signs, the row in view, and the keys."""
        yield Pane(id="map", classes="framed")
        yield Pane(id="signs")
        yield Pane(id="here")
        yield Pane(id="map-keys")

    def on_mount(self) -> None:
        """Look from now on whether the session moves."""
        self.set_interval(LOOK, self._look)

    def _look(self) -> None:
        if self._place() != self._drawn:
            self.draw()

    def _place(self) -> object:
        """What the picture is of: another one is another picture."""
        timeline = self._session.timeline
        return id(timeline), timeline.whole_entries, timeline.step_number, timeline.sample, timeline.scaling is None

    @work
    async def _read_rows(self) -> None:
        """Ask for the rows of the table in view, once."""
        timeline = self._session.timeline
        table, scaling = timeline.run.table, timeline.scaling
        if scaling is None or table == self._table:
            return
        self._table, self._rows, self._trouble = table, None, ""
        request = rows_request(table, scaling)
        try:
            found = read_rows(request, await self._engine.ask(request), scaling)
        except (EngineLost, EngineRefused, WireError) as error:
            self._trouble = str(error)
        else:
            if table == self._table:
                self._rows = found
        self.draw()

    def paint(self) -> None:
        """Draw the picture of where the session stands."""
        self._drawn = self._place()
        timeline, pane, width = self._session.timeline, self.query_one("#map", Pane), self.size.width
        self.query_one("#map-keys", Pane).show(footer.lines(width, PREDICTION, KEY_LINES))
        self._plane = plane = self._plane.fitting(timeline.run)
        if self._rows is None or self._table != timeline.run.table:
            self._say(self._trouble or "the rows of the table are read …")
            self._read_rows()
            return
        size = pane.content_size
        found = picture(timeline, self._rows, plane, *plot.inside(size.width, size.height))
        if found is None:
            self._say("the weights of this step are computed again …")
            return
        room, name = size.width - FRAME_OF_TITLE, prediction.called(timeline, plane)
        pane.entitle(fitting(room, *prediction.title(timeline, found, plane)))
        pane.show(prediction.lines(found, size.width, size.height, name, with_rows=self._with_rows))
        here = [self._notice] if self._notice else prediction.here(timeline, found, plane)
        self.query_one("#signs", Pane).show([(Span(fitting(width, *prediction.signs(timeline, found, plane))),)])
        self.query_one("#here", Pane).show([(Span(fitting(width, *here), "title"),)])

    def _say(self, words: str) -> None:
        self.query_one("#map", Pane).show([(Span(words),)])

    def on_key(self) -> None:
        """A notice stays until the next key."""
        self._notice = ""

    def _turn(self, plane: Callable[[], Plane]) -> None:
        """Draw something else, or say why not."""
        try:
            self._plane = plane()
        except ValueError as error:
            self._notice = str(error)
        self.draw()

    def _act(self, action: Callable[[], None]) -> None:
        self._stepper.act(action, self.while_open(self.draw))

    # Keys

    def action_step(self) -> None:
        """Make one step."""
        self._act(lambda: self._session.timeline.step())

    def action_back(self) -> None:
        """Take back the last step."""
        self._act(self._session.back)

    def action_row(self, by: int) -> None:
        """Another row of the table."""
        if by > 0:
            self._stepper.action_next_row()
        else:
            self._stepper.action_previous_row()
        self._act(lambda: None)

    def action_autoplay(self) -> None:
        """Let it step by itself, or not."""
        self._stepper.action_autoplay()

    def action_across(self, by: int) -> None:
        """Another feature across."""
        self._turn(lambda: self._plane.next_across(self._session.timeline.run, by))

    def action_upward(self, by: int) -> None:
        """Another feature upward."""
        self._turn(lambda: self._plane.next_up(self._session.timeline.run, by))

    def action_curve(self) -> None:
        """From a map to a curve, and back."""
        run = self._session.timeline.run
        self._turn(lambda: self._plane.as_map(run) if self._plane.up is None else self._plane.as_curve())

    def action_output(self) -> None:
        """Another output, or all classes."""
        self._turn(lambda: self._plane.next_output(self._session.timeline.run, 1))

    def action_unit(self, by: int) -> None:
        """Another hidden unit."""
        self._turn(lambda: self._plane.next_unit(self._session.timeline.run, by))

    def action_mean(self) -> None:
        """The other features at the row's values, or at the mean of the rows."""
        self._turn(lambda: self._plane.turned_mean())

    def action_rows(self) -> None:
        """The rows of the table upon the picture, or not."""
        self._with_rows = not self._with_rows
        self.draw()

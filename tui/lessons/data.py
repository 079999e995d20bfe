"""Lesson 1: the table, its columns before and after scaling, and the way of one row through it."""

from collections.abc import Callable
from textwrap import wrap
from typing import TYPE_CHECKING

from backprop_tui.core.lessons.data import DataLesson
from backprop_tui.core.lessons.names import named
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.widgets import typed
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, fitting
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.predicting import PHASE, STEP
from backprop_tui.tui.widgets.runner import Asker
from textual.events import MouseScrollDown, MouseScrollUp

from .keys import DATA
from .panes import histograms, rows
from .screen import LessonScreen

if TYPE_CHECKING:
    from backprop_tui.core.explain.practice.data import RowAhead
    from backprop_tui.core.explain.practice.practice import Kind

USE = (
    "enter makes this row the sample of the main screen and of training",
    "enter makes this row the sample of screen 4",
)
"""What is to be done with a row, from the longest to the shortest."""


class DataScreen(LessonScreen):
    """Walks through the table, a page of rows at a time."""

    LESSON = named("data")
    WORD = "scaled"
    KEYS = DATA
    BINDINGS = bindings(DATA)

    def __init__(self, lesson: DataLesson, engine: Asker, use: Callable[[int], None]) -> None:
        super().__init__(lesson, engine)
        self.add_class("three")
        self.lesson, self._use = lesson, use
        self._column = len(lesson.table.features)
        """Whose histograms are shown: the target's at first."""

    def panes(self) -> list[Pane]:
        """The table across, below it the chosen row's way and a column's histograms."""
        return [
            Pane("Table", id="rows", classes="framed across"),
            Pane("Row", id="row", classes="framed"),
            Pane("Column", id="column", classes="framed"),
        ]

    def intro(self) -> tuple[str, str]:
        """What is done to this table's features, and to its target."""
        features, target = self.lesson.sentences()
        return features, escape_controls(target)

    def draw_panes(self) -> None:
        """The rows in view, the chosen one's transformation, the histograms."""
        lesson = self.lesson
        room = max(self.pane("#rows").content_size.height - 1, 1)
        self.look(room)
        self.pane("#rows").show(rows.lines(lesson, room, self.precise))
        self.name_pane("#rows", rows.title(lesson))
        self._draw_row()
        self.name_pane("#row", f"Row {lesson.row:,}  phase {lesson.done} of {len(lesson.phases)}")
        column = lesson.columns[self._column] if lesson.columns else None
        pane = self.pane("#column")
        pane.show(histograms.lines(column, self._after(), pane.content_size.width, pane.content_size.height))
        self.name_pane("#column", histograms.title(column, self._column, len(lesson.columns)))

    def _draw_row(self) -> None:
        lesson, pane = self.lesson, self.pane("#row")
        ahead = lesson.phases[lesson.done :]
        texts = [(escape_controls(line), "") for line in lesson.lines(self.precise)]
        texts += [("next: " + ", ".join(ahead), "pending")] if ahead else []
        width = max(pane.content_size.width, 20)
        folded = [(part, role) for text, role in texts for part in _folded(text, width)]
        pane.show([(Span(part, role),) for part, role in folded])

    def _after(self) -> str:
        table = self.lesson.table
        if self._column >= len(table.features):
            return {"log": "its logarithm", "standardize": "scaled"}.get(table.transform, "as is")
        return "scaled" if table.features[self._column] in table.standardize else "as is"

    def look(self, room: int) -> None:
        """Keep the chosen row in view, and ask for the rows that have come into it."""
        lesson = self.lesson
        first = min(max(lesson.first, lesson.row - room + 1), lesson.row)
        first = max(min(first, lesson.rows - room), 0) if lesson.rows else 0
        if (first, room) != (lesson.first, lesson.count):
            lesson.look(first, room)
            self.runner.act(lambda: None)

    def status(self) -> Line:
        """What enter does."""
        if self.lesson.scaling is None:
            return (Span("the engine reads the table …", "key"),)
        if self.lesson.scaling.notes:
            return (Span(escape_controls("; ".join(self.lesson.scaling.notes)), "key"),)
        return (Span(fitting(self.size.width, *USE), "dim"),)

    def help_words(self) -> tuple[str, ...]:
        """What is done to the columns, and how the table was read."""
        notes = self.lesson.scaling.notes if self.lesson.scaling is not None else ()
        return (*self.intro(), *map(escape_controls, notes))

    # Predict first

    def make(self, move: str) -> None:
        """Make the rest of a row's transformation, or its next phase."""
        self.lesson.step() if move == STEP else self.lesson.phase()

    async def look_ahead(self, move: str) -> "RowAhead | None":
        """What comes of the row, or of the next one."""
        from backprop_tui.core.explain.practice.data import row_ahead

        return row_ahead(self.lesson, move == STEP)

    def kinds(self) -> "tuple[Kind[RowAhead], ...]":
        """The questions about a row's scaling."""
        from backprop_tui.core.explain.practice.data import KINDS

        return KINDS

    # Keys

    def action_step(self) -> None:
        """Make the rest of this row's transformation, or the next row's."""
        self.move_on(STEP)

    def action_phase(self) -> None:
        """Make the next phase of this row's transformation."""
        self.move_on(PHASE)

    def action_back(self) -> None:
        """Take back the last phase."""
        self.act(self.lesson.back)

    def action_again(self) -> None:
        """Begin anew with the row's raw numbers."""
        self.act(self.lesson.again)

    def action_move(self, by: int) -> None:
        """Choose the row so many below."""
        self._choose(lambda lesson: lesson.row + by)

    def action_page(self, by: int) -> None:
        """Choose the row so many pages below."""
        self._choose(lambda lesson: lesson.row + by * lesson.count)

    def action_end(self, last: int) -> None:
        """Choose the first row, or the last."""
        self._choose(lambda lesson: lesson.rows if last else 0)

    def _choose(self, row: Callable[[DataLesson], int]) -> None:
        def choose() -> None:
            if self.lesson.rows:
                self.lesson.choose(min(max(row(self.lesson), 0), self.lesson.rows - 1))

        self.act(choose)

    def action_column(self, by: int) -> None:
        """Show the histograms of the column so many to the right."""
        if self.lesson.columns:
            self._column = (self._column + by) % len(self.lesson.columns)
            pane = self.pane("#rows")
            end = rows.column_end(self._column, self.precise)
            pane.scroll_to(x=max(end - pane.content_size.width, 0), animate=False, force=True)
        self.draw()

    def action_row(self) -> None:
        """Ask for the number of a row."""

        def go(text: str) -> None:
            row = typed.whole(text)
            self.act(lambda: self.lesson.choose(row))

        self.ask(f"row of the table, 0 to {max(self.lesson.rows - 1, 0):,}", go)

    def action_use(self) -> None:
        """Make this row the sample of the other lessons."""
        row = self.lesson.row
        self._use(row)
        self.say(f"row {row:,} is the sample now: 4 shows its steps")

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves through the rows."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves through the rows."""
        self.action_move(-3)


def _folded(text: str, width: int) -> list[str]:
    """A line as it is, or if it is too long each of its parts in lines of its own."""
    if len(text) <= width:
        return [text]
    first, *others = text.split("   ")
    found = wrap(first, width, subsequent_indent="    ")
    for part in others:
        found += wrap(part, width, initial_indent="    ", subsequent_indent="      ")
    return found

"""What the lessons' screens share: a title, two sentences, framed panes, and a line that is typed with a hint below."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import ClassVar

from backprop_tui.core.lessons.names import Lesson
from backprop_tui.core.session.drive import Requester
from backprop_tui.tui.widgets import footer, layout, lesson_bar
from backprop_tui.tui.widgets.keys import Key, KeysShown
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.predicting import PredictingScreen, Predictor
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import Asker
from textual import work
from textual.app import ComposeResult


class LessonScreen(PredictingScreen):
    """A lesson: `panes` are composed, `draw_panes` fills them, a runner asks the engine for what the lesson needs."""

    CSS_PATH = "lessons.tcss"
    LESSON: ClassVar[Lesson]
    WORD: ClassVar[str]
    """What it is about, as the glossary has it."""

    INTRO: ClassVar[tuple[str, str]]
    """Two sentences that say what it shows, a line of 78 columns each; see `intro`."""

    KEYS: ClassVar[tuple[Key, ...]]

    def __init__(self, requester: Requester, engine: Asker) -> None:
        super().__init__(KeysShown(self.KEYS), requester, engine)
        self._engine = engine
        self.predictor = Predictor(self.LESSON.name)
        self._below: Line = ()
        """What stands below a line that is typed."""
        self._text = ""
        self.precise = False
        """Whether numbers are written with all their digits."""

    def narrow(self, text: str, hidden: tuple[str, ...]) -> None:
        """A scenario's own words instead of the two sentences, and without these keys."""
        self._text = text
        self.keys = KeysShown(self.KEYS, hidden)

    # What a lesson brings

    def panes(self) -> list[Pane]:
        """Its framed panes, in reading order."""
        raise NotImplementedError

    def intro(self) -> tuple[str, str]:
        """Its two sentences; those of a lesson about a table are about this table."""
        return self.INTRO

    def draw_panes(self) -> None:
        """Hand each pane its lines."""
        raise NotImplementedError

    def status(self) -> Line:
        """The line above the keys while there is no notice."""
        return (Span(""),)

    # What is on it

    def compose(self) -> ComposeResult:
        """The lines at the top, the panes, the lines at the bottom."""
        yield Pane(id="header")
        yield Pane(id="intro")
        panes = self.panes()
        panes[0].add_class("active")
        yield from panes
        yield Pane("Task", id="task")
        yield Pane(id="status")
        yield Prompt(self.take_line, self.action_cancel)
        yield Pane(id="footer")

    def on_mount(self) -> None:
        """Ask for what is needed at the start, then do what is typed."""
        self._work()

    @work(exclusive=True)
    async def _work(self) -> None:
        await self.runner.perform(lambda: None)
        await self.runner.run()

    def take_shape(self) -> None:
        """Two panes beside each other, one, or none."""
        kind = layout.kind(*self.size)
        self.set_class(kind not in (layout.PANES, layout.WIDE), "narrow")
        self.set_class(kind == layout.TOO_SMALL, "small")

    def paint(self) -> None:
        """Hand every pane its lines."""
        width = self.size.width
        if self.has_class("small"):
            columns, rows = layout.SMALLEST
            words = f"This terminal is too small: {columns}x{rows} at least; q quits."
            self.pane("#header").show([(Span(part),) for part in wrap(words, width)])
            return
        self.pane("#header").show([lesson_bar.line(self.LESSON, width)])
        sentences = wrap(self._text, width)[:2] if self._text else self.intro()
        self.pane("#intro").show([(Span(clipped(sentence, width), "dim"),) for sentence in sentences])
        self._draw_task(width)
        self.draw_panes()
        notice = (Span(clipped(self.notice, width), "key"),) if self.notice else self.status()
        self.pane("#status").show([notice])
        self.pane("#footer").show([self._below] if self.is_asking else footer.lines(width, self.keys.keys))

    def _draw_task(self, width: int) -> None:
        """What predict first asks or says, else the task of the course, in place of the two sentences."""
        asked = self.predictor.lines(width - 2)
        lines = asked or (self.tasks.lines(width - 2) if self.tasks is not None else [])
        before = self.styles.grid_rows
        self.styles.grid_rows = self._rows(len(asked) + 1) if asked else None
        if self.has_class("tasked") != bool(lines) or self.styles.grid_rows != before:
            self.set_class(bool(lines), "tasked")
            self.call_after_refresh(self.draw)  # the panes have their new sizes only then
        pane, score = self.pane("#task"), self.predictor.score
        pane.show(lines)
        title = self.tasks.title(width - 2) if self.tasks is not None else ""
        pane.entitle(f"Predict first   {score.right} of {score.asked} right" if asked else title)

    def _rows(self, lines: int) -> str:
        """The heights of the rows with so many lines for a question."""
        low = self.has_class("three") and not self.has_class("narrow")
        return f"1 1fr {'10 ' if low else ''}{lines} 1 1"

    def name_pane(self, selector: str, title: str) -> None:
        """The title in a pane's border."""
        self.pane(selector).entitle(title)

    def word(self) -> str:
        """What the lesson is about."""
        return self.WORD

    def help_words(self) -> Sequence[str]:
        """What the lesson shows."""
        return self.intro()

    # Asking

    def ask(self, label: str, then: Callable[[str], None], text: str = "") -> None:
        """Let a line be typed, with what it is for below it, which the text may hide."""
        super().ask(label, then, text)
        self._below = (Span(f"{label}   enter takes it, esc leaves it", "key"),)
        self.draw()

    def point_at(self, position: int, reason: str) -> None:
        """A caret below this character of the line that is typed, with a reason."""
        self.query_one(Prompt).cursor_position = position
        room = self.size.width - position - 2
        before = "" if len(reason) <= room else clipped(reason, max(position - 1, 20)).rstrip() + " "
        after = "" if before else f" {reason}"
        self._below = (Span(before.rjust(position) + "^" + after, "alarm"),)
        self.draw()

    def close_prompt(self) -> None:
        """Nothing is typed any more: the keys stand below again."""
        super().close_prompt()
        self.draw()

    # Keys

    def action_precision(self) -> None:
        """Write all digits, or four."""
        self.precise = not self.precise
        self.set_class(self.precise, "precise")
        self.draw()
        self.call_after_refresh(self.draw)  # the panes have their new sizes only then

    def action_next_pane(self) -> None:
        """Bring the next pane to the front."""
        self.turn_to_next(list(self.query(".framed").results(Pane)))
        self.call_after_refresh(self.draw)

"""The question to the class, over whatever its person is doing: nothing of that moves, and esc puts it away."""

import time
from collections.abc import Callable
from typing import ClassVar

from backprop_tui.core.course.classroom.poll import CLOSED, OPEN
from backprop_tui.core.course.classroom.question import MOST_CHOICES
from backprop_tui.core.explain import wrapped_words
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import fixed
from backprop_tui.tui.serve.notes import ClassQuestion
from backprop_tui.tui.textual_hooks import strips_of
from backprop_tui.tui.widgets import typed
from backprop_tui.tui.widgets.key_screen import is_open
from backprop_tui.tui.widgets.keys import Key, bindings
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.prompt import Prompt
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip

QUESTION = (
    Key(
        "1",
        "1 to 9",
        "choose(1)",
        "answer",
        "choose this answer; another digit changes it until the vote closes",
        also=tuple((str(number), f"choose({number})") for number in range(2, MOST_CHOICES + 1)),
    ),
    Key("", "enter", "", "answer", "answer with the number that is typed; another changes it until the vote closes"),
    Key("escape", "esc", "dismiss", "put away", "put the question away; Q brings it back"),
)
"""The keys of the question."""

GRACE = 0.5
"""Seconds in which nothing typed counts: it was meant for what the question has come over."""

WIDE, AROUND = 76, 4
"""Columns of the text at most, and those of its frame."""

LONGEST = 40
"""Characters of a number."""

ON_ITS_WAY = 0.15
"""Seconds until an answer that is not counted yet is shown so: nearly all are counted before, and drawn once."""

AGAIN = "it may be changed until the vote closes"


class QuestionScreen(Overlay[None]):
    """Shows the question as it stands. `answer` takes its person's answer; `unsent` is what they had typed."""

    KEYS = QUESTION
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings(QUESTION)
    DEFAULT_CSS = """
    QuestionScreen { align: center bottom; }
    QuestionScreen #question { height: auto; border: round ansi_bright_blue; padding: 0 1; background: ansi_default; }
    QuestionScreen Pane { height: 1; }
    """

    def __init__(self, asked: ClassQuestion, answer: Callable[[float], None], unsent: str = "") -> None:
        super().__init__()
        self._asked, self._answer, self._unsent = asked, answer, unsent
        self._sent: float | None = None
        self._remark = ""
        self._since = time.monotonic()

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lies below, as it is."""
        screens = self.app.screen_stack
        place = screens.index(self) if self in screens else 0
        rows = strips_of(screens[place - 1]) if place else []
        rows += [Strip.blank(crop.right)] * (crop.bottom - len(rows))
        return [row.adjust_cell_length(crop.right).crop(*crop.column_span) for row in rows[crop.y : crop.bottom]]

    @property
    def unsent(self) -> str:
        """What is typed of a number so far."""
        return self.query_one(Prompt).value if is_open(self) else self._unsent

    def compose(self) -> ComposeResult:
        """The text, a line to type a number in, what is so with the answer."""
        with Vertical(id="question"):
            yield Pane(id="asked")
            prompt = Prompt(self._take_line, self._leave)
            prompt.value, prompt.placeholder, prompt.max_length = self._unsent, "a number", LONGEST
            yield prompt
            yield Pane(id="state")

    def on_mount(self) -> None:
        """Draw it before it is laid out, so that the first frame is whole."""
        self._since = time.monotonic()
        self.paint()

    def show(self, asked: ClassQuestion) -> None:
        """The question stands otherwise now."""
        if (asked.number, asked.round) != (self._asked.number, self._asked.round):
            self._unsent, self._since = "", time.monotonic()
            if is_open(self):
                self.query_one(Prompt).value = ""
        self._asked, self._sent, self._remark = asked, None, ""
        self.draw()

    @property
    def _takes(self) -> bool:
        return self._asked.stage == OPEN and self._asked.may_answer

    def paint(self) -> None:
        """The question, its choices, and what is so with the answer."""
        asked, width = self._asked, min(self.app.size.width - AROUND, WIDE)
        box, line = self.query_one("#question", Vertical), self.query_one(Prompt)
        box.styles.width = width + AROUND
        box.border_title = f"Question {asked.number}" + ", second vote" * (asked.round > 1)
        _fill(self.query_one("#asked", Pane), self._question(width))
        line.display = self._takes and not asked.choices
        self.set_focus(line if line.display else None)
        _fill(self.query_one("#state", Pane), [(Span(row),) for row in _wrapped(self._state(), width)])

    def _question(self, width: int) -> list[Line]:
        lines: list[Line] = [(Span(row, "title"),) for row in _wrapped(self._asked.text, width)]
        given = self._given
        for number, choice in enumerate(self._asked.choices, 1):
            role = "cursor" if given == number else ""
            rows = _wrapped(choice, width - 3)
            lines += [
                (Span(f" {number} " if row == 0 else "   ", "key"), Span(text, role)) for row, text in enumerate(rows)
            ]
        return [*lines, *((Span(row),) for text in self._asked.told for row in _wrapped(text, width))]

    @property
    def _given(self) -> float | None:
        return self._asked.answer if self._sent is None else self._sent

    def _state(self) -> str:
        asked, given = self._asked, self._given
        if self._remark:
            return self._remark
        if not asked.may_answer and asked.stage == OPEN:
            return "Your class answers. esc puts this away, Q brings it back."
        yours = "" if given is None else f"Your answer: {self._written(given)}"
        if asked.stage == OPEN:
            if self._sent is not None:
                return f"{yours} - on its way."
            how = f"1 to {len(asked.choices)} answers" if asked.choices else "type it, then enter"
            return f"{yours}; {AGAIN}. esc closes this." if yours else f"{how}. esc puts this away, Q brings it back."
        closes = "esc closes this."
        if asked.stage == CLOSED:
            return f"The vote is closed. {yours or 'You have not answered'}. {closes}"
        return closes

    def _written(self, answer: float) -> str:
        return self._asked.choices[int(answer) - 1] if self._asked.choices else fixed(answer)

    # Keys

    def _is_meant(self) -> bool:
        return time.monotonic() - self._since > GRACE

    def action_choose(self, number: int) -> None:
        """Answer."""
        if self._takes and number <= len(self._asked.choices) and self._is_meant():
            self._send(number)

    def _take_line(self, line: str) -> None:
        """Answer with a number; what is none stays, to be mended."""
        if not self._takes or not self._is_meant():
            return
        try:
            self._send(typed.number(line.strip()))
            self.query_one(Prompt).value = ""
        except ValueError as error:
            self._remark = escape_controls(str(error))
            self.draw()

    def _leave(self) -> None:
        self.dismiss()

    def _send(self, answer: float) -> None:
        self._sent, self._remark = answer, ""
        self._answer(answer)
        self.set_timer(ON_ITS_WAY, self._draw_unless_counted)

    def _draw_unless_counted(self) -> None:
        if self._sent is not None:
            self.draw()


def _wrapped(text: str, width: int) -> list[str]:
    return wrapped_words(escape_controls(text), max(width, 20), 0) or [""]


def _fill(pane: Pane, lines: list[Line]) -> None:
    pane.styles.height = len(lines)
    pane.show(lines)

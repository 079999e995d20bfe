"""The instructor's screen: the address to type, who is there and how far, and what can be said to all."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any, ClassVar, cast

from backprop_tui.core.course.classroom.about_task import askable
from backprop_tui.core.course.classroom.poll import CLOSED, MOST_ROUNDS, OPEN
from backprop_tui.core.course.classroom.question import HOW, Kind, typed
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.serve.faults import Faults
from backprop_tui.tui.terminal.background import theme
from backprop_tui.tui.textual_hooks import TolerantApp
from backprop_tui.tui.widgets.canvas import BLOCKS
from backprop_tui.tui.widgets.help import HelpScreen
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.runner import FAULT
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Digits, Input

from . import spread_lines
from .ask_screen import AskScreen
from .keys import DASHBOARD
from .session_process import SessionProcess
from .tasks_screen import TasksScreen
from .workshop import Workshop

REFRESH = 1.0
SPARKS = BLOCKS[1:]
HEAD = f"{'name':20} {'lesson':17} {'step':>9}  {'loss':>10}  {'':24}  {'predicted':>9}  {'idle':>5}"


def sparkline(losses: tuple[float, ...]) -> str:
    """Losses as blocks, the highest of them full; a loss that is not finite is a ×."""
    finite = [loss for loss in losses if abs(loss) < float("inf")]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    scale = (len(SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(SPARKS[round((loss - low) * scale)] if abs(loss) < float("inf") else "×" for loss in losses)


def duration(seconds: float) -> str:
    """`8s`, `3m`, `2h`."""
    if seconds < 60:
        return f"{seconds:.0f}s"
    return f"{seconds / 60:.0f}m" if seconds < 3600 else f"{seconds / 3600:.0f}h"


def row(session: SessionProcess, now: float, guide: bool = False) -> str:
    """One person's line; an arrow marks the one whom all may follow."""
    report = session.report
    loss = "" if report.loss is None else brief(report.loss, 4)
    predicted = f"{report.right} of {report.predicted}" if report.predicted else ""
    return (
        f"{clipped(session.label + ' ▸' * guide, 20)} {report.lesson or '·':17} {report.step:>9,}  {loss:>10}  "
        f"{sparkline(report.losses):24}  {predicted:>9}  {duration(now - session.last_key):>5}"
    )


class Dashboard(TolerantApp):
    """Shows a workshop, and takes what the instructor wants. A fault of its own is told, and ends nothing."""

    TITLE = "backprop-tui serve"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None  # keys are keys, until a message is typed
    CSS = """
    Screen { layout: vertical; }
    #address { height: 2; text-style: bold; }
    #large { height: 3; width: auto; }
    #question { display: none; max-height: 60%; border: round ansi_bright_blue; }
    #people { height: 1fr; border: round ansi_bright_black; }
    #status, #keys { height: 1; }
    #prompt { display: none; height: 1; border: none; padding: 0; }
    Pane.-bold { text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(DASHBOARD)

    def __init__(
        self, workshop: Workshop, commands: list[str], address: str, password: str | None, faults: Faults
    ) -> None:
        super().__init__(ansi_color=True)
        self._faults = faults
        self.theme = theme(os.environ)
        self._workshop, self._commands, self._address, self._password = workshop, commands, address, password
        self._chosen = ""
        self._status = ""
        self._then: Callable[[], None] | None = None
        self._take: Callable[[str], None] = lambda text: None
        """What is done with the line that is typed; raises ValueError if it can't be used."""

    def failed(self, error: Exception, screen: Screen[Any] | None = None) -> None:
        """A fault of this program: its traceback goes to the workshop's log, a line to the instructor."""
        name = type(error).__name__
        self._faults(asyncio.get_running_loop(), {"message": f"{FAULT} ({name})", "exception": error})
        if screen is not None and screen is self.screen and len(self.screen_stack) > 1:
            self.pop_screen()  # a page that does not work would take the keys

    def on_load(self) -> None:
        """What goes wrong in the loop is the server's affair: it hears of that already."""

    def compose(self) -> ComposeResult:
        """The address, the people, a line for what happens, the keys."""
        yield Pane(id="address")
        if self._address.replace(".", "").isdigit():
            yield Digits(self._address, id="large")
        yield Pane("Question", id="question")
        people = Pane("Workshop", id="people")
        yield people
        yield Pane(id="status")
        yield Input(id="prompt", compact=True, max_length=400)
        yield Pane(id="keys")

    def on_mount(self) -> None:
        """Look again every second."""
        words = "  ".join(f"{key.written} {key.word}" for key in DASHBOARD if key.footer)
        self.query_one("#keys", Pane).show([(Span(words, "dim"),)])
        lines = "   or   ".join(self._commands), f"password: {self._password or 'none, everybody may come in'}"
        self.query_one("#address", Pane).show([(Span(line, "title"),) for line in lines])
        self.set_interval(REFRESH, self.draw)
        self._workshop.classroom.changed = self.draw_question
        self.set_focus(None)
        self.draw()

    def on_resize(self, event: Resize) -> None:
        """More or fewer people fit."""
        self.draw()

    def draw(self) -> None:
        """Who is there."""
        pane, now = self.query_one("#people", Pane), time.monotonic()
        sessions = sorted(self._workshop.sessions.values(), key=lambda session: session.label)
        lines: list[Line] = [(Span(HEAD, "dim"),)]
        for session in sessions:
            role = "cursor" if session.label == self._chosen else ""
            lines.append((Span(row(session, now, session is self._workshop.guide), role),))
        if not sessions:
            lines.append((Span("nobody is here yet", "dim"),))
        pane.show(lines)
        pane.entitle(f"{len(sessions)} here" + (", paused" if self._workshop.held else ""))
        self.query_one("#status", Pane).show([(Span(self._status, "label"),)])
        self.draw_question()

    def draw_question(self) -> None:
        """What is asked, and how the answers spread."""
        poll, pane = self._workshop.classroom.poll, self.query_one("#question", Pane)
        pane.display = poll is not None
        if poll is not None:
            lines = spread_lines.lines(poll, max(self.size.width - 2, 40))
            pane.styles.height = len(lines) + 2
            pane.entitle(spread_lines.title(poll, self._workshop.classroom.voters))
            pane.show(lines)

    def say(self, line: str) -> None:
        """A line of what happens."""
        self._status = line
        if self.is_running:
            self.draw()

    # Keys

    def action_help(self) -> None:
        """List the keys."""
        self.push_screen(HelpScreen(DASHBOARD, ()))

    def action_choose(self, by: int) -> None:
        """Up and down."""
        labels = sorted(self._workshop.sessions)
        if labels:
            at = labels.index(self._chosen) + by if self._chosen in labels else 0
            self._chosen = labels[max(0, min(at, len(labels) - 1))]
            pane = self.query_one("#people", Pane)
            pane.scroll_to(y=max(0, labels.index(self._chosen) + 2 - pane.size.height), animate=False)
            self.draw()

    def action_show(self) -> None:
        """Let all follow the chosen one, or end that."""
        workshop, chosen = self._workshop, self._workshop.sessions.get(self._chosen)
        if workshop.guide is not None and chosen in (None, workshop.guide):
            workshop.show(None)
            self.say("nobody's screen is shown any more")
        elif chosen is None:
            self.say("choose with ↑ ↓ whose screen all may follow: your own, once you are in yourself")
        else:
            workshop.show(chosen)
            self.say(f"f on everybody's screen shows what {chosen.label} does; f here ends it")

    def action_pause(self) -> None:
        """Take nobody's keys, or go on."""
        self._workshop.hold(not self._workshop.held)
        self.say("paused: nobody's keys are taken" if self._workshop.held else "everybody goes on")

    def action_message(self) -> None:
        """Type a line to all."""
        self._prompt("a message to all; enter sends", self._send)

    def _send(self, text: str) -> None:
        if text:
            self._workshop.say(text)
            self.say(f"told everybody: {text}")

    def _prompt(self, label: str, take: Callable[[str], None]) -> None:
        """Let a line be typed, for `take`."""
        prompt = self.query_one("#prompt", Input)
        prompt.value, prompt.placeholder, prompt.display = "", label, True
        self._take = take
        self.set_focus(prompt)  # at once: a key may follow

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do with it what it was typed for."""
        text = event.value.strip()
        self.action_cancel()
        self._try(lambda: self._take(text))

    def _try(self, action: Callable[[], None]) -> None:
        """Do something, or say why it can't be done."""
        try:
            action()
        except ValueError as error:
            self.say(str(error))

    # The question to the class

    def action_ask(self) -> None:
        """Ask everybody; close the vote; begin the second vote."""
        room = self._workshop.classroom
        stage = room.poll.stage if room.poll else ""
        if stage == OPEN:
            room.close()
        elif stage == CLOSED and room.poll is not None and room.poll.round < MOST_ROUNDS:
            room.ask_once_more()
        elif stage == CLOSED:
            self.say("two votes are counted: r shows everybody the answer, then a asks another question")
        else:
            self.push_screen(AskScreen(room.guide.label if room.guide else ""), self._ask)

    def _ask(self, what: str | None) -> None:
        room = self._workshop.classroom
        if what == "loss":
            self._try(lambda: room.pose("loss", ""))
        elif what == "typed":
            self._prompt(HOW, lambda text: room.ask(typed(text)) if text else None)
        elif what == "task":
            self._choose_task()
        elif what is not None:
            label = "which number? as ∂L/∂w1[1,1] or gw1[1,1]; enter alone: the one under the cursor there"
            self._prompt(label, lambda text: room.pose(cast(Kind, what), text))

    def _choose_task(self) -> None:
        room = self._workshop.classroom
        if room.course is None or not askable(room.course):
            self.say("the course has no question that a class can be asked")
            return
        self.push_screen(TasksScreen(room.course, room.last_task), self._ask_task)

    def _ask_task(self, number: int | None) -> None:
        if number is not None:
            self._try(lambda: self._workshop.ask_task(number))

    def action_reveal(self) -> None:
        """Show everybody the truth."""
        self._try(self._workshop.classroom.reveal)

    def action_report(self) -> None:
        """Write the report."""
        self.run_worker(self._workshop.report())

    def action_cancel(self) -> None:
        """Not now."""
        self._then = None
        self.query_one("#prompt", Input).display = False
        self.set_focus(None)
        self.say("")

    def action_end_one(self) -> None:
        """End the chosen session, if that is meant."""
        session = self._workshop.sessions.get(self._chosen)
        if session is not None:
            self._then = lambda: self._end(session)
            self.say(f"end the session of {session.label}? y ends it, esc does not")

    def _end(self, session: SessionProcess) -> None:
        self.run_worker(session.end("the instructor has ended your session"))
        self.say(f"{session.label}'s session ends; it is saved")

    def action_leave(self) -> None:
        """End the workshop, if that is meant."""
        self._then = self.exit
        self.say(f"end the workshop of {len(self._workshop.sessions)}? y ends it and saves everything, esc does not")

    def action_yes(self) -> None:
        """What was asked is meant."""
        then, self._then = self._then, None
        if then is not None:
            then()

"""What the lessons' screens share: a title, two sentences, framed panes, a line to say and to ask in, the keys."""

import asyncio
from collections.abc import Callable
from textwrap import wrap
from typing import ClassVar

from backprop_tui.tui.widgets import footer, layout
from backprop_tui.tui.widgets.keys import Key, KeysShown
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import Asker, Runner, Session
from textual import work
from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen

NARROW = 64
"""Below so many columns the names of all lessons don't fit beside each other."""

NAMES = ("data", "autograd", "descent", "back-propagation", "training")


class LessonScreen(Screen[None]):
    """A lesson: `panes` are composed, `draw_panes` fills them, a runner asks the engine for what the session needs."""

    CSS_PATH = "lessons.tcss"
    AUTO_FOCUS = ""
    NUMBER: ClassVar[int]
    INTRO: ClassVar[tuple[str, str]]
    """Two sentences that say what it shows, a line of 78 columns each."""

    KEYS: ClassVar[tuple[Key, ...]]

    def __init__(self, session: Session, engine: Asker) -> None:
        super().__init__()
        self.runner = Runner(session, engine, self.draw, self.say)
        self.notice = ""
        self._asking: Callable[[str], None] | None = None
        self._below: Line = ()
        """What stands below a line that is typed."""
        self._tab = 0
        self._text = ""
        self.keys = KeysShown(self.KEYS)

    def narrow(self, text: str, hidden: tuple[str, ...]) -> None:
        """A scenario's own words instead of the two sentences, and without these keys."""
        self._text = text
        self.keys = KeysShown(self.KEYS, hidden)

    # What a lesson brings

    def panes(self) -> list[Pane]:
        """Its framed panes, in reading order."""
        raise NotImplementedError

    def draw_panes(self) -> None:
        """Hand each pane its lines."""
        raise NotImplementedError

    def status(self) -> Line:
        """The line above the keys where there is no notice."""
        return (Span(""),)

    # What is on it

    def compose(self) -> ComposeResult:
        """The lines at the top, the panes, the lines at the bottom."""
        yield Pane(id="header")
        yield Pane(id="intro")
        panes = self.panes()
        panes[0].add_class("active")
        yield from panes
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

    def on_resize(self, event: Resize) -> None:
        """Another layout for another size."""
        kind = layout.kind(*self.size)
        self.set_class(kind not in (layout.PANES, layout.WIDE), "narrow")
        self.set_class(kind == layout.TOO_SMALL, "small")
        self.call_after_refresh(self.draw)
        self.draw()

    def draw(self) -> None:
        """Hand every pane its lines."""
        if not self.is_mounted or not self.size.width:
            return
        width = self.size.width
        if self.has_class("small"):
            columns, rows = layout.SMALLEST
            words = f"This terminal is too small: {columns}x{rows} at least; q quits."
            self.pane("#header").show([(Span(part),) for part in wrap(words, width)])
            return
        self.pane("#header").show([_header(self.NUMBER, width)])
        sentences = wrap(self._text, width)[:2] if self._text else self.INTRO
        self.pane("#intro").show([(Span(clipped(sentence, width), "dim"),) for sentence in sentences])
        self.draw_panes()
        notice = (Span(clipped(self.notice, width), "key"),) if self.notice else self.status()
        self.pane("#status").show([notice])
        self.pane("#footer").show([self._below] if self._asking else footer.lines(width, self.keys.keys))

    def pane(self, selector: str) -> Pane:
        """A pane by its id."""
        return self.query_one(selector, Pane)

    def name_pane(self, selector: str, title: str) -> None:
        """The title in a pane's border."""
        self.pane(selector).entitle(title)

    # Saying and asking

    def say(self, text: str) -> None:
        """A line for the person, until the next key."""
        self.notice = text
        self.draw()

    def on_key(self) -> None:
        """A notice stays until the next key."""
        self.notice = ""

    def ask(self, label: str, then: Callable[[str], None], text: str = "") -> None:
        """Let a line be typed; `then` takes it, and may raise ValueError for what it can't take."""
        self._asking, self._below = then, (Span(f"{label}   enter takes it, esc leaves it", "key"),)
        prompt = self.query_one(Prompt)
        prompt.value, prompt.placeholder, prompt.display = text, label, True
        prompt.cursor_position = len(text)
        self.pane("#status").display = False
        self.set_focus(prompt)  # at once: a key may follow
        self.draw()

    def point_at(self, position: int, reason: str) -> None:
        """A caret below this character of the line that is typed, with a reason."""
        self.query_one(Prompt).cursor_position = position
        room = self.size.width - position - 2
        before = "" if len(reason) <= room else clipped(reason, max(position - 1, 20)).rstrip() + " "
        after = "" if before else f" {reason}"
        self._below = (Span(before.rjust(position) + "^" + after, "alarm"),)
        self.draw()

    def take_line(self, line: str) -> None:
        """The line is typed."""
        then, text = self._asking, line.strip()
        self._close_prompt()
        if then is not None and text:
            try:
                then(text)
            except ValueError as error:
                self.refuse_typed(text, error)

    def refuse_typed(self, text: str, error: ValueError) -> None:
        """Say why what was typed can't be used."""
        self.say(str(error))

    def _close_prompt(self) -> None:
        self._asking = None
        self.query_one(Prompt).display = False
        self.pane("#status").display = True
        self.set_focus(None)
        self.draw()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A hidden key does nothing, in the palette neither."""
        return self.keys.do(action, parameters)

    def act(self, action: Callable[[], None], after: Callable[[], None] | None = None) -> None:
        """Carry out an action of the session in its turn."""
        self.runner.act(action, after)

    def action_cancel(self) -> None:
        """esc."""
        if self._asking is not None:
            self._close_prompt()
        self.draw()

    def action_next_pane(self) -> None:
        """tab."""
        framed = list(self.query(".framed").results(Pane))
        self._tab = (self._tab + 1) % len(framed)
        for number, pane in enumerate(framed):
            pane.set_class(number == self._tab, "active")
        self.call_after_refresh(self.draw)

    def action_lesson(self, number: int) -> None:
        """1 to 5."""
        self.app.lessons.show(number)  # type: ignore[attr-defined]

    def action_follow(self) -> None:
        """f."""
        self.say(self.app.follow())  # type: ignore[attr-defined]

    def action_help(self) -> None:
        """?."""
        from backprop_tui.tui.widgets.help import HelpScreen

        self.app.push_screen(HelpScreen(self.keys.keys, self.INTRO))

    def action_quit(self) -> None:
        """q."""
        self.app.leave()  # type: ignore[attr-defined]

    def action_command_palette(self) -> None:
        """ctrl+p."""
        self.app.action_command_palette()

    async def settled(self) -> None:
        """Wait until everything typed so far is done and shown: for tests."""
        while self.runner.busy or self.runner.waiting:
            await asyncio.sleep(0.005)


def _header(number: int, width: int) -> Line:
    """Which lesson this is, and how to get to the others."""
    if width < NARROW:
        return Span(f"lesson {number}, {NAMES[number - 1]}", "title"), Span("   1 to 5: others", "dim")
    spans = [Span("backprop-tui  ", "title")] if width >= 80 else []
    for other, name in enumerate(NAMES, 1):
        here = other == number
        spans += [Span(str(other), "key"), Span(f" {name.upper() if here else name}  ", "title" if here else "dim")]
    return tuple(spans)

"""What the main screen and the lessons share: keys, a line that says and asks, a prompt, help."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from backprop_tui.core.session.drive import Requester
from backprop_tui.tui.terminal.background import other
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from .keys import KeysShown
from .messages import Failed, FollowInstructor, Leave, OpenLesson, ShowGlossary, ShowHelp, ShowQuestion, TaskKey, Told
from .pane import Pane
from .prompt import Prompt
from .runner import After, Asker, Runner
from .selecting import SelectingScreen
from .tasks import Tasks


def is_open(screen: Screen[Any]) -> bool:
    """Whether a screen has panes to draw on: they are not yet there at first, and gone while it is being closed."""
    return screen.is_mounted and screen in screen.app.screen_stack


class KeyScreen(SelectingScreen[None]):
    """A screen with a table of keys, and a runner that carries out what they ask for.

    It composes `#status`, a `Prompt` and `#footer` at its lower end; `take_shape` and `paint` do the rest.
    """

    AUTO_FOCUS = ""
    BLANK = True  # what it shows are its panes

    def __init__(self, keys: KeysShown, requester: Requester, engine: Asker) -> None:
        super().__init__()
        self.keys = keys
        self.runner = Runner(requester, engine, self.draw, self.refused, lambda error: self.tell(Failed(error)))
        self.notice = ""
        """What is said in the line above the keys, until the next key."""
        self.is_loading = False
        """Whether what is typed waits for TensorFlow."""
        self.tasks: Tasks | None = None
        """The task of a course, if one is open."""
        self._asking: Callable[[str], None] | None = None
        self._shaped_for: Size | None = None
        """The size that the present layout is for."""
        self._draws_again = False
        self.label = ""
        """What is asked for while the line holds text, which hides it."""

    # What an heir brings

    def take_shape(self) -> None:
        """Another layout for the present size."""
        raise NotImplementedError

    def paint(self) -> None:
        """Hand every pane its lines. The screen is mounted, and has a size."""
        raise NotImplementedError

    def help_words(self) -> Sequence[str]:
        """What the help says before it lists the keys, a line each."""
        raise NotImplementedError

    def word(self) -> str:
        """The word of the glossary that one would look up here."""
        raise NotImplementedError

    # Drawing

    def on_resize(self, event: Resize) -> None:
        """Another layout for another size."""
        self._shaped_for = self.size
        self.take_shape()
        self.draw()
        self.draw_again()

    def draw(self) -> None:
        """Show what is so now; nothing before there is a place for it."""
        if is_open(self) and self.size.width:
            if self._shaped_for != self.size:  # it was resized below another screen
                self._shaped_for = self.size
                self.take_shape()
            if self.tasks is not None:
                self.tasks.look()
            self.paint()

    def draw_again(self) -> None:
        """Draw after the next refresh, once: the panes have their new sizes only then."""
        if not self._draws_again:
            self._draws_again = True
            self.call_after_refresh(self._draw_again)

    def _draw_again(self) -> None:
        self._draws_again = False
        self.draw()

    def pane(self, selector: str) -> Pane:
        """A pane by its selector."""
        return self.query_one(selector, Pane)

    def turn_to_next(self, panes: Sequence[Pane]) -> Pane | None:
        """Make the next of some panes that is not hidden the active one; which, if there is one."""
        active = next((place for place, pane in enumerate(panes) if pane.has_class("active")), -1)
        order = [*panes[active + 1 :], *panes[: active + 1]]
        chosen = next((pane for pane in order if pane.visible), None)
        if chosen is not None:
            self.turn_to(chosen)
        return chosen

    def turn_to(self, chosen: Pane) -> None:
        """Make a pane the active one; if it was behind others, it has its new size only after the next refresh."""
        if not chosen.has_class("active"):
            self.draw_again()
        for pane in self.query(".framed").results(Pane):
            pane.set_class(pane is chosen, "active")

    # Saying and asking

    @property
    def is_asking(self) -> bool:
        """Whether a line is being typed."""
        return self._asking is not None

    def say(self, text: str) -> None:
        """A line for the person, until the next key."""
        self.notice = text
        self.draw()

    def refused(self, message: str) -> None:
        """Something could not be done: say so."""
        self.say(message)

    def on_key(self) -> None:
        """A notice stays until the next key, and so does what is selected."""
        self.notice = ""
        if self.tasks is not None:
            self.tasks.next_key()
        if self.selections:
            self.clear_selection()

    def ask(self, label: str, then: Callable[[str], None], text: str = "") -> None:
        """Let a line be typed; `then` takes it, and may raise ValueError for what it can't take."""
        self._asking, self.label = then, label if text else ""
        prompt = self.query_one(Prompt)
        prompt.value, prompt.placeholder, prompt.display = text, label, True
        prompt.cursor_position = len(text)
        self.pane("#status").display = False
        self.set_focus(prompt)  # at once: a key may follow
        if self.label:
            self.draw()

    def take_line(self, line: str) -> None:
        """The line is typed."""
        then, text = self._asking, line.strip()
        self.close_prompt()
        if then is not None and text:
            try:
                then(text)
            except ValueError as error:
                self.refuse_typed(text, error)

    def refuse_typed(self, text: str, error: ValueError) -> None:
        """Say why what was typed can't be used."""
        self.say(str(error))

    def close_prompt(self) -> None:
        """Nothing is typed any more."""
        labeled, self._asking, self.label = bool(self.label), None, ""
        self.query_one(Prompt).display = False
        self.pane("#status").display = True
        self.set_focus(None)
        if labeled:
            self.draw()

    def begins_answer(self, character: str) -> bool:
        """Whether a key begins an answer to the course's question."""
        return self.tasks is not None and not self.is_asking and self.tasks.takes(character)

    # Doing

    def act(self, action: Callable[[], None], after: After | None = None) -> None:
        """Carry out an action in its turn; `after` is called when all that it needed has been answered."""
        self.runner.act(action, after)

    def tell(self, what: Told) -> None:
        """Tell the app what is wanted of it."""
        self.app.post_message(what)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that a scenario hides does nothing, in the palette neither."""
        return self.keys.do(action, parameters)

    async def settled(self) -> None:
        """Wait until everything typed so far is done and shown."""
        while self.is_loading or self.runner.busy or self.runner.waiting:
            await asyncio.sleep(0.005)

    # Keys that every screen has

    def action_cancel(self) -> None:
        """End what is under way: here, a line that is being typed."""
        if self.is_asking:
            self.close_prompt()
        self.draw()

    def action_lesson(self, number: int) -> None:
        """Open another lesson."""
        self.tell(OpenLesson(number))

    def action_task(self) -> None:
        """Show or hide the task of the course."""
        self.tell(TaskKey("task"))

    def action_answer(self, text: str = "") -> None:
        """Answer the task, or go on to the next."""
        self.tell(TaskKey("answer", text))

    def action_hint(self) -> None:
        """Give a hint for the task."""
        self.tell(TaskKey("hint"))

    def action_follow(self) -> None:
        """See the instructor's screen, or one's own again."""
        self.tell(FollowInstructor())

    def action_background(self) -> None:
        """Colors for the other kind of background."""
        self.app.theme = other(self.app.theme)

    def action_question(self) -> None:
        """See the question to the class again."""
        self.tell(ShowQuestion())

    def action_help(self) -> None:
        """List the keys."""
        self.tell(ShowHelp(self.keys.keys, self.help_words()))

    def action_what(self) -> None:
        """Say what a word means."""
        self.tell(ShowGlossary(self.word()))

    def action_quit(self) -> None:
        """Leave the program; what was done is saved."""
        self.tell(Leave())

    def action_command_palette(self) -> None:
        """Open the palette, which Textual's app has."""
        self.app.action_command_palette()

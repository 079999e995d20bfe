"""The screen of a model: the operations at the left, the one in view beside them, the loss below."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from backprop_tui.core.operations.compared import compared_lines
from backprop_tui.core.session.model import ModelSession
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets import footer, layout
from backprop_tui.tui.widgets.autoplay import Autoplay
from backprop_tui.tui.widgets.keys import KeysShown, bindings
from backprop_tui.tui.widgets.line import Span, clipped
from backprop_tui.tui.widgets.messages import NothingToShow
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.playing import PlayingScreen
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import Asker
from backprop_tui.tui.widgets.typed import next_lr, number, whole
from textual import work
from textual.app import ComposeResult

from .checked import CheckedScreen
from .keys import JUMP, MODEL
from .panes import losses, operation, operations
from .why import WhyNumberScreen

FEW, MANY = 4, 8
"""Decimals of a number."""

TALL = 36
"""From so many lines on the loss has more of them."""

UNTIL_NAN = ["until", "nan"]


class ModelScreen(PlayingScreen):
    """Steps a model by its operations."""

    BINDINGS = bindings(MODEL)

    def __init__(self, session: ModelSession, engine: Asker) -> None:
        self.autoplay = Autoplay(self.set_interval, self._play)
        # What the session asks is of `protocol/model.py`, and so is what the process answers.
        requester: Any = session
        super().__init__(KeysShown(MODEL), requester, engine)
        self.session = session
        self._digits = FEW

    def compose(self) -> ComposeResult:
        """The line at the top, three panes, two lines at the bottom."""
        yield Pane(id="header")
        yield Pane("Operations", id="operations", classes="framed")
        yield Pane("Operation", id="operation", classes="framed active")
        yield Pane("Loss", id="losses", classes="framed")
        yield Pane(id="status")
        yield Prompt(self.take_line, self.action_cancel)
        yield Pane(id="footer")

    def on_mount(self) -> None:
        """Open the model, then do what is typed."""
        self._work()

    @work(exclusive=True)
    async def _work(self) -> None:
        await self.runner.perform(lambda: None)
        await self.runner.run()

    def refused(self, message: str) -> None:
        """Something could not be done: say so. Without a model there is nothing to show."""
        if self.session.described is None:
            self.tell(NothingToShow(message))
        else:
            self.autoplay.stop()
            super().refused(message)

    # Drawing

    def take_shape(self) -> None:
        """All panes, or one."""
        kind = layout.kind(*self.size)
        self.set_class(kind not in (layout.PANES, layout.WIDE), "narrow")
        self.set_class(kind == layout.TOO_SMALL, "small")
        self.set_class(kind == layout.WIDE and self.size.height >= TALL, "tall")

    def paint(self) -> None:
        """Hand every pane its lines."""
        width, session = self.size.width, self.session
        if self.has_class("small"):
            columns, rows = layout.SMALLEST
            words = f"This terminal is too small: {columns}x{rows} at least; q quits."
            self.pane("#header").show([(Span(part),) for part in wrap(words, width)])
            return
        self.pane("#header").show([(Span(clipped(self._header(), width).rstrip(), "title"),)])
        for name, lines in (("#operations", operations.lines), ("#losses", losses.lines)):
            pane = self.pane(name)
            pane.show(lines(session, pane.content_size.width, max(pane.content_size.height, 1)))
        pane = self.pane("#operation")
        pane.show(operation.lines(session, pane.content_size.width, pane.content_size.height, self._digits))
        pane.entitle(operation.title(session))
        self.pane("#losses").entitle(losses.title(session))
        role = "key" if self.notice else "alarm" if operation.not_finite(session) else "dim"
        self.pane("#status").show([(Span(clipped(self.notice or self._status(), width).rstrip(), role),)])
        self.pane("#footer").show(footer.lines(width, self.keys.keys))

    def _header(self) -> str:
        described = self.session.described
        if described is None:
            return f"{escape_controls(self.session.spec.model)}   loading TensorFlow and the model …"
        lr = self.session.lr
        rate = "lr" if lr is None else f"lr {brief(lr)}"
        rate += f" by {described.schedule}" if described.schedule else ""
        rows = f"{described.batch} rows a step" if described.batch > 1 else "one row a step"
        return (
            f"{escape_controls(self.session.spec.model)}   step {self.session.at.step}   "
            f"{described.optimizer}, {rate}   {rows} of {escape_controls(described.rows)}"
        )

    def _status(self) -> str:
        session = self.session
        if self.autoplay.running:
            return f"autoplay {self.autoplay.per_second:g}/s, step {session.at.step}; a stops it"
        if session.described is None or not session.at.done:
            return ""
        done = f"{session.at.done} of {len(session.operations)} operations of step {session.at.step}"
        if operation.not_finite(session):
            return f"{done}; this one holds NaN or infinity"
        return f"{done}; the weights are updated" if session.is_complete else done

    def help_words(self) -> Sequence[str]:
        """What the screen shows."""
        return (
            "A step of this model as TensorFlow runs it: every operation with its inputs, its rule and its output;",
            "forward, the loss, then the operations by which the tape finds the gradients, and the update.",
            "",
        )

    def word(self) -> str:
        """What it is about."""
        return "gradient" if self.session.in_view and self.session.in_view.part == "gradient" else "network"

    # Keys

    def action_step(self) -> None:
        """A whole step."""
        self.act(self.session.step)

    def action_operation(self) -> None:
        """One operation."""
        self.act(self.session.operation)

    def action_layer(self) -> None:
        """All of a layer."""
        self.act(self.session.layer)

    def action_back(self) -> None:
        """Take the last move back."""
        self.autoplay.stop()

        def back() -> None:
            if not self.session.back():
                raise ValueError("this is the start")

        self.act(back)

    def action_start(self) -> None:
        """The very start."""
        self.autoplay.stop()
        self.act(self.session.to_start)

    def action_jump(self) -> None:
        """Ask for a step, or for the first NaN, and go there."""
        self.autoplay.stop()

        def jump(text: str) -> None:
            if text.lower().split() == UNTIL_NAN:
                self.act(self.session.seek_not_finite, lambda: self.say(self.session.sought))
                return
            step = whole(text)
            self.act(lambda: self.session.jump(step))

        self.ask(f"jump: {JUMP}", jump)

    def action_cancel(self) -> None:
        """End what is under way: a line that is typed, autoplay, a jump."""
        self.autoplay.stop()
        self.session.cancel()
        super().action_cancel()

    def _play(self, steps: int) -> None:
        if not self.runner.waiting and not self.runner.busy:
            session = self.session
            self.act(session.step if steps == 1 else lambda: session.jump(session.at.step + steps))

    def action_reinit(self) -> None:
        """Begin anew with other weights."""
        self.autoplay.stop()
        self.act(self.session.new_weights)

    def action_lr_up(self) -> None:
        """Take the next larger learning rate."""
        self._change_lr(1)

    def action_lr_down(self) -> None:
        """Take the next smaller learning rate."""
        self._change_lr(-1)

    def _change_lr(self, by: int) -> None:
        self.act(lambda: self.session.set_lr(next_lr(self.session.lr or 0.0, by)))

    def action_lr(self) -> None:
        """Ask for a learning rate."""

        def take(text: str) -> None:
            lr = number(text)
            self.act(lambda: self.session.set_lr(lr))

        self.ask("learning rate", take)

    def action_look(self, by: int) -> None:
        """At another operation."""
        self.act(lambda: self.session.look(by))

    def action_go(self) -> None:
        """Ask for an operation, and look at it."""

        def go(text: str) -> None:
            number = whole(text)
            self.act(lambda: self.session.look_at(number - 1))

        self.ask("go to: the number of an operation", go)

    def action_move(self, rows: int, columns: int) -> None:
        """Another number."""
        self.act(lambda: self.session.move_cursor(rows, columns))

    def action_turn(self, by: int) -> None:
        """Another slice."""
        self.act(lambda: self.session.turn_slice(by))

    def action_picture(self) -> None:
        """An image, or its numbers."""
        self.act(self.session.draw_images)

    def action_precision(self) -> None:
        """More digits, or fewer."""
        self._digits = FEW if self._digits == MANY else MANY
        self.draw()

    def action_why(self) -> None:
        """What the number under the cursor is made of."""
        self.act(lambda: None, self._open_why)

    def _open_why(self) -> None:
        if self.session.output is None:
            self.say("s makes the first operation: then there is a number to ask about")
        else:
            self.app.push_screen(WhyNumberScreen(self.session, self.runner))

    def action_check(self) -> None:
        """Every gradient against a finite difference."""
        if not self.session.at.done:
            self.say("space makes a step: then there are gradients to check")
            return
        self.say("checking every gradient against finite differences …")
        self.act(self.session.check, self._open_check)

    def _open_check(self) -> None:
        if self.session.checked is not None:
            self.notice = ""
            step, compared = self.session.checked
            title = f"Gradients of step {step} against finite differences"
            self.app.push_screen(CheckedScreen(title, tuple(compared_lines(compared))))

    def action_compare(self) -> None:
        """The gradient through the operation in view, against that operation alone."""
        if not self.session.at.done:
            self.say("s makes the first operation: then there is one to compare")
            return
        self.act(self.session.compare, self._open_compare)

    def _open_compare(self) -> None:
        lines = [f"  {one.text}" for one in self.session.along]
        said = "nothing behind this operation leads to the loss: no gradient goes through it"
        title = "Along a random direction, against the operation run alone"
        self.app.push_screen(CheckedScreen(title, tuple(lines) or (said,)))

    def action_next_pane(self) -> None:
        """Bring the next pane to the front."""
        self.turn_to_next(list(self.query(".framed").results(Pane)))
        self.call_after_refresh(self.draw)

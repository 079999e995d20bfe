"""The main screen: a data sample, its way forward, the gradients back, the update, and the loss so far."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from ...core.engine_process import EngineLost
from ...core.messages import Answer, Request, WireError
from ...core.phases import Cell, cells, phases
from ...core.quiz import LEVELS, Score
from ...core.session import EngineRefused, Position, Session
from .. import layout, typed
from ..autoplay import Autoplay
from ..change import changeable, effect
from ..cursor import neighbour, places
from ..keys import KEYS, Key, bindings
from ..line import Line, Span
from ..pane import Pane
from ..panes import footer, forward, gradients, header, loss, network, sample, status, step, updated
from ..predictor import Predictor
from ..runner import Asker, Runner
from ..view import View, view_of

if TYPE_CHECKING:
    from ...core.scenario import Scenario
    from ...core.store import Loaded

NUMBER_PANES = ("#sample", "#forward", "#gradients", "#updated")
FRAMED_PANES = (*NUMBER_PANES, "#loss")


class StepperScreen(Screen[None]):
    """Steps the session, one keypress at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = ""

    class NothingToShow(Message):
        """The table can't be read: there is nothing to step."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    def __init__(
        self,
        session: Session,
        engine: Asker,
        steps: int = 0,
        scenario: "Scenario | None" = None,
        loaded: "Loaded | None" = None,
    ) -> None:
        super().__init__()
        self._scenario = scenario
        self.session = session
        self.runner = Runner(session, engine, self.draw, self.refused)
        self._engine, self._first_steps = engine, steps
        self._loading = True
        self._notice = ""
        self._cursor: Cell | None = None
        self._precise = False
        self._single = False
        self.autoplay = Autoplay(self.set_interval, self._play)
        self.predictor = Predictor(session, engine)
        self._asking: Callable[[str], None] | None = None
        self._tab = 0
        self.stand_in: Callable[[], None] | None = None
        """Another screen on the same session, which is drawn instead while it lies over this one."""
        self._loaded = loaded
        self._followed: Position | None = None
        self._restore(loaded.screen if loaded else {})

    # What is on it

    def compose(self) -> ComposeResult:
        """The panes, in reading order."""
        yield Pane(id="header")
        yield Pane("Data sample", id="sample", classes="framed active")
        yield Pane("Forward", id="forward", classes="framed")
        yield Pane("Network", id="network", classes="framed")
        yield Pane("Gradients  ∂L/∂", id="gradients", classes="framed")
        yield Pane("Updated weights", id="updated", classes="framed")
        yield Pane("Loss", id="loss", classes="framed")
        yield Pane("This step", id="step", classes="framed")
        yield Pane(id="status")
        yield Input(id="prompt", compact=True)
        yield Pane(id="footer")
        yield Pane(id="too-small")

    def on_mount(self) -> None:
        """Start: open the table, then let TensorFlow load, then do what was typed meanwhile."""
        self._engine.on_restart = self._engine_restarted
        for name in self._scenario.show.hide_panes if self._scenario else ():
            self._pane(f"#{name}").visible = False
        self.run_worker(self._work(), exclusive=True)

    async def _work(self) -> None:
        await self.runner.perform(lambda: None)
        if self.session.scaling is None:
            self.post_message(self.NothingToShow(self._notice))
            return
        try:
            request = self.session.warm_up()
            self.session.accept(request, await self._engine.ask(request))
        except Exception as error:  # a network that can't be compiled is told, the screen goes on
            self.refused(str(error))
        self._loading = False
        self._doubt()
        if self._first_steps:
            await self.runner.perform(lambda: self.session.start_jump(self._first_steps))
        self.draw()
        await self.runner.run()

    def _doubt(self) -> None:
        """A session from elsewhere: say so where its next digits may differ."""
        if self._loaded is not None:
            from ...core.store import doubts

            found = doubts(self._loaded, self.session, computed=True)
            self.say(" ".join(found) if found else f"resumed at step {self.session.steps:,}")

    def _engine_restarted(self) -> None:
        self.say("The engine had died and was started again; no step is lost.")

    # Drawing

    def on_resize(self, event: Resize) -> None:
        """Another layout for another size."""
        self._lay_out()
        self.draw()

    def _lay_out(self) -> None:
        kind = layout.kind(*self.size)
        for name in (layout.TOO_SMALL, layout.TABS, layout.PANES, layout.WIDE):
            self.set_class(kind == name, name)
        self.set_class(self.size.height < layout.LOW, "low")
        if kind in (layout.PANES, layout.WIDE):
            view = self.view()
            most = max((phase.end - phase.start for phase in phases(view.network)), default=1)
            wanted = len(forward.lines(view, 38)), gradients.height(view), min(most + 1, 10)
            heights = layout.rows(self.size.height, *wanted)
            self.styles.grid_rows = f"1 {heights.top} {heights.middle} {heights.loss} {heights.step} 1 1"
        else:
            self.styles.grid_rows = None

    def view(self) -> View:
        """What is to be shown now."""
        return view_of(self.session, cursor=self._cursor, precise=self._precise, single=self._single)

    def draw(self) -> None:
        """Hand every pane its lines."""
        if self.stand_in is not None:
            self.stand_in()
            return
        if not self.is_mounted or not self.size.width:
            return
        if self.has_class(layout.TOO_SMALL):
            self._pane("#too-small").show(_too_small(self.size.width, self.size.height))
            return
        view = self.view()
        self._pane("#header").show(header.lines(view, self._activity(), self.size.width))
        width = self._inner("#sample")
        self._pane("#sample").show(sample.lines(view, width))
        self._pane("#forward").show(forward.lines(view, self._inner("#forward")))
        self._pane("#gradients").show(gradients.lines(view, self._inner("#gradients")))
        self._pane("#updated").show(updated.lines(view, self._inner("#updated")))
        self._follow(view)
        pane = self._pane("#network")
        if self.has_class(layout.WIDE):
            pane.show(network.lines(view, pane.content_size.width, pane.content_size.height))
            pane.border_title = network.title(view)
        pane = self._pane("#loss")
        pane.show(loss.lines(view, pane.content_size.width, max(pane.content_size.height, 1)))
        pane = self._pane("#step")
        asked = self.predictor.lines()
        text = self._scenario.show.texts.get("back-propagation", "") if self._scenario else ""
        pane.show(asked or step.lines(view, pane.content_size.width, pane.content_size.height, text))
        self._titles(view)
        self._pane("#status").show([status.line(view, self._notice, self.session.jump, self.size.width)])
        self._pane("#footer").show(footer.lines(self.size.width, self._keys))

    def _follow(self, view: View) -> None:
        """Where a pane can't show all its lines, scroll to what was computed last, once."""
        if self._followed == (here := self.session.position) or view.phase is None:
            return
        self._followed = here
        for name in NUMBER_PANES:
            pane = self._pane(name)
            if pane.virtual_size.height > pane.size.height:
                fresh = next((cell for cell in cells(view.network, view.phase) if pane.reveal(cell)), None)
                if fresh is None and view.done <= view.phase.end - view.phase.start:
                    pane.scroll_to(y=0, animate=False)

    def _titles(self, view: View) -> None:
        for name, title in (
            ("#updated", updated.title(view)),
            ("#loss", loss.title(view)),
            ("#step", step.title(view)),
        ):
            pane = self._pane(name)
            if pane.border_title != title:
                pane.border_title = title

    def _pane(self, selector: str) -> Pane:
        return self.query_one(selector, Pane)

    def _inner(self, selector: str) -> int:
        return self._pane(selector).content_size.width

    def _activity(self) -> str:
        if self._loading:
            waits = f", {self.runner.waiting} keys wait" if self.runner.waiting else ""
            return f"TensorFlow is loading{waits} …"
        if self.autoplay.running:
            return f"autoplay {self.autoplay.per_second:g}/s"
        score = self.predictor.score
        return f"predicted {score.right} of {score.asked}" if self.predictor.on or score.asked else ""

    @property
    def notice(self) -> str:
        """What is being said."""
        return self._notice

    # Saying and asking

    def say(self, text: str) -> None:
        """A line for the person, until the next key."""
        self._notice = text
        self.draw()

    def refused(self, message: str) -> None:
        """Something could not be done: say so, and stop what repeats."""
        self.autoplay.stop()
        self.say(message)

    def ask(self, label: str, then: Callable[[str], None]) -> None:
        """Let a line be typed; `then` takes it, and may raise ValueError for what it can't take."""
        self._asking = then
        prompt = self.query_one("#prompt", Input)
        prompt.value, prompt.placeholder = "", label
        prompt.display = True
        self._pane("#status").display = False
        prompt.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The line is typed."""
        then, text = self._asking, event.value.strip()
        self._close_prompt()
        if then is not None and text:
            try:
                then(text)
            except ValueError as error:
                self.say(str(error))

    def _close_prompt(self) -> None:
        self._asking = None
        self.query_one("#prompt", Input).display = False
        self._pane("#status").display = True
        self.set_focus(None)

    def on_key(self) -> None:
        """A notice stays until the next key."""
        self._notice = ""

    # Keys: moving on

    def _act(
        self,
        action: Callable[[], None],
        after: Callable[[], None] | None = None,
        *,
        single: bool = False,
        keep: bool = False,
    ) -> None:
        """Queue an action. `single`: it moves by one number; `keep`: the verdict on a prediction stays."""

        def carry_out() -> None:
            self._single = single
            if not keep:
                self.predictor.skip()
            action()

        self.runner.act(carry_out, after)
        if self._loading:
            self.draw()

    def action_step(self) -> None:
        """space."""
        if self.predictor.pauses():
            self._act(self.predictor.to_loss, self._ask_first, keep=True)
        else:
            self._act(self.session.step)

    def action_phase(self) -> None:
        """s."""
        self._act(self.session.phase)

    def action_number(self) -> None:
        """The smallest step."""
        self._act(self.session.number, single=True)

    def action_back(self) -> None:
        """b."""
        self.autoplay.stop()
        self._act(self.session.back)

    def action_back_phase(self) -> None:
        """[."""
        self._act(self.session.back_phase)

    def action_forward_phase(self) -> None:
        """]."""
        self._act(self.session.forward_phase)

    def action_first(self) -> None:
        """home."""
        self._act(self.session.first)

    def action_last(self) -> None:
        """end."""
        self._act(self.session.last)

    def action_reinit(self) -> None:
        """r."""
        self.autoplay.stop()
        self._act(self.session.reinit)

    def action_restart(self) -> None:
        """R."""
        self.autoplay.stop()
        self._act(self.session.restart)

    def action_jump(self) -> None:
        """j."""

        def jump(text: str) -> None:
            steps, bound = typed.jump(text)
            self._act(lambda: self.session.start_jump(steps, bound))

        self.ask("jump: a number of steps (500), or a loss to stop below (<0.01), or both", jump)

    def action_cancel(self) -> None:
        """esc."""
        if self._asking is not None:
            self._close_prompt()
        self.autoplay.stop()
        self.session.cancel()
        self.draw()

    # Keys: autoplay

    def action_autoplay(self) -> None:
        """a."""
        if self.autoplay.running:
            self.autoplay.stop()
        else:
            self.autoplay.start()
        self.draw()

    def action_faster(self) -> None:
        """>."""
        self._change_speed(1)

    def action_slower(self) -> None:
        """<."""
        self._change_speed(-1)

    def _change_speed(self, by: int) -> None:
        self.autoplay.change(by)
        self.say(f"autoplay makes {self.autoplay.per_second:g} steps a second; a starts and stops it")

    def _play(self, steps: int) -> None:
        if not self.runner.waiting and not self.runner.busy:
            self._act(self.session.step if steps == 1 else lambda: self.session.start_jump(steps))

    # Keys: predict first

    def action_predict(self) -> None:
        """t."""
        self.autoplay.stop()
        self.say(self.predictor.next_level())

    def _ask_first(self) -> None:
        self.run_worker(self._open_question())

    async def _open_question(self) -> None:
        await self.predictor.ask()
        self.draw()

    def action_lesson(self, number: int) -> None:
        """1 to 5: a lesson, or an answer where a question is open."""
        if self.predictor.open is not None:
            self.action_digit(number)
        else:
            self.app.lessons.show(number)  # type: ignore[attr-defined]

    def action_digit(self, digit: int) -> None:
        """1 to 9: an answer."""
        asked = self.predictor.open
        if asked is not None and asked.choices:
            self._answer(digit)

    def _answer(self, guess: float) -> None:
        asked = self.predictor.open
        if asked is not None and self.predictor.answer(guess):
            self._cursor = asked.cell
            self._act(self.session.step, keep=True)

    # Keys: what the next step uses

    def action_lr_up(self) -> None:
        """+."""
        self._act(lambda: self.session.set_lr(typed.next_lr(self.session.settings.lr, 1)))

    def action_lr_down(self) -> None:
        """-."""
        self._act(lambda: self.session.set_lr(typed.next_lr(self.session.settings.lr, -1)))

    def action_lr(self) -> None:
        """l."""
        self.ask("learning rate", lambda text: self._set_lr(typed.number(text)))

    def _set_lr(self, lr: float) -> None:
        self._act(lambda: self.session.set_lr(lr))

    def action_next_row(self) -> None:
        """n."""
        self._move_row(1)

    def action_previous_row(self) -> None:
        """p."""
        self._move_row(-1)

    def _move_row(self, by: int) -> None:
        def move() -> None:
            if self.session.scaling is not None:
                self.session.set_row((self.session.settings.sampling.row + by) % self.session.scaling.rows)

        self._act(move)

    def action_row(self) -> None:
        """g."""

        def go(text: str) -> None:
            row = typed.whole(text)
            self._act(lambda: self.session.set_row(row))

        rows = f", 0 to {self.session.scaling.rows - 1}" if self.session.scaling else ""
        self.ask(f"row of the table{rows}", go)

    def action_change(self) -> None:
        """=."""
        if self.predictor.open is not None and not self.predictor.open.choices:
            self.ask(self.predictor.open.text, lambda text: self._answer(typed.number(text)))
            return
        cell = self._cursor
        if cell is None or not changeable(self.session.run.network, cell):
            self.say("point at a weight, a bias, an input or the target with the arrow keys, then = changes it")
            return
        before = self.view()
        self.ask(f"{status.named(before, cell)}   new value:", lambda text: self._change(cell, typed.number(text)))

    def _change(self, cell: Cell, value: float) -> None:
        before = self.view()
        self._act(lambda: self.session.change(cell, value), lambda: self.say(effect(before, self.view(), cell)))

    # Keys: looking

    def action_precision(self) -> None:
        """d."""
        self._precise = not self._precise
        self.draw()

    def action_next_pane(self) -> None:
        """tab."""
        if self.has_class(layout.TABS):
            self._tab = (self._tab + 1) % len(FRAMED_PANES)
        else:
            self._tab = (self._tab + 1) % len(NUMBER_PANES)
            found = places([self._pane(NUMBER_PANES[self._tab])])
            if found:
                self._cursor = found[0].cell
        for number, name in enumerate(FRAMED_PANES):
            self._pane(name).set_class(number == self._tab, "active")
        self.call_after_refresh(self.draw)
        self.draw()

    def action_cursor(self, direction: str) -> None:
        """The arrow keys."""
        shown = [self._pane(name) for name in NUMBER_PANES if self._pane(name).display]
        place = neighbour(places(shown), self._cursor, direction)
        if place is not None:
            self._cursor = place.cell
            place.pane.reveal(place.cell)
        self.draw()

    def on_pane_pointed(self, event: Pane.Pointed) -> None:
        """The mouse points at a number."""
        self._cursor = event.cell
        self.draw()

    def action_why(self) -> None:
        """enter."""
        view, cell = self.view(), self._cursor
        if cell is None or view.value(cell) is None or view.trace is None:
            pointed = cell is not None and view.value(cell) is None
            self.say(
                "that number is not computed yet"
                if pointed
                else "make a step, point at a number with the arrow keys, then enter"
            )
            return
        from .why import WhyScreen

        self.app.push_screen(WhyScreen(view.trace, view.facts, cell, self._engine))

    def action_picture(self) -> None:
        """v."""
        from .picture import NetworkScreen

        self.app.push_screen(NetworkScreen(self.view()))

    def action_loss_picture(self) -> None:
        """L."""
        from .curves import CurvesScreen

        def close(_: object) -> None:
            self.draw()

        self.app.push_screen(CurvesScreen(self.session, self.runner, self._engine), close)

    # Keys: what stays

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of the screen."""
        score = self.predictor.score
        return {"precise": self._precise, "level": self.predictor.level, "score": [score.right, score.asked]}

    def _restore(self, kept: Mapping[str, Any]) -> None:
        """The screen as it was when the session was saved; what is not as expected is left out."""
        self._precise = kept.get("precise") is True
        if kept.get("level") in LEVELS:
            self.predictor.level = str(kept["level"])
        match kept.get("score"):
            case [int(right), int(asked)]:
                self.predictor.score = Score(right, asked)

    def action_save(self) -> None:
        """w."""

        def save() -> None:
            try:
                self.say(self.app.save())  # type: ignore[attr-defined]
            except ValueError as error:
                self.say(str(error))

        self._act(lambda: None, save, keep=True)

    def action_export(self) -> None:
        """e."""
        from ..export import PROMPT

        self.ask(PROMPT, lambda name: self._act(lambda: None, lambda: self._export(name), keep=True))

    def _export(self, name: str) -> None:
        from ...core.scenario.write import present
        from ..export import export

        session, scenario = self.session.copy(), present(self.session, self._scenario)
        loop = asyncio.get_running_loop()

        def ask(request: Request) -> Answer:
            return asyncio.run_coroutine_threadsafe(self._engine.ask(request), loop).result()

        def work() -> None:
            try:
                words = export(session, scenario, ask, name, self.app.export_folder)  # type: ignore[attr-defined]
            except (ValueError, EngineLost, EngineRefused, WireError) as error:
                words = str(error)
            self.app.call_from_thread(self.say, words)

        self.say("writing …")
        self.run_worker(work, thread=True)

    def action_copy(self) -> None:
        """y."""
        from ...core.reproduce import command_line, not_in_command_line
        from .words import WordsScreen

        line, left_out = command_line(self.session), not_in_command_line(self.session)
        self.app.copy_to_clipboard(line)
        missing = (f"It can't say: {', '.join(left_out)}.",) if left_out else ()
        note = "It is copied where the terminal lets a program do so; else select it here."
        self.app.push_screen(WordsScreen("The line that leads here", (line, note, *missing)))

    def action_examples(self) -> None:
        """o."""
        from ...core.scenario import bundled
        from .examples import ExamplesScreen

        def chosen(name: str | None) -> None:
            if name:
                self.app.open(bundled(name))  # type: ignore[attr-defined]

        self.app.push_screen(ExamplesScreen(), chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that the scenario hides do nothing."""
        return action not in {key.action.partition("(")[0] for key in KEYS if key not in self._keys}

    @property
    def _keys(self) -> list[Key]:
        """The keys of this run: all but those that its scenario hides."""
        hidden = self._scenario.show.hide_keys if self._scenario else ()
        return [key for key in KEYS if key.written not in hidden]

    def action_help(self) -> None:
        """?."""
        from .help import HelpScreen, about

        self.app.push_screen(HelpScreen(self._keys, about(self._scenario)))

    def action_quit(self) -> None:
        """q."""
        self.app.leave()  # type: ignore[attr-defined]

    def action_command_palette(self) -> None:
        """ctrl+p."""
        self.app.action_command_palette()

    async def settled(self) -> None:
        """Wait until everything typed so far is done and shown: for tests."""
        while self._loading or self.runner.busy or self.runner.waiting:
            await asyncio.sleep(0.005)


def _too_small(width: int, height: int) -> list[Line]:
    """A sentence in words that fit any width."""
    columns, rows = layout.SMALLEST
    text = f"This terminal has {width}x{height}. backprop-tui needs at least {columns}x{rows}; q quits."
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [(Span(part),) for part in [*lines, line]]

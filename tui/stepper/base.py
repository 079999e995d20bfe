"""What is on the main screen, and how it comes there: the panes, the notice, the prompt."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backprop_tui.core.explain.quiz import LEVELS, Score
from backprop_tui.core.model.phases import Cell, cells, phases
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.session import Session
from backprop_tui.tui.widgets import footer, layout
from backprop_tui.tui.widgets.keys import KEYS, KeysShown
from backprop_tui.tui.widgets.line import Line, Span
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import Asker, Runner
from textual import work
from textual.app import ComposeResult
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from .autoplay import Autoplay
from .panes import forward, gradients, header, loss, network, sample, status, step, updated
from .predictor import Predictor
from .view import View, view_of

if TYPE_CHECKING:
    from backprop_tui.core.scenario import Scenario
    from backprop_tui.core.storage.store import Loaded

NUMBER_PANES = ("#sample", "#forward", "#gradients", "#updated")
FRAMED_PANES = (*NUMBER_PANES, "#loss")


class Shown(Screen[None]):
    """A session and its panes; what the keys do comes on top."""

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
        self.keys = KeysShown(KEYS, scenario.show.hide_keys if scenario else ())
        self.session = session
        self.runner = Runner(session, engine, self.draw, self.refused)
        self._engine, self._first_steps = engine, steps
        self._loading = True
        self._notice = ""
        self._cursor: Cell | None = None
        self._pointing = False
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
        self._take_shape(*self.app.size)  # before there are panes that another shape would style anew
        yield Pane(id="header")
        yield Pane("Data sample", id="sample", classes="framed active")
        yield Pane("Forward", id="forward", classes="framed")
        yield Pane("Network", id="network", classes="framed")
        yield Pane("Gradients  ∂L/∂", id="gradients", classes="framed")
        yield Pane("Updated weights", id="updated", classes="framed")
        yield Pane("Loss", id="loss", classes="framed")
        yield Pane("This step", id="step", classes="framed")
        yield Pane(id="status")
        yield Prompt(self.take_line, self._close_prompt)
        yield Pane(id="footer")
        yield Pane(id="too-small")

    def on_mount(self) -> None:
        """Start: open the table, then let TensorFlow load, then do what was typed meanwhile."""
        self._engine.on_restart = self._engine_restarted
        for name in self._scenario.show.hide_panes if self._scenario else ():
            self._pane(f"#{name}").visible = False  # its place stays empty: the others stay where they are
        if not self._pane(FRAMED_PANES[self._tab]).visible:
            self.next_tab(FRAMED_PANES)
        self._work()

    @work(exclusive=True)
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
            from backprop_tui.core.storage.store import doubts

            found = doubts(self._loaded, self.session, computed=True)
            why = f"; next digits may differ: {'; '.join(found)}" if found else ""
            self.say(f"resumed at step {self.session.steps:,}{why}")

    def _engine_restarted(self) -> None:
        self.say("The engine had died and was started again; no step is lost.")

    # Drawing

    def on_resize(self, event: Resize) -> None:
        """Another layout for another size."""
        self._lay_out()
        self.draw()
        self.call_after_refresh(self.draw)  # the panes have their new sizes only then

    def _take_shape(self, width: int, height: int) -> str:
        """One of the four layouts; which one."""
        kind = layout.kind(width, height)
        every = (layout.TOO_SMALL, layout.TABS, layout.PANES, layout.WIDE)
        self.update_classes({name: kind == name for name in every} | {"low": height < layout.LOW})
        return kind

    def _lay_out(self) -> None:
        kind = self._take_shape(*self.size)
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
            pane.entitle(network.title(view, pane.content_size.width))
        pane = self._pane("#loss")
        pane.show(loss.lines(view, pane.content_size.width, max(pane.content_size.height, 1)))
        pane = self._pane("#step")
        asked = self.predictor.lines(pane.content_size.width or self.size.width)
        self._make_room(len(asked or ()))
        text = self._scenario.show.texts.get("back-propagation", "") if self._scenario else ""
        pane.show(asked or step.lines(view, pane.content_size.width, pane.content_size.height, text))
        self._titles(view)
        self._pane("#status").show(
            [status.line(view, self._notice or self._waiting(), self.session.jump, self._pointing, self.size.width)]
        )
        self._pane("#footer").show(footer.lines(self.size.width, self.keys.keys))

    def _make_room(self, lines: int) -> None:
        """Where one pane is seen at a time, a question is seen whole below it."""
        if self.has_class(layout.TABS):
            self.set_class(lines > 0, "asking")
            self.styles.grid_rows = f"1 1fr {lines} 1 1" if lines else None

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

    def next_tab(self, panes: Sequence[str]) -> None:
        """Make the next of some panes that is not hidden the active one."""
        place = panes.index(FRAMED_PANES[self._tab]) if FRAMED_PANES[self._tab] in panes else -1
        order = [*panes[place + 1 :], *panes[: place + 1]]
        name = next((name for name in order if self._pane(name).visible), None)
        if name is not None:
            self._tab = FRAMED_PANES.index(name)
        for number, framed in enumerate(FRAMED_PANES):
            self._pane(framed).set_class(number == self._tab, "active")

    def _titles(self, view: View) -> None:
        for name, title in (
            ("#updated", updated.title(view)),
            ("#loss", loss.title(view)),
            ("#step", "Predict first" if self.predictor.open or self.predictor.verdict else step.title(view)),
        ):
            self._pane(name).entitle(title)

    def _pane(self, selector: str) -> Pane:
        return self.query_one(selector, Pane)

    def _inner(self, selector: str) -> int:
        return self._pane(selector).content_size.width

    def _activity(self) -> str:
        if self._loading:
            return "loading TensorFlow …"
        if self.autoplay.running:
            return f"autoplay {self.autoplay.per_second:g}/s"
        score = self.predictor.score
        return f"predicted {score.right} of {score.asked}" if self.predictor.on or score.asked else ""

    def _waiting(self) -> str:
        """What is said of keys that come before TensorFlow."""
        count = self.runner.waiting if self._loading else 0
        return f"{count} {'key waits' if count == 1 else 'keys wait'} until TensorFlow is loaded" if count else ""

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
        prompt = self.query_one(Prompt)
        prompt.value, prompt.placeholder = "", label
        prompt.display = True
        self._pane("#status").display = False
        self.set_focus(prompt)  # at once: a key may follow

    def take_line(self, line: str) -> None:
        """The line is typed."""
        then, text = self._asking, line.strip()
        self._close_prompt()
        if then is not None and text:
            try:
                then(text)
            except ValueError as error:
                self.say(str(error))

    def _close_prompt(self) -> None:
        self._asking = None
        self.query_one(Prompt).display = False
        self._pane("#status").display = True
        self.set_focus(None)

    def on_key(self) -> None:
        """A notice stays until the next key."""
        self._notice = ""

    # Doing

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
            self._single, self._pointing = single, False
            if not keep:
                self.predictor.skip()
            action()

        self.runner.act(carry_out, after)
        if self._loading:
            self.draw()

    def _play(self, steps: int) -> None:
        if not self.runner.waiting and not self.runner.busy:
            self._act(self.session.step if steps == 1 else lambda: self.session.start_jump(steps))

    # What a saved session holds of the screen

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that the scenario hides do nothing."""
        return self.keys.do(action, parameters)

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

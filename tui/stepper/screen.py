"""The main screen: what its keys do to the session. What is on it is in `step_view`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from backprop_tui.core.explain.practice.practice import Kind
from backprop_tui.core.explain.practice.question import Question
from backprop_tui.core.lessons.names import MAIN as LESSON
from backprop_tui.core.lessons.names import named
from backprop_tui.core.model.phases import LOSS, Cell, gradients_known, next_stop, phases
from backprop_tui.core.session import jump_text, typed_value
from backprop_tui.core.session.session import Session
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.widgets import typed
from backprop_tui.tui.widgets.autoplay import Autoplay
from backprop_tui.tui.widgets.keys import KeysShown, bindings
from backprop_tui.tui.widgets.line import Line
from backprop_tui.tui.widgets.messages import (
    Export,
    NothingToShow,
    OpenBuiltIn,
    OpenExample,
    OpenLesson,
    OtherScenario,
    Save,
    SetUpRun,
    ShowWords,
)
from backprop_tui.tui.widgets.playing import PlayingScreen
from backprop_tui.tui.widgets.predicting import NUMBER, PHASE, STEP, Practices, PredictingScreen, Predictor
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import After, Asker
from textual import work
from textual.binding import BindingType

from .change import changeable, effect
from .keys import MAIN
from .panes import status
from .step_view import StepView

if TYPE_CHECKING:
    from backprop_tui.core.explain.practice.step import StepAhead
    from backprop_tui.core.scenario import Scenario
    from backprop_tui.core.session.run import Run
    from backprop_tui.core.storage.store import Loaded

AT_START = "this is the very start: there is nothing to go back to"


class StepperScreen(StepView, PlayingScreen, PredictingScreen):
    """Steps the session, one keypress at a time."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(MAIN)

    def __init__(
        self,
        session: Session,
        engine: Asker,
        steps: int = 0,
        loaded: "Loaded | None" = None,
    ) -> None:
        """`steps` are made at the start; `loaded` is what the session was restored from."""
        super().__init__(session, engine)
        self.is_loading = True
        self.autoplay = Autoplay(self.set_interval, self._play)
        self.predictor = Predictor(LESSON.name, Practices())
        self._ahead: StepAhead | None = None
        """What the last question was about."""
        self._first_steps, self._loaded = steps, loaded
        self._run_shown, self._scenario_shown = session.timeline.run, self.scenario
        self._restore(loaded.screen if loaded else {})

    # What a saved session holds of the screen

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of the screen."""
        return {"precise": self.precise} | self.predictor.shared.kept()

    def _restore(self, kept: Mapping[str, Any]) -> None:
        """The screen as it was when the session was saved; what is not as expected is left out."""
        self.precise = kept.get("precise") is True
        self.predictor.shared.restore(kept)

    # What is on it

    def activity(self) -> str:
        """What goes on, at the right of the first line."""
        if self.autoplay.running and not self.is_loading:
            return f"autoplay {self.autoplay.per_second:g}/s"
        score = self.predictor.score
        predicted = f"predicted {score.right} of {score.asked}" if self.predictor.on or score.asked else ""
        return super().activity() or predicted

    def paint(self) -> None:
        """Hand every pane its lines, those of another run in its own manner."""
        self._take_run()
        super().paint()

    def _take_run(self) -> None:
        """If another run has come into view: a layout for its network, and what its scenario hides."""
        before, self._run_shown = self._run_shown, self.session.timeline.run
        if before.network != self._run_shown.network:
            self.cursor = None
            self.take_shape()
        if (scenario := self.scenario) is not self._scenario_shown:
            self._scenario_shown = scenario
            self.keys = KeysShown(MAIN, scenario.show.hide_keys if scenario else ())
            self.hide_panes()
            self.tell(OtherScenario(scenario))

    def question(self, width: int) -> list[Line] | None:
        """The question of predict first that is open, or the verdict on the answer."""
        return self.predictor.lines(width)

    # At work

    def on_mount(self) -> None:
        """Start; Textual calls the step view's own `on_mount` as well."""
        self._engine.on_restart = lambda: self.say("The engine had died and was started again; no step is lost.")
        self._work()

    @work(exclusive=True)
    async def _work(self) -> None:
        """Open the table, let TensorFlow load, then do what is typed."""
        await self.runner.perform(lambda: None)
        if self.session.timeline.scaling is None:
            self.tell(NothingToShow(self.notice))
            return
        try:
            request = self.session.warm_up()
            self.session.accept(request, await self._engine.ask(request))
        except Exception as error:  # a network that can't be compiled is told, the screen goes on
            self.refused(str(error))
        self.is_loading = False
        self._tell_doubts()
        if self._first_steps:
            await self.runner.perform(lambda: self.session.timeline.start_jump(self._first_steps))
        self.draw()
        await self.runner.run()

    def _tell_doubts(self) -> None:
        """Of a session from elsewhere: say so if its next digits may differ."""
        if self._loaded is not None:
            from backprop_tui.core.storage.store import doubts

            found = doubts(self._loaded, self.session, computed=True)
            why = f"; next digits may differ: {'; '.join(found)}" if found else ""
            self.say(f"resumed at step {self.session.timeline.step_number:,}{why}")

    def refused(self, message: str) -> None:
        """Something could not be done: say so, and stop what repeats."""
        self.autoplay.stop()
        self.say(message)

    def act(
        self,
        action: Callable[[], None],
        after: After | None = None,
        *,
        single: bool = False,
        keep: bool = False,
    ) -> None:
        """Carry out an action in its turn. `single`: by one number; `keep`: the verdict on a prediction stays."""

        waits = self.runner.waiting or self.runner.busy

        def carry_out() -> None:
            if waits:
                self.notice = ""  # of the key before this one
            self._single, self._pointing = single, False
            action()

        super().act(carry_out, after, keep=keep)
        if self.is_loading:
            self.draw()

    # Keys: steps, and moves in time

    def action_step(self) -> None:
        """Make one step, or in predict first its part up to the question."""
        self.move_on(STEP)

    def action_phase(self) -> None:
        """Make the next phase of the step."""
        self.move_on(PHASE)

    def action_number(self) -> None:
        """Compute the next number of the step, the smallest that there is to do."""
        self.move_on(NUMBER)

    def action_back(self) -> None:
        """Take back the last step, phase, number or change."""
        self.autoplay.stop()
        self._travel(self.session.back, self._at_start)

    def action_back_phase(self) -> None:
        """Look at the phase before, in the history as it is."""
        self._travel(self.session.back_phase, self._at_start)

    def action_forward_phase(self) -> None:
        """Look at the phase after, in the history as it is."""
        self._travel(self.session.forward_phase, "this is the newest place: s goes on")

    def _travel(self, move: Callable[[], None], at_end: str = "") -> None:
        """Move in time; say so if there is nothing further."""

        def travel() -> None:
            run, here = self.session.timeline, self.session.timeline.position
            move()
            if self.session.timeline is not run:
                self.notice = f"run {self.session.run_number} of {len(self.session.timelines)}, as it was left"
            elif at_end and run.position == here:
                raise ValueError(at_end)

        self.act(travel)

    @property
    def _at_start(self) -> str:
        """What is said if there is nothing to go back to."""
        dropped = self.session.dropped
        return AT_START + (f"; {dropped} earlier runs found no room in the memory" if dropped else "")

    def action_first(self) -> None:
        """Look at the very start."""
        self._travel(self.session.first)

    def action_last(self) -> None:
        """Look at the newest step."""
        self._travel(self.session.last)

    def action_reinit(self) -> None:
        """Begin anew with the weights of the next seed."""
        self.autoplay.stop()
        self.act(self.session.reinit)

    def action_restart(self) -> None:
        """Begin anew with the same weights."""
        self.autoplay.stop()
        self.act(self.session.restart)

    def action_jump(self) -> None:
        """Ask how far to jump, and jump."""

        def jump(text: str) -> None:
            asked = jump_text.parse(text, self.session.timeline.run.network)
            self.act(lambda: self.session.timeline.jump_as(asked), self.tell_jump)

        self.ask(jump_text.PROMPT, jump)

    def tell_jump(self) -> None:
        """Say whether a jump came to what it waited for, and where."""
        jump = self.session.timeline.jump
        if jump is not None and (told := jump.told(self.session.timeline.step_number)):
            self.say(told)

    def action_cancel(self) -> None:
        """End what is under way: a line that is typed, autoplay, a jump."""
        self.autoplay.stop()
        self.session.timeline.cancel()
        super().action_cancel()

    # Autoplay

    @property
    def is_busy(self) -> bool:
        """Whether a jump or autoplay is under way."""
        return self.autoplay.running or super().is_busy

    def _play(self, steps: int) -> None:
        if not self.runner.waiting and not self.runner.busy:
            timeline = self.session.timeline
            self.act(lambda: timeline.step() if steps == 1 else timeline.start_jump(steps))

    # Keys: predict first

    def action_predict(self) -> None:
        """Ask before each key computes, or ask no more."""
        self.autoplay.stop()
        super().action_predict()

    def before(self, move: str) -> None:
        """Another row if all steps would use the same; for a whole step, up to its loss."""
        from backprop_tui.core.explain.practice.step import other_row

        timeline = self.session.timeline
        if (row := other_row(timeline)) is not None:
            timeline.set_row(row)
        if move == STEP:
            while timeline.next_position.done < self._loss_known():
                timeline.phase()

    def make(self, move: str) -> None:
        """Compute the rest of the step, the next phase, or the next number."""
        timeline = self.session.timeline
        self._single = move == NUMBER
        {STEP: timeline.step, PHASE: timeline.phase, NUMBER: timeline.number}[move]()

    async def look_ahead(self, move: str) -> "StepAhead | None":
        """What the key computes of the step, and if that is its update, the loss after it."""
        from backprop_tui.core.explain import CHAIN, LOCAL

        network, done = self.session.timeline.run.network, self.session.timeline.next_position.done
        ends = {STEP: self.session.timeline.whole, PHASE: next_stop(network, done), NUMBER: done + 1}
        self._ahead = await self.step_ahead(ends[move], CHAIN if move == STEP else LOCAL)
        return self._ahead

    async def step_ahead(self, end: int | None = None, form: str = "chain") -> "StepAhead | None":
        """The numbers of the step up to an `end` that are not shown yet; without one, those of its update alone."""
        from backprop_tui.core.engine.protocol.messages import LossesFound
        from backprop_tui.core.explain import context_of, effect, effect_request
        from backprop_tui.core.explain.practice.step import (
            StepAhead,
            cells_between,
            is_finite,
            step_request,
            step_trace,
        )

        timeline = self.session.timeline
        done = timeline.next_position.done
        trace = timeline.trace if done else None
        if trace is None and (request := step_request(timeline)) is not None:
            trace = step_trace(timeline, request, await self._engine.ask(request))
        if trace is None or not is_finite(trace):
            return None
        first = gradients_known(timeline.run.network) if end is None else done
        cells = cells_between(timeline, first, end or timeline.whole, self.place or 0)
        context, loss = context_of(timeline), None
        if any(cell.name.startswith("new_") for cell in cells):
            parameter = Cell("new_" + timeline.run.network.parameters[0].name)
            answer = await self._engine.ask(effect_request(trace, parameter, context))
            loss = effect(answer).together if isinstance(answer, LossesFound) else None
        return StepAhead(trace, cells, context, loss, form)

    def kinds(self) -> "tuple[Kind[Any], ...]":
        """The questions about a step, from easy to hard."""
        from backprop_tui.core.explain.practice.step import KINDS

        return KINDS

    def seed(self) -> int:
        """Another run asks in another order."""
        return self.session.timeline.run.seed

    def answered(self, asked: Question) -> None:
        """The cursor goes to the number that was asked about."""
        self.cursor = asked.cell

    def what_was_done(self, asked: Question, number: float) -> str:
        """What gives a wrong number of the step, if that is known and nothing else gives it."""
        from backprop_tui.core.explain.mistakes import diagnosis

        if asked.cell is None or self._ahead is None or asked.kind != "product":
            return ""
        mistake = diagnosis(self._ahead.trace, asked.cell, self._ahead.context, number)
        return mistake.says if mistake is not None else ""

    def _loss_known(self) -> int:
        return next(phase.end for phase in phases(self.session.timeline.run.network) if phase.kind == LOSS)

    # Keys: what the next step starts from

    def action_lr_up(self) -> None:
        """Take the next larger learning rate."""
        self.act(lambda: self.session.timeline.set_lr(typed.next_lr(self.session.timeline.settings.lr, 1)))

    def action_lr_down(self) -> None:
        """Take the next smaller learning rate."""
        self.act(lambda: self.session.timeline.set_lr(typed.next_lr(self.session.timeline.settings.lr, -1)))

    def action_lr(self) -> None:
        """Ask for a learning rate."""
        self.ask("learning rate", lambda text: self._set_lr(typed.number(text)))

    def _set_lr(self, lr: float) -> None:
        self.act(lambda: self.session.timeline.set_lr(lr))

    def action_next_row(self) -> None:
        """Take the next row of the table."""
        self._move_row(1)

    def action_previous_row(self) -> None:
        """Take the row before."""
        self._move_row(-1)

    def action_prediction(self) -> None:
        """Show the prediction as a picture over features of the table."""
        from .overlays.prediction import PredictionScreen

        self.app.push_screen(PredictionScreen(self, self._engine), lambda _: self.draw())

    def _move_row(self, by: int) -> None:
        def move() -> None:
            timeline = self.session.timeline
            if timeline.scaling is not None:
                timeline.set_row((timeline.settings.sampling.row + by) % timeline.scaling.rows)

        self.act(move)

    def action_row(self) -> None:
        """Ask for the number of a row."""

        def go(text: str) -> None:
            row = typed.whole(text)
            self.act(lambda: self.session.timeline.set_row(row))

        rows = f", 0 to {self.session.timeline.scaling.rows - 1}" if self.session.timeline.scaling else ""
        self.ask(f"row of the table{rows}", go)

    def action_change(self) -> None:
        """Ask for another value of the number under the cursor, or for the answer to an open question."""
        if self.predictor.open is not None and self.predictor.open.is_typed:
            self.type_answer("")
            return
        cell = self.cursor
        if cell is None or not changeable(self.session.timeline.run.network, cell):
            self.say("= changes a weight, a bias, an input or the target: point at one first")
            return
        try:
            now = typed_value.present(self.session.timeline, cell)
        except ValueError as error:
            self.say(str(error))
            return
        label = f"{status.called(self.view(), cell)} is {now.both}: type {now.takes}"
        self.ask(label, lambda text: self._change(cell, text), now.digits)
        self.query_one(Prompt).action_select_all()  # what is typed takes its place

    def _change(self, cell: Cell, text: str) -> None:
        before, timeline = self.view(), self.session.timeline
        now, value = typed_value.present(timeline, cell), typed_value.read(timeline, cell, text)
        if now.is_same(value):
            self.say(f"{status.called(before, cell)} stays {now.both}")
            return

        def tell() -> None:
            new = typed_value.present(self.session.timeline, cell)
            self.say(effect(before, self.view(), cell, now.to(new), self.size.width))

        self.act(lambda: self.session.timeline.change(cell, value), tell)

    # Keys: what is kept, and what is opened

    def action_save(self) -> None:
        """Save the session, once what was typed before is done."""
        self.act(lambda: None, lambda: self.tell(Save()), keep=True)

    def action_export(self) -> None:
        """Ask for the name of a file, and write to it what was done."""
        from backprop_tui.core.export.file import PROMPT
        from backprop_tui.core.scenario.write import present

        def export(name: str) -> None:
            timeline = self.session.timeline.copy()
            self.tell(Export(name, timeline, present(timeline, self.scenario)))

        self.ask(PROMPT, lambda name: self.act(lambda: None, lambda: export(name), keep=True))

    def open(self, scenario: "Scenario", *, tells: bool = False) -> None:
        """Begin a run of a scenario; the earlier ones stay. It opens in its own lesson, and may tell its story."""

        def begin() -> None:
            self.session.begin(scenario.run, scenario)

        def show() -> None:
            self._take_run()
            self.tell(OpenLesson(named(scenario.show.lesson).number))
            if tells:
                from backprop_tui.core.scenario.story import story

                self.tell(ShowWords(escape_controls(scenario.title), story(scenario)))

        self.autoplay.stop()
        self.act(begin, show)

    def action_copy(self) -> None:
        """Copy the line of shell that leads here, and show it."""
        self.in_turn(self._copy)

    def _copy(self) -> None:
        from backprop_tui.core.export.shell_line import command_line, not_in_command_line

        from .overlays.words import WordsScreen

        line = command_line(self.session.timeline, self.scenario)
        left_out = not_in_command_line(self.session.timeline, self.scenario)
        self.app.copy_to_clipboard(line)
        missing = (f"It can't say: {', '.join(left_out)}.",) if left_out else ()
        note = "It is copied where the terminal lets a program do so; else select it here."
        self.app.push_screen(WordsScreen("The line that leads here", (line, note, *missing)))

    def action_examples(self) -> None:
        """List the examples, to open one."""
        from .overlays.examples import ExamplesScreen

        def chosen(what: OpenExample | OpenBuiltIn | None) -> None:
            if what is not None:
                self.tell(what)

        self.app.push_screen(ExamplesScreen(), chosen)

    def action_setup(self) -> None:
        """Open the page on which a run is set up."""
        self.tell(SetUpRun())

    def begin(self, run: "Run | None") -> None:
        """Begin a run that a person has set up, if there is one; the earlier ones stay."""
        if run is None:
            return

        def begin() -> None:
            timeline = self.session.timeline
            same = (run.table, run.network) == (timeline.run.table, timeline.run.network)
            self.session.begin(run, timeline.opened_from if same else None)

        self.autoplay.stop()
        self.act(begin, lambda: self.say(f"run {self.session.run_number}: b leads back to the one before"))

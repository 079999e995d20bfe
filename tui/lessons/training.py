"""Lesson 5: the training loop over the rows of the table. It drives the main screen's own session."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_tui.core.lessons.names import MAIN, named
from backprop_tui.core.lessons.training import Overview, epoch_steps, sentences
from backprop_tui.core.model.optimizers import OPTIMIZERS
from backprop_tui.core.session import jump_text
from backprop_tui.core.table.batches import THIS_ROW, Sampling
from backprop_tui.core.text.numerals import ordinal
from backprop_tui.tui.stepper.panes import status
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets import typed
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, fitting
from backprop_tui.tui.widgets.pane import FRAME_OF_TITLE, Pane
from backprop_tui.tui.widgets.predicting import STEP
from backprop_tui.tui.widgets.runner import After, Asker, Runner
from textual.events import ScreenResume, ScreenSuspend

from .keys import TRAINING
from .panes import table_losses, training, worst
from .screen import LessonScreen

if TYPE_CHECKING:
    from backprop_tui.core.explain.practice.practice import Kind
    from backprop_tui.core.explain.practice.training import TrainingAhead

WORST_ROW = (
    "arrow keys choose one of the worst rows, enter shows its steps on screen 4",
    "up, down choose a worst row, enter shows its steps",
)
"""What is to be done with the worst rows, from the longest to the shortest."""


class TrainingScreen(LessonScreen):
    """Trains over rows, batches and epochs; shows the losses over the whole table, and the worst predictions."""

    LESSON = named("training")
    WORD = "epoch"
    KEYS = TRAINING
    BINDINGS = bindings(TRAINING)

    def __init__(self, stepper: StepperScreen, engine: Asker) -> None:
        self.overview = Overview(stepper.session)
        super().__init__(self.overview, engine)
        self.add_class("three")
        self._stepper, self.session = stepper, stepper.session
        self._chosen = 0
        self._axes = table_losses.Axes()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """From now on the session is shown here."""
        self._stepper.stand_in = self.draw
        self.draw()

    def on_screen_suspend(self, event: ScreenSuspend) -> None:
        """The main screen shows it again."""
        self._stepper.stand_in = None
        self._stepper.draw()

    def panes(self) -> list[Pane]:
        """The losses across, below them what a step works with and the worst rows."""
        return [
            Pane("Losses", id="plot", classes="framed across"),
            Pane("Training", id="training", classes="framed"),
            Pane("Worst", id="worst", classes="framed"),
        ]

    def intro(self) -> tuple[str, str]:
        """What a step is here, and which loss counts with this table."""
        return sentences(self.session.timeline)

    def draw_panes(self) -> None:
        """All three, from the session and what stands beside it; what is missing is asked for."""
        losses, plot = self.overview.losses, self.pane("#plot")
        width, height = plot.content_size
        plot.show(table_losses.lines(losses, width, max(height, 1), self._axes))
        self.name_pane("#plot", table_losses.title(losses, self._axes, plot.outer_size.width - FRAME_OF_TITLE))
        self.pane("#training").show(training.lines(self.session.timeline, losses, self.overview.worst, self.precise))
        every = self.session.timeline.history.every
        kept = f"   every {ordinal(every)} kept" if every > 1 else ""
        self.name_pane("#training", f"Training   step {self.session.timeline.step_number:,}{kept}")
        pane = self.pane("#worst")
        pane.show(worst.lines(self.overview.worst, self._chosen, pane.content_size.height))
        self.name_pane("#worst", worst.title(self.overview.worst))
        self._ask_what_is_missing()

    def _ask_what_is_missing(self) -> None:
        # While steps are being made they come first; a table's worst rows wait until it stands still.
        self.overview.hurried = self._stepper.autoplay.running
        if self.runner.busy or self.runner.waiting or self._stepper.runner.busy or self.session.timeline.jumping:
            return
        if self.overview.request() is not None:
            self.runner.act(lambda: None)

    def status(self) -> Line:
        """A jump's progress, a notice of the main screen, or what autoplay does."""
        jump, autoplay = self.session.timeline.jump, self._stepper.autoplay
        notice = self._stepper.notice or self._stepper.waiting()
        if autoplay.running and not notice:
            return (Span(f"autoplay {autoplay.per_second:g} steps a second; < slower, > faster, a stops it", "key"),)
        if notice or (jump is not None and (jump.left or jump.ended)):
            return status.line(self._stepper.view(), notice, jump, False, "", self.size.width)
        return (Span(fitting(self.size.width, *WORST_ROW), "dim"),)

    def on_key(self) -> None:
        """A notice stays until the next key."""
        super().on_key()
        self._stepper.on_key()

    @property
    def turns(self) -> Runner:
        """The main screen's runner carries out the session's keys."""
        return self._stepper.runner

    def act(self, action: Callable[[], None], after: After | None = None, *, keep: bool = False) -> None:
        """Carry out an action on the session in its turn. `keep`: what predict first asks or says stays."""

        def carry_out() -> None:
            if not keep:
                self.predictor.skip()
            action()

        self._stepper.runner.act(carry_out, after)
        if self._stepper.is_loading:
            self.draw()

    def action_step(self) -> None:
        """Make one step over the chosen rows."""
        self.move_on(STEP)

    # Predict first

    def make(self, move: str) -> None:
        """Make one step."""
        self.session.timeline.step()

    async def look_ahead(self, move: str) -> "TrainingAhead | None":
        """The step that comes, and what it does to the losses."""
        from backprop_tui.core.explain.practice.training import table_request, training_ahead

        timeline = self.session.timeline
        ahead = await self._stepper.step_ahead()
        if ahead is None:
            return None
        request = table_request(timeline, ahead)
        return training_ahead(timeline, ahead, await self._engine.ask(request) if request is not None else None)

    def kinds(self) -> "tuple[Kind[TrainingAhead], ...]":
        """The questions about a training step."""
        from backprop_tui.core.explain.practice.training import KINDS

        return KINDS

    def seed(self) -> int:
        """Another run asks in another order."""
        return self.session.timeline.run.seed

    def action_predict(self) -> None:
        """Ask before a step, or ask no more."""
        self._stepper.autoplay.stop()
        super().action_predict()

    # Keys: the session's

    def _as_there(self, action: Callable[[], None]) -> None:
        """What the main screen does; a question that is open here is not about what comes then."""
        self.act(lambda: None)
        action()

    def action_back(self) -> None:
        """Take back the last step or jump."""
        self._as_there(self._stepper.action_back)

    def action_first(self) -> None:
        """Look at the very start."""
        self._as_there(self._stepper.action_first)

    def action_last(self) -> None:
        """Look at the newest step."""
        self._as_there(self._stepper.action_last)

    def action_reinit(self) -> None:
        """Begin anew with the weights of the next seed."""
        self._as_there(self._stepper.action_reinit)

    def action_restart(self) -> None:
        """Begin anew with the same weights."""
        self._as_there(self._stepper.action_restart)

    def action_autoplay(self) -> None:
        """Let it step by itself, or not."""
        self._as_there(self._stepper.action_autoplay)

    def action_faster(self) -> None:
        """Make autoplay faster."""
        self._stepper.action_faster()

    def action_slower(self) -> None:
        """Make autoplay slower."""
        self._stepper.action_slower()

    def action_lr_up(self) -> None:
        """Take the next larger learning rate."""
        self._as_there(self._stepper.action_lr_up)

    def action_lr_down(self) -> None:
        """Take the next smaller learning rate."""
        self._as_there(self._stepper.action_lr_down)

    def action_lr(self) -> None:
        """Ask for a learning rate."""
        self.ask("learning rate", lambda text: self._take_lr(typed.number(text)))

    def _take_lr(self, lr: float) -> None:
        self.act(lambda: self.session.timeline.set_lr(lr))

    def action_jump(self) -> None:
        """Ask how far to jump, and jump."""

        def jump(text: str) -> None:
            asked = jump_text.parse(text, self.session.timeline.run.network)
            self.act(lambda: self.session.timeline.jump_as(asked), self._stepper.tell_jump)

        self.ask(jump_text.PROMPT, jump)

    def action_epochs(self) -> None:
        """Ask for how many epochs, and make their steps."""

        def jump(text: str) -> None:
            epochs = typed.whole(text)
            self.act(lambda: self.session.timeline.start_jump(epoch_steps(self.session.timeline, epochs)))

        self.ask("jump: how many epochs", jump)

    def action_rows(self) -> None:
        """Ask which rows a step uses."""

        def choose(text: str) -> None:
            rule, batch = typed.rows(text)
            self.act(lambda: self.session.timeline.set_sampling(rule, batch))

        self.ask("rows of a step: this, next, shuffled, all, or a number for mini-batches", choose)

    def action_optimizer(self) -> None:
        """Ask for an optimizer, and begin anew with it."""

        def choose(text: str) -> None:
            self.act(lambda: self.session.set_optimizer(text.lower()))

        self.ask(f"{', '.join(OPTIMIZERS)}: the run starts again with it", choose)

    def action_cancel(self) -> None:
        """End what is under way: a line that is typed, autoplay, a jump."""
        self._stepper.action_cancel()
        super().action_cancel()

    # Keys: the picture

    def action_logarithm(self) -> None:
        """The losses on a logarithmic axis, or on a linear one."""
        self._axes = replace(self._axes, losses=not table_losses.is_logarithmic(self.overview.losses, self._axes))
        self.draw()

    def action_log_steps(self) -> None:
        """The steps on a logarithmic axis, or on a linear one."""
        self._axes = replace(self._axes, steps=not self._axes.steps)
        self.draw()

    def action_prediction(self) -> None:
        """Show the prediction as a picture."""
        self._stepper.action_prediction()

    # Keys: the worst rows

    def action_move(self, by: int) -> None:
        """Choose one of the worst rows."""
        self._chosen = min(max(self._chosen + by, 0), max(len(self.overview.worst.found) - 1, 0))
        self.draw()

    def action_held_out(self) -> None:
        """Show the worst rows of those held out, or of those that train."""
        if not self.session.timeline.run.table.holdout:
            self.say("no rows are held out: start with --holdout 20%")
            return
        self.overview.worst.held_out = not self.overview.worst.held_out
        self._chosen = 0
        self.draw()

    def action_use(self) -> None:
        """Show the steps of the chosen row on the main screen, as a run of its own: the training stays as it is."""
        found = self.overview.worst.found
        if self._chosen < len(found):
            row = found[self._chosen].row

            def use() -> None:
                from backprop_tui.core.scenario.write import present_run

                timeline = self.session.timeline
                run = present_run(timeline)
                settings = replace(run.settings, sampling=Sampling(THIS_ROW, row), since=0, x=None, y=None)
                self.session.begin(replace(run, settings=settings), timeline.opened_from)

            words = f"row {row:,} in a run of its own, as trained so far; b leads back to the training"
            self.act(use, lambda: self._stepper.say(words))
            self.action_lesson(MAIN.number)

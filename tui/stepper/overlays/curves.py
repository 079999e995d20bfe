"""Two pictures over the whole screen: the loss over the steps, and the loss over the length of the next step."""

from typing import ClassVar

import numpy as np
from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.explain import step_length, wrapped_words
from backprop_tui.core.explain.step_length import StepLengths
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import gradients_known
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.session.losses import in_view, others
from backprop_tui.core.session.session import Session
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.keys import CURVES
from backprop_tui.tui.stepper.panes import runs as runs_pane
from backprop_tui.tui.stepper.panes.loss import scale
from backprop_tui.tui.widgets import axis, footer, plot
from backprop_tui.tui.widgets.axis import Axis
from backprop_tui.tui.widgets.keys import Key, bindings
from backprop_tui.tui.widgets.line import Line, Span, fitting
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import FRAME_OF_TITLE, Pane
from backprop_tui.tui.widgets.plot import Mark, Series
from backprop_tui.tui.widgets.runner import Asker, Runner
from backprop_tui.tui.widgets.typed import next_lr
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

LOSS, LEARNING_RATE = "loss", "learning rate"


class CurvesScreen(Overlay[None]):
    """Travels in time along the loss; shows what a learning rate does to the present step."""

    KEYS = CURVES
    BINDINGS: ClassVar[list[BindingType]] = bindings(CURVES)

    def __init__(self, session: Session, runner: Runner, engine: Asker) -> None:
        super().__init__()
        self._session, self._runner, self._engine = session, runner, engine
        self._page = LOSS
        self._logarithmic: bool | None = None
        self._log_steps = self._by_epochs = False
        self._with_others = True
        self._curve: StepLengths | None = None
        self._rises: float | None = None
        """Roughly where the loss rises again: to know which step lengths to draw."""
        self._trouble = ""

    def compose(self) -> ComposeResult:
        """The plot, which run is which, a line about the marked point, and one about the keys."""
        yield Pane(id="curve", classes="framed")
        yield Pane(id="legend")
        yield Pane(id="point")
        yield Pane(id="curve-keys")

    def paint(self) -> None:
        """Draw the page that is open."""
        if self._page == LOSS:
            self._draw_loss()
        else:
            self._draw_lr()

    # The loss over the steps

    def _draw_loss(self) -> None:
        shown, at = in_view(self._session), self._session.timeline.steps
        runs = others(self._session) if self._with_others else []
        per_epoch = self._steps_per_epoch() if self._by_epochs else 1
        curves, marks = runs_pane.curves(runs, per_epoch)
        steps = np.arange(1, len(shown.losses) + 1) / per_epoch
        curves.append(Series(steps, shown.losses, "positive"))
        here = 1 <= at <= len(shown.losses)
        if len(shown.losses):
            newest, name = float(shown.losses[-1]), str(shown.number) if runs else ""
            marks.append(Mark(float(steps[-1]), newest, name, "title", kept=True))
        if here:
            marks.append(Mark(float(steps[at - 1]), float(shown.losses[at - 1]), on_axis=True, kept=True))
        up = plot.upright(curves, marks, "loss", logarithmic=self._is_logarithmic())
        longest = max([len(shown.losses), 2, *(len(run.losses) for run in runs)])
        name = "epoch" if self._by_epochs else "step"
        across = axis.over(
            1 / per_epoch, longest / per_epoch, name, logarithmic=self._log_steps, whole=not self._by_epochs
        )
        if self.has_class("several") != bool(runs):
            self.set_class(bool(runs), "several")
            self.call_after_refresh(self.draw)  # the picture has its new size only then
        self.query_one("#legend", Pane).show([runs_pane.legend(shown, runs, self.size.width)] if runs else [])
        of = f" of run {shown.number} and of {len(runs)} more" if runs else ""
        self._show(
            f"Loss of every step{of}{', logarithmic' if up.logarithmic else ''}",
            self._plot(curves, marks, across, up),
            f"step {at:,}: loss {brief(shown.losses[at - 1], 8)}" if here else "no step is in view yet: → goes on",
        )

    def _plot(self, curves: list[Series], marks: list[Mark], across: Axis, up: Axis) -> list[Line]:
        size = self.query_one("#curve", Pane).content_size
        return plot.lines(curves, marks, size.width, size.height, across, up)

    def _is_logarithmic(self) -> bool:
        """As was asked for; else if the losses that are drawn range so far."""
        if self._logarithmic is not None:
            return self._logarithmic
        runs = others(self._session) if self._with_others else []
        return scale(np.concatenate([run.losses for run in (in_view(self._session), *runs)]))[2]

    def _steps_per_epoch(self) -> int:
        scaling = self._session.timeline.scaling
        return self._session.timeline.settings.sampling.steps_per_epoch(scaling.rows) if scaling else 1

    # The loss over the length of a step

    def _draw_lr(self) -> None:
        lr, curve = self._session.timeline.settings.lr, self._curve
        self.remove_class("several")
        if curve is None:
            words = self._trouble or "the engine computes it …"
            width = self.query_one("#curve", Pane).content_size.width
            rows: list[Line] = [(Span(row),) for row in wrapped_words(words, max(width, 20), 0)]
            self._show("Loss along -∂L/∂w", rows, "")
            return
        marks = [Mark(0.0, float(curve.losses[0]), "○"), Mark(curve.best, curve.at(curve.best), "▼")]
        longest = float(curve.lengths[-1])
        if lr <= longest:
            marks.append(Mark(lr, curve.at(lr), on_axis=True))
            words = f"lr {brief(lr)}: loss {brief(curve.losses[0])} → {brief(curve.at(lr))}"
        else:
            words = f"lr {brief(lr)} lies beyond the right edge"
        if self._session.timeline.run.optimizer.name != "sgd":
            words = f"by plain descent, {words}"
        drawn = [Series(curve.lengths, curve.losses, "positive")]
        best, rises = f"least at {brief(curve.best, 2)} ▼", f"up again beyond {brief(curve.rises or 0, 3)}"
        least = curve.rises is not None and curve.best > 0
        self._show(
            fitting(
                self.size.width - FRAME_OF_TITLE,
                f"Loss after one step along -∂L/∂w, by the learning rate   ● lr {brief(lr)}",
                f"Loss after one step, by the learning rate   ● lr {brief(lr)}",
                "Loss after one step, by the learning rate",
            ),
            self._plot(drawn, marks, Axis(0.0, longest, "lr"), plot.upright(drawn, marks, "loss")),
            *((f"{words}   {best}, {rises}", f"{words}   {best}") if least else ()),
            words,
        )

    @work(exclusive=True)
    async def _compute(self) -> None:
        """Look far and wide for where the loss rises again, then closely at what lies before."""
        trace, self._curve, self._trouble = self._session.timeline.trace, None, ""
        if trace is None or self._session.timeline.position.done < gradients_known(self._session.timeline.run.network):
            self._trouble = "finish the step first (space): then its gradient is there to walk along"
        elif not np.isfinite(trace.loss) or any(not np.isfinite(trace["g" + name]).all() for name in self._parameters):
            self._trouble = "the loss or its gradient is not finite here: there is nothing to walk along; b goes back"
        else:
            try:
                far = step_length.scouting_lengths()
                self._rises = step_length.where_it_rises(far, await self._losses_at(trace, far))
                await self._look_closely(trace)
            except (EngineLost, WireError) as error:
                self._trouble = str(error)
        self.draw()

    @property
    def _parameters(self) -> list[str]:
        return [parameter.name for parameter in self._session.timeline.run.network.parameters]

    async def _look_closely(self, trace: Trace) -> None:
        near = step_length.plotted_lengths(self._rises, self._session.timeline.settings.lr)
        losses = await self._losses_at(trace, near)
        self._curve = StepLengths(near, losses, step_length.where_it_rises(near, losses))

    async def _losses_at(self, trace: Trace, lengths: Array) -> Array:
        return step_length.accept(
            lengths, await self._engine.ask(step_length.request(self._session.timeline, trace, lengths))
        )

    @work(exclusive=True)
    async def _move_mark(self) -> None:
        """The learning rate has changed: the picture follows it, as far as it is near."""
        trace = self._session.timeline.trace
        if self._page == LEARNING_RATE and self._curve is not None and trace is not None:
            try:
                await self._look_closely(trace)
            except (EngineLost, WireError) as error:
                self._trouble, self._curve = str(error), None
        self.draw()

    # Keys

    def _show(self, title: str, lines: list[Line], *point: str) -> None:
        """`point` is the same from the longest to the shortest: what fits is shown."""
        pane, width = self.query_one("#curve", Pane), self.size.width
        pane.entitle(title)
        pane.show(lines)
        self.query_one("#point", Pane).show([(Span(fitting(width, *point), "title"),)])
        self.query_one("#curve-keys", Pane).show(footer.every_key(width, self._keys()))

    def _keys(self) -> list[Key]:
        """The keys that do something on the page that is open."""
        if self._page == LOSS:
            return [key for key in CURVES if key.action != "lr(1)"]
        turn = [key._replace(word="loss") for key in CURVES if key.action == "turn"]
        mark = [key for key in CURVES if key.action == "lr(1)" and self._curve is not None]
        return [*mark, *turn, CURVES[-1]]

    def action_turn(self) -> None:
        """To the other picture."""
        self._page = LEARNING_RATE if self._page == LOSS else LOSS
        if self._page == LEARNING_RATE:
            self._compute()
        self.draw()

    def action_move(self, by: int) -> None:
        """One step along the history."""
        if self._page == LOSS:
            self._go(self._session.timeline.steps + by)

    def action_leap(self, by: int) -> None:
        """A tenth of the history along."""
        history = self._session.timeline.history
        self._go(self._session.timeline.steps + by * max(history.steps(history.entries) // 10, 1))

    def action_to(self, end: int) -> None:
        """To the start, or to the newest step."""
        history = self._session.timeline.history
        self._go(0 if end == 0 else history.steps(history.entries))

    def _go(self, steps: int) -> None:
        self._runner.act(lambda: self._session.timeline.go_to(max(steps, 0)), self.draw)

    def action_logarithm(self) -> None:
        """The loss on a logarithmic axis, or on a linear one."""
        self._logarithmic = not self._is_logarithmic()
        self.draw()

    def action_log_steps(self) -> None:
        """The steps on a logarithmic axis, or on a linear one."""
        self._log_steps = not self._log_steps
        self.draw()

    def action_others(self) -> None:
        """The other runs beside this one, or not."""
        self._with_others = not self._with_others
        self.draw()

    def action_epochs(self) -> None:
        """Epochs on the axis, or steps."""
        self._by_epochs = not self._by_epochs
        self.draw()

    def action_lr(self, by: int) -> None:
        """A larger or a smaller learning rate: the mark moves."""

        def change() -> None:
            timeline = self._session.timeline
            timeline.set_lr(next_lr(timeline.settings.lr, by))

        self._runner.act(change, self.while_open(self._move_mark))

"""Lesson 3: gradient descent on a function of x, the points walking down the curve."""

from typing import TYPE_CHECKING

import numpy as np
from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.names import named
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets import plot, typed
from backprop_tui.tui.widgets.axis import Axis
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.runner import Asker

from .function import FunctionScreen
from .keys import DESCENT
from .panes import descent

if TYPE_CHECKING:
    from backprop_tui.core.explain.practice.descent import StepDown
    from backprop_tui.core.explain.practice.practice import Kind

SHOWN_POINTS = 200


class DescentScreen(FunctionScreen):
    """Walks down a curve, a step at a time."""

    LESSON = named("descent")
    WORD = "gradient descent"
    INTRO = (
        "Each step moves x against its derivative: x ← x - lr·dy/dx, by tf.GradientTape.",
        "Too small a learning rate crawls, too large a one jumps to and fro, or away.",
    )
    KEYS = DESCENT
    BINDINGS = bindings(DESCENT)

    def __init__(self, lesson: DescentLesson, engine: Asker, autograd: AutogradLesson) -> None:
        super().__init__(lesson, engine)
        self.lesson, self._autograd = lesson, autograd

    def panes(self) -> list[Pane]:
        """The steps, and the curve."""
        return [Pane("Steps", id="steps", classes="framed"), Pane("Curve", id="plot", classes="framed")]

    def draw_panes(self) -> None:
        """The newest steps, and all points on the curve."""
        lesson, pane = self.lesson, self.pane("#steps")
        pane.show(descent.lines(lesson, pane.content_size.height, self.precise))
        title = f"Steps  lr {brief(lesson.lr)}  y = {lesson.formula.text}"
        self.name_pane("#steps", clipped(title, max(pane.size.width - 6, 10)).rstrip())
        self._draw_plot()

    def _draw_plot(self) -> None:
        lesson, pane = self.lesson, self.pane("#plot")
        if lesson.curve is None:
            return pane.show([(Span("the engine computes the curve …", "pending"),)])
        curve = plot.Series(lesson.curve.x, lesson.curve.y, "dim")
        xs = np.array(lesson.xs[-SHOWN_POINTS:])
        ys = np.interp(xs, lesson.curve.x, lesson.curve.y, left=np.nan, right=np.nan)
        points = list(zip(xs.tolist(), ys.tolist(), strict=True))
        marks = [plot.Mark(x, y, "o", "positive") for x, y in points[:-1]]
        marks.append(plot.Mark(*points[-1], "●", "title", True))
        size = pane.content_size
        across = Axis(float(lesson.curve.x[0]), float(lesson.curve.x[-1]), "x")
        up = plot.upright([curve], marks, "y", share=0.96)
        pane.show(plot.lines([curve], marks, size.width, size.height, across, up))
        self.name_pane("#plot", "Curve  ● x" + "  o x before" * (len(points) > 1))
        return None

    def status(self) -> Line:
        """Whether it converges; a jump's progress."""
        lesson = self.lesson
        if lesson.curve is None:
            return (Span("loading TensorFlow …", "key"),)
        if lesson.jumping:
            return (Span(f"{lesson.done:,} of {lesson.target:,} steps   esc cancels", "key"),)
        verdict = lesson.verdict() or "space makes a step; + and - change the learning rate"
        alarming = lesson.ended or verdict.startswith("diverge")
        return (Span(clipped(verdict, self.size.width), "alarm" if alarming else "dim"),)

    # Predict first

    async def look_ahead(self, move: str) -> "StepDown | None":
        """The step that comes; None if there is none."""
        from backprop_tui.core.explain.practice.descent import down_request, last_derivative, read_down

        if self.lesson.ended:
            return None
        request = down_request(self.lesson, self.lesson.x)
        return read_down(request, await self._engine.ask(request), last_derivative(self.lesson))

    def kinds(self) -> "tuple[Kind[StepDown], ...]":
        """The questions about a step down the curve."""
        from backprop_tui.core.explain.practice.descent import DESCENT

        return DESCENT

    # Keys

    def action_jump(self) -> None:
        """Ask for how many steps, and make them."""

        def jump(text: str) -> None:
            steps = typed.whole(text)
            self.act(lambda: self.lesson.start_jump(steps))

        self.ask("jump: how many steps", jump)

    def action_cancel(self) -> None:
        """End what is under way: a line that is typed, a jump."""
        self.lesson.cancel()
        super().action_cancel()

    def action_carry(self) -> None:
        """Take over the function and the x of lesson 2."""
        formula, x = self._autograd.formula.text, self._autograd.start
        self.act(lambda: self.lesson.set_formula(formula, x))

    def action_why(self) -> None:
        """Say what a step does."""
        self.say("the step lr·dy/dx shrinks with the derivative, and turns where its sign does")

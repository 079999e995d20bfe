"""Lesson 2: a function of x on the tape, its derivative by the chain rule, and one update."""

from typing import TYPE_CHECKING

import numpy as np
from backprop_tui.core.lessons.autograd import AutogradLesson, remark, why
from backprop_tui.core.lessons.names import named
from backprop_tui.core.text.numerals import brief, full
from backprop_tui.tui.widgets import plot
from backprop_tui.tui.widgets.axis import Axis
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.pane import Pane
from backprop_tui.tui.widgets.predicting import STEP
from backprop_tui.tui.widgets.runner import Asker

from .function import FunctionScreen
from .keys import AUTOGRAD
from .panes import tape

if TYPE_CHECKING:
    from backprop_tui.core.explain.practice.autograd import TapeAhead
    from backprop_tui.core.explain.practice.practice import Kind


class AutogradScreen(FunctionScreen):
    """Follows one derivative, an operation at a time."""

    LESSON = named("autograd")
    WORD = "GradientTape"
    INTRO = (
        "A gradient tape records every operation on x while y is computed.",
        "Backwards along it, the local derivatives multiply along each path and add up.",
    )
    KEYS = AUTOGRAD
    BINDINGS = bindings(AUTOGRAD)

    def __init__(self, lesson: AutogradLesson, engine: Asker) -> None:
        super().__init__(lesson, engine)
        self.lesson = lesson

    def panes(self) -> list[Pane]:
        """The tape, and the curve."""
        return [Pane("Tape", id="tape", classes="framed"), Pane("Curve", id="plot", classes="framed")]

    def draw_panes(self) -> None:
        """The tape's lines, and the curve with its point and tangent."""
        lesson, pane = self.lesson, self.pane("#tape")
        shown = tape.lines(lesson, pane.content_size.width)
        pane.show(shown)
        pane.scroll_to(y=max(tape.newest(lesson, shown) - pane.content_size.height // 2, 0), animate=False)
        self.name_pane("#tape", clipped(f"Tape  y = {lesson.formula.text}", max(pane.size.width - 6, 10)).rstrip())
        self._draw_plot()

    def _draw_plot(self) -> None:
        lesson, pane = self.lesson, self.pane("#plot")
        size = pane.content_size
        if lesson.curve is None or lesson.tape is None:
            return pane.show([(Span("the engine computes the curve …", "pending"),)])
        curve = plot.Series(lesson.curve.x, lesson.curve.y)
        curves, marks = [curve], []
        forward_done = lesson.done >= len(lesson.formula.operations)
        if forward_done:
            marks.append(plot.Mark(lesson.tape.x, lesson.tape.y, "●", "title", True))
        up = plot.upright([curve], marks, "y", share=0.94)
        ends = (float(lesson.curve.x[0]), float(lesson.curve.x[-1]))
        if lesson.done >= len(lesson.stages) - 1 and np.isfinite(lesson.tape.derivative):
            x = np.array(ends)
            tangent = lesson.tape.y + lesson.tape.derivative * (x - lesson.tape.x)
            curves.append(plot.Series(x, tangent, "negative", plot.DASHED))
        if lesson.done == len(lesson.stages) and lesson.new_x is not None:
            at = float(np.interp(lesson.new_x, lesson.curve.x, lesson.curve.y))
            marks.append(plot.Mark(lesson.new_x, at, "○", "title", True))
        pane.show(plot.lines(curves, marks, size.width, size.height, Axis(*ends, "x"), up))
        words = "● x" + "  - - tangent" * (len(curves) > 1) + "  ○ new x" * (len(marks) > 1)
        self.name_pane("#plot", f"Curve  {words if forward_done else ''}".rstrip())
        return None

    def status(self) -> Line:
        """If no number comes out, why; else where the step stands."""
        lesson = self.lesson
        if lesson.tape is None:
            return (Span("loading TensorFlow …", "key"),)
        told = remark(lesson.tape, lesson.done)
        if told:
            return (Span(clipped(told, self.size.width), "alarm"),)
        phase = f"phase {lesson.done} of {len(lesson.stages)}"
        return (Span(f"x = {full(lesson.x)}   lr {brief(lesson.lr)}   step {lesson.step_number}   {phase}", "dim"),)

    # Predict first

    async def look_ahead(self, move: str) -> "TapeAhead | None":
        """The stages that come, on their tape; None if there is no next step."""
        from backprop_tui.core.explain.practice import autograd, descent

        lesson = self.lesson
        x = autograd.next_x(lesson)
        if x is None:
            return None
        record, down = autograd.tape_request(lesson, x), descent.down_request(lesson, x)
        step = descent.read_down(down, await self._engine.ask(down))
        return autograd.tape_ahead(lesson, move == STEP, record, await self._engine.ask(record), step)

    def kinds(self) -> "tuple[Kind[TapeAhead], ...]":
        """The questions about what comes on the tape."""
        from backprop_tui.core.explain.practice.autograd import AUTOGRAD

        return AUTOGRAD

    # Keys

    def action_why(self) -> None:
        """Say what the last phase is for."""
        self.say(why(self.lesson.formula, self.lesson.stage))

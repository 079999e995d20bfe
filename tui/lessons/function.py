"""What the lessons on a function of x share: another function, another start, the learning rate."""

from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.model.formula import FormulaError, parse
from backprop_tui.tui.widgets import typed
from backprop_tui.tui.widgets.predicting import PHASE, STEP
from backprop_tui.tui.widgets.runner import Asker

from .screen import LessonScreen


class FunctionScreen(LessonScreen):
    """A lesson on a function of x that can be typed."""

    def __init__(self, lesson: AutogradLesson | DescentLesson, engine: Asker) -> None:
        super().__init__(lesson, engine)
        self._function = lesson

    def action_step(self) -> None:
        """Make one whole step."""
        self.move_on(STEP)

    def action_phase(self) -> None:
        """Make the next phase of a step."""
        self.move_on(PHASE)

    def make(self, move: str) -> None:
        """Make a step or a phase."""
        self._function.step() if move == STEP else self._function.phase()

    def action_back(self) -> None:
        """Take back the last phase, step or jump."""
        self.act(self._function.back)

    def action_again(self) -> None:
        """Begin anew with the first x."""
        self.act(self._function.again)

    def action_formula(self) -> None:
        """Ask for another function."""
        self._ask_formula(self._function.formula.text)

    def _ask_formula(self, text: str) -> None:
        self.ask("y = a function of x", self._take_formula, text)

    def _take_formula(self, text: str) -> None:
        """A bad formula stays in the line, with its character marked, and can be mended."""
        try:
            parse(text)
        except FormulaError as error:
            self._ask_formula(text)
            self.point_at(error.position, error.reason)
            return
        self.act(lambda: self._function.set_formula(text))

    def action_start(self) -> None:
        """Ask where x starts."""
        self.ask("where x starts", lambda text: self._take_start(typed.number(text)))

    def _take_start(self, x: float) -> None:
        self.act(lambda: self._function.set_formula(self._function.formula.text, x))

    def action_lr_up(self) -> None:
        """Take the next larger learning rate."""
        self._step_lr(1)

    def action_lr_down(self) -> None:
        """Take the next smaller learning rate."""
        self._step_lr(-1)

    def _step_lr(self, by: int) -> None:
        self.act(lambda: self._function.set_lr(typed.next_lr(self._function.lr, by)))

    def action_lr(self) -> None:
        """Ask for a learning rate."""
        self.ask("learning rate", lambda text: self._take_lr(typed.number(text)))

    def _take_lr(self, lr: float) -> None:
        self.act(lambda: self._function.set_lr(lr))

"""The five lessons of one app: made when they are first opened, kept as they were left."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from backprop_tui.tui.saving import FUNCTIONS
from backprop_tui.tui.stepper.screen import StepperScreen

from .screen import NAMES, LessonScreen

if TYPE_CHECKING:
    from backprop_tui.core.lessons.autograd import AutogradLesson
    from backprop_tui.core.lessons.descent import DescentLesson
    from backprop_tui.core.scenario import Scenario, Show
    from backprop_tui.tui.app import StepperApp

MAIN = NAMES.index("back-propagation") + 1


class Lessons:
    """What has been done in each lesson, and which is open."""

    def __init__(self, app: "StepperApp") -> None:
        self._app = app
        self._show: Show | None = None

    # What belongs to a lesson is imported when it is first opened: the first frame does not wait for it.

    @cached_property
    def autograd(self) -> "AutogradLesson":
        """What has been done in lesson 2."""
        from backprop_tui.core.lessons.autograd import AutogradLesson

        return AutogradLesson()

    @cached_property
    def descent(self) -> "DescentLesson":
        """What has been done in lesson 3."""
        from backprop_tui.core.lessons.descent import DescentLesson

        return DescentLesson()

    @property
    def open(self) -> int:
        """The number of the lesson that is open."""
        return next((screen.NUMBER for screen in self._app.screen_stack if isinstance(screen, LessonScreen)), MAIN)

    def show(self, number: int) -> None:
        """Open a lesson, from the main screen or from another lesson."""
        app = self._app
        if number == self.open:
            return
        if isinstance(app.screen, LessonScreen):
            app.pop_screen()
        if number == MAIN:
            return
        name = f"lesson-{number}"
        if not app.is_screen_installed(name):
            screen = self._made(number)
            if self._show is not None:
                screen.narrow(self._show.texts.get(NAMES[number - 1], ""), self._show.hide_keys)
            app.install_screen(screen, name)
        app.push_screen(name)

    def begin(self, kept: Mapping[str, Any], scenario: "Scenario | None") -> None:
        """Open the lesson that a session was left in, or that a scenario begins with; the others as they were."""
        self._show = scenario.show if scenario else None
        # What is not as expected is left out.
        for name in FUNCTIONS & kept.keys():
            lesson = getattr(self, name)
            with suppress(ValueError, msgspec.ValidationError):
                lesson.resume(msgspec.convert(kept[name], type(lesson.saved)))
        match kept.get("lesson"):
            case int(number) if 1 <= number <= len(NAMES):
                self.show(number)
            case _ if self._show is not None:
                self.show(NAMES.index(self._show.lesson) + 1)

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of the lessons: of those on a function, the ones that are not as they begin."""
        begun = {name: getattr(self, name) for name in FUNCTIONS & vars(self).keys()}
        kept = {name: lesson.saved for name, lesson in begun.items() if lesson.saved != type(lesson)().saved}
        return {"lesson": self.open} | kept

    def close(self) -> None:
        """To the main screen; what belongs to its run is made anew when it is opened again."""
        self.show(MAIN)
        for number in range(1, len(NAMES) + 1):
            if self._app.is_screen_installed(f"lesson-{number}"):
                self._app.uninstall_screen(f"lesson-{number}")

    def _stepper(self) -> StepperScreen:
        return next(screen for screen in self._app.screen_stack if isinstance(screen, StepperScreen))

    def _made(self, number: int) -> LessonScreen:
        engine = self._app.engine
        if number == 1:
            from backprop_tui.core.lessons.data import DataLesson

            from .data import DataScreen

            stepper = self._stepper()
            return DataScreen(
                DataLesson(self._app.session.run.table),
                engine,
                lambda row: stepper.runner.act(lambda: stepper.session.set_row(row)),
            )
        if number == 2:
            from .autograd import AutogradScreen

            return AutogradScreen(self.autograd, engine)
        if number == 3:
            from .descent import DescentScreen

            return DescentScreen(self.descent, engine, self.autograd)
        from .training import TrainingScreen

        return TrainingScreen(self._stepper(), engine)

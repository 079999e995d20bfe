"""The five lessons of one app: made when they are first opened, kept as they were left."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from ..core.lessons.autograd import AutogradLesson, SavedAutograd
from ..core.lessons.data import DataLesson
from ..core.lessons.descent import DescentLesson, SavedDescent
from .screens.lesson import NAMES, LessonScreen
from .screens.stepper import StepperScreen

if TYPE_CHECKING:
    from ..core.scenario import Scenario, Show
    from .app import StepperApp

MAIN = NAMES.index("back-propagation") + 1


class Lessons:
    """What has been done in each lesson, and which is open."""

    def __init__(self, app: "StepperApp") -> None:
        self._app = app
        self.autograd = AutogradLesson()
        self.descent = DescentLesson()
        self._show: Show | None = None

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
        with suppress(ValueError, msgspec.ValidationError):
            self.autograd.resume(msgspec.convert(kept.get("autograd"), SavedAutograd))
        with suppress(ValueError, msgspec.ValidationError):
            self.descent.resume(msgspec.convert(kept.get("descent"), SavedDescent))
        match kept.get("lesson"):
            case int(number) if 1 <= number <= len(NAMES):
                self.show(number)
            case _ if self._show is not None:
                self.show(NAMES.index(self._show.lesson) + 1)

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of the lessons: of those on a function, the ones that are not as they begin."""
        parts: dict[str, Any] = {"lesson": self.open, "autograd": self.autograd.saved, "descent": self.descent.saved}
        fresh = {"autograd": AutogradLesson().saved, "descent": DescentLesson().saved}
        return {name: part for name, part in parts.items() if part != fresh.get(name)}

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
            from .screens.lesson_data import DataScreen

            stepper = self._stepper()
            return DataScreen(
                DataLesson(self._app.session.run.table),
                engine,
                lambda row: stepper.runner.act(lambda: stepper.session.set_row(row)),
            )
        if number == 2:
            from .screens.lesson_autograd import AutogradScreen

            return AutogradScreen(self.autograd, engine)
        if number == 3:
            from .screens.lesson_descent import DescentScreen

            return DescentScreen(self.descent, engine, self.autograd)
        from .screens.lesson_training import TrainingScreen

        return TrainingScreen(self._stepper(), engine)

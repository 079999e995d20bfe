"""The five lessons of one app: made when they are first opened, kept as they were left."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from backprop_tui.core.lessons.names import FUNCTIONS, LESSONS, MAIN, Lesson, named
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.key_screen import KeyScreen
from backprop_tui.tui.widgets.runner import Asker
from backprop_tui.tui.widgets.tasks import Tasks
from textual.app import App

from .screen import LessonScreen

if TYPE_CHECKING:
    from backprop_tui.core.lessons.autograd import AutogradLesson
    from backprop_tui.core.lessons.descent import DescentLesson
    from backprop_tui.core.scenario import Scenario, Show


class Lessons:
    """What has been done in each lesson, and which is open. They lie over the main screen of an app."""

    def __init__(self, app: App[None], engine: Asker) -> None:
        self._app, self._engine = app, engine
        self._show: Show | None = None
        self.tasks: Tasks | None = None
        """The task of a course, if one is open."""

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
    def open(self) -> Lesson:
        """The lesson that is open."""
        return next((screen.LESSON for screen in self._app.screen_stack if isinstance(screen, LessonScreen)), MAIN)

    def show(self, number: int) -> None:
        """Open a lesson by its number, from the main screen or from another lesson."""
        app, lesson = self._app, LESSONS[number - 1]
        if lesson == self.open:
            return
        if isinstance(app.screen, LessonScreen):
            app.pop_screen()
        if lesson == MAIN:
            return
        if not app.is_screen_installed(lesson.name):
            screen = self._made(lesson)
            if self._show is not None:
                screen.narrow(self._show.texts.get(lesson.name, ""), self._show.hide_keys)
            screen.tasks = self.tasks
            screen.predictor.shared = self._stepper.predictor.shared
            app.install_screen(screen, lesson.name)
        app.push_screen(lesson.name)

    def found(self, lesson: Lesson) -> LessonScreen | None:
        """The screen of a lesson, if it has been opened."""
        if not self._app.is_screen_installed(lesson.name):
            return None
        screen = self._app.get_screen(lesson.name)
        return screen if isinstance(screen, LessonScreen) else None

    def show_tasks(self, tasks: Tasks | None) -> None:
        """Show the task of a course on every screen, those too that are opened later."""
        self.tasks = tasks
        for shown in (*map(self.found, LESSONS), *self._app.screen_stack):
            if isinstance(shown, KeyScreen):
                shown.tasks = tasks

    def begin(self, kept: Mapping[str, Any], scenario: "Scenario | None") -> None:
        """Open the lesson that a session was left in, or that a scenario begins with; the others as they were."""
        self._show = scenario.show if scenario else None
        # What is not as expected is left out.
        for name in kept.keys() & FUNCTIONS:
            lesson = getattr(self, name)
            with suppress(ValueError, msgspec.ValidationError):
                lesson.resume(msgspec.convert(kept[name], type(lesson.saved)))
        match kept.get("lesson"):
            case int(number) if 1 <= number <= len(LESSONS):
                self.show(number)
            case _ if self._show is not None:
                self.show(named(self._show.lesson).number)

    def narrow(self, scenario: "Scenario | None") -> None:
        """Take another scenario's texts, and hide what it hides; on another table, with screens made anew."""
        self._show = scenario.show if scenario else None
        self.close()

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of the lessons: of those on a function, the ones that are not as they begin."""
        begun = {name: getattr(self, name) for name in vars(self).keys() & FUNCTIONS}
        kept = {name: lesson.saved for name, lesson in begun.items() if lesson.saved != type(lesson)().saved}
        return {"lesson": self.open.number} | kept

    def close(self) -> None:
        """To the main screen; what belongs to its run is made anew when it is opened again."""
        while self.open != MAIN:
            self._app.pop_screen()  # the lesson, and first whatever lies over it
        for lesson in LESSONS:
            if self._app.is_screen_installed(lesson.name):
                self._app.uninstall_screen(lesson.name)

    @property
    def _stepper(self) -> StepperScreen:
        return next(screen for screen in self._app.screen_stack if isinstance(screen, StepperScreen))

    def _made(self, lesson: Lesson) -> LessonScreen:
        stepper = self._stepper
        match lesson.name:
            case "data":
                from backprop_tui.core.lessons.data import DataLesson

                from .data import DataScreen

                return DataScreen(
                    DataLesson(stepper.session.timeline.run.table),
                    self._engine,
                    lambda row: stepper.runner.act(lambda: stepper.session.timeline.set_row(row)),
                )
            case "autograd":
                from .autograd import AutogradScreen

                return AutogradScreen(self.autograd, self._engine)
            case "descent":
                from .descent import DescentScreen

                return DescentScreen(self.descent, self._engine, self.autograd)
            case "training":
                from .training import TrainingScreen

                return TrainingScreen(stepper, self._engine)
            case name:
                raise KeyError(name)

"""Leads through a course: shows the task, takes the answers, sees what was done, opens lesson after lesson."""

from collections.abc import Callable
from dataclasses import replace
from textwrap import wrap
from time import monotonic
from typing import Any

import msgspec
from backprop_tui.core.course import Course, CourseError, CourseLesson, open_course
from backprop_tui.core.course.build import choices
from backprop_tui.core.course.conditions import Chosen, Typed, check, is_asked, is_known, right_choice, truth
from backprop_tui.core.course.facts import Facts, of_autograd, of_data, of_descent, of_step
from backprop_tui.core.course.progress import TOLD, Progress, SavedProgress
from backprop_tui.core.course.report import CSV, MARKDOWN, report
from backprop_tui.core.course.truth import Ahead, StepAhead, ahead
from backprop_tui.core.course.words import how_it_went, miss_words, mistake_of, right_words, summary, worked
from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.data import DataLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.names import MAIN, Lesson
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief, shortest
from backprop_tui.tui.stepper.overlays.words import WordsScreen
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets import typed
from backprop_tui.tui.widgets.key_screen import KeyScreen
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.runner import Asker
from textual.app import App

from .data import DataScreen
from .registry import Lessons
from .training import TrainingScreen

KEYS = (
    "A answers a task, or goes on to the next one; while a question is shown a digit begins the answer. H gives a "
    "hint. T hides the task and shows it again. i says what a word means. Nothing is lost by a wrong answer."
)
LINES = 2
"""The task and what is said of it, at 80x24."""


class Guide:
    """A course on the screens of an app. It is asked for the lines of its task, and told what keys and screens do."""

    def __init__(self, app: App[None], lessons: Lessons, engine: Asker, course: Course) -> None:
        self._app, self._lessons, self._engine = app, lessons, engine
        self.progress = Progress(course)
        self.shown = True
        self.busy = False
        """Whether an answer is being judged, or a summary made."""
        self._said = ""
        """What is said to the last answer."""
        self._explained: frozenset[Cell] = frozenset()
        self._predicted = 0
        """How many predictions were right when the task began."""
        self._since = monotonic()
        lessons.show_tasks(self)

    # At its start and its end

    def begin(self) -> None:
        """From the first task."""
        course, lesson = self.progress.course, self.progress.lesson
        goal = f": {lesson.goal}" if lesson.goal else ""
        part = f"Part 1, {lesson.title}{goal}" if len(course.lessons) > 1 else f"{lesson.title}{goal}"
        paragraphs = (KEYS, part)
        self._page(self.progress.course.title, paragraphs, self._open_lesson)

    def resume(self, saved: SavedProgress) -> None:
        """Where it was left; the lessons are where the session was."""
        self.progress.resume(saved)
        self.shown = saved.shown
        self._begin_task()
        self._draw()

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of it."""
        return {"course": msgspec.to_builtins(self.progress.saved(self.shown))}

    def report(self, name: str) -> str | None:
        """What was done, if a file's name ends as one of these reports does; else None."""
        ending = next((ending for ending in (MARKDOWN, CSV) if name.endswith(ending)), None)
        return None if ending is None else report(self.progress, ending)

    def _open_lesson(self) -> None:
        """The screen of the task's lesson, with what that begins with."""
        lesson, main = self.progress.lesson, self._main
        main.autoplay.stop()
        if lesson.scenario is not None and lesson.scenario is main.scenario and not main.session.timeline.whole_entries:
            self._lessons.show(lesson.screen.number)  # it has just been opened
        elif lesson.scenario is not None:
            self._lessons.close()
            main.open(lesson.scenario)  # in the lesson that it names
        else:
            self._lessons.show(lesson.screen.number)
        if (wanted := lesson.function) is not None and (screen := self._lessons.found(lesson.screen)) is not None:
            function = self._function(lesson.screen)

            def put() -> None:
                assert function is not None, "lessons on a function have one"
                function.set_formula(wanted.formula, wanted.x)
                function.set_lr(wanted.lr)

            screen.act(put)
        self._begin_task()
        self._draw()

    def _begin_task(self) -> None:
        self._said, self._explained, self._since = "", frozenset(), monotonic()
        self._predicted = self._main.predictor.score.right

    def _page(self, title: str, paragraphs: tuple[str, ...], then: Callable[[], None]) -> None:
        safe = tuple(escape_controls(part) for part in paragraphs)
        self._app.push_screen(WordsScreen(escape_controls(title), safe), lambda _: then())

    # What a screen shows

    def lines(self, width: int) -> list[Line]:
        """The task, or what is said to the answer; none if it is hidden."""
        if not self.shown:
            return []
        width = max(width, 10)
        progress = self.progress
        if progress.is_over:
            went = how_it_went(progress.results)
            return _folded(f"The course is done: {went}. e and a name that ends in {MARKDOWN} writes it down.", width)
        if self._said:
            return _folded(self._said, width, "key" if not progress.is_open else "label")
        task = progress.task
        spans: list[Line] = _folded(task.text, width)
        if isinstance(task.condition, Chosen):
            answers = choices(task.condition)
            if len(spans) > 1 or len(answers) > width:
                return _folded(f"{task.text}  {answers}", width)
            spans.append((Span(escape_controls(answers), "key"),))
        return spans

    def title(self, width: int) -> str:
        """Which task it is, of which part, and the keys for it as far as there is room."""
        progress = self.progress
        if progress.is_over:
            return "The course"
        name = f"Task {progress.place + 1} of {len(progress.results)}   {escape_controls(progress.lesson.title)}"
        keys = "   A answers  H hint  T hides" if progress.is_open else "   A goes on  T hides"
        return name + keys if len(name) + len(keys) + 6 <= width else clipped(name, max(width - 6, 10)).rstrip()

    def takes(self, character: str) -> bool:
        """Whether a key begins an answer to the question that is shown."""
        if not (self.shown and self.progress.is_open):
            return False
        match self.progress.task.condition:
            case Typed():
                return character in "0123456789-"
            case Chosen():
                return character in "0123456789"
        return False

    def next_key(self) -> None:
        """A key is pressed: what was said to a wrong answer gives way to the task."""
        if self.progress.is_open:
            self._said = ""

    def _draw(self) -> None:
        for screen in self._app.screen_stack:
            if isinstance(screen, KeyScreen):
                screen.draw()

    def _say(self, text: str) -> None:
        self._said = text
        self._draw()

    # Keys

    def key(self, key: str, text: str = "") -> None:
        """A key of the course: `task`, `answer` or `hint`."""
        match key:
            case "task":
                self.shown = not self.shown
                self._draw()
            case "answer":
                self._answer(text)
            case "hint" if self.progress.is_open:
                self._say(f"Hint: {self.progress.hint()}")

    def _answer(self, text: str) -> None:
        self.shown = True
        progress, screen = self.progress, self._app.screen
        if self.busy or progress.is_over or not isinstance(screen, KeyScreen):
            self._draw()
        elif not progress.is_open:
            self._go_on()
        elif is_asked(progress.task.condition) and self._lessons.open != progress.lesson.screen:
            self._lessons.show(progress.lesson.screen.number)  # the question is about what is seen there
            self._draw()
        else:
            match progress.task.condition:
                case Typed() as condition:
                    self._draw()  # the question itself, while it is answered
                    within = f"the number, to within {brief(condition.tolerance)}"
                    screen.ask(within, lambda line: self._judge(number=typed.number(line)), text)
                case Chosen() as condition if text:
                    if not 1 <= int(text) <= len(condition.choices):
                        screen.say(f"a digit from 1 to {len(condition.choices)} answers")
                        return
                    self._judge(choice=int(text))
                case Chosen() as condition:
                    screen.say(f"a digit from 1 to {len(condition.choices)} answers")
                case _:
                    self._judge()

    def _judge(self, number: float | None = None, choice: int | None = None) -> None:
        self._work(self._decide, number, choice)

    def explained(self, cell: Cell) -> None:
        """The why? of a number was opened."""
        self._explained |= {cell}
        self._draw()

    def look(self) -> None:
        """If the task is done by what is on the screen, say so."""
        progress = self.progress
        if not progress.is_open or is_asked(progress.task.condition) or self._main.runner.busy:
            return
        if check(progress.task.condition, self._now()):
            self._said = right_words(progress.task, self._now())
            progress.right(self._seconds(), tried=False)

    def _go_on(self) -> None:
        progress = self.progress
        lesson, last = progress.lesson, progress.place
        ends = progress.go_on()
        self._begin_task()
        if ends:
            self._work(self._sum_up, lesson, last)
        self._draw()

    # What needs the engine

    def _work(self, make: Callable[..., Any], *arguments: object) -> None:
        self.busy = True

        async def work() -> None:
            try:
                await make(*arguments)
            except (EngineLost, EngineRefused, WireError, ValueError) as error:
                self._say(f"that can't be judged now: {error}")
            finally:
                self.busy = False

        self._app.run_worker(work())

    async def _decide(self, number: float | None, choice: int | None) -> None:
        progress = self.progress
        task = progress.task
        facts = self._now()
        if is_asked(task.condition):
            facts = replace(await self.facts_of_answer(), typed=number, chosen=choice)
            if not is_known(task.condition, facts):
                self._without_truth()
                return
        if check(task.condition, facts):
            progress.right(self._seconds())
            self._say(right_words(task, facts))
            return
        mistake = mistake_of(task.condition, facts) if isinstance(task.condition, Typed) else ""
        progress.miss(self._seconds(), mistake)
        if progress.result.state == TOLD:
            self._say(worked(task, facts, max(self._app.size.width - 12, 30)))
        else:
            self._say(miss_words(task, mistake))

    def _without_truth(self) -> None:
        """The run in view has no such number: that is no miss. Begin the lesson's own, if it has one."""
        if self.progress.lesson.scenario is not None:
            self._open_lesson()
            self._say("This run does not tell. The lesson's own has begun again: A answers there.")
        else:
            self._say("This run does not tell. At its start, b leads back to the run before it.")

    async def _sum_up(self, lesson: CourseLesson, last: int) -> None:
        progress = self.progress
        first = last + 1 - len(lesson.tasks)
        session = self._main.session
        on_steps = lesson.screen == MAIN
        facts = await self._found(StepAhead(MAIN, session, lesson.step)) if on_steps else self._now(lesson)
        number = progress.course.lessons.index(lesson) + 1
        paragraphs = summary(lesson, progress.results[first : last + 1], facts)
        if progress.is_over:
            self._page(f"Part {number}, {lesson.title}: done", paragraphs, self._draw)
            return
        following = progress.lesson
        ahead_text = f"Next, part {number + 1}, {following.title}: {following.goal}"
        self._page(f"Part {number}, {lesson.title}: done", (*paragraphs, ahead_text), self._open_lesson)

    async def _found(self, wanted: Ahead) -> Facts:
        while (request := wanted.request()) is not None:
            wanted.accept(request, await self._engine.ask(request))
        return wanted.facts()

    async def facts_of_answer(self) -> Facts:
        """What an answer to the task is judged by. Raises as the engine does.

        It may be typed before its lesson has heard from the engine: then that comes first.
        """
        screen = self._lessons.found(self.progress.lesson.screen)
        if screen is not None and not isinstance(screen, TrainingScreen):
            await screen.settled()
        return await self._found(self._ahead())

    async def right_keys(self) -> tuple[str, ...]:
        """The keys that do the task that is open. Raises ValueError if nothing does."""
        task = self.progress.task
        match task.condition:
            case Typed() as condition:
                value = truth(condition, await self.facts_of_answer())
                if value is None:
                    raise ValueError(f"the session has no {condition.of}")
                return ("A", *shortest(value), "enter")
            case Chosen() as condition:
                answer = right_choice(condition, await self.facts_of_answer())
                if answer is None:
                    raise ValueError("the session does not tell which answer is right")
                return (str(answer),)
        return task.keys

    # Facts

    @property
    def _main(self) -> StepperScreen:
        return next(screen for screen in self._app.screen_stack if isinstance(screen, StepperScreen))

    def _function(self, lesson: Lesson) -> AutogradLesson | DescentLesson | None:
        match lesson.name:
            case "autograd":
                return self._lessons.autograd
            case "descent":
                return self._lessons.descent
        return None

    def _table(self, lesson: Lesson) -> DataLesson | None:
        screen = self._lessons.found(lesson)
        return screen.lesson if isinstance(screen, DataScreen) else None

    def _ahead(self) -> Ahead:
        screen, condition = self.progress.lesson.screen, self.progress.task.condition
        return ahead(condition, screen, self._main.session, self._function(screen), self._table(screen))

    def _now(self, lesson: CourseLesson | None = None) -> Facts:
        """What is so now in a lesson, that of the task if none is named, whichever is open."""
        screen = (lesson or self.progress.lesson).screen
        function, table = self._function(screen), self._table(screen)
        if table is not None:
            facts = of_data(table)
        elif isinstance(function, AutogradLesson):
            facts = of_autograd(function)
        elif isinstance(function, DescentLesson):
            facts = of_descent(function)
        else:
            training = self._lessons.found(screen)
            table_facts = training.overview if isinstance(training, TrainingScreen) else None
            facts = of_step(screen, self._main.session, table_facts, self._explained)
            right = self._main.predictor.score.right - self._predicted
            facts = replace(facts, numbers={**facts.numbers, "predicted": float(right)})
        return replace(facts, lesson=self._lessons.open)

    def _seconds(self) -> float:
        now = monotonic()
        seconds, self._since = now - self._since, now
        return seconds


def resumed(kept: object) -> tuple[Course, SavedProgress]:
    """The course that a saved session was in, and how far. Raises ValueError, in one line, if it can't be opened."""
    try:
        saved = msgspec.convert(kept, SavedProgress)
        return open_course(saved.course), saved
    except msgspec.ValidationError:
        raise ValueError("the course of this session can't be understood") from None
    except CourseError as error:
        raise ValueError(f"the course can't go on: {error}") from None


def _folded(text: str, width: int, role: str = "") -> list[Line]:
    return [(Span(part, role),) for part in wrap(escape_controls(text), width, break_on_hyphens=False)]

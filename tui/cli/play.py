"""Plays a course in the real program, without a terminal: the keys that do each task, and whether they did it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backprop_tui.core.course import Course
from backprop_tui.core.course.facts import Facts
from backprop_tui.core.engine.protocol.messages import Answer, Request
from backprop_tui.core.session.drive import Ask
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.lessons.course import Guide
from backprop_tui.tui.widgets.key_screen import KeyScreen
from backprop_tui.tui.widgets.runner import Asker
from textual.pilot import Pilot

SIZE = (80, 24)
PATIENCE = 60.0
"""So many seconds a task may take."""


@dataclass(frozen=True)
class Played:
    """A task, by its number from 1, the keys that were pressed for it, and why it is not done (empty if it is)."""

    number: int
    text: str
    keys: tuple[str, ...]
    problem: str


class Asked:
    """An engine in this process, as the screens ask it."""

    def __init__(self, answer: Ask) -> None:
        self._answer = answer
        self.on_restart: Callable[[], None] = lambda: None

    async def ask(self, request: Request) -> Answer:
        """The answer to a request."""
        await asyncio.sleep(0)
        return self._answer(request)

    def close(self) -> None:
        """Nothing to end."""


async def play(course: Course, answer: Ask) -> AsyncIterator[Played]:
    """Every task of a course, done by its keys one after the other, from its start."""
    async with begun(course, Asked(answer)) as (app, pilot, guide):
        while not guide.progress.is_over:
            number, task = guide.progress.place + 1, guide.progress.task
            keys: tuple[str, ...] = ()
            problem = ""
            try:
                keys = await guide.right_keys() if guide.progress.is_open else ()
                await asyncio.wait_for(press(app, pilot, keys), PATIENCE)
                if guide.progress.is_open:
                    problem = "its keys do not do it"
            except (ValueError, TimeoutError) as error:
                problem = str(error) or "its keys do not come to an end"
            yield Played(number, task.text, keys, problem)
            while guide.progress.is_open:  # given up
                guide.progress.miss(0.0)
            await go_on(app, pilot)


async def facts_at(course: Course, number: int, engine: Asker) -> Facts:
    """What the answer to a task, by its number from 0, is judged by, once those before it are done rightly.

    Raises ValueError if one of them can't be done, or the engine's errors.
    """
    part = course.up_to(number)
    async with begun(part, engine) as (app, pilot, guide):
        while guide.progress.place < len(part.tasks) - 1:
            await asyncio.wait_for(press(app, pilot, await guide.right_keys()), PATIENCE)
            if guide.progress.is_open:
                at = number + 2 - len(part.tasks) + guide.progress.place
                raise ValueError(f"the course can't be played up to there: the keys of task {at} do not do it")
            await go_on(app, pilot)
        return await guide.facts_of_answer()


@asynccontextmanager
async def begun(course: Course, engine: Asker) -> AsyncIterator[tuple[StepperApp, Pilot[None], Guide]]:
    """The program, seen by nobody, at the first task of a course. Raises what fails in it."""
    app = StepperApp(Session(Run()), engine, course=course)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        guide = app.guide
        assert guide is not None, "the app was given a course"
        await close_page(app, pilot)
        yield app, pilot, guide
    if app.faults:
        raise app.faults[0]


async def go_on(app: StepperApp, pilot: Pilot[None]) -> None:
    """From a task that is over to the next one, in whichever lesson that is."""
    await press(app, pilot, ("A",))
    await close_page(app, pilot)


async def press(app: StepperApp, pilot: Pilot[None], keys: tuple[str, ...]) -> None:
    """Press keys, and wait after each until all that it asked for is done."""
    for key in keys:
        await pilot.press(key)
        await settled(app, pilot)


async def settled(app: StepperApp, pilot: Pilot[None]) -> None:
    """Wait until everything that was asked for is done and shown."""
    await pilot.pause()
    for screen in app.screen_stack:
        if isinstance(screen, KeyScreen):
            await screen.settled()
    while app.guide is not None and app.guide.busy:
        await asyncio.sleep(0.005)
    await pilot.pause()


async def close_page(app: StepperApp, pilot: Pilot[None]) -> None:
    """Close the page between two lessons, if there is one."""
    if not isinstance(app.screen, KeyScreen):
        await press(app, pilot, ("escape",))

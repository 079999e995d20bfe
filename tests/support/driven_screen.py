"""The real app with the real engine in this process, driven by keys: what tests read off its screen."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import textual.app
import textual.pilot
from backprop_tui.core.course import Course
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Answer, Request, RunSteps, StepsRun
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import Scenario
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.cli.play import settled
from backprop_tui.tui.lessons.screen import LessonScreen
from backprop_tui.tui.saving import Keeper
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.line import Line
from backprop_tui.tui.widgets.pane import Pane
from textual._context import active_app
from textual.pilot import Pilot

PASSES = 3
"""What a key asks for may change the layout, and what is painted for that may ask once more: so many rounds at most."""


async def _nothing_ready() -> None:
    """Let all others run until they wait for time, or for something outside of this loop."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # which asyncio tells in no other way
    quiet = 0
    while quiet < 2:
        await asyncio.sleep(0)
        quiet = 0 if ready else quiet + 1


async def all_processed(*_: object) -> bool:
    """Wait until every widget has worked through its queue and is painted, and through what came of that.

    Textual's own way is to sleep until the process takes no processor time. That takes 40 ms a key; and a process that
    is not let onto a busy processor looks idle in the middle of its work. Or it sends a message through each widget's
    queue and waits for all of them, again and again, which takes more time than what the tests are about.
    """
    app = active_app.get()
    for _ in range(PASSES):
        await _nothing_ready()
        if app.is_running and app.screen_stack:
            app.screen._on_timer_update()  # what it would do within a sixtieth of a second
    await _nothing_ready()
    return True


textual.app.wait_for_idle = textual.pilot.wait_for_idle = all_processed
Pilot._wait_for_screen = all_processed  # type: ignore[method-assign,assignment]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?(e-?\d+)?|∞)|NaN")


class InThisProcess:
    """The tests' engine behind the same `ask` as the engine's process. `gate` holds steps back, as loading does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.on_restart: Callable[[], None] = lambda: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        """Answer, but let others run in between, as a process does; for a part of a long jump they need not wait."""
        self.asked.append(request)
        await asyncio.sleep(0)
        if isinstance(request, RunSteps):
            await self.gate.wait()
        answer = self._engine.answer(request)
        if isinstance(answer, StepsRun) and answer.losses.shape[0] > 1000:
            await asyncio.sleep(0.001)
        return answer

    def close(self) -> None:
        """Nothing to end."""


class Driven:
    """The app under test, and what a person sees of it."""

    def __init__(self, app: StepperApp, pilot: Pilot[None], asker: InThisProcess) -> None:
        self.app, self.pilot, self.asker = app, pilot, asker

    @property
    def session(self) -> Session:
        """The session that the screen shows."""
        return self.app.session

    @property
    def screen(self) -> StepperScreen:
        """The main screen, whatever lies over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, StepperScreen))

    async def press(self, *keys: str) -> None:
        """Press keys one after the other and wait until all is done and painted."""
        await self.pilot.press(*keys)
        await self.settle()

    async def press_each(self, *keys: str) -> None:
        """Press keys, each when all that the one before asked for is on the screen, whichever screen is open."""
        for key in keys:
            await self.pilot.press(key)
            for _ in range(PASSES):
                await self.settle()
                if isinstance(self.app.screen, LessonScreen):
                    await self.app.screen.settled()
                await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a line into the prompt, and enter."""
        await self.press(*text, "enter")

    async def settle(self) -> None:
        """Wait until all that was asked for is done and painted."""
        await self.screen.settled()
        await self.pilot.pause()
        if self.app.guide is not None:
            await settled(self.app, self.pilot)

    def pane(self, name: str) -> Pane:
        """A pane by its id."""
        return self.screen.query_one(f"#{name}", Pane)

    def lines(self, name: str) -> str:
        """All lines of a pane, also those that are scrolled away."""
        return "\n".join(text_of(line) for line in self.pane(name).lines)

    @property
    def text(self) -> str:
        """What the terminal shows."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    def shown(self) -> dict[Cell, str]:
        """Every number of the panes as it is written. The same number in two places must read the same."""
        found: dict[Cell, str] = {}
        for name in ("sample", "forward", "gradients", "updated"):
            for line in self.pane(name).lines:
                for span in line:
                    if span.cell is not None and found.setdefault(span.cell, span.text.strip()) != span.text.strip():
                        raise AssertionError(f"{span.cell} reads {span.text!r} and {found[span.cell]!r}")
        return found

    def read(self, cell: Cell) -> float | None:
        """A number as it is written; None if there are dots."""
        return read_number(self.shown()[cell])


def text_of(line: Line) -> str:
    """A line's text alone."""
    return "".join(span.text for span in line)


def read_number(text: str) -> float | None:
    """What a written number says; None for the dots of one that is not computed yet."""
    if text == "·":
        return None
    assert _NUMBER.fullmatch(text), f"{text!r} is neither a number nor dots"
    return float(text.replace("∞", "inf"))


@asynccontextmanager
async def driven(
    engine: Engine,
    run: Run | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    loaded: bool = True,
    steps: int = 0,
    scenario: Scenario | None = None,
    keeper: Keeper | None = None,
    course: Course | None = None,
) -> AsyncIterator[Driven]:
    """The app at its start: with everything loaded, or held where TensorFlow is loading."""
    asker = InThisProcess(engine)
    if not loaded:
        asker.gate.clear()
    run = run or (scenario.run if scenario else Run())
    app = StepperApp(Session(run, scenario), asker, steps, keeper, course=course)
    async with app.run_test(size=size) as pilot:
        found = Driven(app, pilot, asker)
        await pilot.pause()
        if loaded:
            await found.settle()
        yield found
    if app.faults:
        raise app.faults[0]

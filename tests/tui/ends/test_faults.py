"""A fault of this program costs nothing: it is saved, told in a line, written down, and the screen goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Answer, Request
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.storage import fault_log
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.saving import Keeper, resume
from backprop_tui.tui.stepper.panes import forward
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.help import HelpScreen
from driven_screen import Driven, InThisProcess
from textual.events import Key


class Broken(Exception):
    """What a test breaks something with."""


def fails(*_: object, **__: object) -> None:
    raise Broken("this is broken")


@pytest.fixture
def app(engine: Engine, tmp_path: Path) -> StepperApp:
    return StepperApp(Session(Run()), InThisProcess(engine), 3, keeper=Keeper(tmp_path))


async def in_a_handler(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StepperScreen, "action_precision", fails)
    await shown.pilot.press("d")


async def in_an_action_of_the_queue(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Timeline, "set_lr", fails)
    await shown.pilot.press("plus")


async def in_a_typed_line(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StepperScreen, "_set_lr", fails)
    await shown.pilot.press("l", "1", "enter")


async def in_a_timer(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    shown.screen.set_timer(0.01, fails)
    await asyncio.sleep(0.1)


async def in_a_worker(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        fails()

    shown.screen.run_worker(work())
    await asyncio.sleep(0.05)


async def in_a_thread(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("backprop_tui.core.export.file.export", fails)
    await shown.pilot.press("e", "x", "enter")
    await asyncio.sleep(0.2)


async def in_a_callback(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    shown.screen.call_after_refresh(fails)
    await shown.pilot.pause()


async def in_a_callback_of_the_loop(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    asyncio.get_running_loop().call_soon(fails)
    await asyncio.sleep(0.05)


async def in_a_page(shown: Driven, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HelpScreen, "on_mount", fails)
    await shown.pilot.press("question_mark")


PLACES = [
    in_a_handler,
    in_an_action_of_the_queue,
    in_a_typed_line,
    in_a_timer,
    in_a_worker,
    in_a_thread,
    in_a_callback,
    in_a_callback_of_the_loop,
    in_a_page,
]
Place = Callable[[Driven, pytest.MonkeyPatch], Awaitable[None]]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_it_goes_on(app: StepperApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    async with app.run_test(size=(120, 24)) as pilot:
        shown = Driven(app, pilot, app.engine)  # type: ignore[arg-type]
        await pilot.pause()
        await shown.settle()
        with monkeypatch.context() as patch:
            await place(shown, patch)
            await pilot.pause()
        assert {str(error) for error in app.faults} == {"this is broken"}
        assert isinstance(app.screen, StepperScreen)
        assert "a fault (Broken), saved; traceback in" in app.screen.notice
        await shown.settle()
        assert "a fault (Broken), saved; traceback in" in shown.text
        assert "this is broken" in (tmp_path / fault_log.NAME).read_text()
        await shown.press("space")
        assert "fault" not in shown.text
        assert app.session.timeline.steps == 4
    assert not app.return_code
    assert not app.farewell
    app.keeper.close()  # type: ignore[union-attr]
    loaded, keeper = resume(folder=tmp_path)
    keeper.close()
    assert loaded.session.timeline.steps == 3


async def test_what_can_not_go_on_ends_with_a_line(
    app: StepperApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 24)) as pilot:
        shown = Driven(app, pilot, app.engine)  # type: ignore[arg-type]
        await pilot.pause()
        await shown.settle()
        monkeypatch.setattr(forward, "lines", fails)
        app.post_message(Key("space", " "))
        await asyncio.sleep(0.3)
    assert app.return_code == 1
    assert app.farewell.startswith("a fault (Broken), saved; traceback in")
    assert "\n" not in app.farewell
    app.keeper.close()  # type: ignore[union-attr]
    loaded, keeper = resume(folder=tmp_path)
    keeper.close()
    assert loaded.session.timeline.steps == 4


def test_the_log_is_bounded(tmp_path: Path) -> None:
    for number in range(400):
        try:
            raise Broken(f"number {number} " + "x" * 20_000 * (number % 7 == 0))
        except Broken as error:
            path = fault_log.write_down(error, tmp_path / "new")
        assert path.stat().st_size <= fault_log.MAX_BYTES
    assert "number 399" in path.read_text()
    assert "number 200" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [fault_log.NAME]


# Pages that are closed before their answer comes


class Slow(InThisProcess):
    """An engine that answers when it is let, whatever is asked."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.let = asyncio.Event()
        self.let.set()

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        await self.let.wait()
        await asyncio.sleep(0)
        return self._engine.answer(request)


KEYS_OF_PAGES = {
    "why": (["enter"], ["c", "right", "enter", "backspace", "n"]),
    "curves": (["L"], ["left", "right", "plus", "minus", "pageup", "home", "e", "g", "tab", "plus"]),
    "learning rate": (["L", "tab"], ["plus", "minus", "tab", "left"]),
    "picture": (["v"], []),
    "prediction": (["P"], ["space", "u", "left", "c", "n", "b"]),
    "help": (["question_mark"], ["pagedown", "down"]),
    "words": (["y"], ["pagedown"]),
    "examples": (["o"], ["pagedown", "down"]),
    "palette": (["ctrl+p"], ["pagedown", "down", "l"]),
}


def closings() -> Iterator[tuple[list[str], list[str]]]:
    for opening, keys in KEYS_OF_PAGES.values():
        yield opening, []
        yield opening, keys
        for key in keys:
            yield opening, [key]


@pytest.mark.slow
@pytest.mark.parametrize(("opening", "keys"), closings(), ids=lambda keys: "-".join(keys))
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
async def test_a_page_closed_before_its_answer_comes(
    engine: Engine, opening: list[str], keys: list[str], at_once: bool
) -> None:
    asker = Slow(engine)
    app = StepperApp(Session(Run()), asker, 3)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = Driven(app, pilot, asker)
        await pilot.pause()
        await shown.settle()
        for typed in ([*opening, *keys, "escape"], [*opening, *keys, "escape", "space", *opening, "escape"]):
            asker.let.clear()
            for key in typed:
                app.post_message(Key(key, key if len(key) == 1 else None))
                if not at_once:
                    await pilot.pause()
            await asyncio.sleep(0.02)
            asker.let.set()
            await pilot.pause()
            for _ in range(20):
                if isinstance(app.screen, StepperScreen):
                    break
                await pilot.press("escape")
            await shown.settle()
            assert not app.faults, [repr(error) for error in app.faults]
            assert isinstance(app.screen, StepperScreen)
        await shown.press("d")
        assert not app.faults

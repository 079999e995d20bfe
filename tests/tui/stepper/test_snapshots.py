"""What the main screen looks like, kept as pictures: after no step, one step, and in the middle of the second.

After a change that is wanted, run it with `--snapshot-update`, and look at the pictures.
"""

from collections.abc import Callable
from functools import partial

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.stepper.screen import StepperScreen
from driven_screen import InThisProcess
from sizes import IDS, SIZES
from textual.pilot import Pilot


async def _drive(pilot: Pilot[None], keys: list[str]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, StepperScreen)
    await screen.settled()
    for key in keys:
        await pilot.press(key)
        await screen.settled()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize(
    "keys", [[], ["space"], ["space", "s", "s", "s", "s", "s", "s"]], ids=["start", "step", "phase"]
)
def test_main_screen(snap_compare: Callable[..., bool], engine: Engine, size: tuple[int, int], keys: list[str]) -> None:
    app = StepperApp(Session(Run()), InThisProcess(engine))
    assert snap_compare(app, run_before=partial(_drive, keys=keys), terminal_size=size)


@pytest.mark.parametrize("variables", [{"COLORFGBG": "0;15"}, {"NO_COLOR": "1"}], ids=["light", "colorless"])
def test_other_colors(
    snap_compare: Callable[..., bool], engine: Engine, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app = StepperApp(Session(Run()), InThisProcess(engine))
    assert snap_compare(app, run_before=partial(_drive, keys=["space", "s", "down"]), terminal_size=(80, 24))

"""What the main screen looks like, kept as pictures: after no step, one step, and in the middle of the second.

After a change that is wanted, run it with `--snapshot-update`, and look at the pictures.
"""

from collections.abc import Callable

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.stepper.screen import StepperScreen
from driven_screen import InThisProcess
from textual.pilot import Pilot


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    "keys", [[], ["space"], ["space", "s", "s", "s", "s", "s", "s"]], ids=["start", "step", "phase"]
)
def test_main_screen(snap_compare: Callable[..., bool], engine: Engine, size: tuple[int, int], keys: list[str]) -> None:
    async def drive(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, StepperScreen)
        await screen.settled()
        for key in keys:
            await pilot.press(key)
            await screen.settled()
        await pilot.pause()

    app = StepperApp(Session(Run()), InThisProcess(engine))
    assert snap_compare(app, run_before=drive, terminal_size=size)

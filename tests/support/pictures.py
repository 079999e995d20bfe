"""Makes the README's picture: the program's own screenshot of itself, at step 4, going backwards.

python tests/support/pictures.py docs/screen.svg
"""

import asyncio
import sys
from pathlib import Path

from backprop_tui.core.engine.client.process import EngineProcess
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.stepper.screen import StepperScreen

KEYS = (*["space"] * 3, *["s"] * 9)


async def picture(size: tuple[int, int] = (120, 32)) -> str:
    """The screen after a few keys, as SVG."""
    engine = EngineProcess()
    engine.start()
    app = StepperApp(Session(Run()), engine)
    try:
        async with app.run_test(size=size) as pilot:
            while not isinstance(app.screen, StepperScreen):
                await pilot.pause()
            await app.screen.settled()
            for key in KEYS:
                await pilot.press(key)
                await app.screen.settled()
            await pilot.pause()
            return app.export_screenshot(title="backprop-tui")
    finally:
        engine.close()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(asyncio.run(picture()), encoding="utf-8")

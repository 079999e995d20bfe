"""The worst pause of the screen's event loop while TensorFlow loads, in the real app on a real pseudo-terminal.

Beside it the same with TensorFlow imported in a thread of the app, as programs that have one process do. A pause is how
much later than asked for a sleep of 2 ms ends; the first frame is drawn before the count begins.
"""

import sys
import tempfile
from pathlib import Path

from measured import Row, report, wants_short
from real_terminal import RealTerminal

APP = """
import asyncio, sys, threading, time
IN_A_THREAD, FILE = sys.argv[1] == "thread", sys.argv[2]
from backprop_tui.core.engine.client.process import EngineProcess
engine = EngineProcess()
engine.start()
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.app import StepperApp

class Measured(StepperApp):
    async def watch_pauses(self):
        await asyncio.sleep(0.3)
        if IN_A_THREAD:
            def load():
                import tensorflow
            loading = threading.Thread(target=load)
            loading.start()
        worst, end = 0.0, time.perf_counter() + 60
        while time.perf_counter() < end:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            worst = max(worst, time.perf_counter() - before - 0.002)
            if not (loading.is_alive() if IN_A_THREAD else self.is_loading()):
                break
        open(FILE, "w").write(str(worst * 1e3))
        self.exit()

    def is_loading(self):
        return "TensorFlow" in self.screen.query_one("#header").lines[0][-1].text

    def on_mount(self):
        super().on_mount()
        self.run_worker(self.watch_pauses())

Measured(Session(Run()), engine).run()
engine.close()
"""


def pause(how: str) -> float:
    """The worst pause in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pause"
        with RealTerminal(how, str(file), program=(sys.executable, "-c", APP), draw=False) as terminal:
            terminal.wait_for_end(60)
        return float(file.read_text())


def main() -> int:
    """Measure and print."""
    repeats = 1 if wants_short(__doc__) else 5
    thread = min(pause("thread") for _ in range(repeats))
    ours = sorted(pause("process") for _ in range(repeats))[repeats // 2]
    print(f"TensorFlow in a thread of the app: {thread:.0f} ms")
    return report(Row("worst pause while loading", ours, None, "ms", 50))


if __name__ == "__main__":
    sys.exit(main())

"""A jump of 100,000 recorded steps, asked for in the screen's process, against the notebook's eager loop, per step."""

import asyncio
import subprocess
import sys
from time import perf_counter

from backprop_tui.core.engine.client.process import EngineProcess
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from measured import NOTEBOOK, Row, report, wants_short

STEPS, EAGER_STEPS = 100_000, 300

EAGER = (
    NOTEBOOK
    + f"""
from time import perf_counter
for _ in range(20):
    step()
start = perf_counter()
for _ in range({EAGER_STEPS}):
    step()
print((perf_counter() - start) / {EAGER_STEPS})
"""
)


async def settle(session: Session, engine: EngineProcess) -> None:
    """Ask for all that the session needs."""
    while request := session.request():
        session.accept(request, await engine.ask(request))


async def jump(repeats: int) -> float:
    """The best time of a recorded step, in seconds."""
    engine, best = EngineProcess(), float("inf")
    try:
        session = Session(Run())
        session.timeline.step()
        await settle(session, engine)
        for _ in range(repeats):
            session.restart()
            session.timeline.start_jump(STEPS)
            start = perf_counter()
            await settle(session, engine)
            best = min(best, (perf_counter() - start) / STEPS)
            assert session.timeline.steps == session.timeline.history.entries == STEPS
    finally:
        engine.close()
    return best


def main() -> int:
    """Measure and print."""
    repeats = 3 if wants_short(__doc__) else 10
    ours = asyncio.run(jump(repeats))
    eager = [
        float(subprocess.run([sys.executable, "-c", EAGER], check=True, capture_output=True, text=True).stdout)
        for _ in range(1 if repeats == 3 else 3)
    ]
    return report(Row("a step of a jump", ours * 1e6, min(eager) * 1e6, "µs", 2000, at_least=True))


if __name__ == "__main__":
    sys.exit(main())

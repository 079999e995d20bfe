"""From the command to its first frame, with the initial weights on it, against a Textual app that shows a label.

Both in a real pseudo-terminal, in turns; medians. Both with their byte code, as they are once installed and started:
where Python may write none (PYTHONDONTWRITEBYTECODE), to compile our modules would take a quarter of the time.
"""

import sys
from collections.abc import Sequence
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from measured import LABEL_APP, PROGRAM, Row, report, wants_short
from real_terminal import RealTerminal


def seconds(program: Sequence[str], marker: str, compiled: str) -> float:
    """From the start of a program until it has drawn its last line; `compiled` is the folder of its byte code."""
    start = perf_counter()
    with RealTerminal(
        program=program, draw=False, PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=compiled
    ) as terminal:
        terminal.wait_for_output(marker)
        return perf_counter() - start


def main() -> int:
    """Measure and print."""
    repeats = 3 if wants_short(__doc__) else 15
    ours, label = [], []
    with TemporaryDirectory() as compiled:
        for _ in range(1 + repeats):
            label.append(seconds((sys.executable, "-c", LABEL_APP), "all is shown", compiled))
            ours.append(seconds(PROGRAM, "q quit", compiled))
    ours, label = ours[1:], label[1:]  # the first ones compile
    return report(Row("first frame", median(ours), median(label), "s", 1.3))


if __name__ == "__main__":
    sys.exit(main())

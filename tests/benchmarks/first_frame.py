"""From the command to its first frame, with the initial weights on it, against a Textual app that shows a label.

Both in a real pseudo-terminal, in turns; medians.
"""

import sys
from collections.abc import Sequence
from statistics import median
from time import perf_counter

from measured import LABEL_APP, PROGRAM, Row, report, wants_short
from real_terminal import RealTerminal


def seconds(program: Sequence[str], marker: str) -> float:
    """From the start of a program until it has drawn its last line."""
    start = perf_counter()
    with RealTerminal(program=program, draw=False) as terminal:
        terminal.wait_for_output(marker)
        return perf_counter() - start


def main() -> int:
    """Measure and print."""
    repeats = 3 if wants_short(__doc__) else 15
    ours, label = [], []
    for _ in range(repeats):
        label.append(seconds((sys.executable, "-c", LABEL_APP), "all is shown"))
        ours.append(seconds(PROGRAM, "q quit"))
    return report(Row("first frame", median(ours), median(label), "s", 1.3))


if __name__ == "__main__":
    sys.exit(main())

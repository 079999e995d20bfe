"""From the command to its first step, space typed at once, against a script with the same imports and that step.

Both in turns; medians.
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

from measured import NOTEBOOK, Row, report, wants_short
from real_terminal import RealTerminal


def ours() -> float:
    """Seconds until the screen shows the step."""
    start = perf_counter()
    with RealTerminal(draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        return perf_counter() - start


def script() -> float:
    """Seconds until the script has printed its loss."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", NOTEBOOK + "print(step())"], check=True, capture_output=True)
    return perf_counter() - start


def main() -> int:
    """Measure and print."""
    pairs = [(ours(), script()) for _ in range(2 if wants_short(__doc__) else 7)]
    return report(Row("first step", median(a for a, _ in pairs), median(b for _, b in pairs), "s", 1.2))


if __name__ == "__main__":
    sys.exit(main())

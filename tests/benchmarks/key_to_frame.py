"""From space written to the terminal until the frame's last byte has come back, while stepping.

The learning rate is so small that every number is another one in every step.

Beside it the same of a Textual app that changes a label: what Textual and the terminal take on their own.
"""

import sys
from time import perf_counter, sleep

from measured import LABEL_APP, PROGRAM, Row, report, wants_short
from real_terminal import RealTerminal

QUIET = 0.03
"""Seconds without a byte after which a frame is whole."""


def one_key(terminal: RealTerminal, key: str = " ") -> float:
    """Milliseconds until the last byte of what a key changes."""
    start = perf_counter()
    terminal.press(key)
    assert terminal.read(5)
    end = perf_counter()
    while terminal.read(QUIET):
        end = perf_counter()
    return (end - start) * 1e3


def keys(terminal: RealTerminal, count: int, key: str = " ") -> list[float]:
    """So many keys, sorted by their time."""
    found = []
    for _ in range(count):
        found.append(one_key(terminal, key))
        sleep(0.02)
    return sorted(found)


def main() -> int:
    """Measure and print."""
    count = 100 if wants_short(__doc__) else 1000
    with RealTerminal("--lr", "0.001", program=PROGRAM, draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        ours = keys(terminal, count)
    with RealTerminal(program=(sys.executable, "-c", LABEL_APP), draw=False) as terminal:
        terminal.wait_for_output("all is shown")
        label = keys(terminal, count)
    print(f"a label alone: p50 {label[count // 2]:.1f} ms, p99 {label[count * 99 // 100]:.1f} ms")
    print(f"a step:        p50 {ours[count // 2]:.1f} ms")
    return report(Row("key to frame, p99", ours[count * 99 // 100], None, "ms", 20))


if __name__ == "__main__":
    sys.exit(main())

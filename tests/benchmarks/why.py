"""From enter on a number until why? is painted: the explanation, and after it the engine's third opinion.

In the real program on a pseudo-terminal, with the default network; warm, as it is after the first time.
"""

import sys
from time import perf_counter

from measured import Row, report, wants_short
from painting import cpu
from real_terminal import RealTerminal

EXPLAINED, AGREED, PANES = "slope of sigmoid", "all three agree", "Updated weights"
"""What is on the screen when the explanation is, when the finite difference has come, and when all is closed again."""

QUIET = 0.02
"""Seconds without a byte after which a frame is whole."""


def until(terminal: RealTerminal, text: str, since: int) -> float:
    """When this text had been written after so many bytes, by the clock."""
    wanted = text.encode()
    while wanted not in terminal.written[since:]:
        assert terminal.read(5), f"{text!r} is written"
    return perf_counter()


def settle(terminal: RealTerminal) -> float:
    """When the last byte had come."""
    end = perf_counter()
    while terminal.read(QUIET):
        end = perf_counter()
    return end


def once(terminal: RealTerminal) -> tuple[float, float]:
    """Milliseconds from enter to the explanation, and to the third opinion."""
    since, start = len(terminal.written), perf_counter()
    terminal.press("\r")
    explained = until(terminal, EXPLAINED, since)
    agreed = max(until(terminal, AGREED, since), settle(terminal))
    since = len(terminal.written)
    terminal.press("q")
    until(terminal, PANES, since)
    settle(terminal)
    return (explained - start) * 1e3, (agreed - start) * 1e3


def main() -> int:
    """Measure and print."""
    count = 60 if wants_short(__doc__) else 500
    with RealTerminal(draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        terminal.press("\t\t")  # on ∂L/∂w1[1,1]
        terminal.wait_for_output("+0.5085982")
        settle(terminal)
        for _ in range(5):
            once(terminal)
        before = cpu(terminal.process.pid)
        times = [once(terminal) for _ in range(count)]
        busy = (cpu(terminal.process.pid) - before) / count * 1e3
    explained, agreed = (sorted(part) for part in zip(*times, strict=True))
    print(f"CPU of the screen's process to open it and to close it: {busy:.1f} ms")
    return report(
        Row("why? painted, p50", explained[count // 2], None, "ms", 33),
        Row("why? painted, p99", explained[count * 99 // 100], None, "ms", 33),
        Row("with the finite difference, p50", agreed[count // 2], None, "ms", 66),
        Row("with the finite difference, p99", agreed[count * 99 // 100], None, "ms", 66),
    )


if __name__ == "__main__":
    sys.exit(main())

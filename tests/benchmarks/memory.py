"""Peak memory of a million recorded steps, over what TensorFlow takes for one, and of the painting process before them.

The real program on a real pseudo-terminal; the peaks are the kernel's (VmHWM), of both processes.
"""

import re
import sys
from pathlib import Path

from measured import Row, report, wants_short
from real_terminal import RealTerminal


def peak(pid: int) -> float:
    """The most memory that a process has had, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def main() -> int:
    """Measure and print; the short form is the whole."""
    wants_short(__doc__)
    with RealTerminal(draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        terminal.read(0.5)
        screen, engine = peak(terminal.process.pid), peak(terminal.engine)
        terminal.press("j999999\r")
        terminal.wait_for_output("step 1,000,000")
        terminal.read(0.5)
        more = peak(terminal.process.pid) - screen + peak(terminal.engine) - engine
    return report(
        Row("a million recorded steps over one", more, None, "MB", 200),
        Row("the painting process before", screen, None, "MB", 80),
    )


if __name__ == "__main__":
    sys.exit(main())

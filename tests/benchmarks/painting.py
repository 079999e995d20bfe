"""What painting one step takes, in CPU time of the painting process and in bytes to the terminal.

Against the same program with panes that Textual draws whole at every step, as it does with its own widgets.
Both on a real 80x24 pseudo-terminal, space pressed again and again, at a learning rate so small that every number is
another one in every step.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import sleep

from measured import PROGRAM, Row, report, wants_short
from real_terminal import RealTerminal

WHOLE = """
import sys
from textual.scroll_view import ScrollView
from backprop_tui.tui.widgets.pane import Pane
show = Pane.show
def show_whole(pane, lines, pinned=0):
    show(pane, lines, pinned)
    pane.refresh()
Pane.show, Pane.render_lines = show_whole, ScrollView.render_lines
from backprop_tui.tui.__main__ import main
sys.exit(main())
"""
"""The program with panes that Textual draws whole, with their frames, whatever has changed."""


def cpu(pid: int) -> float:
    """Seconds of CPU time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def a_step(program: Sequence[str], steps: int) -> tuple[float, float]:
    """Milliseconds of CPU and bytes a step, waiting for each to be painted."""
    with RealTerminal("--lr", "0.001", program=program, draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        sleep(0.5)
        terminal.read(0.1)
        before, written = cpu(terminal.process.pid), len(terminal.written)
        for _ in range(steps):
            terminal.press(" ")
            assert terminal.read(5), "a step is painted"
            while terminal.read(0.03):
                pass
        assert terminal.process.poll() is None
        return (cpu(terminal.process.pid) - before) / steps * 1e3, (len(terminal.written) - written) / steps


def main() -> int:
    """Measure and print."""
    steps = 150 if wants_short(__doc__) else 1000
    cpu_whole, bytes_whole = a_step((sys.executable, "-c", WHOLE), steps)
    cpu_ours, bytes_ours = a_step(PROGRAM, steps)
    return report(
        Row("CPU a step", cpu_ours, cpu_whole, "ms", 1),
        Row("written a step", bytes_ours, bytes_whole, "bytes", 0.6),
    )


if __name__ == "__main__":
    sys.exit(main())

"""What painting one step takes, in CPU time of the painting process and in bytes to the terminal.

Against the same program with a `Static` widget for each pane, updated whole at every step, as Textual's tutorial does.
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
from rich.text import Text
from textual.widgets import Static
from backprop_tui.tui.widgets.styles import DARK as STYLES
from backprop_tui.tui.stepper import step_view
from backprop_tui.tui.widgets import key_screen

class Pane(Static):
    lines = ()
    def __init__(self, title="", *, id=None, classes=None):
        super().__init__(id=id, classes=classes)
        self.border_title = title
    def show(self, lines):
        self.lines, text = tuple(lines), Text(no_wrap=True)
        for line in lines:
            for span in line:
                text.append(span.text, " ".join(str(STYLES[role]) for role in span.role.split()))
            text.append("\\n")
        self.update(text)

    def entitle(self, title):
        self.border_title = Text(title)
    def reveal(self, cell):
        return False

step_view.Pane = key_screen.Pane = Pane
from backprop_tui.tui.__main__ import main
sys.exit(main())
"""


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
        Row("CPU a step", cpu_ours, cpu_whole, "ms", 1 / 2),
        Row("written a step", bytes_ours, bytes_whole, "bytes", 1 / 3),
    )


if __name__ == "__main__":
    sys.exit(main())

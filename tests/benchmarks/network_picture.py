"""What the network's picture costs beside the panes: CPU time of the painting process and bytes to the terminal.

Its lines alone are timed in this process, for several networks and sizes. The whole is the difference between two
runs of the real program at 120x40, one of them with an empty picture, stepping phase by phase; the baseline for the
bytes is a third run, in which all of it is written again at each phase.
"""

import sys
from collections.abc import Sequence
from time import process_time, sleep

from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.stepper.panes import network
from backprop_tui.tui.stepper.view import View, view_of
from measured import PROGRAM, Row, report, wants_short
from painting import cpu
from real_terminal import RealTerminal

BESIDE, WHOLE = (38, 12), (118, 38)
"""Columns and lines of the picture beside the panes of a 120x40 terminal, and of its own page there."""

WITHOUT = """
import sys
from backprop_tui.tui.stepper.panes import network
network.lines = lambda view, width, height: []
from backprop_tui.tui.__main__ import main
sys.exit(main())
"""
"""The program with an empty picture."""

EVERY_LINE = """
import sys
from backprop_tui.tui.widgets.pane import Pane
show = Pane.show
def show_all(pane, lines, pinned=0):
    show(pane, lines, pinned)
    if pane.id == "network":
        pane.refresh()
Pane.show = show_all
from backprop_tui.tui.__main__ import main
sys.exit(main())
"""
"""The program with a picture that is written whole, whatever has changed."""


def views(engine: Engine, run: Run) -> list[View]:
    """The view after each of a step's phases."""
    session, found = Session(run), []
    for _ in range(40):
        session.timeline.phase()
        while request := session.request():
            session.accept(request, engine.answer(request))
        found.append(view_of(session.timeline, cursor=Cell("gw1")))
    return found


def lines_alone(shown: list[View], size: tuple[int, int], repeats: int) -> float:
    """Milliseconds of CPU for the lines of a frame."""
    start = process_time()
    for _ in range(repeats):
        for view in shown:
            network.lines(view, *size)
    return (process_time() - start) / repeats / len(shown) * 1e3


def a_phase(phases: int, program: Sequence[str] = PROGRAM) -> tuple[float, float]:
    """Milliseconds of CPU and bytes a phase of the real program, waiting for each to be painted."""
    with RealTerminal(program=program, columns=120, rows=40, draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        sleep(0.5)
        terminal.read(0.1)
        before, written = cpu(terminal.process.pid), len(terminal.written)
        for _ in range(phases):
            terminal.press("s")
            assert terminal.read(5), "a phase is painted"
            while terminal.read(0.03):
                pass
        return (cpu(terminal.process.pid) - before) / phases * 1e3, (len(terminal.written) - written) / phases


def main() -> int:
    """Measure and print."""
    short = wants_short(__doc__)
    engine, rows = Engine(), []
    for run in (Run(), Run(network=Network(2, (*[Layer(8, "tanh")] * 3, Layer(1, "linear"))))):
        shown = views(engine, run)
        for size in (BESIDE, WHOLE):
            took = lines_alone(shown, size, 2 if short else 10)
            rows.append(Row(f"lines, {run.network.name}, {size[0]}x{size[1]}", took, None, "ms", 10))
    phases = 150 if short else 600
    cpu_without, bytes_without = a_phase(phases, (sys.executable, "-c", WITHOUT))
    cpu_with, bytes_with = a_phase(phases)
    _, bytes_whole = a_phase(phases, (sys.executable, "-c", EVERY_LINE))
    return report(
        *rows,
        Row("with painting, CPU a phase", cpu_with - cpu_without, None, "ms", 10),
        Row("written a phase", bytes_with - bytes_without, bytes_whole - bytes_without, "bytes", 0.7),
    )


if __name__ == "__main__":
    sys.exit(main())

"""From enter on a number until why? is painted: the explanation, and after it the engine's third opinion.

In the real program on a pseudo-terminal, with the default network; warm, as it is after the first time. Beside it the
same of a Textual app that opens a screen with as much text: what Textual and the machine take on their own.
"""

import sys
from time import perf_counter

from measured import Row, report, wants_short
from painting import cpu
from real_terminal import RealTerminal

EXPLAINED, AGREED, PANES = "chain rule", "all three agree", "Updated weights"
"""What is on the screen when the explanation is, when the finite difference has come, and when all is closed again."""

TEXT_APP = """
from textual.app import App
from textual.screen import ModalScreen
from textual.widgets import Static
class Text(ModalScreen):
    BINDINGS = [("q", "dismiss")]
    def compose(self):
        yield Static("line one")
        yield Static("chain rule\\n" * 15 + "all three agree")
        yield Static("keys")
class TextApp(App):
    BINDINGS = [("enter", "open")]
    def compose(self):
        yield Static("Updated weights")
        for number in range(5):
            yield Static("text\\n" * 3)
    def action_open(self):
        self.push_screen(Text())
TextApp().run()
"""

LEAST = 25
"""So often at least it is opened, however slow the machine."""

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


def many(terminal: RealTerminal, seconds: float) -> tuple[list[float], list[float]]:
    """The times within so many seconds, sorted: until explained, and until agreed. The first few are left out."""
    times, end = list[tuple[float, float]](), perf_counter() + seconds
    while len(times) < LEAST or perf_counter() < end:
        times.append(once(terminal))
    times = times[5:]
    explained, agreed = (sorted(part) for part in zip(*times, strict=True))
    return explained, agreed


def at(times: list[float], percent: int) -> float:
    """The time that so many percent of these, sorted, do not exceed."""
    return times[len(times) * percent // 100]


def main() -> int:
    """Measure and print."""
    seconds = 10 if wants_short(__doc__) else 60
    with RealTerminal(program=(sys.executable, "-c", TEXT_APP), draw=False) as terminal:
        terminal.wait_for_output("Updated weights")
        settle(terminal)
        bare, _ = many(terminal, seconds)
    with RealTerminal(draw=False) as terminal:
        terminal.press(" ")
        terminal.wait_for_output("61.267")
        terminal.press("\t\t")  # on ∂L/∂w1[1,1]
        terminal.wait_for_output("+0.5085982")
        settle(terminal)
        before = cpu(terminal.process.pid)
        explained, agreed = many(terminal, seconds)
        busy = (cpu(terminal.process.pid) - before) / (len(explained) + 5) * 1e3
    print(f"a bare screen of text: p50 {at(bare, 50):.1f} ms, p99 {at(bare, 99):.1f} ms")
    print(f"why? painted:          p50 {at(explained, 50):.1f} ms; with the difference {at(agreed, 50):.1f} ms")
    print(f"CPU to open and to close it: {busy:.1f} ms")
    return report(
        Row("why? painted, p99", at(explained, 99), None, "ms", 33),
        Row("with the finite difference, p99", at(agreed, 99), None, "ms", 66),
    )


if __name__ == "__main__":
    sys.exit(main())

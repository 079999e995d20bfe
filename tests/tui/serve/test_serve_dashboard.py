"""The instructor's screen, in a real terminal, with people who come in over SSH."""

import os
import random
import re
import signal

import pytest
from backprop_tui.tui.serve.room.dashboard import duration, sparkline
from command import PROGRAM
from processes import wait_until_gone
from real_terminal import RealTerminal
from served import come, line_of

pytestmark = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]


def test_who_is_there_message_pause_and_end(dashboard) -> None:
    with come(dashboard, "anna") as anna:
        anna.press("     ")
        anna.wait_for("step 5")
        dashboard.wait_until(
            lambda: re.search(r"anna .*back-propagation +5 ", line_of(dashboard, "anna")), 40, "step 5"
        )
        assert re.search("[▁▂▃▄▅▆▇█]{3}", line_of(dashboard, "anna"))

        dashboard.press("m")
        dashboard.wait_for("a message to all; enter sends", 40)
        dashboard.press("look [bold]here[/]\r")
        dashboard.wait_for("told everybody: look", 40)
        anna.wait_for("look [bold]here[/]", 40)

        dashboard.press("p")
        dashboard.wait_for("paused", 40)
        anna.wait_for("paused the workshop", 40)
        anna.press(" ")
        anna.read(0.5)
        dashboard.press("p")
        anna.wait_until(lambda: "paused the workshop" not in anna.text, 40)
        anna.press(" ")
        anna.wait_for("step 6", 40)
        assert "step 7" not in anna.text

        dashboard.press("\x1b[B")
        dashboard.press("x")
        dashboard.wait_for("end the session of anna?", 40)
        dashboard.press("y")
        assert anna.wait_for_end(10) == 0
        assert "the instructor has ended your session" in anna.written.decode()
    dashboard.wait_for("nobody is here yet", 40)
    dashboard.press("q")
    dashboard.wait_for("end the workshop", 40)
    dashboard.press("y")
    assert dashboard.wait_for_end(20) == 0
    assert dashboard.is_restored()


def test_losses_as_blocks() -> None:
    assert sparkline((1.0, 0.5, 0.0)) == "█▅▁"
    assert sparkline(()) == ""
    assert sparkline((2.0, 2.0)) == "▁▁"
    assert sparkline((1.0, float("inf"), 0.0, float("nan"))) == "█×▁×"
    assert (duration(8), duration(200), duration(7300)) == ("8s", "3m", "2h")


ENDS = ("hang up", "SIGTERM", "SIGINT", "SIGHUP", "SIGHUP SIGCONT", "SIGCONT SIGHUP", "SIGSTOP SIGHUP SIGCONT")


@pytest.mark.parametrize("end", ENDS)
def test_the_workshop_ends_in_order_if_its_terminal_goes_or_a_signal_comes(dashboard, end: str) -> None:
    with come(dashboard, "anna") as anna:
        anna.press("   ")
        anna.wait_for("step 3")
        children = dashboard.children()
        if end == "hang up":
            dashboard.close()
        else:
            for name in end.split():
                dashboard.process.send_signal(getattr(signal, name))
        dashboard.wait_for_end(10)
        anna.wait_for_end(10)
        assert "the workshop has ended" in anna.output, anna.output[-400:]
        wait_until_gone(children)
        assert dashboard.gone or dashboard.is_restored()


def test_odd_keys_and_sizes_end_nothing(dashboard) -> None:
    """What the dashboard can't do is told; the workshop and its people stay."""
    with come(dashboard, "anna") as anna:
        source = random.Random(1)
        keys = ("\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\t", "\x1b[Z", "?", "\x1b[H", "\x1b[F", "f", "\x1bOP")
        for _ in range(60):
            dashboard.resize(source.choice((1, 3, 20, 80, 120)), source.choice((1, 2, 5, 24, 40)))
            dashboard.press("".join(source.choice(keys) for _ in range(5)))
            dashboard.read(0.05)
            dashboard.press("\x1b")
            dashboard.read(0.05)
        dashboard.resize(120, 30)
        dashboard.wait_until(lambda: line_of(dashboard, "anna") != "", 40, "anna's line")
        assert "a fault" not in dashboard.output
        dashboard.press("m")
        dashboard.wait_for("a message to all", 40)
        dashboard.press("still here\r")
        anna.wait_for("still here", 40)


def test_a_terminal_that_can_not_place_text_gets_no_dashboard_but_a_workshop(tmp_path) -> None:
    root = ["--allow-root"] if os.geteuid() == 0 else []
    options = ("serve", "--port", "0", "--state-dir", str(tmp_path / "state"), *root)
    with RealTerminal(*options, term="dumb", program=PROGRAM) as terminal:
        terminal.wait_for("no dashboard: a terminal of the kind TERM=dumb")
        assert "ssh -p" in terminal.text
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end(10) == 0

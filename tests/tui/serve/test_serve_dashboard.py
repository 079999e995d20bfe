"""The instructor's screen, in a real terminal, with people who come in over SSH."""

import re

import pytest
from backprop_tui.tui.serve.room.dashboard import duration, sparkline
from served import come, line_of

pytestmark = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]


def test_who_is_there_message_pause_and_end(dashboard) -> None:
    with come(dashboard, "anna") as anna:
        anna.press("     ")
        anna.wait_for("step 5")
        dashboard.wait_until(
            lambda: re.search(r"anna .*back-propagation +5 ", line_of(dashboard, "anna")), 10, "step 5"
        )
        assert re.search("[▁▂▃▄▅▆▇█]{3}", line_of(dashboard, "anna"))

        dashboard.press("m")
        dashboard.wait_for("a message to all; enter sends", 10)
        dashboard.press("look [bold]here[/]\r")
        dashboard.wait_for("told everybody: look", 10)
        anna.wait_for("look [bold]here[/]", 10)

        dashboard.press("p")
        dashboard.wait_for("paused", 10)
        anna.wait_for("paused the workshop", 10)
        anna.press(" ")
        anna.read(0.5)
        dashboard.press("p")
        anna.wait_until(lambda: "paused the workshop" not in anna.text, 10)
        anna.press(" ")
        anna.wait_for("step 6", 10)
        assert "step 7" not in anna.text

        dashboard.press("\x1b[B")
        dashboard.press("x")
        dashboard.wait_for("end the session of anna?", 10)
        dashboard.press("y")
        assert anna.wait_for_end(10) == 0
        assert "the instructor has ended your session" in anna.written.decode()
    dashboard.wait_for("nobody is here yet", 10)
    dashboard.press("q")
    dashboard.wait_for("end the workshop", 10)
    dashboard.press("y")
    assert dashboard.wait_for_end(20) == 0
    assert dashboard.is_restored()


def test_losses_as_blocks() -> None:
    assert sparkline((1.0, 0.5, 0.0)) == "█▅▁"
    assert sparkline(()) == ""
    assert sparkline((2.0, 2.0)) == "▁▁"
    assert sparkline((1.0, float("inf"), 0.0, float("nan"))) == "█×▁×"
    assert (duration(8), duration(200), duration(7300)) == ("8s", "3m", "2h")

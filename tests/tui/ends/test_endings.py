"""However it ends: the terminal is as it was, and no process is left. The engine may die at any time."""

import os
import signal
import sys
import time

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.text.numerals import fixed
from driving import Settle
from processes import wait_until_gone
from real_terminal import RealTerminal

pytestmark = pytest.mark.slow

HOME = "\x1b[H"


def loaded(terminal: RealTerminal) -> None:
    """One step further, so that everything is loaded."""
    terminal.press(" ")
    terminal.wait_for("step 1\n")
    terminal.wait_until(lambda: "loading" not in terminal.text)


def test_a_killed_engine_is_told_and_nothing_is_lost(engine: Engine, settle: Settle) -> None:
    undisturbed = Session(Run())
    undisturbed.timeline.start_jump(7)
    settle(undisturbed)
    with RealTerminal() as terminal:
        loaded(terminal)
        terminal.press(" ss")
        terminal.wait_for("phase 2 of 10")
        # A new step, a past one anew, a jump: each needs the engine, and finds it dead.
        for keys, then in (("  ", "step 4\n"), ("bb", "step 3\n"), ("j5\r", "step 7\n")):
            os.kill(terminal.engine, signal.SIGKILL)
            terminal.press(keys)
            terminal.wait_for("started again")
            terminal.wait_for(then)
        assert fixed(undisturbed.timeline.losses[-1]) in terminal.text
        assert fixed(undisturbed.timeline.history.states[-1][-1]) in terminal.text
        terminal.press(HOME)
        terminal.wait_for("step 0")
        assert "+0.5488→" in terminal.text
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_an_engine_killed_while_it_loads_is_started_again() -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("loading TensorFlow")
        os.kill(terminal.engine, signal.SIGKILL)
        loaded(terminal)
        assert wait_until_gone(terminal.children(), 0) == terminal.children()
        terminal.press("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("while_loading", [True, False])
def test_a_killed_screen_leaves_no_process(while_loading: bool) -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("loading TensorFlow")
        if not while_loading:
            loaded(terminal)
        engine = terminal.engine
        terminal.process.kill()
        terminal.wait_for_end()
        assert wait_until_gone([engine]) == []


@pytest.mark.parametrize("while_loading", [True, False])
def test_a_closed_terminal_leaves_no_process(while_loading: bool) -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("loading TensorFlow")
        if not while_loading:
            loaded(terminal)
            terminal.press("j10000000\r")
            terminal.wait_for("esc cancels")
        engine = terminal.engine
        terminal.close()
        terminal.wait_for_end(4)
        assert wait_until_gone([engine]) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("busy", [False, True])
def test_a_signal_ends_it_in_order(number: signal.Signals, busy: bool) -> None:
    with RealTerminal() as terminal:
        terminal.wait_for("loading TensorFlow")
        if busy:
            loaded(terminal)
            terminal.press("j10000000\r")
            terminal.wait_for("esc cancels")
        engine = terminal.engine
        sent = time.monotonic()
        terminal.process.send_signal(number)
        assert terminal.wait_for_end(4) == 128 + number
        assert not busy or "saved as" in terminal.output.rpartition("\x1b[?1049l")[2]
        assert time.monotonic() - sent < 2
        assert terminal.is_restored(), terminal.modes_left()
        assert b"Traceback" not in terminal.written
        assert wait_until_gone([engine]) == []


def test_after_a_fault_of_ours_the_screen_goes_on_and_leaves_the_terminal_as_it_was() -> None:
    program = (
        "import sys; from backprop_tui.tui.stepper import screen as stepper\n"
        "def fail(self): raise ZeroDivisionError('on purpose')\n"
        "stepper.StepperScreen.action_precision = fail\n"
        "from backprop_tui.tui.__main__ import main\n"
        "sys.exit(main())"
    )
    with RealTerminal(program=(sys.executable, "-c", program)) as terminal:
        terminal.wait_for("loading TensorFlow")
        engine = terminal.engine
        terminal.press("d")
        terminal.wait_for("a fault (ZeroDivisionError)")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored(), terminal.modes_left()
        assert wait_until_gone([engine]) == []


def test_the_painting_process_never_imports_what_computes(tmp_path_factory: pytest.TempPathFactory) -> None:
    names = tmp_path_factory.mktemp("modules") / "names.txt"
    program = (
        "import sys; from backprop_tui.tui.__main__ import main\n"
        "try: main()\n"
        f"finally: open({str(names)!r}, 'w').write(' '.join(sys.modules))"
    )
    with RealTerminal(program=(sys.executable, "-c", program)) as terminal:
        loaded(terminal)
        terminal.press("ssd?")
        terminal.wait_for("esc closes")
        terminal.press("q")
        terminal.wait_until(lambda: "esc closes" not in terminal.text)
        terminal.press("j500\r")
        terminal.wait_for("step 501")
        terminal.press("q")
        terminal.wait_for_end()
    modules = set(names.read_text().split())
    assert "backprop_tui.tui.app" in modules
    assert not modules & {
        "tensorflow",
        "pandas",
        "sklearn",
        "keras",
        "scipy",
        "backprop_tui.core.engine.compute.engine",
    }

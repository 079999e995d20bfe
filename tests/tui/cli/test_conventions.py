"""A textbook's conventions as options: layers without biases, frozen numbers, the last layer's activation."""

import shlex
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.explain import cell_name
from backprop_tui.core.export.shell_line import command_line, not_in_command_line
from backprop_tui.core.model.network import Layer
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.store import doubts, load, save
from backprop_tui.tui.cli.options import Parser, UsageError, add_model_options, run_of, steps_of
from driven_screen import driven
from driving import Settle


def run_for(*words: str, base: Run | None = None) -> Run:
    parser = Parser()
    add_model_options(parser)
    parser.add_argument("--steps", type=steps_of, default=0)
    return run_of(parser.parse_args(words), base or Run())


IRIS = ("--data=iris", "--loss", "half_squared_error", "--last", "softmax")


def test_the_network_that_the_options_say() -> None:
    assert all(not layer.bias for layer in run_for("--no-bias", "--hidden", "3,2").network.layers)
    assert run_for("--freeze", "b1,w1[2, 1]").network.frozen == ("b1", "w1[2, 1]")
    network = run_for(*IRIS).network
    assert (network.layers[-1], network.loss) == (Layer(3, "softmax"), "half_squared_error")
    assert run_for("--loss", "output").network.loss == "output"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--freeze", "w9"), "no parameter 'w9' to freeze"),
        (("--freeze", "w1[3,1]"), r"no w1\[3,1\] to freeze: w1 is 2 by 2"),
        (("--freeze", "w1[2]"), r"write row and column, as in w1\[2,1\]"),
        (("--freeze", "b1", "--no-bias"), "no parameter 'b1' to freeze"),
        (("--last", "softmax"), "softmax needs a last layer of 2 units or more"),
    ],
)
def test_what_can_not_be_is_told(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_for(*words)


def test_freezing_keeps_the_weights_and_other_layers_do_not() -> None:
    given = Run(initial=tuple(map(float, range(9))))
    assert run_for("--freeze", "b2", base=given).initial == given.initial
    assert run_for("--no-bias", base=given).initial is None


@pytest.mark.parametrize("words", [("--no-bias",), ("--freeze", "b1,w1[2,1]"), IRIS, ("--loss", "output")])
def test_the_line_of_shell_and_a_saved_session_lead_there_again(
    words: tuple[str, ...], tmp_path: Path, settle: Settle
) -> None:
    session = settle(Session(run_for(*words)))
    session.timeline.step()
    settle(session)
    assert not_in_command_line(session.timeline) == []
    run = run_for(*shlex.split(command_line(session.timeline))[1:])
    assert run.network == session.timeline.run.network
    assert (run.first_state() == session.timeline.run.first_state()).all()
    save(session, tmp_path / "it.session")
    loaded = load(tmp_path / "it.session")
    assert loaded.session.timeline.run == session.timeline.run
    assert doubts(loaded, settle(loaded.session), computed=True) == []


@pytest.mark.slow
async def test_the_screen_has_them(engine: Engine) -> None:
    """∂L/∂x stands below the other gradients, and can be asked for; a layer without biases has none anywhere."""
    async with driven(engine) as it:
        assert "x      ·        ·" in it.lines("gradients")
        await it.press("space")
        found = it.read(Cell("gx", 0, 1))
        trace = it.session.timeline.trace
        assert trace is not None
        assert found == pytest.approx(float(trace["gx"][0, 1]), abs=5e-5)
        assert float(trace["gx"][0, 1]) == pytest.approx(float((trace["gz1"].T @ trace["w1"])[0, 1]), rel=1e-6)
    async with driven(engine, run_for("--no-bias", "--freeze", "w1[1,1]")) as it:
        await it.press("space", "s", "s", "b", "space")
        assert "b1" not in it.text
        assert "z1 = w1·x " in it.lines("forward")
    assert cell_name(Run().network, Cell("gx", 0, 1)) == "∂L/∂x[2]"

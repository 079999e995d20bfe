"""The real command with good and bad options: what it says, and that it says it in one line."""

import subprocess
import sys
from pathlib import Path

import forked
import pytest
from backprop_tui.core.export.shell_line import command_line, not_in_command_line
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.choose import table
from backprop_tui.core.table.form import Told
from backprop_tui.core.table.opened import HeaderError
from backprop_tui.core.table.sniff import look
from backprop_tui.tui.cli.options import Parser, UsageError, add_model_options, run_of, steps_of
from command import run


def said(result: subprocess.CompletedProcess[str]) -> str:
    """The one line of complaint, checked to be nothing else."""
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("backprop-tui: ")
    assert line.isprintable()
    return line


def run_for(*arguments: str) -> Run:
    """The run that options describe."""
    parser = Parser()
    add_model_options(parser)
    return run_of(parser.parse_args(list(arguments)), Run())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--lr", "nan"), "--lr: nan"),
        (("--lr", "-0.1"), "--lr: -0.1"),
        (("--lr", "fast"), "--lr: 'fast'"),
        (("--lr=-inf",), "--lr: -inf"),
        (("--lr", "1e39"), "--lr: 1e+39 is not a learning rate"),
        (("--lr",), "--lr: expected one argument"),
        (("--seed", "-1"), "--seed: -1 is not a seed, a whole number from 0 to 4294967295"),
        (("--seed", "4294967296"), "--seed: 4294967296"),
        (("--seed", "9" * 5000), "--seed: '999"),
        (("--hidden", "0"), "--hidden: 0"),
        (("--hidden", "1000000000"), "--hidden: 1000000000"),
        (("--hidden", "2,"), "--hidden: ''"),
        (("--hidden", "4000,4000"), "16,020,001 parameters"),
        (("--hidden", "2,2,2,2,2,2,2,2,2,2,2,2"), "a network has 1 to 12 layers, not 13"),
        (("--activation", "softmax"), "--activation: invalid choice: 'softmax'"),
        (("--row", "1.5"), "--row: '1.5'"),
        (("--steps", "-3"), "--steps: -3"),
        (("--steps", "1000000000"), "--steps: 1000000000 is not a number of steps, from 0 to 10,000,000"),
        (("--hidden", "200", "--steps", "10000000"), "GB of memory"),
        (("--target-transform", "sqrt"), "--target-transform"),
        (("--features", "a,,b"), "--features"),
        (("--features", "a,a"), "--features: 'a' is named twice"),
        (("--data", "missing.csv"), "missing.csv: no such file"),
        (("--data", "."), ".: is a directory"),
        (("--data", "/dev/null"), "/dev/null: is not a regular file"),
        (("--log", "no/such/directory/log"), "--log no/such/directory/log: No such file or directory"),
        (("--fast",), "--fast"),
        (("\x1b[31mred\x1b[0m",), r"\x1b[31mred\x1b[0m"),
        (("--lr", "1\n2"), "--lr"),
        (("--seed", "1", "run", "--steps", "1"), "the command comes first"),
        (("--resume", "--course"), "--resume goes on with the course that the session was in; leave out --course"),
        (("mazur-2015", "--course"), "--course opens examples of its own; leave out mazur-2015"),
        (("--resume", "--seed", "7"), "--resume goes on with a saved session as it is"),
        (("mazur-2015", "--resume"), "--resume goes on with a saved session as it is"),
        (("run",), "--steps"),
        (("run", "--steps", "2", "--until-loss", "nan"), "--until-loss: nan"),
        (("run", "--steps", "2", "--format", "xml"), "--format"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(arguments: tuple[str, ...], names: str, tmp_path: Path) -> None:
    assert names in said(forked.run(*arguments, cwd=tmp_path))


def test_without_a_terminal_the_screen_points_to_run() -> None:
    assert "use `backprop-tui run`" in said(run("--seed", "3"))


def test_help_has_examples_and_the_commands() -> None:
    result = run("--help")
    assert (result.returncode, result.stderr) == (0, "")
    for words in ("examples:", "backprop-tui --seed 7", "backprop-tui run", "--target-transform", "--hidden"):
        assert words in result.stdout
    result = run("run", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "--until-loss" in result.stdout


def test_version() -> None:
    result = run("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split()[0] == "backprop-tui"
    assert all(part.isdigit() for part in result.stdout.split()[1].split("."))


def test_parsing_imports_nothing_heavy() -> None:
    code = (
        "import sys, backprop_tui.tui.cli.screen, backprop_tui.core.engine.client.process\n"
        "print([name for name in ('numpy', 'msgspec', 'textual', 'tensorflow', 'pandas') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_default_is_the_notebook() -> None:
    assert run_for() == Run()
    assert run_for().network == Network(2, (Layer(2, "sigmoid"), Layer(1, "linear")))
    assert (run_for().settings.lr, run_for().seed, run_for().settings.sampling.row) == (0.2, 0, 0)


def test_options_describe_a_run() -> None:
    run = run_for("--hidden", "3,4", "--activation", "tanh", "--lr", "0.05", "--seed", "7", "--row", "12")
    assert run.network == Network(2, (Layer(3, "tanh"), Layer(4, "tanh"), Layer(1, "linear")))
    assert (run.settings.lr, run.seed, run.settings.sampling.row) == (0.05, 7, 12)
    assert run_for("--hidden", "none").network == Network(2, (Layer(1, "linear"),))
    run = run_for("--features", "sqft_living", "--target-transform", "none")
    assert (run.table.path, run.table.features, run.table.targets) == ("", ("sqft_living",), ("price",))
    assert (run.table.standardize, run.table.log_target, run.network.features) == (("sqft_living",), False, 1)


def test_a_minus_of_typesetting_is_a_minus() -> None:
    assert run_for("--lr", "1e\N{MINUS SIGN}3").settings.lr == 1e-3
    assert "--lr: -0.1 is not a learning rate" in said(run("--lr", "\N{MINUS SIGN}0.1"))


def test_the_header_says_what_the_options_do_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('\ufeff"age, years", height,weight\n1,2,3\n', encoding="utf-8")
    assert look(str(path), Told()).names == ["age, years", "height", "weight"]
    run = run_for("--data", str(path))
    assert (run.table.features, run.table.targets) == (("age, years", "height"), ("weight",))
    assert (run.table.log_target, run.table.standardize_target) == (False, True)
    run = run_for("--data", str(path), "--target", "height")
    assert (run.table.features, run.table.targets) == (("age, years", "weight"), ("height",))
    run = run_for("--data", str(path), "--features", '"age, years"')
    assert (run.table.features, run.table.targets) == (("age, years",), ("weight",))
    with pytest.raises(UsageError, match="'weight' is the target and a feature"):
        run_for("--data", str(path), "--features", "height,weight")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n1,2\n", "looks like a row and not like names: use --no-header"),
        (b"\n\n", "is empty"),
        (b"price\n1\n", "two columns at least"),
        (b"a,\x01\xff\xfe\x02\n1,2\n", "not a CSV file with a line of column names"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "can't be read as utf-16: give another --encoding"),
        (bytes(range(256)) * 40_000, "not a CSV file"),
        (b"\0" * 10_000_000, "not a CSV file"),
        (b'"a,b\n1,2\n', "line of column names can't be read"),
    ],
    ids=["empty", "a row", "blank", "one column", "not text", "not UTF-16", "binary", "zeros", "open quote"],
)
def test_a_header_that_can_not_be_read_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J.csv"
    path.write_bytes(content)
    with pytest.raises(HeaderError, match=message) as caught:
        table(str(path))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("rows", ["next", "shuffled", "32", "all"])
def test_a_training_loop_is_reproduced_by_its_line(rows: str) -> None:
    run = run_for("--rows", rows, "--optimizer", "rmsprop", "--holdout", "20%", "--lr", "0.01")
    session = Session(run)
    words = command_line(session.timeline).split()[1:]
    assert run_for(*words[: words.index("--steps")]) == run
    assert not_in_command_line(session.timeline) == []
    assert run.table.holdout == 0.2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rows", "some"), "type this, next, shuffled, all, or a number"),
        (("--rows", "0"), "type this, next, shuffled, all, or a number"),
        (("--holdout", "100%"), "not a share"),
        (("--holdout", "-0.1"), "not a share"),
        (("--holdout", "half"), "not a number"),
        (("--optimizer", "sgdd"), "invalid choice"),
    ],
)
def test_a_training_loop_that_can_not_be_is_told(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run_for(*words)


def test_a_state_is_reproduced_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "it's mine.csv"
    path.write_text('"a, or b",-c,y\n1,2,3\n2,5,4\n', encoding="utf-8")
    run = run_for("--data", str(path), "--hidden", "3,1", "--activation", "relu", "--seed", "9", "--row", "1")
    session = Session(run)
    session.timeline.set_lr(0.03)
    line = command_line(session.timeline)
    again = subprocess.run(  # the shell takes the line apart, not our idea of a shell
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    parser = Parser()
    add_model_options(parser)
    parser.add_argument("--steps", type=steps_of)
    options = parser.parse_args(again[1:])
    assert again[0] == "backprop-tui"
    assert options.steps == 0
    assert run_of(options, Run()) == Run(run.table, run.network, settings=session.timeline.settings, seed=9)
    assert not_in_command_line(session.timeline) == []

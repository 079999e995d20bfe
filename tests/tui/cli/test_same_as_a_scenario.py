"""What a scenario can say of a run, the command line can: every key of the file's format, one after the other."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from backprop_tui.core.export.shell_line import command_line, not_in_command_line
from backprop_tui.core.model.weights import read_weights
from backprop_tui.core.scenario import read
from backprop_tui.core.scenario.format import FilePart
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.tui.cli.options import Parser, add_model_options, run_of, steps_of

OF_NO_RUN = {
    "title": "what people read",
    "source": "what people read",
    "notes": "what people read",
    "subject": "what people read",
    "look": "what people read",
    "show": "what is seen; --lesson of `run` for a lesson",
    "expect": "what `check` compares",
    "task": "what a learner is to do",
}
"""Keys that say nothing of a run."""

ELSEWHERE = {
    "data.x": "the table itself: --data FILE",
    "data.y": "the table itself: --data FILE",
    "data.categories": "of a column of texts the command line takes all: --features, --target",
    "moments": "how far a run has come: --steps, --resume",
    "training.drawn": "how far a run has come: --steps, --resume",
    "training.x": "a sample that was typed: = on the screen",
    "training.y": "a sample that was typed: = on the screen",
}
"""Keys that hold what no line of options can, and what says it instead."""

FILE = 'csv = "t.csv"\nfeatures = ["a", "b"]\ntargets = ["y"]\nstandardize = ["a", "b"]\nstandardize_target = true\n'
SAME = ("--data=t.csv", "--features=a,b")
LAYERS = 'layers = [{units = 2, activation = "sigmoid"}, {units = 1, activation = "linear"}]\n'

Case = tuple[str, tuple[str, ...]]

CASES: dict[str, Case] = {
    "data.csv": (f"[data]\n{FILE}", SAME),
    "data.table": (
        '[data]\ntable = "line"\nfeatures = ["x"]\ntargets = ["y"]\nstandardize = ["x"]\nstandardize_target = true\n',
        ("--data=line",),
    ),
    "data.features": (f"[data]\n{FILE}".replace('["a", "b"]', '["b"]'), ("--data=t.csv", "--features=b")),
    "data.targets": (
        f"[data]\n{FILE}".replace('["y"]', '["y", "more"]')
        + '[network]\nlayers = [{units = 2, activation = "sigmoid"}, {units = 2, activation = "linear"}]\n',
        (*SAME, "--target=y,more"),
    ),
    "data.standardize": (
        f"[data]\n{FILE}".replace('standardize = ["a", "b"]', 'standardize = ["b"]'),
        (*SAME, "--standardize=b"),
    ),
    "data.log_target": (
        f"[data]\n{FILE}".replace("standardize_target", "log_target"),
        (*SAME, "--target-transform=log"),
    ),
    "data.standardize_target": (
        f"[data]\n{FILE}".replace("standardize_target = true", ""),
        (*SAME, "--target-transform=none"),
    ),
    "data.separator": (f"[data]\n{FILE}separator = ','\n", (*SAME, "--separator=,")),
    "data.decimal": (f"[data]\n{FILE}decimal = '.'\n", (*SAME, "--decimal=.")),
    "data.encoding": (f"[data]\n{FILE}encoding = 'latin-1'\n", (*SAME, "--encoding=latin-1")),
    "data.header": (
        f"[data]\n{FILE}header = false\n".replace('["a", "b"]', '["c1", "c2"]')
        .replace('["y"]', '["c3"]')
        .replace("t.csv", "rows.csv"),
        ("--data=rows.csv", "--no-header"),
    ),
    "data.missing": (f"[data]\n{FILE}missing = 'mean'\n", (*SAME, "--missing=mean")),
    "data.na": (f"[data]\n{FILE}na = ['-9', 'x']\n", (*SAME, "--na=-9,x")),
    "data.holdout": (f"[data]\n{FILE}holdout = 0.25\n", (*SAME, "--holdout=25%")),
    "data.holdout_seed": (f"[data]\n{FILE}holdout_seed = 7\n", (*SAME, "--holdout-seed=7")),
    "network.layers": (
        '[network]\nlayers = [{units = 3, activation = "tanh"}, {units = 2, activation = "relu"}, '
        '{units = 1, activation = "linear"}]\n',
        ("--hidden=3,2", "--activation=tanh,relu"),
    ),
    "network.loss": (f'[network]\n{LAYERS}loss = "mean_squared_error"\n', ("--loss=mean_squared_error",)),
    "network.precision": (f'[network]\n{LAYERS}precision = "float64"\n', ("--precision=float64",)),
    "initial.seed": ("[initial]\nseed = 7\n", ("--seed=7",)),
    "initial.initializer": ('[initial]\ninitializer = "he"\n', ("--init=he",)),
    "initial.constant": (
        '[initial]\ninitializer = "constant"\nconstant = 0.1\n',
        ("--init=constant", "--constant=0.1"),
    ),
    "parameters": ("[parameters]\nfile = 'w.npz'\n", ("--weights=w.npz",)),
    "training.lr": ("[training]\nlr = 0.3\n", ("--lr=0.3",)),
    "training.optimizer": ('[training]\noptimizer = "adam"\n', ("--optimizer=adam",)),
    "training.momentum": (
        '[training]\noptimizer = "momentum"\nmomentum = 0.5\n',
        ("--optimizer=momentum", "--momentum=0.5"),
    ),
    "training.rho": ('[training]\noptimizer = "rmsprop"\nrho = 0.5\n', ("--optimizer=rmsprop", "--rho=0.5")),
    "training.beta_1": ('[training]\noptimizer = "adam"\nbeta_1 = 0.5\n', ("--optimizer=adam", "--beta-1=0.5")),
    "training.beta_2": ('[training]\noptimizer = "adam"\nbeta_2 = 0.5\n', ("--optimizer=adam", "--beta-2=0.5")),
    "training.epsilon": ('[training]\noptimizer = "adam"\nepsilon = 0.5\n', ("--optimizer=adam", "--epsilon=0.5")),
    "training.rows": ('[training]\nrows = "all rows"\n', ("--rows=all",)),
    "training.row": ("[training]\nrow = 3\n", ("--row=3",)),
    "training.batch": ('[training]\nrows = "shuffled"\nbatch = 8\n', ("--rows=8",)),
}
"""For each key a scenario's text, and the options that mean the same run."""

WAITING = {"network.frozen"}
"""Keys that have no option yet."""


def keys() -> Iterator[str]:
    """All keys of a scenario, those of its tables by `table.key`; the parts of a list are its own matter."""
    for field in msgspec.structs.fields(FilePart):
        part = next((it for it in getattr(field.type, "__args__", (field.type,)) if _is_part(it)), None)
        if field.name in OF_NO_RUN or part is None:
            yield field.name
        else:
            yield from (f"{field.name}.{it.name}" for it in msgspec.structs.fields(part))


def _is_part(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, msgspec.Struct)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = "".join(f"{row}.5,{row * row},{row % 3}.25,{row % 4 + 1}\n" for row in range(1, 12))
    (tmp_path / "t.csv").write_text(f"a,b,more,y\n{rows}")
    (tmp_path / "rows.csv").write_text("1.5,2,3\n2.5,1,5\n4,3,9\n")
    np.savez(tmp_path / "w.npz", w1=np.eye(2), b1=np.ones((2, 1)), w2=np.ones((1, 2)), b2=np.zeros((1, 1)))
    assert read_weights(tmp_path / "w.npz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_for(*words: str) -> Run:
    parser = Parser()
    add_model_options(parser)
    parser.add_argument("--steps", type=steps_of, default=0)
    return run_of(parser.parse_args(words), Run())


def test_no_key_is_forgotten() -> None:
    """A key that is new to the format gets a case here, or is said to be no run's."""
    assert set(keys()) == {*OF_NO_RUN, *ELSEWHERE, *CASES, *WAITING}


@pytest.mark.parametrize("key", CASES)
def test_the_command_line_says_the_same(key: str, folder: Path) -> None:
    """The same run, which is not the plain one; and its own line leads to it again."""
    text, words = CASES[key]
    (folder / "it.toml").write_text(f'title = "t"\n{text}')
    run = read(folder / "it.toml").run
    found = run_for(*words)
    table = msgspec.structs.replace(run.table, path=run.table.path.removeprefix(str(folder.resolve()) + "/"))
    assert table == found.table
    assert (run.network, run.optimizer, run.settings) == (found.network, found.optimizer, found.settings)
    assert (run.seed, run.initializer, run.constant) == (found.seed, found.initializer, found.constant)
    assert (run.initial, run.dtype) == (found.initial, found.dtype)
    assert found != Run()


@pytest.mark.parametrize("key", [key for key in CASES if key != "parameters"])
def test_the_line_that_leads_here_says_it(key: str, folder: Path) -> None:
    run = run_for(*CASES[key][1])
    timeline = Session(run).timeline
    assert not_in_command_line(timeline) == []
    assert run_for(*shlex.split(command_line(timeline))[1:]) == run

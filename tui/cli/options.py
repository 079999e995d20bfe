"""The command line: what may be typed, what it means, and the run that it describes.

Parsing imports nothing heavy, so that the engine can start at once; each command is a module of this folder, imported
when it is asked for.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import isfinite
from os.path import abspath
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from backprop_tui.core.model.limits import (
    epsilon,
    fading,
    hidden_units,
    initial_constant,
    l2_factor,
    learning_rate,
    seed,
    step_count,
)
from backprop_tui.core.text.entered import names, share
from backprop_tui.core.text.escape import escape_controls, with_hyphens

if TYPE_CHECKING:
    from backprop_tui.core.scenario import Scenario
    from backprop_tui.core.session.run import Run
    from backprop_tui.core.table.form import Told

PROGRAM = "backprop-tui"

T = TypeVar("T")

COMMANDS = {
    "run": "step without a screen, for pipes and scripts",
    "examples": "the worked examples that come with the program",
    "check": "whether examples come out as their sources say",
    "save": "write a run as a scenario file",
    "serve": "a workshop: many people over SSH, one engine",
    "model": "your own Keras model, operation by operation",
    "engine": "an engine that several people's screens share",
}
"""The commands besides the screen. The module of that name has `main(arguments) -> exit code` and `parser()`."""

MAX_ROW = 2**31 - 1
MAX_HISTORY = 8 * 2**30
"""A history of more bytes than this is refused before it fills the memory."""


class UsageError(Exception):
    """What was typed can't be done: one line that says why and how to mend it."""


class Parser(argparse.ArgumentParser):
    """Complains by raising UsageError: one line, without the usage."""

    def __init__(self, command: str = "", **settings: str) -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}".rstrip(),
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **settings,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message.removeprefix("argument "))


class Later:
    """Names that are read when they are asked for: their tables import numpy, and parsing must not."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __contains__(self, name: object) -> bool:
        return name in list(self._names())


class Several(Later):
    """The same, of an option that takes one of them or several with commas between: a tuple, once it is read."""

    def __contains__(self, names: object) -> bool:
        return isinstance(names, tuple) and all(super(Several, self).__contains__(name) for name in names)


def _activations() -> list[str]:
    from backprop_tui.core.model.activations import hidden_activations

    return hidden_activations()


def _all_activations() -> list[str]:
    from backprop_tui.core.model.activations import ACTIVATIONS

    return list(ACTIVATIONS)


def _optimizers() -> list[str]:
    from backprop_tui.core.model.optimizers import OPTIMIZERS

    return list(OPTIMIZERS)


def _losses() -> list[str]:
    from backprop_tui.core.model.losses import LOSSES

    return list(LOSSES)


def _initializers() -> list[str]:
    from backprop_tui.core.model.initializers import INITIALIZERS

    return list(INITIALIZERS)


FORM = ("separator", "decimal", "encoding", "header", "missing", "na")
"""The options that say how the file of `--data` is written."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is stepped through. None has a default: `run_of` knows what was not said."""
    add = parser.add_argument_group("the data").add_argument
    add("--data", metavar="FILE", help="a table: CSV or its kin, .xlsx, .parquet, or a built-in name (default: houses)")
    add("--features", metavar="A,B", type=names_of, help="the columns that go in (default: all but the target)")
    add("--target", metavar="C", help="the column to predict, or several: C,D (default: the last)")
    add(
        "--target-transform",
        choices=("standardize", "log", "none"),
        help="of a target that is a number (default: standardize; log for the house sales)",
    )
    add("--standardize", metavar="A,B", type=_columns, help="features to scale, or none (default: all of numbers)")
    add("--row", metavar="N", type=_row, help="the row to learn from, from 0 (default: 0)")
    add = parser.add_argument_group("how its file is written (default: found out)").add_argument
    add("--separator", metavar="C", type=_separator, help="between cells: a character, or tab, blanks")
    add("--decimal", choices=(",", "."), help="before the decimals of a number")
    add("--encoding", metavar="NAME", type=_encoding, help="of its text: utf-8, utf-16, latin-1 ...")
    add("--header", action="store_const", const=True, help="the first line holds the names of the columns")
    add(
        "--no-header",
        dest="header",
        action="store_const",
        const=False,
        help="it is a row already: the columns are c1, c2 ...",
    )
    add("--missing", choices=("drop", "mean", "median"), help="rows with an empty cell, or the cell (default: drop)")
    add("--na", metavar="A,B", type=names_of, help="words that mean an empty cell, besides NA, ? and the like")
    add = parser.add_argument_group("the network").add_argument
    add("--hidden", metavar="2[,3...]", type=_hidden, help="units of each hidden layer, or none (default: 2)")
    add(
        "--activation",
        metavar="NAME[,NAME...]",
        type=_several_activations,
        choices=Several(_activations),
        help="of the hidden layers, or of each: %(choices)s (default: sigmoid)",
    )
    add(
        "--last",
        metavar="NAME",
        choices=Later(_all_activations),
        help="of the last layer (default: what the loss takes)",
    )
    add("--no-bias", dest="bias", action="store_const", const=False, help="no layer has biases")
    add("--freeze", metavar="A,B", type=_frozen, help="what no update changes: b1, w1[2,1]: row and column, from 1")
    names = Later(_losses)
    add("--loss", metavar="NAME", choices=names, help="%(choices)s (default: what the target takes)")
    add("--reduction", choices=("mean", "sum"), help="of the loss over the rows of a batch (default: mean)")
    add("--over-outputs", choices=("mean", "sum"), help="of the loss over the outputs (default: as the loss has it)")
    add("--l2", metavar="FACTOR", type=_l2, help="l2·Σw² is added to the loss, of all weights (default: 0)")
    names = Later(_initializers)
    add("--init", metavar="NAME", choices=names, help="of the weights: %(choices)s (default: uniform)")
    add("--constant", metavar="NUMBER", type=_constant, help="what --init constant begins with (default: 0.5)")
    add("--weights", metavar="FILE", help="start from these: .npz, .keras, .weights.h5 or .safetensors of dense layers")
    add("--precision", choices=("float32", "float64"), help="of all that is computed (default: float32)")
    add("--lr", metavar="RATE", type=lr_of, help="learning rate (default: 0.2)")
    add("--seed", metavar="N", type=seed_of, help="names the initial weights (default: 0)")
    add = parser.add_argument_group("the training loop").add_argument
    add("--rows", metavar="RULE", help="of a step: this, next, shuffled, all, or a number for mini-batches")
    add("--optimizer", metavar="NAME", choices=Later(_optimizers), help="%(choices)s (default: sgd)")
    for name, shown in (("momentum", "momentum, nesterov"), ("rho", "rmsprop"), ("beta_1", "adam"), ("beta_2", "adam")):
        text = f"{name} of {shown} (default: {'0.999' if name == 'beta_2' else '0.9'})"
        add(f"--{name.replace('_', '-')}", metavar="SHARE", type=partial(_fading, name), help=text)
    add("--epsilon", metavar="NUMBER", type=_epsilon, help="ε of rmsprop and adam; 0 is one (default: 1e-7)")
    add("--holdout", metavar="20%", type=_share, help="the share of rows that no step uses (default: 0%%)")
    add("--holdout-seed", metavar="N", type=seed_of, help="draws those rows (default: 0)")
    parser.add_argument("--log", metavar="FILE", help="keep TensorFlow's own messages in this file")


def says_a_run(options: argparse.Namespace) -> bool:
    """Whether anything was said of what is stepped through, so that it is not the session that was saved last."""
    more = ("scenario", "features", "hidden", "weights", "rows", "optimizer")
    said = [getattr(options, name) for name in (*more, *CHOSEN, *CONSTANTS, *FORM)]
    return bool(options.steps) or any(value is not None for value in said)


def scenario_of(name: str | None) -> "Scenario":
    """The scenario in a file, or the example of that name; if none is named, the plain run. Raises UsageError."""
    from dataclasses import replace

    from backprop_tui.core.scenario import Scenario, ScenarioError, open_scenario

    if name is None:
        return Scenario()
    try:
        found = open_scenario(name, hideable_keys(name))
    except ScenarioError as error:
        raise UsageError(str(error)) from None
    found = found if found.origin else replace(found, origin=abspath(name))
    if found.tasks:
        _check_tasks(found)
    return found


def _check_tasks(scenario: "Scenario") -> None:
    from backprop_tui.core.course import CourseError, of_scenario

    try:
        of_scenario(scenario)
    except CourseError as error:
        raise UsageError(str(error)) from None


def hideable_keys(name: str) -> frozenset[str]:
    """The keys that a scenario file may hide; none for an example of ours, which needs no check at every start."""
    if not name.endswith(".toml"):
        return frozenset()
    from backprop_tui.tui.lessons.keys import hideable

    return hideable()


CHOSEN = (
    "data",
    "target",
    "target_transform",
    "standardize",
    "row",
    "activation",
    "last",
    "bias",
    "freeze",
    "loss",
    "reduction",
    "over_outputs",
    "l2",
    "init",
    "constant",
    "precision",
    "lr",
    "seed",
    "holdout",
    "holdout_seed",
)
"""The options that a run is made of just as they were read."""

CONSTANTS = ("momentum", "rho", "beta_1", "beta_2", "epsilon")
"""Those of the optimizer: as in `model/optimizers.py`, which imports numpy."""


def run_of(options: argparse.Namespace, base: "Run") -> "Run":
    """The run that the options describe: what they leave unsaid is as in `base`. Raises UsageError."""
    from backprop_tui.core.session.chosen import Chosen, run_with

    form = {name: value for name in FORM if (value := getattr(options, name)) is not None}
    if form and not options.data:
        raise UsageError(f"--{next(iter(form))} says how the file of --data is written; name that file with --data")
    chosen = Chosen(
        told=_told(form),
        features=None if options.features is None else tuple(options.features),
        hidden=None if options.hidden is None else tuple(options.hidden),
        rows=_rows_of(options),
        optimizer=options.optimizer,
        **{name: getattr(options, name) for name in (*CHOSEN, *CONSTANTS)},
    )
    try:
        found = run_with(chosen, base)
        return found if options.weights is None else _with_weights(found, options)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _told(form: dict[str, Any]) -> "Told | None":
    from backprop_tui.core.table.form import Told

    return Told(**form | ({"na": tuple(form["na"])} if "na" in form else {})) if form else None


def _rows_of(options: argparse.Namespace) -> tuple[str, int] | None:
    if options.rows is None:
        return None
    from backprop_tui.core.table.batches import rule_of

    try:
        return rule_of(options.rows)
    except ValueError as error:
        raise UsageError(f"--rows: {error}") from None


def _with_weights(run: "Run", options: argparse.Namespace) -> "Run":
    """The run that starts from the weights in a file, with the layers that these have. Raises UsageError."""
    from dataclasses import replace
    from pathlib import Path

    import numpy as np
    from backprop_tui.core.model.weights import read_weights
    from backprop_tui.core.table.made_up import ROWS, made_up
    from backprop_tui.core.table.spec import TableSpec

    if options.hidden is not None:
        raise UsageError("--weights: the file says how many units there are; leave out --hidden")
    found = read_weights(Path(options.weights))
    if options.loss is not None:
        found = replace(found, loss=options.loss)
    made, said = found.network(run.network), found.said
    sizes, table = (made.features, made.outputs), run.table
    fits = sizes == (len(table.features), len(table.targets)) and (
        not table.is_house or made.loss_row.first_refused(np.full((1, made.outputs), 10.0)) is None
    )
    if not fits and table == TableSpec() and options.data is None and options.scenario is None:
        run = replace(run, table=made_up(made, options.seed or 0))
        said = f"{said}; no --data, so {ROWS} rows are made up with seed {options.seed or 0}"
    elif sizes[0] != len(table.features):
        raise UsageError(f"--weights {said}; the table has {len(table.features)} features")
    elif sizes[1] != len(table.targets):
        raise UsageError(f"--weights {said}; the table has {len(table.targets)} targets")
    optimizer = found.optimizer if found.optimizer is not None and options.optimizer is None else run.optimizer
    lr = found.lr if found.lr is not None and options.lr is None and options.optimizer is None else run.settings.lr
    options.said = said
    return replace(
        run,
        network=made,
        initial=tuple(map(float, found.row(made))),
        optimizer=optimizer,
        settings=replace(run.settings, lr=lr),
    )


def tell_weights(options: argparse.Namespace) -> None:
    """Say on standard error how a file of weights was read."""
    if getattr(options, "said", None) and sys.stderr is not None:
        print(one_line(options.said), file=sys.stderr)


def check_steps(run: "Run", steps: int) -> None:
    """Raise UsageError if the history of so many steps would not fit into memory."""
    wanted = steps * run.optimizer.state_width(run.network) * (4 if run.dtype == "float32" else 8)
    if wanted > MAX_HISTORY:
        raise UsageError(
            f"--steps: {steps:,} steps of this network take {wanted / 2**30:,.0f} GB of memory; "
            f"up to {steps * MAX_HISTORY // wanted:,} fit"
        )


def check_log(options: argparse.Namespace) -> None:
    """Raise UsageError if the log file can't be written."""
    try:
        if options.log is not None:
            open(options.log, "ab").close()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"--log {options.log}: {reason}") from None


def one_line(message: str) -> str:
    """A complaint as one line of printable text."""
    return f"{PROGRAM}: {escape_controls(' '.join(message.split()))}"


# What an option's text may be


def _integer(text: str) -> int:
    try:
        return int(with_hyphens(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number") from None


def whole_number(text: str, lowest: int, highest: int) -> int:
    """A whole number, both bounds included. Raises ArgumentTypeError."""
    number = _integer(text)
    if not lowest <= number <= highest:
        raise argparse.ArgumentTypeError(f"{text[:40]} is not between {lowest} and {highest}")
    return number


def real_number(text: str) -> float:
    """A finite number. Raises ArgumentTypeError."""
    try:
        number = float(with_hyphens(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a number") from None
    if not isfinite(number):
        raise argparse.ArgumentTypeError(f"{text[:40]} is not a finite number")
    return number


def steps_of(text: str) -> int:
    """A number of steps that a run may make. Raises ArgumentTypeError."""
    return _allowed(lambda: step_count(_integer(text), least=0))


def _row(text: str) -> int:
    return whole_number(text, 0, MAX_ROW)


def seed_of(text: str) -> int:
    """A seed. Raises ArgumentTypeError."""
    return _allowed(lambda: seed(_integer(text)))


def lr_of(text: str) -> float:
    """A learning rate. Raises ArgumentTypeError."""
    return _allowed(lambda: learning_rate(real_number(text)))


def _l2(text: str) -> float:
    return _allowed(lambda: l2_factor(real_number(text)))


def _fading(name: str, text: str) -> float:
    return _allowed(lambda: fading(real_number(text), name))


def _epsilon(text: str) -> float:
    return _allowed(lambda: epsilon(real_number(text)))


def _constant(text: str) -> float:
    return _allowed(lambda: initial_constant(real_number(text)))


def _several_activations(text: str) -> tuple[str, ...]:
    found, there = tuple(part.strip() for part in text.split(",")), _activations()
    for name in found:
        if name not in there:
            raise argparse.ArgumentTypeError(f"invalid choice: '{name[:40]}' (choose from {', '.join(there)})")
    return found


def _allowed(read: Callable[[], T]) -> T:
    """What is read, or ArgumentTypeError with the reason why it is not allowed."""
    try:
        return read()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _share(text: str) -> float:
    return _allowed(lambda: share(text))


def _separator(text: str) -> str:
    from backprop_tui.core.table.form import separator

    return _allowed(lambda: separator(text))


def _encoding(text: str) -> str:
    from backprop_tui.core.table.form import encoding

    return _allowed(lambda: encoding(text))


def _hidden(text: str) -> list[int]:
    return _allowed(lambda: hidden_units(text))


def _columns(text: str) -> tuple[str, ...]:
    return () if text.strip() == "none" else tuple(names_of(text))


def _frozen(text: str) -> tuple[str, ...]:
    """Names with commas between, not counting those within brackets: `b1,w1[2,1]`."""
    from re import split

    return tuple(part.strip() for part in split(r",(?![^\[]*\])", text))


def names_of(text: str) -> list[str]:
    """Names with commas between, as `entered.names` reads them. Raises ArgumentTypeError."""
    return _allowed(lambda: names(text))

"""A run as a page of lines, each a choice: what it says, how it is typed, and the run when it is another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backprop_tui.core.model import limits
from backprop_tui.core.model.activations import hidden_activations
from backprop_tui.core.model.initializers import INITIALIZERS
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.optimizers import CONSTANTS, FADING, OPTIMIZERS
from backprop_tui.core.table.batches import RULES, SHUFFLED, rule_of
from backprop_tui.core.table.built_in import BUILT_IN, HOUSES
from backprop_tui.core.table.choose import TRANSFORMS
from backprop_tui.core.table.form import Told
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text import entered

from .chosen import Chosen, run_with
from .run import Run
from .timeline import Timeline

FLOAT32, FLOAT64 = limits.LARGEST

OF_TABLE = ("features", "target", "target_transform", "loss")
"""The choices that belong to a table: with another one they are found out anew."""


@dataclass(frozen=True)
class Choice:
    """A line of the page: a field of `Chosen`, how it is called, and what it says of a run, as it may be typed.

    `read` takes a typed text and raises ValueError. `options` are all that it may be, or the most usual.
    """

    name: str
    label: str
    says: Callable[[Run], str]
    read: Callable[[str], Any]
    takes: str = ""
    options: tuple[str, ...] = ()
    applies: Callable[[Run], bool] = lambda run: True
    """Whether it makes a difference to a run: else there is no line for it."""

    @property
    def hint(self) -> str:
        """What may be typed, in words."""
        return self.takes or ", ".join(self.options)


@dataclass(frozen=True)
class Setup:
    """What was chosen so far, and the run that comes of it; `base` is the one in view, with its present settings.

    Only with `files` may a table be a file: in a workshop the machine is somebody else's.
    """

    base: Run
    run: Run
    chosen: Chosen = Chosen()
    files: bool = True

    @property
    def is_changed(self) -> bool:
        """Whether the run is another than the one in view."""
        return self.run != self.base


def setup_of(timeline: Timeline, files: bool = True) -> Setup:
    """The page as it opens: every line says what the run in view has."""
    base = timeline.run.restarted(timeline.settings)
    return Setup(base, base, files=files)


def changed(setup: Setup, choice: Choice, text: str) -> Setup:
    """The page with one line changed. Raises ValueError, in one line, for what can't be."""
    value, chosen = choice.read(text.strip()), setup.chosen
    if choice.name in ("data", *OF_TABLE):
        chosen = _of_table(setup, choice)
    if choice.name == "data":
        _check_data(setup, value)
        chosen = replace(chosen, told=_told(setup.base.table) if value == _name(setup.base.table) else None)
        chosen = replace(chosen, **dict.fromkeys(OF_TABLE))
    if choice.name == "target":
        left = tuple(name for name in chosen.features or () if name not in (value, *entered.names(value)))
        chosen = replace(chosen, features=left or None, target_transform=None, loss=None)
    if choice.name == "hidden" and chosen.activation is not None and len(chosen.activation) > 1:
        # One for each layer: those that are new have that of the last.
        each = (*chosen.activation, *[chosen.activation[-1]] * len(value))[: len(value)]
        chosen = replace(chosen, activation=each or None)
    if choice.name == "activation" and len(setup.run.network.layers) == 1:
        raise ValueError("there is no hidden layer that could have an activation; hidden layers come first")
    chosen = replace(chosen, **{choice.name: value})
    run = run_with(chosen, setup.base)
    old, new = setup.base.table, run.table
    if (old.path, old.built_in, old.features, old.targets) != (new.path, new.built_in, new.features, new.targets):
        # What was typed by hand, and the place in the table, were the old one's.
        row = 0 if (old.path, old.built_in) != (new.path, new.built_in) else run.settings.sampling.row
        settings = replace(run.settings, sampling=replace(run.settings.sampling, row=row), x=None, y=None)
        run = replace(run, settings=settings)
    limits.learning_rate(run.settings.lr, run.dtype)
    return replace(setup, chosen=chosen, run=run)


def next_option(choice: Choice, run: Run, by: int) -> str | None:
    """The option after the one that a run has, or before it; None if a choice has no list of them."""
    if not choice.options:
        return None
    now = choice.says(run)
    place = choice.options.index(now) + by if now in choice.options else 0
    return choice.options[place % len(choice.options)]


def _of_table(setup: Setup, choice: Choice) -> Chosen:
    """The choices with those of the present table said, so that one of them can be changed alone."""
    chosen, table = setup.chosen, setup.base.table
    if choice.name == "target_transform" and setup.run.table.classes:
        raise ValueError("the target is a class, which has no scale")
    if chosen.data is not None or (table.x is not None and choice.name in ("data", "loss")):
        return chosen
    if table.x is not None:
        raise ValueError("the rows are written in the scenario; choose another table first")
    return replace(
        chosen,
        data=_name(table),
        told=_told(table),
        features=table.columns_of(table.features),
        target=entered.listed(table.columns_of(table.targets)),
        target_transform=None if table.classes else table.transform,
        loss=setup.base.network.loss if table.classes else None,
    )


def _name(table: TableSpec) -> str:
    return table.path or table.built_in or HOUSES


def _told(table: TableSpec) -> Told | None:
    """How the file of a table is written, said again."""
    if not table.path:
        return None
    form = table.form
    return Told(form.separator, form.decimal, form.encoding, form.header, table.na, table.missing)


def _check_data(setup: Setup, name: str) -> None:
    known = (*BUILT_IN, HOUSES)
    if not setup.files and name not in known and name != setup.base.table.path:
        raise ValueError(f"no table of that name comes along; there are: {', '.join(known)}")


# What the lines say


def _data(run: Run) -> str:
    return "written in the scenario" if run.table.x is not None else _name(run.table)


def _hidden(run: Run) -> str:
    return ",".join(str(layer.units) for layer in run.network.layers[:-1]) or "none"


def _activation(run: Run) -> str:
    each = [layer.activation for layer in run.network.layers[:-1]]
    return ",".join(dict.fromkeys(each) if len(set(each)) == 1 else each) or "-"


def _rows(run: Run) -> str:
    sampling = run.settings.sampling
    return str(sampling.batch) if sampling.rule == SHUFFLED and sampling.batch > 1 else sampling.rule.split()[0]


def _one_of(options: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in options:
            raise ValueError(f"'{entered.shortened(text)}' is none of {', '.join(options)}")
        return text

    return read


def _listed(name: str, label: str, says: Callable[[Run], str], options: Sequence[str]) -> Choice:
    return Choice(name, label, says, _one_of(options), options=tuple(options))


def _activations(text: str) -> tuple[str, ...]:
    return tuple(map(_one_of(hidden_activations()), [part.strip() for part in text.split(",")]))


def _constant(name: str) -> Choice:
    """The line of one of an optimizer's constants."""
    is_fading = name in FADING

    def read(text: str) -> float:
        value = entered.number(text)
        return limits.fading(value, name) if is_fading else limits.epsilon(value)

    return Choice(
        name,
        name,
        lambda run: f"{getattr(run.optimizer, name):g}",
        read,
        "a number from 0 to below 1" if is_fading else "a small number like 1e-7",
        applies=lambda run: name in run.optimizer.constants,
    )


def choices_of(run: Run) -> tuple[Choice, ...]:
    """The lines of the page that make a difference to a run, in order."""
    return tuple(choice for choice in CHOICES if choice.applies(run))


CHOICES = (
    Choice(
        "data",
        "table",
        _data,
        str,
        f"{', '.join((HOUSES, *BUILT_IN))}, or a file",
        (HOUSES, *BUILT_IN),
    ),
    Choice(
        "features",
        "features",
        lambda run: entered.listed(run.table.columns_of(run.table.features)),
        lambda text: tuple(entered.names(text)),
        "the columns that go in, with commas between",
    ),
    Choice(
        "target",
        "target",
        lambda run: entered.listed(run.table.columns_of(run.table.targets)),
        str,
        "the column to predict, or several with commas between",
    ),
    _listed("target_transform", "target's scale", lambda run: run.table.transform, TRANSFORMS),
    Choice(
        "hidden",
        "hidden layers",
        _hidden,
        lambda text: tuple(limits.hidden_units(text)),
        "units of each, with commas between, or none",
    ),
    Choice(
        "activation",
        "activation",
        _activation,
        _activations,
        f"{', '.join(hidden_activations())}; one for all hidden layers, or one for each",
        tuple(hidden_activations()),
    ),
    _listed("loss", "loss", lambda run: run.network.loss, tuple(LOSSES)),
    _listed("optimizer", "optimizer", lambda run: run.optimizer.name, tuple(OPTIMIZERS)),
    Choice(
        "lr",
        "learning rate",
        lambda run: f"{run.settings.lr:g}",
        lambda text: limits.learning_rate(entered.number(text), FLOAT64),
        "a number like 0.05",
    ),
    *map(_constant, CONSTANTS),
    _listed(
        "init", "initializer", lambda run: run.initializer if run.initial is None else "given weights", INITIALIZERS
    ),
    Choice(
        "constant",
        "its constant",
        lambda run: f"{run.constant:g}",
        lambda text: limits.initial_constant(entered.number(text)),
        "a number like 0.5: every weight and bias begins as it",
        applies=lambda run: run.initial is None and run.initializer == "constant",
    ),
    Choice(
        "seed",
        "seed",
        lambda run: str(run.seed),
        lambda text: limits.seed(entered.whole(text)),
        "a whole number: it names the initial weights",
    ),
    Choice(
        "rows",
        "rows of a step",
        _rows,
        rule_of,
        "this, next, shuffled, all, or a number for mini-batches",
        tuple(rule.split()[0] for rule in RULES),
    ),
    Choice("holdout", "rows held out", lambda run: f"{100 * run.table.holdout:g}%", entered.share, "a share like 20%"),
    _listed("precision", "precision", lambda run: run.dtype, (FLOAT32, FLOAT64)),
)
"""All lines there are, in order."""

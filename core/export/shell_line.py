"""One line of shell that leads to the present state again, and what such a line can't say."""

import shlex
from dataclasses import replace
from operator import attrgetter

from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import CONSTANTS
from backprop_tui.core.scenario import Scenario
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run, ending
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import NEXT_ROW, SHUFFLED
from backprop_tui.core.table.built_in import BUILT_IN
from backprop_tui.core.table.cells import is_number
from backprop_tui.core.table.form import SEPARATOR_NAMES
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.entered import listed
from backprop_tui.core.text.escape import escape_controls


def command_line(timeline: Timeline, scenario: Scenario | None = None) -> str:
    """`backprop-tui --seed 7 --lr 0.2 --steps 12`: what differs from the plain run, and the whole steps up to here.

    A run that `scenario` began is named by it: `backprop-tui mazur-2015 --lr 0.5 --steps 12`.
    """
    run, settings, begun = timeline.run, _settings(timeline), _begun_by(timeline, scenario)
    if begun is None:
        words = ["backprop-tui", *_table(run.table), *_network(run), "--seed", str(run.seed)]
    else:
        assert scenario is not None, "it began the run"
        words = ["backprop-tui", scenario.origin]
        words += ["--seed", str(run.seed)] if run.seed != begun.seed else []
    words += ["--lr", repr(settings.lr), *_training(run, settings, begun or Run())]
    return shlex.join([*words, "--steps", str(timeline.steps)])


def not_in_command_line(timeline: Timeline, scenario: Scenario | None = None) -> list[str]:
    """What of the present state `command_line` can't express, each as a clause; empty when it leads there exactly."""
    begun = _begun_by(timeline, scenario)
    left_out = _not_in_run(timeline.run) if begun is None else []
    return [*left_out, *_not_in_history(timeline, begun or Run())]


def _begun_by(timeline: Timeline, scenario: Scenario | None) -> Run | None:
    """The scenario's run, if this one differs from it at most by a seed and an optimizer, which options can say."""
    if scenario is None or not scenario.origin:
        return None
    run, begun, found = timeline.run, scenario.run, replace(scenario.run, settings=timeline.run.settings)
    if run.optimizer.name != begun.optimizer.name:
        optimizer = replace(begun.optimizer, name=run.optimizer.name)
        found = replace(found, optimizer=optimizer, initial=begun.initial and begun.initial[: begun.network.width])
    if run.seed != begun.seed:
        found = replace(found, seed=run.seed, initial=None)
    return begun if found == run else None


def _settings(timeline: Timeline) -> Settings:
    """What held for the last whole step; before the first, what holds for it."""
    end = timeline.whole_entries
    return timeline.history.settings(end - 1) if end else timeline.settings


def _table(table: TableSpec) -> list[str]:
    plain, words, form = TableSpec(), list[str](), table.form
    data = table.path or table.built_in
    features, targets = table.columns_of(table.features), table.columns_of(table.targets)
    if data:
        # One word with "=": a name that begins with a dash is no option then; one that a built-in table has is a path.
        words.append(f"--data={'./' * (table.path in BUILT_IN)}{data}")
    if data or table.features != plain.features:
        words.append(f"--features={listed(features)}")
    if data or table.targets != plain.targets:
        words.append(f"--target={targets[0] if len(targets) == 1 else listed(targets)}")
    usual = "none" if table.classes else "standardize" if data else "log"
    if table.transform != usual:
        words.append(f"--target-transform={table.transform}")
    if form != plain.form and form.is_text:
        separator = SEPARATOR_NAMES.get(form.separator, form.separator)
        words += [f"--separator={separator}", f"--decimal={form.decimal}", f"--encoding={form.encoding}"]
    if not form.header:
        words.append("--no-header")
    if table.standardize != _usual(table):
        words.append(f"--standardize={listed(table.standardize) or 'none'}")
    if table.missing != plain.missing:
        words.append(f"--missing={table.missing}")
    if table.na:
        words.append(f"--na={listed(table.na)}")
    return words


def _usual(table: TableSpec) -> tuple[str, ...]:
    """The features that are standardized if nothing is said."""
    return tuple(name for name in table.features if table.category(name) is None)


def _network(run: Run) -> list[str]:
    hidden, plain, words = run.network.layers[:-1], Network().layers[:-1], list[str]()
    units = [layer.units for layer in hidden]
    if units != [layer.units for layer in plain]:
        words += ["--hidden", ",".join(map(str, units)) or "none"]
    last, natural = run.network.layers[-1], ending(run.table, run.network.loss)[0]
    if last.activation != natural.activation and last.units == natural.units:
        words += ["--last", last.activation]
    if not any(layer.bias for layer in run.network.layers):
        words += ["--no-bias"]
    if run.network.frozen:
        words += ["--freeze", ",".join(run.network.frozen)]
    if any(layer.activation != plain[0].activation for layer in hidden):
        each = [layer.activation for layer in hidden]
        words += ["--activation", each[0] if len(set(each)) == 1 else ",".join(each)]
    if run.network.loss != ending(run.table)[1] or _numbers_as_classes(run.table):
        words += ["--loss", run.network.loss]
    for name in ("reduction", "over_outputs"):
        if getattr(run.network, name) != getattr(Network(), name):
            words += [f"--{name.replace('_', '-')}", getattr(run.network, name)]
    if run.network.l2:
        words += ["--l2", repr(run.network.l2)]
    if run.initial is None and run.initializer != "uniform":
        words += ["--init", run.initializer]
    if run.constant != Run().constant:
        words += ["--constant", repr(run.constant)]
    if run.dtype != "float32":
        words += ["--precision", run.dtype]
    return words


def _numbers_as_classes(table: TableSpec) -> bool:
    """Whether the classes of the target look like numbers, so that only a loss says that they are classes."""
    values = [it.value for it in table.categories if it.name in table.targets]
    return sum(is_number(value, table.form) for value in values) * 2 > len(values) or len(values) == 1


def _training(run: Run, settings: Settings, base: Run) -> list[str]:
    """Which rows are used, and the optimizer, if they are not those of the run that the line begins with."""
    sampling, began, words = settings.sampling, base.settings.sampling, list[str]()
    if sampling.row != began.row or (settings.x is None and base.settings.x is not None):
        words += ["--row", str(sampling.row)]
    if (sampling.rule, sampling.batch) != (began.rule, began.batch):
        several = sampling.rule == SHUFFLED and sampling.batch > 1
        words += ["--rows", str(sampling.batch) if several else sampling.rule.split()[0]]
    if run.optimizer.name != base.optimizer.name:
        words += ["--optimizer", run.optimizer.name]
    for name in CONSTANTS:
        value = getattr(run.optimizer, name)
        if value != getattr(base.optimizer, name):
            words += [f"--{name.replace('_', '-')}", repr(value)]
    if run.table.holdout != base.table.holdout:
        words += ["--holdout", repr(run.table.holdout)]
    if run.table.holdout_seed != base.table.holdout_seed:
        words += ["--holdout-seed", str(run.table.holdout_seed)]
    return words


def _not_in_run(run: Run) -> list[str]:
    table, network, found = run.table, run.network, []
    if table.x is not None:
        found.append("the table that a scenario holds")
    if any(escape_controls(text) != text for text in (table.path, *table.features, *table.targets)):
        found.append("a file or column whose name holds control characters")
    if network.layers[-1].units != ending(table, network.loss)[0].units:
        found.append(f"a last layer of {network.outputs} {network.layers[-1].activation}")
    if len({layer.bias for layer in network.layers}) > 1:
        found.append("which layers have biases")
    if run.initial is not None:
        found.append("the initial parameters, which no seed names")
    return found


def _not_in_history(timeline: Timeline, base: Run) -> list[str]:
    """What was different on the way here, and what is from here on."""
    settings, found = _settings(timeline), []
    if any(entry < timeline.whole_entries for entry in timeline.history.changes):
        found.append("the numbers changed by hand")
    if any(held.x is not None and held.x != base.settings.x for held in (settings, timeline.settings)):
        found.append("the sample typed by hand")
    elif settings.sampling.rule in (NEXT_ROW, SHUFFLED) and settings.since != base.settings.since:
        found.append("after which step the order of rows began")
    past = [held for start, held in timeline.history.stretches if start < timeline.whole_entries]
    for value, word in ((attrgetter("lr"), "learning rate"), (attrgetter("sampling"), "row")):
        if any(value(held) != value(settings) for held in past):
            found.append(f"the {word}s of earlier steps")
        if value(timeline.settings) != value(settings):
            found.append(f"the {word} from here on")
    if 0 < timeline.position.done < timeline.whole:
        found.append("how far the next step has come")
    return found

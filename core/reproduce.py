"""One line of shell that leads to the present state again, and what such a line can't say."""

import csv
import shlex
from io import StringIO
from operator import attrgetter

from .history import Settings
from .messages import TableSpec
from .network import HALF_SQUARED
from .optimizers import Update
from .run import Run
from .sampling import NEXT_ROW, SHUFFLED, THIS_ROW
from .session import Session
from .text import shown


def command_line(session: Session) -> str:
    """`backprop-tui --hidden 2 ... --seed 7 --lr 0.2 --row 0 --steps 12`: the run, and its whole steps up to here."""
    run, settings = session.run, _settings(session)
    words = ["backprop-tui", *_table(run.table), *_network(run)]
    words += ["--seed", str(run.seed), "--lr", repr(settings.lr), "--row", str(settings.sampling.row)]
    words += _training(run, settings)
    words += ["--steps", str(session.steps)]
    return shlex.join(words)


def not_in_command_line(session: Session) -> list[str]:
    """What of the present state `command_line` can't express, each as a clause; empty when it leads there exactly."""
    return [*_not_in_run(session.run), *_not_in_history(session)]


def _settings(session: Session) -> Settings:
    """What held for the last whole step; before the first, what holds for it."""
    end = session.whole_entries
    return session.history.settings(end - 1) if end else session.settings


def _table(table: TableSpec) -> list[str]:
    plain, words = TableSpec(), list[str]()
    if table.path:
        # One word with "=": a name that begins with a dash is no option then.
        words.append(f"--data={table.path}")
    if table.path or table.features != plain.features:
        words.append(f"--features={_csv(table.features)}")
    if table.path or table.targets != plain.targets:
        words.append(f"--target={table.targets[0]}")
    if not table.log_target:
        words.append("--target-transform=none")
    return words


def _csv(names: tuple[str, ...]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def _network(run: Run) -> list[str]:
    hidden = run.network.layers[:-1]
    words = ["--hidden", ",".join(str(layer.units) for layer in hidden) or "none"]
    return [*words, "--activation", hidden[0].activation] if hidden else words


def _training(run: Run, settings: Settings) -> list[str]:
    """What differs from a plain loop over one row."""
    sampling, words = settings.sampling, list[str]()
    if sampling.rule != THIS_ROW:
        several = sampling.rule == SHUFFLED and sampling.batch > 1
        words += ["--rows", str(sampling.batch) if several else sampling.rule.split()[0]]
    if run.update.optimizer != Update().optimizer:
        words += ["--optimizer", run.update.optimizer]
    return [*words, "--holdout", repr(run.table.holdout)] if run.table.holdout else words


def _not_in_run(run: Run) -> list[str]:
    table, network, found = run.table, run.network, []
    if table.standardise != table.features:
        found.append("which features are standardised")
    if len(table.targets) > 1:
        found.append(f"{len(table.targets)} targets")
    if table.x is not None:
        found.append("the table that a scenario holds")
    if table.holdout_seed:
        found.append("the seed that names the rows held out")
    if any(shown(text) != text for text in (table.path, *table.features, *table.targets)):
        found.append("a file or column whose name holds control characters")
    if len({layer.activation for layer in network.layers[:-1]}) > 1:
        found.append("a different activation in each hidden layer")
    if network.layers[-1].activation != "linear" or network.outputs > 1:
        found.append(f"a last layer of {network.outputs} {network.layers[-1].activation}")
    if network.loss != HALF_SQUARED:
        found.append(f"the loss {network.loss.replace('_', ' ')}")
    if network.frozen:
        found.append(f"that {', '.join(network.frozen)} stay as they are")
    if run.update != Update(run.update.optimizer):
        found.append(f"the constants of {run.update.optimizer}")
    if run.initial is not None:
        found.append("the initial parameters, which no seed names")
    elif run.initialiser != "uniform":
        found.append(f"the initialiser {run.initialiser}")
    if run.dtype != "float32":
        found.append(f"the precision {run.dtype}")
    return found


def _not_in_history(session: Session) -> list[str]:
    """What was different on the way here, and what is from here on."""
    settings, found = _settings(session), []
    if any(entry < session.whole_entries for entry in session.history.changes):
        found.append("the numbers changed by hand")
    if settings.x is not None or session.settings.x is not None:
        found.append("the sample typed by hand")
    elif settings.sampling.rule in (NEXT_ROW, SHUFFLED) and settings.since:
        found.append("after which step the order of rows began")
    past = [held for start, held in session.history.stretches if start < session.whole_entries]
    for value, word in ((attrgetter("lr"), "learning rate"), (attrgetter("sampling"), "row")):
        if any(value(held) != value(settings) for held in past):
            found.append(f"the {word}s of earlier steps")
        if value(session.settings) != value(settings):
            found.append(f"the {word} from here on")
    if 0 < session.position.done < session.whole:
        found.append("how far the next step has come")
    return found

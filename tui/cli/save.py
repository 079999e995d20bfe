"""`backprop-tui save`: writes a run as a scenario file, which a person can read, change and hand on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .options import (
    PROGRAM,
    Parser,
    UsageError,
    add_model_options,
    check_steps,
    run_of,
    says_a_run,
    scenario_of,
    steps_of,
)
from .stderr import engine_lines_to

if TYPE_CHECKING:
    from backprop_tui.core.scenario import Scenario
    from backprop_tui.core.session.session import Session

_DESCRIPTION = (
    "Write a scenario file: of the run that SCENARIO and the options describe, or, without any, of where the session "
    "is that was saved last."
)

_EXAMPLES = f"""\
examples:
  {PROGRAM} save mine.toml                            goes on from where you stopped
  {PROGRAM} save mine.toml --seed 7 --lr 0.1          another run
  {PROGRAM} save mine.toml mazur-2015 --steps 100     an example, a hundred steps on
"""


def main(arguments: list[str]) -> int:
    """Write the file, and return the exit code."""
    options = parser().parse_args(arguments)
    path = _path(options.file)

    from backprop_tui.core.scenario import ScenarioError
    from backprop_tui.core.scenario.write import present, write

    session, opened = _session(options)
    try:
        write(present(session.timeline, opened), path)
    except ScenarioError as error:
        raise UsageError(str(error)) from None
    return 0


def parser() -> Parser:
    """What may be typed after `backprop-tui save`."""
    found = Parser("save", description=_DESCRIPTION, epilog=_EXAMPLES)
    found.add_argument("file", metavar="FILE", help="the scenario file to write, FILE.toml")
    found.add_argument("scenario", metavar="SCENARIO", nargs="?", help="a file.toml, or an example's name")
    found.add_argument("--steps", metavar="N", type=steps_of, default=0, help="so many steps are done before")
    add_model_options(found)
    return found


def _path(name: str) -> Path:
    path = Path(name)
    if path.suffix != ".toml":
        raise UsageError(f"{name}: a scenario file's name ends in .toml")
    try:
        if path.exists():
            raise UsageError(f"{name}: exists already; remove it, or give another name")
    except (OSError, ValueError):
        pass  # writing it will tell
    return path


def _session(options: argparse.Namespace) -> "tuple[Session, Scenario | None]":
    """The session to write, and the scenario that it was opened from."""
    from backprop_tui.core.engine.protocol.checks import EngineRefused
    from backprop_tui.core.session.session import Session
    from backprop_tui.core.storage.folder import SUFFIX, saved_names, state_folder
    from backprop_tui.core.storage.store import StoreError, load

    if not says_a_run(options):
        folder = state_folder()
        if names := saved_names(folder):
            try:
                loaded = load(folder / (names[0] + SUFFIX))
            except StoreError as error:
                raise UsageError(str(error)) from None
            return loaded.session, loaded.scenario
    scenario = scenario_of(options.scenario)
    run = run_of(options, scenario.run)
    check_steps(run, options.steps)
    session = Session(run)
    if options.steps:
        from backprop_tui.core.engine.compute.engine import Engine
        from backprop_tui.core.session.drive import settle

        session.timeline.start_jump(options.steps)
        with engine_lines_to(options.log):
            try:
                settle(session, Engine().answer)
            except EngineRefused as error:
                raise UsageError(str(error)) from None
    return session, scenario

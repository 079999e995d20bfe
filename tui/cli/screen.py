"""`backprop-tui`: the screen. The engine starts first of all, so that TensorFlow loads while Textual does."""

import argparse
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from backprop_tui.tui.terminal import screen_refusal

from .options import (
    COMMANDS,
    PROGRAM,
    Parser,
    UsageError,
    add_model_options,
    check_log,
    check_steps,
    run_of,
    says_a_run,
    scenario_of,
    steps_of,
    tell_weights,
)

SIGNALED = 128
"""An exit code above this is that of a signal, whose number is added."""

if TYPE_CHECKING:
    from backprop_tui.core.course import Course
    from backprop_tui.tui.app import StepperApp
    from backprop_tui.tui.widgets.runner import Asker

_DESCRIPTION = "Step a TensorFlow network through back-propagation, one keypress at a time."

_EXAMPLES = f"""\
commands:
{chr(10).join(f"  {PROGRAM} {name:10} {what}" for name, what in COMMANDS.items())}

examples:
  {PROGRAM}                                     the house sales, 2-2-1, learning rate 0.2
  {PROGRAM} --seed 7 --steps 12                 other weights, twelve steps on
  {PROGRAM} --hidden 3,2 --activation tanh      two hidden layers
  {PROGRAM} --data mine.csv --features age,height --target weight --target-transform none
  {PROGRAM} mazur-2015                          a published worked example; `{PROGRAM} examples` lists them
  {PROGRAM} --course                            an hour of tasks, for those who begin
  {PROGRAM} --resume                            go on where the last session stopped
  {PROGRAM} run --steps 1                       the notebook's transcript of one step
"""


SHELLS = ("bash", "zsh", "tcsh")
"""Those that `--print-completion` writes a script for."""


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(PROGRAM, version(PROGRAM))
        parser.exit()


class _PrintCompletion(argparse.Action):
    """Makes the script only when it is asked for."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, shell: object, name: str | None = None
    ) -> None:
        from .completion import script

        print(script(str(shell), parser))
        parser.exit()


def main(arguments: list[str]) -> int:
    """Show the screen until it is quit, and return the exit code."""
    options = _options(arguments)
    check_log(options)
    refusal = screen_refusal()
    engine = _engine(options, starts=refusal is None)
    try:
        code = _show(options, engine, refusal)
    finally:
        engine.close()
    if code > SIGNALED:
        from backprop_tui.tui.terminal.ending import exit_now

        exit_now(code)
    return code


def _engine(options: argparse.Namespace, starts: bool) -> "Asker":
    """The shared engine if one is named, else one of our own, which starts to load at once."""
    if options.engine:
        from backprop_tui.core.engine.client.socket import SharedEngine

        if not Path(options.engine).is_socket():
            raise UsageError(
                f"--engine {options.engine}: no engine listens here; start one: {PROGRAM} engine --socket PATH"
            )
        return SharedEngine(options.engine)
    from backprop_tui.core.engine.client.process import EngineProcess

    engine = EngineProcess(options.log)
    if starts:
        engine.start()
    return engine


def _show(options: argparse.Namespace, engine: "Asker", refusal: str | None) -> int:
    gc.disable()  # what is imported stays

    from backprop_tui.core.session.run import Run
    from backprop_tui.core.session.session import Session
    from backprop_tui.tui.saving import Keeper

    scenario = scenario_of(options.scenario) if options.scenario else None
    run = run_of(options, scenario.run if scenario else Run())
    check_steps(run, options.steps)
    tell_weights(options)
    if refusal:
        raise UsageError(refusal)

    from backprop_tui.tui.app import StepperApp
    from backprop_tui.tui.terminal.driver import TerminalDriver
    from backprop_tui.tui.terminal.ending import Ending
    from backprop_tui.tui.terminal.output import print_last

    if options.resume is not None:
        app = _resumed(options.resume, engine)
    else:
        course = _course(options.course)
        app = StepperApp(Session(run, scenario), engine, options.steps, Keeper(), course=course)
    gc.freeze()
    gc.enable()
    app.driver_class = TerminalDriver
    app.ending = Ending(app)
    app.run()
    if app.keeper is not None:
        app.keeper.close()
    if app.farewell and app.return_code == 2:
        raise UsageError(app.farewell)
    if app.farewell:
        print_last(app.farewell)
    return app.return_code or 0


def _course(name: str | None) -> "Course | None":
    """The course of that name, or in that file; the one that comes along if the name is empty. Raises UsageError."""
    if name is None:
        return None
    from backprop_tui.core.course import CourseError, open_course

    try:
        return open_course(name)
    except CourseError as error:
        raise UsageError(str(error)) from None


def _resumed(name: str, engine: "Asker") -> "StepperApp":
    from backprop_tui.core.storage.store import StoreError
    from backprop_tui.tui.app import StepperApp
    from backprop_tui.tui.saving import resume

    try:
        loaded, keeper = resume(name)
    except StoreError as error:
        raise UsageError(str(error)) from None
    return StepperApp(loaded.session, engine, keeper=keeper, loaded=loaded)


def parser() -> Parser:
    """What may be typed after `backprop-tui`."""
    found = Parser(description=_DESCRIPTION, epilog=_EXAMPLES)
    found.add_argument("scenario", metavar="SCENARIO", nargs="?", help="an example's name, or a file.toml")
    add_model_options(found)
    found.add_argument("--steps", metavar="N", type=steps_of, default=0, help="so many steps are done at the start")
    found.add_argument(
        "--course",
        metavar="NAME",
        nargs="?",
        const="",
        help="tasks that the program checks: the course that comes along, or a file.toml",
    )
    found.add_argument(
        "--resume",
        metavar="NAME",
        nargs="?",
        const="",
        help="go on with the session saved last, or the one of that name",
    )
    found.add_argument(
        "--engine",
        metavar="SOCKET",
        default=os.environ.get("BACKPROP_TUI_ENGINE"),
        help=f"ask the engine of `{PROGRAM} engine` (default: $BACKPROP_TUI_ENGINE, else an engine of one's own)",
    )
    found.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    found.add_argument(
        "--print-completion",
        metavar="SHELL",
        choices=SHELLS,
        action=_PrintCompletion,
        help="print the script that completes words in this shell: bash, zsh or tcsh",
    )
    return found


def _options(arguments: list[str]) -> argparse.Namespace:
    options = parser().parse_args(arguments)
    if options.scenario in COMMANDS:
        raise UsageError(f"the command comes first: {PROGRAM} {options.scenario} ...")
    if options.resume is not None and options.course is not None:
        raise UsageError("--resume goes on with the course that the session was in; leave out --course")
    if options.course is not None and options.scenario is not None:
        raise UsageError(f"--course opens examples of its own; leave out {options.scenario}")
    if options.resume is not None and says_a_run(options):
        raise UsageError("--resume goes on with a saved session as it is; leave out what says another run")
    return options

"""`backprop-tui run`: the same steps without a screen, in this process, written to standard output as they are made."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from backprop_tui.core.lessons.names import FUNCTIONS

from . import lesson
from .options import (
    PROGRAM,
    Parser,
    UsageError,
    add_model_options,
    check_log,
    check_steps,
    one_line,
    real_number,
    run_of,
    scenario_of,
    steps_of,
    tell_weights,
)
from .stderr import engine_lines_to

if TYPE_CHECKING:
    from backprop_tui.core.engine.protocol.messages import Answer, Request
    from backprop_tui.core.export.steps import Block
    from backprop_tui.core.session.run import Run

_DESCRIPTION = "Step without a screen. Every step is written to standard output as soon as it is made."

_EXAMPLES = f"""\
formats:
  text      what the notebook prints: gradients, then the new values
  json      one object: settings, initial parameters, every number of every step
  csv       a row per step: loss, parameters, gradients, new parameters
  markdown  for a reader, with the chain rule of the newest steps; written when all steps are made
  jupyter   a notebook that makes the run again with TensorFlow alone; written when all steps are made

examples:
  {PROGRAM} run --steps 1
  {PROGRAM} run --lesson descent
  {PROGRAM} run --steps 1000 --until-loss 0.001 --format csv > steps.csv
  {PROGRAM} run --steps 3 --seed 7 --hidden 3 --format json | python -m json.tool
  {PROGRAM} run mazur-2015 --steps 1 --format markdown > mazur.md
"""

AS_THEY_ARE_MADE = ("text", "json", "csv")
"""The formats that are written step by step. The others are written when the whole run is made."""

PROGRESS_AFTER, PROGRESS_EVERY = 0.5, 0.2
"""Seconds."""


class Stopped(BaseException):
    """A signal asks for the end."""


class Signals:
    """Turns ctrl+c, SIGTERM and SIGHUP into Stopped. A second one ends the process at once."""

    def __init__(self) -> None:
        self.received = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, self._receive)

    def _receive(self, number: int, _: object) -> None:
        if self.received:
            os._exit(128 + number)
        self.received = number
        raise Stopped

    def check(self) -> None:
        """Raise Stopped if a signal came and its exception was lost: an import may swallow one."""
        if self.received:
            raise Stopped


def main(arguments: list[str]) -> int:
    """Make the steps, write them, and return the exit code."""
    options = _options(arguments)
    if sys.stdout is None:
        raise UsageError("run writes to standard output, which is closed")

    run = run_of(options, _base(options))
    tell_weights(options)
    check_steps(run, options.steps)
    check_log(options)
    signals = Signals()
    with engine_lines_to(options.log) as stderr:
        try:
            _write(run, options, signals, stderr)
        except BaseException:
            if not signals.received:
                raise
            # An interrupted import leaves nothing behind that could end in good order.
            _end_at_once(stderr, 128 + signals.received)
    return 0


def parser() -> Parser:
    """What may be typed after `backprop-tui run`."""
    found = Parser("run", description=_DESCRIPTION, epilog=_EXAMPLES)
    found.add_argument("scenario", metavar="SCENARIO", nargs="?", help="an example's name, or a file.toml")
    found.add_argument("--steps", metavar="N", type=steps_of, help="how many steps")
    found.add_argument("--lesson", choices=tuple(lesson.STEPS), help="what that part of the notebook prints")
    found.add_argument("--formula", metavar="F", help="the function of x of the lessons autograd and descent")
    found.add_argument("--x", metavar="X", type=real_number, help="where their x starts (default: 0)")
    found.add_argument("--until-loss", metavar="BOUND", type=real_number, help="end earlier, at a loss below this")
    formats = (*AS_THEY_ARE_MADE, "markdown", "jupyter")
    found.add_argument("--format", choices=formats, default="text", help="(default: text)")
    add_model_options(found)
    return found


def _options(arguments: list[str]) -> argparse.Namespace:
    reader = parser()
    options = reader.parse_args(arguments)
    if options.steps is None:
        if options.lesson is None:
            reader.error("the following arguments are required: --steps")
        options.steps = lesson.STEPS[options.lesson]
    if options.lesson not in FUNCTIONS and (options.formula is not None or options.x is not None):
        reader.error("--formula and --x belong to --lesson autograd or descent")
    if options.lesson in FUNCTIONS and options.format not in AS_THEY_ARE_MADE:
        reader.error(f"--format {options.format}: the lesson {options.lesson} has {', '.join(AS_THEY_ARE_MADE)} only")
    return options


def _base(options: argparse.Namespace) -> "Run":
    """The run that the other options change."""
    from backprop_tui.core.session.run import Run

    if options.scenario:
        return scenario_of(options.scenario).run
    if options.lesson == "training":
        from backprop_tui.core.lessons.training import NOTEBOOK_RUN

        return NOTEBOOK_RUN
    return Run()


def _write(run: "Run", options: argparse.Namespace, signals: Signals, stderr: TextIO) -> None:
    from backprop_tui.core.engine.protocol.checks import EngineRefused

    try:
        for part in lesson.text(options) if options.lesson in FUNCTIONS else _parts(run, options, signals, stderr):
            sys.stdout.write(part)
            sys.stdout.flush()
    except EngineRefused as error:
        raise UsageError(str(error)) from None
    except MemoryError:
        raise UsageError("there is not enough memory for this; try a smaller network or table") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"standard output: {error.strerror}") from None


def _parts(run: "Run", options: argparse.Namespace, signals: Signals, stderr: TextIO) -> "Iterator[str]":
    """The parts of the text, each as soon as it can be written. Raises EngineRefused."""
    from backprop_tui.core.engine.compute.engine import Engine
    from backprop_tui.core.engine.protocol.messages import TableOpened
    from backprop_tui.core.export import FORMATS
    from backprop_tui.core.export.as_csv import csv_text
    from backprop_tui.core.export.as_json import json_text
    from backprop_tui.core.export.steps import made, single
    from backprop_tui.core.export.text import notebook_text
    from backprop_tui.core.session.drive import settle
    from backprop_tui.core.session.session import Session

    engine, told = Engine(), set[str]()

    def ask(request: "Request") -> "Answer":
        signals.check()
        answer = engine.answer(request)
        if isinstance(answer, TableOpened):
            tell_table(answer.notes, told, stderr)
        return answer

    if options.format not in AS_THEY_ARE_MADE:
        session = Session(run)
        if options.steps:
            session.timeline.start_jump(options.steps, options.until_loss)
        settle(session, ask)
        try:
            return FORMATS[options.format].write(session.timeline, ask, None)
        except ValueError as error:  # too large for a notebook
            raise UsageError(f"--format {options.format}: {error}") from None
    blocks = _watched(made(run, ask, options.steps, options.until_loss), options.steps, signals, stderr)
    if options.format == "text":
        return notebook_text(single(blocks))
    return (json_text if options.format == "json" else csv_text)(run, blocks)


def tell_table(notes: Iterable[str], told: set[str], stderr: TextIO) -> None:
    """Say on standard error what there is to say of how a table was read, each line once."""
    for note in notes:
        if note not in told:
            told.add(note)
            stderr.write(one_line(note) + "\n")


def _watched(blocks: "Iterator[Block]", total: int, signals: Signals, stderr: TextIO) -> "Iterator[Block]":
    """The same blocks of steps, with a line of progress on a terminal that does not show the steps themselves."""
    shows = stderr.isatty() and not sys.stdout.isatty()
    due = time.monotonic() + PROGRESS_AFTER
    for block in blocks:
        signals.check()
        yield block
        if shows and time.monotonic() > due:
            stderr.write(f"\r{PROGRAM}: step {block.first + len(block) - 1:,} of {total:,}")
            due = time.monotonic() + PROGRESS_EVERY
    if shows:
        stderr.write("\r\x1b[K")


def _end_at_once(stderr: TextIO, status: int) -> None:
    try:
        sys.stdout.flush()
        stderr.write(("\r\x1b[K" if stderr.isatty() else "") + one_line("stopped") + "\n")
    except OSError:
        pass  # nobody is there to be told
    os._exit(status)

"""`backprop-tui model`: somebody's own Keras model, operation by operation, as TensorFlow computes it.

A model is code, which runs as the person who types this. So nothing of it is in reach of a workshop.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from .options import PROGRAM, Parser, UsageError, check_log, lr_of, names_of, one_line, seed_of, whole_number
from .stderr import engine_lines_to

if TYPE_CHECKING:
    from backprop_tui.core.engine.compute.graph.tracing import Traced
    from backprop_tui.core.engine.protocol.model import ModelSpec

AGREE, DIFFER = 0, 1

MAX_BATCH, MAX_STEPS = 4096, 10_000

_DESCRIPTION = """\
Step a Keras model through back-propagation, operation by operation. MODEL is a file.keras, or module:function that
returns a Keras model, or (model, x, y); the module is looked for in this folder, then among the installed ones. A
model is code: open only what you would run."""

_EXAMPLES = f"""\
examples that come along:
  {PROGRAM} model notebook     the main screen's 2-2-1, built in Keras
  {PROGRAM} model digits       a small convolution over scikit-learn's digits
  {PROGRAM} model attention    one head of attention over a toy sentence

examples:
  {PROGRAM} model my.keras --data mine.csv --batch 8 --text
  {PROGRAM} model my_module:build --loss mse --optimizer adam --json > step.json
  {PROGRAM} model my.keras --check    each gradient against a finite difference; exit code 1 where one differs
"""


def main(arguments: list[str]) -> int:
    """Make the steps, write or check them, and return the exit code."""
    options = parser().parse_args(arguments)
    refuse_in_workshop()
    if not (options.text or options.json or options.check):
        return _show(options)
    if sys.stdout is None:
        raise UsageError("model writes to standard output, which is closed")
    with engine_lines_to(options.log):
        from backprop_tui.core.engine.compute.graph.opening import ModelError

        try:
            return _write(options)
        except ModelError as error:
            raise UsageError(str(error)) from None
        except MemoryError:
            raise UsageError("there is not enough memory for this; try a smaller model or --batch") from None


def refuse_in_workshop() -> None:
    """Raise UsageError in a session of a workshop: a model is code, and the machine is somebody else's."""
    if os.environ.get(WORKSHOP):
        raise UsageError("a model is code: it is not opened in a workshop; run the program on a machine of your own")


WORKSHOP = "BACKPROP_TUI_WORKSHOP"
"""Is set in the processes of a workshop."""


def parser() -> Parser:
    """What may be typed after `backprop-tui model`."""
    found = Parser("model", description=_DESCRIPTION, epilog=_EXAMPLES)
    add = found.add_argument
    add("model", metavar="MODEL", help="a file.keras, module:function, or an example")
    add("--data", metavar="CSV", help="rows of numbers: the inputs in order, then the target (default: made up)")
    add("--target", metavar="A,B", type=names_of, help="the columns to predict (default: the last)")
    add("--batch", metavar="N", type=_batch, help="rows of a step (default: 4, or the example's)")
    add("--steps", metavar="N", type=_steps, default=1, help="how many steps are made (default: 1)")
    add("--seed", metavar="N", type=seed_of, default=0, help="names the rows that are made up (default: 0)")
    add("--loss", metavar="NAME", help="as Keras calls it: mse, binary_crossentropy ... (default: the model's)")
    add("--optimizer", metavar="NAME", help="as Keras calls it: sgd, adam ... (default: the model's)")
    add("--lr", metavar="RATE", type=lr_of, help="learning rate (default: the model's)")
    kind = found.add_mutually_exclusive_group()
    kind.add_argument("--text", action="store_true", help="print the steps, operation by operation")
    kind.add_argument("--json", action="store_true", help="the same as one object of JSON")
    kind.add_argument("--check", action="store_true", help="each gradient against a finite difference in float64")
    add("--log", metavar="FILE", help="keep TensorFlow's own messages in this file")
    return found


def _batch(text: str) -> int:
    return whole_number(text, 1, MAX_BATCH)


def _steps(text: str) -> int:
    return whole_number(text, 1, MAX_STEPS)


def _show(options: argparse.Namespace) -> int:
    """The screen, until it is left; the model lives in a process of its own."""
    from backprop_tui.tui.terminal import screen_refusal

    check_log(options)
    if (refusal := screen_refusal()) is not None:
        raise UsageError(f"{refusal}; --text, --json and --check need none")
    from backprop_tui.core.engine.client.process import ModelProcess

    process = ModelProcess(options.log)
    process.start()
    try:
        from backprop_tui.core.session.model import ModelSession
        from backprop_tui.tui.model.app import ModelApp
        from backprop_tui.tui.terminal.driver import TerminalDriver
        from backprop_tui.tui.terminal.ending import Ending, exit_now

        app = ModelApp(ModelSession(spec_of(options)), process)
        app.driver_class = TerminalDriver
        Ending(app)
        app.run()
    finally:
        process.close()
    code = app.return_code or 0
    if code > SIGNALED:
        exit_now(code)
    if app.farewell:
        raise UsageError(app.farewell)
    return code


SIGNALED = 128
"""An exit code above this is that of a signal, whose number is added."""


def _write(options: argparse.Namespace) -> int:
    from backprop_tui.core.engine.compute.graph.holder import traced_of
    from backprop_tui.core.operations.as_json import json_text
    from backprop_tui.core.operations.written import step_text

    traced = traced_of(spec_of(options))
    title = f"{one_line(options.model).removeprefix(f'{PROGRAM}: ')}, {traced.rows.source}"
    if options.check:
        return _check(traced, options.steps, title)
    steps = (traced.run(number) for number in range(1, options.steps + 1))
    if options.json:
        for part in json_text(traced.graph, steps, options.model, traced.rows.source):
            sys.stdout.write(part)
        return AGREE
    for step in steps:
        for line in step_text(traced.graph, step, title):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return AGREE


def spec_of(options: argparse.Namespace) -> "ModelSpec":
    """What was typed, as it is asked for."""
    from backprop_tui.core.engine.protocol.model import ModelSpec

    target = None if options.target is None else tuple(options.target)
    return ModelSpec(
        options.model, options.loss, options.optimizer, options.lr, options.data, target, options.batch, options.seed
    )


def _check(traced: "Traced", steps: int, title: str) -> int:
    from backprop_tui.core.engine.compute.graph.checking import check
    from backprop_tui.core.engine.compute.graph.directions import along
    from backprop_tui.core.operations.along import Along, along_lines
    from backprop_tui.core.operations.compared import compared_lines

    for number in range(1, steps):
        traced.run(number)
    start = traced.snapshot()
    step = traced.run(steps)
    found = along(traced, step)
    compared = check(traced, start, step)
    print(f"step {steps}: {title}")
    for line in compared_lines(compared):
        print(line)
    for line in along_lines(found):
        print(line)
    agree = all(one.agrees for one in compared) and all(one.agrees for one in found if isinstance(one, Along))
    return AGREE if agree else DIFFER

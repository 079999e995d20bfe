"""Where the program starts: `backprop-tui`, or `python -m backprop_tui.tui`."""

import os
import sys
from importlib import import_module

from .cli.options import COMMANDS, UsageError, one_line


def main() -> int:
    """Do what the command line says, and return the exit code: 2, with one line on stderr, for what can't be done."""
    _prepare_streams()
    try:
        status = _command(sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except UsageError as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is still in our buffer must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        complain("stopped")
        return 130


def _prepare_streams() -> None:
    """Nothing that is opened later may be taken for stdin, stdout or stderr; and these take any formula."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.encoding.lower() != "utf-8":
            from .terminal.charset import STAND_IN

            stream.reconfigure(errors=STAND_IN)  # type: ignore[union-attr]


def complain(message: str) -> None:
    """One line on standard error."""
    if sys.stderr is not None:
        print(one_line(message), file=sys.stderr)


def _command(arguments: list[str]) -> int:
    name, rest = ("screen", arguments)
    if arguments and arguments[0] in COMMANDS:
        name, *rest = arguments
    module = import_module(f".cli.{name}", __package__)
    try:
        return int(module.main(rest))
    except SystemExit as end:  # argparse, after --help and --version
        return int(end.code or 0)


if __name__ == "__main__":
    sys.exit(main())

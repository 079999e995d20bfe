"""`backprop-tui engine --socket PATH`: an engine that the screens of several people share."""

import argparse
import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

from .options import PROGRAM, Parser, UsageError

_DESCRIPTION = f"""\
Run an engine on a Unix socket, for people with accounts of their own on this machine: their `{PROGRAM} --engine PATH`
(or BACKPROP_TUI_ENGINE=PATH) then starts at once and takes a twentieth of the memory. Whoever may write to the
socket may ask: its owner, and with --group-may-connect its group (the folder's, if that has the setgid bit)."""


def main(arguments: list[str]) -> int:
    """Keep an engine until ctrl+c or SIGTERM, and return the exit code."""
    options = parser().parse_args(arguments)
    from backprop_tui.core.engine.client.keeper import SocketInUse, listen

    try:
        listener = listen(options.socket, 0o660 if options.group_may_connect else 0o600)
    except SocketInUse as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"--socket {options.socket}: {error.strerror or error}") from None
    try:
        with listener:
            asyncio.run(_keep(listener, options))
    finally:
        options.socket.unlink(missing_ok=True)
    return 0


async def _keep(listener: "object", options: argparse.Namespace) -> None:
    from backprop_tui.core.engine.client.keeper import EngineKeeper

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    keeper = EngineKeeper(listener, tuple(str(table) for table in options.table), subprocess.DEVNULL, _log)  # type: ignore[arg-type]
    keeper.start()
    keeping = asyncio.create_task(keeper.run())
    _log(f"an engine answers at {options.socket}")
    try:
        await stop.wait()
    finally:
        keeping.cancel()
        keeper.close()


def _log(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, file=sys.stdout, flush=True)


def parser() -> Parser:
    """What may be typed after `backprop-tui engine`."""
    found = Parser("engine", description=_DESCRIPTION)
    found.add_argument("--socket", metavar="PATH", type=_absolute, required=True, help="in a folder of your own")
    found.add_argument("--group-may-connect", action="store_true", help="the socket's mode is 0660, not 0600")
    found.add_argument(
        "--table", metavar="CSV", type=_absolute, action="append", default=[], help="a table that it may also read"
    )
    return found


def _absolute(text: str) -> Path:
    return Path(text).absolute()

"""The server's side of a question of the course: starts the program that works it out, and reads what it writes."""

import asyncio
import subprocess
import sys

import msgspec
from backprop_tui.tui.serve.notes import Posed

from .fork_client import plain_environment

PATIENCE = 90.0
"""Seconds that it may take, on a machine with much to do."""


async def worked_out(engine: str, course: str, number: int, log: int = subprocess.DEVNULL) -> Posed:
    """The question of a task, by its number from 0, or why it can't be asked. `engine` is the path of its socket."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "utf8", "-m", "backprop_tui.tui.cli.work_out", engine, course, str(number)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
        env=plain_environment() | {"OPENBLAS_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            data = await process.stdout.read()
            return msgspec.msgpack.decode(data, type=Posed)
    except (TimeoutError, msgspec.MsgspecError):
        return Posed(None, f"task {number + 1} could not be worked out; the workshop's log says more")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()

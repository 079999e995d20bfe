"""Keeps a shared engine alive on a listening Unix socket: one that answers, and a spare that is warm already.

The socket is the keeper's, so whoever connects while engines change waits a moment and is answered by the next.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GO, WORN = b"g", b"w"
BACKLOG = 1024
SPARE_AFTER = 8.0
"""Seconds after which the next spare is started: the engine that has just begun needs the processors first."""


class SocketInUse(Exception):
    """Somebody else listens at the path: one line for a person."""


@dataclass(eq=False)
class _Engine:
    child: subprocess.Popen[bytes]
    lifeline: socket.socket


def listen(path: Path, mode: int = 0o600) -> socket.socket:
    """A socket at the path for those whom `mode` lets in. Its folder must be its owner's alone to write to.

    Raises SocketInUse, and OSError if the path can't be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.stat()
    if folder.st_mode & 0o022 or folder.st_uid not in (os.getuid(), 0):
        raise SocketInUse(f"{path.parent}: others can write here; choose a folder of your own for the socket")
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
                raise SocketInUse(f"{path}: an engine listens here already")
            except ConnectionRefusedError:
                path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o777 & ~mode)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise SocketInUse(f"{path}: no socket can be made here: {error}") from None
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener


class EngineKeeper:
    """Starts engines on a listening socket, lets one answer, and puts the spare in its place when it dies or is worn.

    `changed` is called with a line for the log whenever that happens.
    """

    def __init__(
        self,
        listener: socket.socket,
        tables: tuple[str, ...] = (),
        log: int = subprocess.DEVNULL,
        changed: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._listener, self._tables, self._log, self._changed = listener, tables, log, changed
        self._active: _Engine | None = None
        self._spare: _Engine | None = None
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The process id of the engine that answers."""
        return self._active.child.pid if self._active else None

    def start(self) -> None:
        """Start the first engine; needs no event loop, so it can come before all else."""
        self._active = self._launch()
        self._active.lifeline.send(GO)

    async def run(self) -> None:
        """Watch over the engines until `close`."""
        loop = asyncio.get_running_loop()
        while not self._closing:
            assert self._active is not None
            later = loop.call_later(SPARE_AFTER, self._launch_spare)
            self._active.lifeline.setblocking(False)
            try:
                word = await loop.sock_recv(self._active.lifeline, 1)
            except OSError:
                word = b""
            later.cancel()
            if self._closing:
                return
            self._changed(f"the engine {'is worn' if word == WORN else 'died'}; another takes its place")
            worn, self._active, self._spare = self._active, self._spare or self._launch(), None
            with suppress(OSError):  # if the spare has died as well, the next round finds out
                self._active.lifeline.send(GO)
            worn.lifeline.close()
            await loop.run_in_executor(None, _end, worn.child)

    def _launch_spare(self) -> None:
        if self._spare is None and not self._closing:
            self._spare = self._launch()

    def close(self) -> None:
        """End the engines."""
        self._closing = True
        for engine in (self._active, self._spare):
            if engine is not None:
                engine.child.kill()
                engine.child.wait()
                engine.lifeline.close()
        self._active = self._spare = None

    def _launch(self) -> _Engine:
        ours, theirs = socket.socketpair()
        fd = self._listener.fileno()
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-m", "backprop_tui.core.engine.compute.server", str(fd), *self._tables],
                stdin=theirs.fileno(),
                stdout=self._log,
                stderr=self._log,
                pass_fds=(fd,),
                start_new_session=True,
                env=os.environ | {"PYTHONSAFEPATH": "1"},
            )
        return _Engine(child, ours)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Wait for an engine that has been relieved; it may have an answer to finish."""
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

"""The server's side of the fork server: starts it, asks it to fork, and starts another when it dies."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from backprop_tui.tui.serve import notes
from backprop_tui.tui.serve.notes import Ended, Fork, FromForkServer, Ready, Started

PATIENCE = 10.0
"""Seconds until a fork that was asked for must have been made."""


class ForkServerLost(Exception):
    """The fork server died before it had forked."""


class NoRoom(Exception):
    """The system takes no more processes."""


class ForkClient:
    """Keeps a fork server. `ended` is called with the number and the exit code of a session that it saw end."""

    def __init__(
        self,
        arguments: list[str],
        ended: Callable[[int, int], None],
        log: int = subprocess.DEVNULL,
        changed: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._arguments, self._ended, self._log, self._changed = arguments, ended, log, changed
        self._child: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The process id of the fork server."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start a fork server."""
        self._control, theirs = notes.pair()
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-m", "backprop_tui.tui.serve.seat.fork_server", *self._arguments],
                stdin=theirs.fileno(),
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
                # OpenBLAS would start threads when numpy is imported.
                env=plain_environment() | {"OPENBLAS_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"},
            )
        self._control.setblocking(False)
        asyncio.get_running_loop().add_reader(self._control, self._told)

    async def ready(self) -> None:
        """Wait until the fork server has imported everything."""
        await self._ready.wait()

    async def fork(self, note: Fork, terminal: int, link: int) -> tuple[int, int]:
        """The pid and a handle of a new session. Raises ForkServerLost, NoRoom."""
        await self._ready.wait()
        assert self._control is not None
        answer = self._waiting[note.session] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE):
                while not notes.send(self._control, note, [terminal, link]):
                    if self._control.fileno() < 0:
                        raise ForkServerLost
                    await asyncio.sleep(0.01)
                pid, handle = await answer
        except TimeoutError:
            raise NoRoom from None
        finally:
            self._waiting.pop(note.session, None)
        if not pid:
            raise NoRoom
        return pid, handle

    def _told(self) -> None:
        assert self._control is not None
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, notes.MAX_NOTE, 1)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._died()
            return
        note: FromForkServer = notes.decode(data, FromForkServer)  # type: ignore[arg-type]
        match note:
            case Ready():
                self._ready.set()
            case Ended():
                self._ended(note.session, note.code)
            case Started():
                waiting = self._waiting.get(note.session)
                pid, handle = note.pid, descriptors[0] if descriptors else -1
                if pid and handle < 0:  # this process can't hold one more: a session without a handle is none
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                    pid = 0
                if waiting is not None and not waiting.done():
                    waiting.set_result((pid, handle))
                else:  # whoever asked has gone; its terminal is closed, which ends the session
                    for descriptor in descriptors:
                        os.close(descriptor)

    def _died(self) -> None:
        self._release()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ForkServerLost())
        if not self._closing:
            self._changed("the fork server died; another takes its place, running sessions live on")
            # A fork server that can't start must not be started a hundred times a second.
            asyncio.get_running_loop().call_later(0.2, self._restart)

    def _restart(self) -> None:
        if not self._closing:
            self.start()

    def _release(self) -> None:
        self._ready.clear()
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
        if self._child is not None:
            self._child.kill()
            with suppress(OSError):
                self._child.wait()

    def close(self) -> None:
        """End the fork server; its sessions live on."""
        self._closing = True
        self._release()


def plain_environment() -> dict[str, str]:
    """What the interpreter needs, and nothing that would color or steer the app."""
    kept = ("PATH", "HOME", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LANG": "C.UTF-8"}

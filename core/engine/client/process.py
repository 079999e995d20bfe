"""The engine as the screen sees it: a child process that is asked, and started again when it dies."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

# The messages, and numpy with them, are imported while the child is starting.
if TYPE_CHECKING:
    from backprop_tui.core.engine.protocol.messages import Answer, Request

MAX_TRIES = 3
"""A request during which the engine died, or the connection to it was lost, this often is not asked again."""

READ_AHEAD = 2**22
"""Bytes of an answer taken in before reading pauses: with asyncio's 64 kB a jump would wait at each of them."""


class EngineLost(Exception):
    """The engine died of this request each time it was asked, or can't be started."""


class EngineProcess:
    """A child that runs `core/engine/compute`. `start` needs no event loop, so it can come before all else."""

    MODULE: ClassVar[str] = "backprop_tui.core.engine.compute"

    def __init__(self, log: str | None = None) -> None:
        self._log = log
        self._socket: socket.socket | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()
        self.on_restart: Callable[[], None] = lambda: None
        """Called when the engine has died and another is started."""

    @property
    def pid(self) -> int | None:
        """The process id of the child under way."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the child. Its own lines, and TensorFlow's, go to the log file, or nowhere."""
        ours, theirs = socket.socketpair()
        output = open(self._log, "ab") if self._log else None  # noqa: SIM115 - closed below, the child has its copy
        sink = output or subprocess.DEVNULL
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", self.MODULE],
                stdin=theirs.fileno(),
                stdout=sink,
                stderr=sink,
                start_new_session=True,  # ctrl+c at the terminal is the screen's affair
                env=os.environ | {"PYTHONSAFEPATH": "1"},
            )
        finally:
            theirs.close()
            if output:
                output.close()
        self._socket = ours

    async def ask(self, request: "Request") -> "Answer":
        """The answer to a request. Raises EngineLost, and WireError if what came back is no answer."""
        from backprop_tui.core.engine.protocol.messages import WireError

        frame = self._encoded(request)
        async with self._turn:
            for _ in range(MAX_TRIES):
                try:
                    return await self._exchange(frame)
                except (EOFError, ConnectionError):
                    self.close()
                    self.on_restart()
                except OSError as error:
                    self.close()
                    raise EngineLost(f"the engine can't be started: {error.strerror}") from error
                except (WireError, asyncio.CancelledError):
                    # What is still in the stream belongs to nobody: only a new engine is in step again.
                    self.close()
                    raise
            raise EngineLost("the engine ended each time it was asked this; it may need more memory than there is")

    async def _exchange(self, frame: bytes) -> "Answer":
        from backprop_tui.core.engine.protocol.messages import HEADER, body_length

        if self._socket is None:
            self.start()
        if self._streams is None:
            self._streams = await asyncio.open_connection(sock=self._socket, limit=READ_AHEAD)
        reader, writer = self._streams
        writer.write(frame)
        await writer.drain()
        length = body_length(await reader.readexactly(HEADER.size))
        return self._decoded(await reader.readexactly(length))

    def _encoded(self, request: "Request") -> bytes:
        from backprop_tui.core.engine.protocol.messages import encode

        return encode(request)

    def _decoded(self, body: bytes) -> "Answer":
        from backprop_tui.core.engine.protocol.messages import decode_answer

        return decode_answer(body)

    def close(self) -> None:
        """End the child: its input closes, and it is killed in case it is busy."""
        if self._streams is not None:
            with suppress(RuntimeError):  # the loop that they belong to has ended already
                self._streams[1].close()
            self._streams = None
        elif self._socket is not None:
            self._socket.close()
        self._socket = None
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None


class ModelProcess(EngineProcess):
    """A child that holds somebody's own model, `core/engine/compute/graph`: its messages are of `protocol/model.py`."""

    MODULE = "backprop_tui.core.engine.compute.graph"

    def _encoded(self, request: Any) -> bytes:
        from backprop_tui.core.engine.protocol.model import encode_message

        return encode_message(request)

    def _decoded(self, body: bytes) -> Any:
        from backprop_tui.core.engine.protocol.model import decode_model_answer

        return decode_model_answer(body)

"""A shared engine as the screen sees it: asked over a Unix socket, and asked again when another takes its place."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from backprop_tui.core.engine.protocol.messages import (
    HEADER,
    Answer,
    Request,
    WireError,
    body_length,
    decode_answer,
    encode,
)

from .process import MAX_TRIES, READ_AHEAD, EngineLost

PATIENCE = 60.0
"""Seconds that a screen waits for a socket that nobody listens on."""


class SharedEngine:
    """The engine that listens at a path. Connects at the first request; other people's screens ask it too."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()
        self.on_restart: Callable[[], None] = lambda: None
        """Called when the engine has gone in the middle of a request, which is asked again."""

    async def ask(self, request: Request) -> Answer:
        """The answer to a request. Raises EngineLost, and WireError if what came back is no answer."""
        frame = encode(request)
        async with self._turn:
            if self._streams is not None and self._streams[0].at_eof():
                self.close()
            for _ in range(MAX_TRIES):
                try:
                    return await self._exchange(frame)
                except (EOFError, ConnectionError):
                    self.close()
                    self.on_restart()
                except (WireError, asyncio.CancelledError):
                    self.close()
                    raise
            raise EngineLost("the engine was lost each time it was asked this; it may need more memory than there is")

    async def _exchange(self, frame: bytes) -> Answer:
        if self._streams is None:
            self._streams = await self._connect()
        reader, writer = self._streams
        writer.write(frame)
        await writer.drain()
        length = body_length(await reader.readexactly(HEADER.size))
        return decode_answer(await reader.readexactly(length))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        pause = 0.05
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await asyncio.open_unix_connection(self._path, limit=READ_AHEAD)
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError) as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise EngineLost(f"nobody answers at {self._path}: is the shared engine running?") from error
            except OSError as error:
                raise EngineLost(f"the shared engine at {self._path} can't be used: {error.strerror}") from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def close(self) -> None:
        """End the connection; the engine stays."""
        if self._streams is not None:
            with suppress(RuntimeError):  # if its loop has ended, and the connection with the process
                self._streams[1].close()
            self._streams = None

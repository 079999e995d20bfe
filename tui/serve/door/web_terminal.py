"""The terminal on the page."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import parse_qs

from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.workshop import Workshop
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from .checks import Checks, Guest
from .relay import Relay
from .web_messages import Keys, Login, Resized, read

WINDOW = 64 * 1024
"""Bytes that may wait for a slow browser before its session waits too."""

NONSENSE, BYE = 1008, 1000
"""A connection is closed with: a message that is none; the end."""


def _cut(connection: ServerConnection) -> asyncio.TimerHandle:
    """Cut the line soon: one who reads nothing must not keep its last frames here."""
    return asyncio.get_running_loop().call_later(limits.CLOSE_WITHIN, connection.transport.abort)


async def end(connection: ServerConnection, code: int, reason: str = "") -> None:
    """Close a line, whether the browser reads or not."""
    cut = _cut(connection)
    try:
        await connection.close(code, reason)
    finally:
        cut.cancel()


class WebTerminal:
    """The terminal on the page: the client of a relay."""

    takes_files = True

    def __init__(self, connection: ServerConnection, guest: Guest) -> None:
        self._connection, self._guest = connection, guest
        self._output = bytearray()
        self._file = ""
        self._some, self._may_read = asyncio.Event(), asyncio.Event()
        self._may_read.set()
        self._finished = False

    async def show(self, workshop: Workshop, checks: Checks) -> None:
        """Pass everything on until the browser or the session ends."""
        request = self._connection.request
        assert request is not None
        self._relay = Relay(workshop, checks, self, self._guest, _size(request.path))
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
        try:
            self._relay.begin()
            await self._connection.wait_closed()
        finally:
            for task in tasks:
                task.cancel()
            self._relay.hang_up()

    # The relay and its session call these

    def write(self, data: bytes) -> None:
        """Send to the person's terminal."""
        self._output += data
        self._some.set()
        if len(self._output) > WINDOW:
            self._relay.hold_output("browser", True)

    def download(self, name: str, data: bytes) -> None:
        """Have the page download a file; while the browser does not read, no more than one waits."""
        self._file = json.dumps(["file", name, data.decode(errors="replace")])
        self._some.set()

    def hold_keys(self, held: bool) -> None:
        """Take no more from the browser for now, or go on."""
        self._may_read.clear() if held else self._may_read.set()

    def finish(self, code: int) -> None:
        """Close the line once all is sent."""
        self._finished = True
        self._some.set()
        _cut(self._connection)

    # To and from

    async def _send(self) -> None:
        with suppress(ConnectionClosed):
            while not self._finished or self._output:
                await self._some.wait()
                self._some.clear()
                output, self._output = bytes(self._output), bytearray()
                if output:
                    await self._connection.send(output)  # which waits for the browser
                self._relay.hold_output("browser", False)
                if self._file:
                    file, self._file = self._file, ""
                    await self._connection.send(file)
            await self._connection.close(BYE)

    async def _receive(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                message = read(await self._connection.recv())
                await self._may_read.wait()
                match message:
                    case Keys():
                        self._relay.keys(message.text.encode(errors="replace"))
                    case Resized():
                        self._relay.resize(limits.size(message.area.width, message.area.height))
                    case None | Login():
                        await end(self._connection, NONSENSE)


def _size(path: str) -> tuple[int, int]:
    """The size that the page asks for in its address."""
    try:
        asked = parse_qs(path.partition("?")[2], max_num_fields=8)
        return limits.size(*(int(asked.get(name, ["0"])[0][:6]) for name in ("width", "height")))
    except ValueError:
        return limits.size(0, 0)

"""The other door: a web page with a terminal on it, for those whose network lets no SSH out.

The page's terminal is xterm.js, as textual-serve ships it, and so is the shape of its messages. A name and the
password are the first of them, so that no address and no cookie holds either, and a page of somebody else's has nothing
to borrow. After that, keys and sizes come in and the terminal's bytes go out.
"""

import asyncio
import logging
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.workshop import Workshop
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from . import web_page
from .visit import Visit, Visitor

REQUESTS = 6
"""Connections that one person's coming takes: the files of the page, and the terminal's."""

MAX_MESSAGE = 2 * limits.PASTE
"""Bytes: a paste as large as is allowed, with its control characters escaped."""

WINDOW = 64 * 1024
"""Bytes that may wait for a slow browser before its session waits too."""

BEATS, MISSED = 20, 3
"""Seconds between two looks whether a silent browser is there, and how many may go unanswered."""

REFUSED, NONSENSE, BYE = 4001, 1008, 1000
"""A connection is closed with: not let in, for a reason that the page shows; a message that is none; the end."""


class Login(msgspec.Struct, array_like=True, tag="login", forbid_unknown_fields=True):
    """Who is here."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    password: Annotated[str, msgspec.Meta(max_length=200)]


class Keys(msgspec.Struct, array_like=True, tag="stdin", forbid_unknown_fields=True):
    """What was typed, or what the terminal answers."""

    text: str


class Area(msgspec.Struct, forbid_unknown_fields=True):
    """Columns and lines."""

    width: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    height: Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Resized(msgspec.Struct, array_like=True, tag="resize", forbid_unknown_fields=True):
    """The window's size."""

    area: Area


class Ping(msgspec.Struct, array_like=True, tag="ping", forbid_unknown_fields=True):
    """For a log that nobody reads."""

    sent: Annotated[str, msgspec.Meta(max_length=40)]


class Focus(msgspec.Struct, array_like=True, tag="focus", forbid_unknown_fields=True):
    """The terminal tells its app itself."""


class Blur(msgspec.Struct, array_like=True, tag="blur", forbid_unknown_fields=True):
    """The same."""


Message = Login | Keys | Resized | Ping | Focus | Blur
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def read(data: str | bytes) -> Message | None:
    """A message, or None where it is none."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


_silent = logging.getLogger("backprop_tui.web")
_silent.setLevel(logging.CRITICAL + 1)  # what strangers send is not worth a line each, let alone a traceback


class Door:
    """Listens, and counts who stands at the door. `password` is None where everybody may come in.

    Raises web_page.PageError.
    """

    def __init__(self, workshop: Workshop, password: str | None) -> None:
        self.workshop, self._password = workshop, password
        people = workshop.limits.connections_per_second
        self._arriving = limits.Rate(people, 8 * people)
        self.requests = limits.Rate(REQUESTS * people, REQUESTS * 8 * people)
        self.outside: dict[Caller, None] = {}
        self.callers: set[Caller] = set()
        self._files = web_page.read(password is None)
        self._server: Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        self._server = await serve(
            self._attend,
            host,
            port,
            process_request=self._answer,
            create_connection=lambda *given, **named: Caller(self, *given, **named),  # type: ignore[arg-type]
            logger=_silent,
            server_header=None,
            compression=None,
            open_timeout=limits.LOGIN_GRACE,
            ping_interval=BEATS,
            ping_timeout=BEATS * MISSED,
            close_timeout=2,
            max_size=MAX_MESSAGE,
            max_queue=4,
            backlog=256,
        )
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def close(self) -> None:
        """Let nobody in any more, and show everybody out."""
        if self._server is not None:
            self._server.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 3)
        for caller in list(self.callers):
            caller.transport.abort()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """A file of the page; None for the terminal's own connection, which goes on from here."""
        if getattr(request, "method", "GET") != "GET":  # which older versions of websockets refuse themselves
            return web_page.refusal(HTTPStatus.METHOD_NOT_ALLOWED, "only GET")
        path = request.path.partition("?")[0]
        if path == "/ws":
            if not web_page.is_of_this_page(request.headers):
                return web_page.refusal(HTTPStatus.FORBIDDEN, "only this server's own page may connect")
            if not self._arriving.take():
                return web_page.refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many come at once; please try again")
            return None
        if path not in self._files:
            return web_page.refusal(HTTPStatus.NOT_FOUND, "there is nothing here but the page at /")
        return web_page.response(self._files[path], request.headers)

    async def _attend(self, connection: ServerConnection) -> None:
        """One terminal, from the login to its end."""
        assert isinstance(connection, Caller)
        try:
            visitor = await self._let_in(connection)
            if visitor is not None:
                self.outside.pop(connection, None)
                await Browser(connection).show(self.workshop, visitor)
        except ConnectionClosed:
            pass
        except Exception as fault:  # our own, which must not end in the silent log
            self.workshop.log(f"a browser's terminal ended by a fault: {escape_controls(repr(fault))[:200]}")

    async def _let_in(self, caller: "Caller") -> Visitor | None:
        try:
            async with asyncio.timeout(limits.LOGIN_GRACE):
                login = read(await caller.recv())
        except TimeoutError:
            await caller.close(REFUSED, "nobody said a name")
            return None
        if not isinstance(login, Login):
            await caller.close(NONSENSE)
            return None
        if self._password is not None and not limits.same(login.password, self._password):
            await asyncio.sleep(limits.WRONG_PASSWORD_PAUSE)
            await caller.close(REFUSED, "That is not the password.")
            return None
        name = limits.label(login.name)
        if name is None:
            await caller.close(REFUSED, "Choose a name of up to 32 letters, digits, '.', '_' and '-'.")
            return None
        return Visitor(name, caller.address, limits.DEFAULT_TERM, limits.language(""), limits.colors("truecolor"))


class Caller(ServerConnection):
    """One connection, for a file or for a terminal; too many at once are sent away before they cost anything."""

    def __init__(self, door: Door, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._door = door
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is at the door."""
        super().connection_made(transport)
        self.address = str((transport.get_extra_info("peername") or ("local",))[0])
        self._door.callers.add(self)
        if not self._door.requests.take():
            self.transport.abort()
            return
        outside = self._door.outside
        if len(outside) >= limits.WAITING_DOOR:
            # A person is through within seconds: who has stood there longest is the least likely to be one.
            first = next(iter(outside))
            del outside[first]
            first.transport.abort()
        outside[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, in whatever way."""
        super().connection_lost(exc)
        self._door.outside.pop(self, None)
        self._door.callers.discard(self)


class Browser:
    """The terminal on the page: the client of a visit."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._output = bytearray()
        self._some, self._may_read = asyncio.Event(), asyncio.Event()
        self._may_read.set()
        self._finished = False

    async def show(self, workshop: Workshop, visitor: Visitor) -> None:
        """Visit until the browser or the visit ends."""
        request = self._caller.request
        assert request is not None
        self._visit = Visit(workshop, self, visitor, _size(request.path))
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
        try:
            self._visit.begin()
            await self._caller.wait_closed()
        finally:
            for task in tasks:
                task.cancel()
            self._visit.hang_up()

    # The visit and its session call these

    def write(self, data: bytes) -> None:
        """Send to the person's terminal."""
        self._output += data
        self._some.set()
        if len(self._output) > WINDOW:
            self._visit.hold_output("browser", True)

    def hold_keys(self, held: bool) -> None:
        """Take no more from the browser for now, or go on."""
        self._may_read.clear() if held else self._may_read.set()

    def finish(self, code: int) -> None:
        """Close the line once all is sent."""
        self._finished = True
        self._some.set()

    # To and from

    async def _send(self) -> None:
        with suppress(ConnectionClosed):
            while not self._finished or self._output:
                await self._some.wait()
                self._some.clear()
                output, self._output = bytes(self._output), bytearray()
                if output:
                    await self._caller.send(output)  # which waits for the browser
                self._visit.hold_output("browser", False)
            await self._caller.close(BYE)

    async def _receive(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                message = read(await self._caller.recv())
                await self._may_read.wait()
                match message:
                    case Keys():
                        self._visit.keys(message.text.encode(errors="replace"))
                    case Resized():
                        self._visit.resize(limits.size(message.area.width, message.area.height))
                    case None | Login():
                        await self._caller.close(NONSENSE)


def _size(path: str) -> tuple[int, int]:
    """The size that the page asks for in its address."""
    try:
        asked = parse_qs(path.partition("?")[2], max_num_fields=8)
        return limits.size(*(int(asked.get(name, ["0"])[0][:6]) for name in ("width", "height")))
    except ValueError:
        return limits.size(0, 0)

"""The web server: a page with a terminal on it, for those whose network lets no SSH out.

The page's terminal is xterm.js, as textual-serve ships it, and so is the shape of its messages. A name and the
password are the first of them, so that no address and no cookie holds either, and a page of somebody else's has nothing
to borrow. After that, keys and sizes come in and the terminal's bytes go out.
"""

import asyncio
import logging
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.workshop import Workshop
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from . import web_page
from .checks import Checks, Guest, RateCheck, Refused, WrongPassword, require
from .traffic import Traffic
from .waiting import Waiting
from .web_messages import Login, read
from .web_terminal import NONSENSE, WebTerminal, end

REQUESTS = 6
"""Connections that one person's coming takes: the files of the page, and the terminal's."""

MAX_MESSAGE = 2 * limits.PASTE
"""Bytes: a paste as large as is allowed, with its control characters escaped."""

BEATS, MISSED = 20, 3
"""Seconds between two looks whether a silent browser is there, and how many may go unanswered."""

TERMINAL = limits.DEFAULT_TERM, "truecolor"
"""What xterm.js is, and the colors it has."""

REFUSED = 4001
"""A connection is closed with: not let in, for a reason that the page shows."""

_silent = logging.getLogger("backprop_tui.web")
_silent.setLevel(logging.CRITICAL + 1)  # what strangers send is not worth a line each, let alone a traceback


class WebListener:
    """Listens, and counts who stands at the door. Raises web_page.PageError."""

    def __init__(self, workshop: Workshop, checks: Checks, needs_password: bool) -> None:
        self.workshop, self._checks = workshop, checks
        self.check_request = RateCheck(REQUESTS * workshop.limits.connections_per_second)
        self.outside: Waiting[WebConnection] = Waiting(limits.WAITING)
        self.connections: set[WebConnection] = set()
        self._files = web_page.read(needs_password)
        self._server: Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        self._server = await serve(
            self._attend,
            host,
            port,
            process_request=self._answer,
            create_connection=lambda *given, **named: WebConnection(self, *given, **named),  # type: ignore[arg-type]
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
        for connection in list(self.connections):
            connection.transport.abort()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """A file of the page; None for the terminal's own connection, which goes on from here."""
        assert isinstance(connection, WebConnection)
        if getattr(request, "method", "GET") != "GET":  # which older versions of websockets refuse themselves
            return web_page.refusal(HTTPStatus.METHOD_NOT_ALLOWED, "only GET")
        path = request.path.partition("?")[0]
        if path == "/ws":
            if not web_page.is_of_this_page(request.headers):
                return web_page.refusal(HTTPStatus.FORBIDDEN, "only this server's own page may connect")
            try:
                require(self._checks.arrival, connection.guest)
            except Refused as refused:
                return web_page.refusal(HTTPStatus.SERVICE_UNAVAILABLE, str(refused))
            return None
        if path not in self._files:
            return web_page.refusal(HTTPStatus.NOT_FOUND, "there is nothing here but the page at /")
        return web_page.response(self._files[path], request.headers)

    async def _attend(self, connection: ServerConnection) -> None:
        """One terminal, from the login to its end."""
        assert isinstance(connection, WebConnection)
        try:
            if await self._let_in(connection):
                self.outside.remove(connection)
                connection.let_in()
                await WebTerminal(connection, connection.guest).show(self.workshop, self._checks)
        except ConnectionClosed:
            pass
        except Exception as fault:  # our own, which must not end in the silent log
            self.workshop.log(f"a browser's terminal ended by a fault: {escape_controls(repr(fault))[:200]}")

    async def _let_in(self, connection: "WebConnection") -> bool:
        """Whether the first message is a login that passes the checks."""
        try:
            async with asyncio.timeout(limits.LOGIN_GRACE):
                login = read(await connection.recv())
        except TimeoutError:
            await end(connection, REFUSED, "nobody said a name")
            return False
        if not isinstance(login, Login):
            await end(connection, NONSENSE)
            return False
        guest = connection.guest
        guest.name, guest.password, guest.term, guest.colorterm = login.name, login.password, *TERMINAL
        try:
            require(self._checks.login, guest)
            require(self._checks.terminal, guest)
        except Refused as refused:
            if isinstance(refused, WrongPassword):
                await asyncio.sleep(limits.WRONG_PASSWORD_PAUSE)
            await end(connection, REFUSED, str(refused))
            return False
        guest.password = ""
        return True


class WebConnection(ServerConnection):
    """One connection, for a file or for a terminal; too many at once are sent away before they cost anything."""

    def __init__(self, listener: WebListener, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._listener = listener
        self.guest = Guest("")
        self._traffic = Traffic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is at the door."""
        super().connection_made(transport)
        self.guest = Guest(str((transport.get_extra_info("peername") or ("local",))[0]))
        self._listener.connections.add(self)
        try:
            self._listener.check_request(self.guest)
        except Refused:
            self.transport.abort()
            return
        gone = self._listener.outside.add(self, self.guest.group)
        if gone is not None:
            gone.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Count what comes in before it is read."""
        if self._traffic.takes(len(data)):
            super().data_received(data)
        else:
            self.transport.abort()

    def pause_writing(self) -> None:
        """The browser reads nothing."""
        super().pause_writing()
        self._traffic.hold(True)

    def resume_writing(self) -> None:
        """The browser reads again."""
        super().resume_writing()
        self._traffic.hold(False)

    def let_in(self) -> None:
        """It has logged in: it may send as much as a person pastes."""
        self._traffic.let_in()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, in whatever way."""
        super().connection_lost(exc)
        self._listener.outside.remove(self)
        self._listener.connections.discard(self)

"""The SSH server: a login, then a terminal and nothing else."""

import asyncio
from typing import Any

import asyncssh
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.workshop import Workshop

from . import ssh_inner
from .checks import Checks, Guest, Refused, WrongPassword, check_name, require
from .ssh_terminal import SSHTerminal
from .traffic import Traffic
from .waiting import Waiting

WINDOW, PACKET = 64 * 1024, 32 * 1024
"""Bytes that a client may send ahead, and in a packet."""

BEATS, MISSED = 20, 3
"""Seconds between two looks whether a silent client is there, and how many may go unanswered."""


class SSHListener:
    """Listens, and counts who stands at the door. Without a password everybody may come in."""

    def __init__(self, workshop: Workshop, checks: Checks, needs_password: bool) -> None:
        self.workshop, self.checks, self.needs_password = workshop, checks, needs_password
        self.outside: Waiting[SSHConnection] = Waiting(limits.WAITING)
        """Those who have not asked for the program yet."""
        self.connections: set[SSHConnection] = set()
        self._listener: asyncssh.SSHAcceptor | None = None

    async def open(self, host: str, port: int, keys: list[asyncssh.SSHKey]) -> int:
        """Listen; the port. Raises OSError."""
        self._listener = await asyncssh.listen(
            host,
            port,
            server_factory=lambda: SSHConnection(self),
            server_host_keys=keys,
            server_version="backprop-tui",
            encoding=None,
            line_editor=False,
            window=WINDOW,
            max_pktsize=PACKET,
            public_key_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            x11_forwarding=False,
            agent_forwarding=False,
            allow_scp=False,
            sftp_factory=None,
            compression_algs=None,
            login_timeout=limits.LOGIN_GRACE,
            keepalive_interval=BEATS,
            keepalive_count_max=MISSED,
            backlog=256,
        )
        return self._listener.get_port()

    async def close(self) -> None:
        """Let nobody in any more, and show everybody out."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.connections):
            connection.show_out("the workshop has ended")
        await asyncio.sleep(0)


class SSHConnection(asyncssh.SSHServer):
    """One connection: it may log in, and then open one terminal."""

    def __init__(self, listener: SSHListener) -> None:
        self._listener = listener
        self._guest = Guest("")
        self._traffic = Traffic()
        self._is_pausing = False
        """Whether the answer to a wrong password is still to come."""
        self._terminal: SSHTerminal | None = None
        self._grace: asyncio.TimerHandle | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody is at the door; too many at once are sent away before they cost anything."""
        self._connection = conn
        self._guest = Guest(str((conn.get_extra_info("peername") or ("local",))[0]))
        self._listener.connections.add(self)
        try:
            require(self._listener.checks.arrival, self._guest)
        except Refused:
            conn.abort()
            return
        ssh_inner.watch(conn, self._traffic.takes, self._hold_output)
        gone = self._listener.outside.add(self, self._guest.group)
        if gone is not None:
            gone.show_out("others are waiting")

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, in whatever way."""
        self._listener.outside.remove(self)
        self._listener.connections.discard(self)
        if self._grace is not None:
            self._grace.cancel()

    def show_out(self, reason: str) -> None:
        """End the connection and say why."""
        self._listener.outside.remove(self)
        if self in self._listener.connections:
            self._connection.disconnect(asyncssh.DISC_BY_APPLICATION, reason)

    def _hold_output(self, held: bool) -> None:
        # What the socket does not take is not to pile up here, whatever window the client claims to have.
        self._traffic.hold(held)
        if self._terminal is not None:
            self._terminal.hold_output("socket", held)

    # Logging in

    def begin_auth(self, username: str) -> bool:
        """Whether a password is needed; the user name is looked at first."""
        self._guest.name = username
        try:
            check_name(self._guest)
        except Refused as refused:
            raise asyncssh.IllegalUserName(str(refused)) from None
        return self._listener.needs_password

    def password_auth_supported(self) -> bool:
        """A password is all that there is."""
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether it is the workshop's password; a wrong one takes a second."""
        if self._is_pausing:  # no person is that fast
            raise asyncssh.PermissionDenied("wait for the answer to one password before you send the next")
        self._guest.name, self._guest.password = username, password
        try:
            require(self._listener.checks.login, self._guest)
        except WrongPassword:
            self._is_pausing = True
            await asyncio.sleep(limits.WRONG_PASSWORD_PAUSE)  # which another guess cancels
            self._is_pausing = False
            if self._guest.wrong_passwords >= limits.MAX_WRONG:
                raise asyncssh.PermissionDenied("too many wrong passwords") from None
            return False
        except Refused as refused:
            raise asyncssh.PermissionDenied(str(refused)) from None
        return True

    def auth_completed(self) -> None:
        """Inside: a terminal must be asked for soon."""
        self._guest.password = ""
        loop = asyncio.get_running_loop()
        self._grace = loop.call_later(limits.LOGIN_GRACE, self.show_out, "no terminal was asked for")

    # What may be asked for: one terminal. Everything else is refused by what is inherited.

    def session_requested(self) -> Any:
        """One channel of one connection."""
        if self._terminal is not None:
            return False
        listener = self._listener
        self._terminal = SSHTerminal(
            listener.workshop, listener.checks, self._guest, self._connection, self._terminal_begun, self.show_out
        )
        return self._terminal

    def _terminal_begun(self) -> None:
        self._traffic.let_in()
        self._listener.outside.remove(self)
        if self._grace is not None:
            self._grace.cancel()

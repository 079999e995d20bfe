"""The door: SSH, for a terminal and nothing else."""

import asyncio
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.workshop import Workshop

from .visit import Visit, Visitor

WINDOW, PACKET = 64 * 1024, 32 * 1024
"""Bytes that a client may send ahead, and in a packet."""

BEATS, MISSED = 20, 3
"""Seconds between two looks whether a silent client is there, and how many may go unanswered."""

LINGER = 1.0
"""Seconds that a client has to close the connection itself once its terminal is closed."""


class HostKeyError(Exception):
    """The host key can't be used: one line that says why."""


def host_key(path: Path) -> asyncssh.SSHKey:
    """The host key of this file, made at the first start, readable by its owner alone. Raises HostKeyError."""
    try:
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-ed25519")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key.export_private_key())
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise HostKeyError(f"{path}: others can read this host key (mode {mode:04o}); chmod 600 it")
        return asyncssh.read_private_key(str(path))
    except OSError as error:
        raise HostKeyError(f"{path}: the host key can't be used: {error.strerror}") from None
    except asyncssh.KeyImportError as error:
        raise HostKeyError(f"{path}: is not a private key: {error}") from None


class Door:
    """Listens, and counts who stands at the door. `password` is None where everybody may come in."""

    def __init__(self, workshop: Workshop, password: str | None) -> None:
        self.workshop, self.password = workshop, password
        self.arriving = limits.Rate(workshop.limits.connections_per_second, 8 * workshop.limits.connections_per_second)
        self.outside: dict[Guest, None] = {}
        self.guests: set[Guest] = set()
        self._listener: asyncssh.SSHAcceptor | None = None

    async def open(self, host: str, port: int, key: asyncssh.SSHKey) -> int:
        """Listen; the port. Raises OSError."""
        self._listener = await asyncssh.listen(
            host,
            port,
            server_factory=lambda: Guest(self),
            server_host_keys=[key],
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
        for guest in list(self.guests):
            guest.show_out("the workshop has ended")
        await asyncio.sleep(0)


class Guest(asyncssh.SSHServer):
    """One connection: it may log in, and then open one terminal."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._failures = 0
        self._terminal: Terminal | None = None
        self._grace: asyncio.TimerHandle | None = None
        self.name = ""
        self.address = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody is at the door; too many at once are sent away before they cost anything."""
        self._connection = conn
        self.address = str((conn.get_extra_info("peername") or ("local",))[0])
        self._door.guests.add(self)
        if not self._door.arriving.take():
            conn.abort()
            return
        outside = self._door.outside
        if len(outside) >= limits.WAITING_DOOR:
            # A person logs in within seconds: who has stood there longest is the least likely to be one.
            next(iter(outside)).show_out("others are waiting")
        outside[self] = None
        # What the socket does not take is not to pile up here, whatever window the client claims to have.
        conn.pause_writing = lambda: self._hold_output(True)  # type: ignore[method-assign]
        conn.resume_writing = lambda: self._hold_output(False)  # type: ignore[method-assign]

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, in whatever way."""
        self._door.outside.pop(self, None)
        self._door.guests.discard(self)
        if self._grace is not None:
            self._grace.cancel()

    def show_out(self, reason: str) -> None:
        """End the connection and say why."""
        self._door.outside.pop(self, None)
        if self in self._door.guests:
            self._connection.disconnect(asyncssh.DISC_BY_APPLICATION, reason)

    def _hold_output(self, held: bool) -> None:
        if self._terminal is not None:
            self._terminal.hold_output("socket", held)

    # Logging in

    def begin_auth(self, username: str) -> bool:
        """The user name is a label, and must look like one."""
        name = limits.label(username)
        if name is None:
            raise asyncssh.IllegalUserName(
                "choose a name of up to 32 letters, digits, '.', '_' and '-', as in: ssh anna@HOST"
            )
        self.name = name
        return self._door.password is not None

    def password_auth_supported(self) -> bool:
        """A password is all that there is."""
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether it is the workshop's password; a wrong one takes a second."""
        if limits.same(password, self._door.password or ""):
            return True
        self._failures += 1
        await asyncio.sleep(limits.WRONG_PASSWORD_PAUSE)
        if self._failures >= limits.MAX_FAILURES:
            raise asyncssh.PermissionDenied("too many wrong passwords")
        return False

    def auth_completed(self) -> None:
        """Inside: a terminal must be asked for soon."""
        self._door.outside.pop(self, None)
        loop = asyncio.get_running_loop()
        self._grace = loop.call_later(limits.LOGIN_GRACE, self.show_out, "no terminal was asked for")

    # What may be asked for: one terminal. Everything else is refused by what is inherited.

    def session_requested(self) -> Any:
        """One channel of one connection."""
        if self._terminal is not None:
            return False
        self._terminal = Terminal(self._door.workshop, self)
        return self._terminal

    def terminal_begun(self) -> None:
        """A terminal was asked for in time."""
        if self._grace is not None:
            self._grace.cancel()


class Terminal(asyncssh.SSHServerSession[bytes]):
    """The channel: a terminal, and the visit that is shown on it."""

    def __init__(self, workshop: Workshop, guest: Guest) -> None:
        self._workshop, self._guest = workshop, guest
        self._term, self._size = "", (80, 24)
        self._visit: Visit | None = None
        self._gone = False

    # asyncssh calls these

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        """A terminal of this kind and size."""
        self._term = term_type or "unknown"
        self._size = limits.size(term_size[0], term_size[1])
        return True

    def shell_requested(self) -> bool:
        """What an ordinary `ssh HOST` asks for; here it is the app."""
        return True

    def exec_requested(self, command: str) -> bool:
        """No command is run."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """There is no sftp and nothing like it."""
        return False

    def session_started(self) -> None:
        """Begin."""
        self._guest.terminal_begun()
        if not self._term:
            self.write(b"\r\na terminal is needed here: ssh -t ...\r\n")
            self.finish(1)
            return
        environment = self._channel.get_environment()
        visitor = Visitor(
            self._guest.name,
            self._guest.address,
            limits.terminal(self._term),
            limits.language(environment.get("LANG", "")),
            limits.colors(environment.get("COLORTERM", "")),
        )
        self._visit = Visit(self._workshop, self, visitor, self._size)
        self._visit.begin()

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """The window was resized."""
        self._size = limits.size(width, height)
        if self._visit is not None:
            self._visit.resize(self._size)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keys."""
        if self._visit is not None:
            self._visit.keys(data)

    def eof_received(self) -> bool:
        """The client types no more: it is gone."""
        return False

    def pause_writing(self) -> None:
        """The client's window is full."""
        self.hold_output("window", True)

    def resume_writing(self) -> None:
        """The client goes on reading."""
        self.hold_output("window", False)

    def hold_output(self, reason: str, held: bool) -> None:
        """Stop reading from the process, or go on, for one of two reasons."""
        if self._visit is not None:
            self._visit.hold_output(reason, held)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hung up: a client that stays has nothing more to stay for."""
        self._gone = True
        asyncio.get_running_loop().call_later(LINGER, self._guest.show_out, "the session is over")
        if self._visit is not None:
            self._visit.hang_up()

    # The visit and its session call these

    def write(self, data: bytes) -> None:
        """Send to the person's terminal."""
        if not self._gone:
            with suppress(OSError):
                self._channel.write(data)

    def hold_keys(self, held: bool) -> None:
        """Take no more from the client for now, or go on."""
        if not self._gone:
            self._channel.pause_reading() if held else self._channel.resume_reading()

    def finish(self, code: int) -> None:
        """End the channel, and the connection with it."""
        if not self._gone:
            with suppress(OSError):
                self._channel.exit(code)

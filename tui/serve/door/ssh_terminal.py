"""The terminal that an SSH connection may open."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncssh
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.workshop import Workshop

from . import ssh_inner
from .checks import Checks, Guest, Refused, require
from .relay import Relay

KEYS_EVERY = 0.05
"""Seconds between two looks whether new keys are agreed on."""

LINGER = 1.0
"""Seconds that a client has to close the connection itself once its terminal is closed."""


class SSHTerminal(asyncssh.SSHServerSession[bytes]):
    """The channel. `begun` is called when the program was asked for, `show_out` with a reason once all is over."""

    def __init__(
        self,
        workshop: Workshop,
        checks: Checks,
        guest: Guest,
        connection: asyncssh.SSHServerConnection,
        begun: Callable[[], None],
        show_out: Callable[[str], None],
    ) -> None:
        self._workshop, self._checks, self._guest = workshop, checks, guest
        self._connection = connection
        self._begun, self._show_out = begun, show_out
        self._size = limits.size(0, 0)
        self._relay: Relay | None = None
        self._gone = False
        self._held: set[str] = set()

    takes_files = False

    # asyncssh calls these

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._channel = chan
        ssh_inner.keep_environment_small(chan)

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        """A terminal of this kind and size."""
        self._guest.term = term_type or limits.DEFAULT_TERM
        self._size = limits.size(term_size[0], term_size[1])
        return True

    def shell_requested(self) -> bool:
        """What an ordinary `ssh HOST` asks for; here it is the app."""
        return True

    def exec_requested(self, command: str) -> bool:
        """No command is run; that it is not is said."""
        self._guest.command = command or " "
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """There is no sftp and nothing like it."""
        return False

    def session_started(self) -> None:
        """Begin."""
        self._begun()
        given = self._channel.get_environment()
        self._guest.lang = given.get("LC_ALL") or given.get("LC_CTYPE") or given.get("LANG", "")
        self._guest.colorterm = given.get("COLORTERM", "")
        if ssh_inner.packet_size(self._channel) < limits.MIN_PACKET:
            self._show_out("larger packets are needed here")
            return
        try:
            require(self._checks.terminal, self._guest)
        except Refused as refused:
            self.write(f"\r\n{refused}\r\n".encode())
            self.finish(1)
            return
        self._relay = Relay(self._workshop, self._checks, self, self._guest, self._size)
        for reason in self._held:
            self._relay.hold_output(reason, True)
        self._relay.begin()

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """The window was resized."""
        self._size = limits.size(width, height)
        if self._relay is not None:
            self._relay.resize(self._size)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keys."""
        if self._relay is not None:
            self._relay.keys(data)

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
        """Stop reading from the process, or go on, for one of several reasons."""
        self._held.add(reason) if held else self._held.discard(reason)
        if self._relay is not None:
            self._relay.hold_output(reason, held)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hung up: a client that stays has nothing more to stay for."""
        self._gone = True
        asyncio.get_running_loop().call_later(LINGER, self._show_out, "the session is over")
        if self._relay is not None:
            self._relay.hang_up()

    # The relay and its session call these

    def write(self, data: bytes) -> None:
        """Send to the person's terminal."""
        if not self._gone:
            with suppress(OSError):
                self._channel.write(data)
            if "keys" not in self._held and ssh_inner.is_exchanging_keys(self._connection):
                self._wait_for_keys(asyncio.get_running_loop().time() + limits.LOGIN_GRACE)

    def _wait_for_keys(self, until: float) -> None:
        """Hold the output while the two sides agree on new keys: it would be kept in memory."""
        loop = asyncio.get_running_loop()
        exchanging = not self._gone and ssh_inner.is_exchanging_keys(self._connection)
        if exchanging and loop.time() > until:
            self._show_out("the key exchange was not completed")
            return
        self.hold_output("keys", exchanging)
        if exchanging:
            loop.call_later(KEYS_EVERY, self._wait_for_keys, until)

    def download(self, name: str, data: bytes) -> None:
        """A terminal takes no files."""

    def hold_keys(self, held: bool) -> None:
        """Take no more from the client for now, or go on."""
        if not self._gone:
            self._channel.pause_reading() if held else self._channel.resume_reading()

    def finish(self, code: int) -> None:
        """End the channel, and the connection with it."""
        if not self._gone:
            with suppress(OSError):
                self._channel.exit(code)
            # One who reads nothing must not keep its last frames here.
            asyncio.get_running_loop().call_later(limits.CLOSE_WITHIN, self._show_out, "the session is over")

"""The inner names of asyncssh that are used, each with its reason: it has no public ones for these bounds."""

from collections.abc import Callable
from typing import Any

import asyncssh

ENVIRONMENT = ("LC_ALL", "LC_CTYPE", "LANG", "COLORTERM")
"""The variables that are looked at."""

MAX_VARIABLE = 64
"""Bytes of a variable's value."""


def watch(connection: asyncssh.SSHServerConnection, takes: Callable[[int], bool], hold: Callable[[bool], None]) -> None:
    """Count what comes in before it is read; say when the socket takes no more, and when it takes more again.

    asyncssh reads packets without a bound on their number, and ignores that the socket is full.
    """
    received = connection.data_received

    def count(data: bytes, datatype: asyncssh.DataType = None) -> None:
        if takes(len(data)):
            received(data, datatype)
        else:
            connection.abort()

    connection.data_received = count  # type: ignore[method-assign]
    connection.pause_writing = lambda: hold(True)  # type: ignore[method-assign]
    connection.resume_writing = lambda: hold(False)  # type: ignore[method-assign]


def is_exchanging_keys(connection: asyncssh.SSHServerConnection) -> bool:
    """Whether what is sent now is kept in memory until the client has answered with its part of new keys."""
    return not connection._kex_complete


def packet_size(channel: asyncssh.SSHServerChannel[bytes]) -> int:
    """The most bytes in a packet that the client takes: with 1, each byte of a frame costs what a packet costs."""
    return channel._send_pktsize


def keep_environment_small(channel: asyncssh.SSHServerChannel[bytes]) -> None:
    """Keep only what is looked at: asyncssh keeps every variable of any length, for as long as the channel is open."""

    def process(packet: Any) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        if name.decode("ascii", "replace") not in ENVIRONMENT or len(value) > MAX_VARIABLE:
            return False
        channel._env[name] = value
        return True

    channel._process_env_request = process  # type: ignore[method-assign]

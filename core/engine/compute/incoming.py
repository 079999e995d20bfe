"""The requests of a process: a thread reads them, so that the end of the other side is noticed at once."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeVar

from backprop_tui.core.engine.protocol.messages import HEADER, WireError, body_length

R = TypeVar("R")


def read(connection: socket.socket, requests: "SimpleQueue[R | WireError]", decode: Callable[[bytes], R]) -> None:
    """Put every request into the queue; end the process when the other side is gone or sends no frames.

    A side that was killed with an answer unread leaves no end of file: the connection is reset.
    """
    try:
        _read_requests(connection, requests, decode)
    finally:
        os._exit(0)


def _read_requests(
    connection: socket.socket, requests: "SimpleQueue[R | WireError]", decode: Callable[[bytes], R]
) -> None:
    with suppress(ConnectionError), connection.makefile("rb") as stream:
        while len(header := stream.read(HEADER.size)) == HEADER.size:
            try:
                length = body_length(header)
            except WireError as error:
                print(error, file=sys.stderr, flush=True)
                break
            body = stream.read(length)
            if len(body) < length:
                break
            try:
                requests.put(decode(body))
            except WireError as error:
                requests.put(error)

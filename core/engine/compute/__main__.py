"""The engine as a process: requests come in on the socket that is its standard input, answers go out there.

A thread reads, so that the end of the other side is noticed at once, whatever is being computed.
"""

import os
import signal
import socket
import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from backprop_tui.core.engine.protocol.messages import (
    HEADER,
    Answer,
    Failed,
    Request,
    WireError,
    body_length,
    decode_request,
    encode,
)

if TYPE_CHECKING:
    from .engine import Engine


def main() -> None:
    """Answer requests until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=os.dup(0))
    requests: SimpleQueue[Request | WireError] = SimpleQueue()
    Thread(target=_read, args=(connection, requests), daemon=True).start()

    from .engine import Engine

    engine = Engine()
    with suppress(ConnectionError):
        while True:
            connection.sendall(encode(_answer(engine, requests.get())))
    os._exit(0)


def _answer(engine: "Engine", request: Request | WireError) -> Answer:
    if isinstance(request, WireError):
        return Failed(str(request))
    try:
        return engine.answer(request)
    except MemoryError:
        return Failed("the engine has not enough memory for this; try a smaller network, batch or table")
    except Exception as error:  # a fault of ours must not take the engine away from the person
        import traceback

        traceback.print_exc()
        return Failed(
            f"the engine failed: {type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
        )


def _read(connection: socket.socket, requests: "SimpleQueue[Request | WireError]") -> None:
    """Put every request into the queue; end the process when the other side is gone or sends no frames.

    A side that was killed with an answer unread leaves no end of file: the connection is reset.
    """
    try:
        _read_requests(connection, requests)
    finally:
        os._exit(0)


def _read_requests(connection: socket.socket, requests: "SimpleQueue[Request | WireError]") -> None:
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
                requests.put(decode_request(body))
            except WireError as error:
                requests.put(error)


if __name__ == "__main__":
    main()

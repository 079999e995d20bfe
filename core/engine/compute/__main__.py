"""The engine as a process: requests come in on the socket that is its standard input, answers go out there.

A thread reads, so that the end of the other side is noticed at once, whatever is being computed.
"""

import os
import signal
import socket
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from backprop_tui.core.engine.protocol.messages import (
    Answer,
    Failed,
    Request,
    WireError,
    decode_request,
    encode,
)

from .incoming import read

if TYPE_CHECKING:
    from .engine import Engine


def main() -> None:
    """Answer requests until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=os.dup(0))
    requests: SimpleQueue[Request | WireError] = SimpleQueue()
    Thread(target=read, args=(connection, requests, decode_request), daemon=True).start()

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


if __name__ == "__main__":
    main()

"""The process that holds somebody's own model: requests come in on its standard input, answers go out there."""

import os
import signal
import socket
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.engine.protocol.model import (
    ModelAnswer,
    ModelFailed,
    ModelRequest,
    decode_model_request,
    encode_message,
)

from ..incoming import read

if TYPE_CHECKING:
    from .holder import Holder


def main() -> None:
    """Answer requests until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=os.dup(0))
    requests: SimpleQueue[ModelRequest | WireError] = SimpleQueue()
    Thread(target=read, args=(connection, requests, decode_model_request), daemon=True).start()

    from .holder import Holder

    holder = Holder()
    with suppress(ConnectionError):
        while True:
            connection.sendall(encode_message(_answer(holder, requests.get())))
    os._exit(0)


def _answer(holder: "Holder", request: ModelRequest | WireError) -> ModelAnswer:
    if isinstance(request, WireError):
        return ModelFailed(str(request))
    try:
        return holder.answer(request)
    except MemoryError:
        return ModelFailed("there is not enough memory for this; try a smaller model or --batch")
    except Exception as error:  # somebody's own code may raise anything
        import traceback

        traceback.print_exc()
        return ModelFailed(f"the model failed: {type(error).__name__}: {' '.join(str(error).split())[:200]}")


if __name__ == "__main__":
    main()

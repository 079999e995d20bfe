"""A workshop with a page, and what the page sends, without a browser."""

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.folder import saved_names
from backprop_tui.core.storage.store import load
from served import Served
from websockets.sync.client import ClientConnection, connect


class Web(Served):
    """A server with a page."""

    def __init__(self, state: Path, *options: str) -> None:
        super().__init__(state, "--web", "--web-port", "0", *options)
        self.address = re.search(r"http://\S+", self.log)[0]
        self.web_port = int(self.address.rpartition(":")[2])

    def line(
        self, origin: str | None = None, sock: socket.socket | None = None, source: str = "127.0.0.1"
    ) -> ClientConnection:
        """A websocket as the page opens it, without the browser."""
        sock = sock or socket.create_connection(("127.0.0.1", self.web_port), source_address=(source, 0))
        return connect(
            f"ws://127.0.0.1:{self.web_port}/ws?width=80&height=24",
            origin=self.address if origin is None else origin,
            sock=sock,
            compression=None,
        )

    @contextlib.contextmanager
    def come_in(self, name: str, sock: socket.socket | None = None) -> Iterator[ClientConnection]:
        """The same, with a name and the password said."""
        with self.line(sock=sock) as line:
            line.send(json.dumps(["login", name, self.password]))
            yield line

    def saved(self, name: str) -> Session:
        """The session that was saved last under this name."""
        folder = self.state / name
        return load(folder / f"{saved_names(folder)[0]}.session").session

"""An exported file on its way to its person, who sits elsewhere: by the browser, or by the terminal's clipboard."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

from backprop_tui.core.export.file import ENDINGS
from backprop_tui.tui.serve import notes
from backprop_tui.tui.serve.notes import MAX_DOWNLOAD, Download

MAX_FILES = 20
"""Exported files of one name."""

CLIPBOARD = 48 * 1024
"""Bytes: more than this is cut off or dropped by terminals that take a text for the clipboard at all."""

PART = 32 * 1024
PATIENCE = 5.0
"""Seconds until the server must have taken a part."""


def refusal(folder: Path) -> str:
    """Why no file more is written here; empty if one may be."""
    files = sum(path.suffix in ENDINGS for path in folder.iterdir())
    return f"{files} exported files of yours are kept here, and no more" if files >= MAX_FILES else ""


def hand_over(path: Path, link: socket.socket, copy: Callable[[str], None], downloads: bool) -> str:
    """Send the file to its person; what to say of that. It may wait, so it is not for the app's loop."""
    kept = f"It is kept as {path.parent.name}/{path.name} on the workshop's machine."
    data = path.read_bytes()
    if downloads and len(data) <= MAX_DOWNLOAD and _send(data, path.name, link):
        return f"Your browser downloads {path.name}."
    if not downloads and len(data) <= CLIPBOARD:
        copy(data.decode())
        return f"{path.name} is copied, if your terminal allows that (OSC 52). {kept}"
    return f"{path.name} can't be sent to you from here. {kept}"


def _send(data: bytes, name: str, link: socket.socket) -> bool:
    until = time.monotonic() + PATIENCE
    for begin in range(0, max(len(data), 1), PART):
        part = Download(name, data[begin : begin + PART], begin + PART >= len(data))
        while not notes.send(link, part):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
    return True

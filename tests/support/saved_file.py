"""A saved session's file, rewritten by a hand other than the program's."""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from backprop_tui.core.storage.store import DIGEST, HEAD, LENGTH, MAGIC


def rewrite(path: Path, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write a session's msgpack part anew, with a true length and checksum."""
    content = path.read_bytes()
    end = HEAD + int.from_bytes(content[HEAD - LENGTH : HEAD], "big")
    body = msgspec.msgpack.encode(changed(msgspec.msgpack.decode(content[HEAD:end])))
    rest = len(body).to_bytes(LENGTH, "big") + body + content[end:]
    path.write_bytes(MAGIC + blake2b(rest, digest_size=DIGEST).digest() + rest)

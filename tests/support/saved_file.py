"""A saved session's file, rewritten by a hand other than the program's."""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from backprop_tui.core.storage.store import DIGEST, HEAD, LENGTH, MAGIC, SavedRun


def rewrite(path: Path, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write a session's msgpack part anew, with a true length and checksum."""
    content = path.read_bytes()
    end = HEAD + int.from_bytes(content[HEAD - LENGTH : HEAD], "big")
    body = msgspec.msgpack.encode(changed(msgspec.msgpack.decode(content[HEAD:end])))
    rest = len(body).to_bytes(LENGTH, "big") + body + content[end:]
    path.write_bytes(MAGIC + blake2b(rest, digest_size=DIGEST).digest() + rest)


def with_parts(saved: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What is saved with other parts: of its first run if a run has such a part, else of the whole."""
    of_run = {name: value for name, value in changes.items() if name in SavedRun.__struct_fields__}
    first, *others = saved["runs"]
    return saved | {"runs": [first | of_run, *others]} | {k: v for k, v in changes.items() if k not in of_run}


def without_part(saved: dict[str, Any], name: str) -> dict[str, Any]:
    """What is saved without one part, of its first run or of the whole."""
    first, *others = saved["runs"]
    whole = saved | {"runs": [{part: value for part, value in first.items() if part != name}, *others]}
    return {part: value for part, value in whole.items() if part != name}

"""Makes the page of all keys from the program's own tables.

python tests/support/keys_page.py docs/keys.md
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from backprop_tui.tui.lessons import keys as lessons
from backprop_tui.tui.widgets.keys import KEYS, Key

HEAD = """\
# Keys

This page is made from the tables that the program itself reads: `python tests/support/keys_page.py docs/keys.md`.
In the program, `?` lists the keys of the screen one is on, and `ctrl+p` finds them by name."""

TABLES: tuple[tuple[str, Sequence[Key]], ...] = (
    ("The main screen", KEYS),
    ("Lesson 1: the data", lessons.DATA),
    ("Lesson 2: automatic differentiation", lessons.AUTOGRAD),
    ("Lesson 3: gradient descent", lessons.DESCENT),
    ("Lesson 5: the training loop", lessons.TRAINING),
)
"""Every table of keys, by the heading of its section."""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *(line for title, keys in TABLES for line in _section(title, keys))]) + "\n"


def _section(title: str, keys: Sequence[Key]) -> Iterator[str]:
    yield from ("", f"## {title}", "", "| key | does |", "| --- | --- |")
    yield from (f"| `{key.written}` | {key.does} |" for key in keys)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

"""Makes the page of all keys from the program's own tables.

python tests/support/keys_page.py docs/keys.md
"""

import sys
from pathlib import Path

from backprop_tui.tui.keys import markdown

HEAD = """\
# Keys

This page is made from the tables that the program itself reads: `python tests/support/keys_page.py docs/keys.md`.
In the program, `?` lists the keys of the screen one is on, and `ctrl+p` finds them by name."""


def page() -> str:
    """The whole page as Markdown."""
    return f"{HEAD}\n\n{markdown()}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

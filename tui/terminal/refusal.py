"""Where no screen can be shown: told in one line, before anything is painted."""

import os
import sys

from backprop_tui.core.text.escape import escape_controls

NO_CURSOR = frozenset({"dumb", "unknown", "network", "dialup", "switch", "printer", "lpr", "emacs", "vt52"})
"""The kinds of terminal, by their names in terminfo, that can't put the cursor where a program wants it."""


def terminal_refusal(term: str) -> str | None:
    """Why no screen can be painted on a terminal of that kind ($TERM), in one line with what to do; else None."""
    if term.lower() not in NO_CURSOR:
        return None
    return (
        f"a terminal of the kind TERM={escape_controls(term)} can't place text on its screen; "
        "if yours can, set TERM=xterm-256color; without a screen there is `backprop-tui run`"
    )


def screen_refusal() -> str | None:
    """Why the screen can't be shown where this program was started, in one line with what to do; else None."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        return "the screen needs a terminal as its input and output; without one, use `backprop-tui run`"
    return terminal_refusal(os.environ.get("TERM", ""))

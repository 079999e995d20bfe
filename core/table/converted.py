"""A sheet of Excel or a Parquet file: its beginning as text, from a process of its own in which pandas may load."""

import subprocess
import sys

from backprop_tui.core.text.escape import escape_controls

from .opened import HeaderError

CONVERT = "backprop_tui.core.engine.compute.convert"
PATIENCE = 120.0
"""Seconds that a file may take to be read."""


def converted(path: str, packed: str) -> str:
    """All of a file that pandas has a reader of its own for, as CSV. Raises HeaderError."""
    name = escape_controls(path)
    try:
        made = subprocess.run(
            [sys.executable, "-m", CONVERT, packed, path], capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise HeaderError(f"{name}: can't be read; save it as CSV") from None
    if made.returncode:
        said = made.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise HeaderError(f"{name}: {escape_controls(said[0] if said else 'can not be read; save it as CSV')[:300]}")
    return made.stdout.decode("utf-8")

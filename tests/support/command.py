"""The program as a real process without a terminal."""

import subprocess
import sys
from pathlib import Path

PROGRAM = (sys.executable, "-m", "backprop_tui.tui")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What the program says and its exit code, with nothing to read."""
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, cwd=cwd
    )

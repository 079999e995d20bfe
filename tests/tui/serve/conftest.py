"""What the tests of a workshop share."""

import os
from collections.abc import Iterator

import pytest
from command import PROGRAM
from real_terminal import RealTerminal


@pytest.fixture
def dashboard(tmp_path) -> Iterator[RealTerminal]:
    root = ["--allow-root"] if os.geteuid() == 0 else []
    options = ("serve", "--port", "0", "--state-dir", str(tmp_path / "state"), *root)
    with RealTerminal(*options, columns=120, rows=30, program=PROGRAM) as terminal:
        terminal.wait_for("nobody is here yet")
        yield terminal

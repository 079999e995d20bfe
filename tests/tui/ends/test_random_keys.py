"""Whatever is typed, in whatever size of the terminal: the program goes on, without a fault.

`python tests/support/random_keys.py SEED 20000` is the long form.
"""

from pathlib import Path

import pytest
from random_keys import run


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
def test_keys_at_random_through_a_terminal(tmp_path: Path) -> None:
    run(1, 800, tmp_path)

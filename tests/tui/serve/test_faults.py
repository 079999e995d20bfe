"""What goes wrong in the server's loop: told once a minute, with the traceback in a file that has a bound."""

import stat

from backprop_tui.tui.serve import faults
from backprop_tui.tui.serve.faults import Faults, open_log


def test_the_same_fault_is_told_once_and_its_traceback_written(tmp_path) -> None:
    lines: list[str] = []
    with open_log(tmp_path / ".log") as log:
        handler = Faults(lines.append, log.fileno())
        for _ in range(300):
            handler(None, {"message": "accept", "exception": OSError(24, "Too many\x1b[2J open files")})
        handler(None, {"message": "another"})
    assert lines == [r"accept: OSError(24, 'Too many\x1b[2J open files')", "another"]
    assert (tmp_path / ".log").read_text().count("OSError") == 1
    assert stat.S_IMODE((tmp_path / ".log").stat().st_mode) == 0o600


def test_a_long_file_makes_room_for_a_new_one(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(faults, "MAX_LOG", 10)
    for number in range(3):
        with open_log(tmp_path / ".log") as log:
            log.write(b"%d" % number * 11)
    assert (tmp_path / ".log").read_bytes() == b"2" * 11
    assert (tmp_path / ".log~1").read_bytes() == b"1" * 11
    assert len(list(tmp_path.iterdir())) == 2

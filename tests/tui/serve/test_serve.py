"""A workshop with real OpenSSH clients: coming, stepping, resizing, going, coming back; and faults of every part."""

import base64
import os
import signal
import stat
import time
from collections.abc import Iterator

import pytest
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.folder import saved_names
from backprop_tui.core.storage.store import load
from processes import command_line, descendants, state, wait_until
from served import Served

pytestmark = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]


def saved(workshop: Served, name: str) -> Session:
    """The session that was saved last under this name."""
    folder = workshop.state / name
    return load(folder / f"{saved_names(folder)[0]}.session").session


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("workshop") / "state", "--open") as served:
        yield served


def test_log_in_with_the_password_that_is_shown(tmp_path) -> None:
    with Served(tmp_path / "state") as served, served.come("anna") as anna:
        anna.press(" ")
        anna.wait_for("step 1")
        anna.press("q")
        assert anna.wait_for_end() == 0
        assert anna.is_restored()


def test_step_resize_hang_up_and_come_back(workshop) -> None:
    with workshop.come("bea") as bea:
        bea.press("   ")
        bea.wait_for("step 3")
        bea.resize(100, 30)
        bea.wait_until(lambda: any(len(line.rstrip()) == 100 for line in bea.screen.display), 40, "100 columns")
        bea.process.kill()
    with workshop.come("bea") as bea:
        bea.wait_for("step 3")
        bea.wait_for("resumed at step 3")
        bea.press(" ")
        bea.wait_for("step 4")
        bea.press("q")
        assert bea.wait_for_end() == 0
    assert saved(workshop, "bea").timeline.steps == 4


def test_who_comes_back_before_all_is_saved_waits_unasked(workshop) -> None:
    with workshop.come("fay") as fay:
        fay.press(" ")
        fay.wait_for("step 1\n")
        session = workshop.processes("session")[-1]
        os.kill(session, signal.SIGSTOP)  # as one that takes long to save
        fay.process.kill()
    with workshop.ssh("fay") as fay:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            fay.read(0.1)
        assert "here already" not in fay.text
        os.kill(session, signal.SIGCONT)
        fay.wait_for("resumed at step 1")
        fay.press("q")
        assert fay.wait_for_end() == 0


def test_steps_in_a_lesson_alone_are_there_for_who_comes_back(workshop) -> None:
    with workshop.come("ines") as ines:
        ines.press("3")
        ines.wait_for("DESCENT")
        ines.press("  ")
        ines.wait_for("-0.72")
        ines.press("q")
        assert ines.wait_for_end() == 0
    with workshop.ssh("ines") as ines:
        ines.wait_for("DESCENT")
        ines.wait_for("-0.72")
        ines.press(" ")
        ines.wait_for("-0.976")
        ines.press("q")
        assert ines.wait_for_end() == 0


def test_the_digits_are_those_of_the_program_alone(workshop, settle) -> None:
    with workshop.come("digits") as client:
        client.press(" " * 5)
        client.wait_for("step 5")
        client.press("q")
        client.wait_for_end()
    alone = Session(Run())
    for _ in range(5):
        alone.timeline.step()
        settle(alone)
    assert saved(workshop, "digits").timeline.history.states.tobytes() == alone.timeline.history.states.tobytes()


def test_whoever_takes_a_name_can_not_erase_its_work(workshop) -> None:
    """Four times somebody comes under the name and begins anew: what its owner had done is there still."""
    with workshop.come("olga") as olga:
        olga.press("   ")
        olga.wait_for("step 3")
        olga.press("q")
        assert olga.wait_for_end() == 0
    mine = saved(workshop, "olga").timeline.history.states.tobytes()
    for _ in range(4):
        with workshop.come("Olga") as thief:
            thief.press("\x1b[H")
            thief.wait_for("step 0")
            thief.press("+ ")
            thief.wait_for("step 1")
            thief.press("q")
            assert thief.wait_for_end() == 0
    assert saved(workshop, "olga").timeline.history.states.tobytes() != mine
    kept = sorted((workshop.state / "olga").glob("*.session~*"))
    assert len(kept) == 3
    assert mine in [load(path).session.timeline.history.states.tobytes() for path in kept]


def test_a_name_that_is_here_already_is_asked_about(workshop) -> None:
    with workshop.come("carl") as first:
        first.press("  ")
        first.wait_for("step 2")
        with workshop.ssh("carl") as second:
            second.wait_for("carl is here already")
            second.press("n")
            second.wait_for("step 0")
            second.press(" ")
            second.wait_for("step 1")
            second.press("q")
            second.wait_for_end()
        with workshop.ssh("carl") as looking:
            looking.wait_for("carl is here already")
            looking.press("n")
            looking.wait_for("step 1")
            looking.press("q")
            looking.wait_for_end()
        with workshop.ssh("carl") as third:
            third.wait_for("carl is here already")
            third.press("\r")
            third.wait_for("step 2")
            assert first.wait_for_end() == 0
            assert "taken over" in first.written.decode()
            third.press("q")
            third.wait_for_end()
    assert (workshop.state / "carl-2").is_dir()


def test_a_name_under_which_nothing_was_done_leaves_no_folder(workshop) -> None:
    with workshop.come("nobody") as nobody:
        assert (workshop.state / "nobody").is_dir()
        nobody.press("q")
        nobody.wait_for_end()
    wait_until(lambda: not (workshop.state / "nobody").exists())


def test_a_killed_session_says_so_and_goes_on_from_where_it_was_saved(workshop) -> None:
    with workshop.come("dora") as dora, workshop.come("emil") as emil:
        dora.press("  ")
        dora.wait_for("step 2")
        wait_until(lambda: list((workshop.state / "dora").glob("*.session")))
        [mine] = [pid for pid in workshop.processes("session") if os.readlink(f"/proc/{pid}/cwd").endswith("/dora")]
        os.kill(mine, signal.SIGKILL)
        dora.wait_for("ended by a fault")
        emil.press(" ")
        emil.wait_for("step 1")
        dora.press("\r")
        dora.wait_for("step 2")
        for one in (dora, emil):
            one.press("q")
            one.wait_for_end()


def test_the_engine_killed_is_a_moment_s_wait(workshop) -> None:
    with workshop.come("kay") as kay:
        kay.press(" ")
        kay.wait_for("step 1")
        for engine in workshop.processes("engine"):
            os.kill(engine, signal.SIGKILL)
        kay.press(" ")
        kay.wait_for("step 2")
        kay.press("q")
        assert kay.wait_for_end() == 0


def test_the_fork_server_killed_is_replaced_and_sessions_live_on(workshop) -> None:
    with workshop.come("gil") as gil:
        [fork_server] = workshop.processes("fork server")
        os.kill(fork_server, signal.SIGKILL)
        gil.press(" ")
        gil.wait_for("step 1")
        with workshop.come("hal") as hal:
            hal.press(" ")
            hal.wait_for("step 1")
            hal.press("q")
            assert hal.wait_for_end() == 0
        gil.press("q")
        assert gil.wait_for_end() == 0
    wait_until(lambda: not workshop.processes("session"))


def test_the_server_killed_leaves_nothing_behind_and_everything_saved(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    served = Served(tmp_path / "state", "--open")
    try:
        with served.come("ida") as ida:
            ida.press("    ")
            ida.wait_for("step 4")
            below = descendants(served.process.pid)
            assert any("compute.server" in command_line(pid) for pid in below)
            served.process.kill()
            served.process.wait()
            wait_until(lambda: all(state(pid) in ("", "Z") for pid in below), 40, lambda: f"the end of {below}")
        assert list((tmp_path / "t").iterdir()) == []
        assert saved(served, "ida").timeline.steps == 4
    finally:
        served.stop()


def test_an_exported_file_reaches_the_clipboard_and_twenty_are_kept(workshop) -> None:
    with workshop.come("xena") as xena:
        xena.press(" ")
        xena.wait_for("step 1")
        xena.press("e")
        xena.press("mine.md\r")
        xena.wait_for("mine.md is copied, if your")
        xena.wait_for("xena/mine.md")
        copied = base64.b64decode(xena.written.partition(b"\x1b]52;c;")[2].partition(b"\a")[0])
        assert copied == (workshop.state / "xena" / "mine.md").read_bytes()
        for number in range(19):
            (workshop.state / "xena" / f"{number}.csv").touch(mode=0o600)
        xena.press("e")
        xena.press("more.md\r")
        xena.wait_for("20 exported files of yours are kept here, and no more")
        xena.press("q")
        assert xena.wait_for_end() == 0
    assert not (workshop.state / "xena" / "more.md").exists()


def test_what_a_server_killed_together_with_its_fork_server_leaves_is_removed_by_the_next(
    tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    served = Served(tmp_path / "state", "--open")
    [fork_server] = served.processes("fork server")
    for pid in (served.process.pid, fork_server):
        os.kill(pid, signal.SIGSTOP)
    for pid in (served.process.pid, fork_server):
        os.kill(pid, signal.SIGKILL)
    served.process.wait()
    [left] = folder.iterdir()
    with Served(tmp_path / "state", "--open") as next_one:
        [path] = folder.iterdir()
        assert path != left
        with Served(tmp_path / "other", "--open"):  # which leaves the folder of one that lives alone
            assert path in folder.iterdir()
        with next_one.come("ida") as ida:
            ida.press("q")
            assert ida.wait_for_end() == 0
    assert list(folder.iterdir()) == []


def test_a_clean_end_tells_everyone_and_saves_everything(tmp_path) -> None:
    with Served(tmp_path / "state", "--open") as served:
        with served.come("jan") as jan, served.come("kim") as kim:
            jan.press(" ")
            kim.press("  ")
            jan.wait_for("step 1")
            kim.wait_for("step 2")
            below = descendants(served.process.pid)
            assert served.stop() == 0
            for one in (jan, kim):
                one.wait_for_end()
                assert "is saved under your name" in one.written.decode()
                assert one.modes_left() == set()
        assert not [pid for pid in below if state(pid) not in ("", "Z")]
    assert saved(served, "jan").timeline.steps == 1
    assert saved(served, "kim").timeline.steps == 2


def test_an_idle_session_ends_and_is_saved(tmp_path) -> None:
    with Served(tmp_path / "state", "--open", "--idle-timeout", "3s") as served, served.come("lea") as lea:
        lea.press(" ")
        lea.wait_for("step 1")
        assert lea.wait_for_end(15) == 0
        assert "is saved under your name" in lea.written.decode()
        assert saved(served, "lea").timeline.steps == 1


def test_everything_is_the_owner_s_alone(workshop) -> None:
    with workshop.come("mia") as mia:
        mia.press(" ")
        mia.wait_for("step 1")
        mia.press("q")
        mia.wait_for_end()
    for path in [workshop.state, *workshop.state.rglob("*")]:
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


def test_a_slow_reader_makes_only_its_own_session_wait(workshop) -> None:
    """The client is stopped while its session goes on painting; the others step, and memory does not pile up."""
    with workshop.come("slow") as slow, workshop.come("nina") as nina:
        os.kill(slow.process.pid, signal.SIGSTOP)
        try:
            slow.press("a")
            for number in range(1, 6):
                nina.press(" ")
                nina.wait_for(f"step {number}")
            assert len(workshop.processes("session")) == 2
        finally:
            os.kill(slow.process.pid, signal.SIGCONT)
        slow.press("q")
        nina.press("q")
        assert slow.wait_for_end(15) == 0
        assert nina.wait_for_end(15) == 0


def test_no_process_descriptor_or_terminal_is_left(workshop) -> None:
    def held() -> tuple[int, int]:
        descriptors = os.listdir(f"/proc/{workshop.process.pid}/fd")
        return len(descriptors), len(workshop.processes("session"))

    wait_until(lambda: not workshop.processes("session"))
    time.sleep(0.5)
    before = held()
    for number in range(6):
        with workshop.come(f"p{number}") as client:
            if number % 2:
                client.press("q")
                client.wait_for_end()
            else:
                client.process.kill()
    wait_until(lambda: held() == before, 15, lambda: f"{before}, not {held()}")
    assert not [pid for pid in descendants(workshop.process.pid) if state(pid) == "Z"]

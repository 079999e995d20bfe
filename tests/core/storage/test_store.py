"""Saved sessions: resumed, the same bit for bit; what is damaged, foreign or half-written is told, never used."""

import os
import pickle
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from actions import act
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import OpenTable
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage import store
from backprop_tui.core.storage.folder import SUFFIX, Claim, claim, claim_new, keep_earlier, saved_names
from backprop_tui.core.storage.store import StoreError, doubts, load, save
from backprop_tui.core.table.batches import SHUFFLED
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from saved_file import rewrite, with_parts, without_part
from scenarios import runs

MOVES = ("step", "phase", "number", "back", "lr", "row", "change", "jump", "reinit", "restart", "optimizer", "example")


def state(session: Session) -> dict[str, object]:
    """All that a session is, comparable."""
    runs = [
        {
            "run": timeline.run,
            "opened_from": timeline.opened_from,
            "states": timeline.history.states.tobytes(),
            "losses": timeline.history.losses.tobytes(),
            "stretches": timeline.history.stretches,
            # As text: a change may hold NaN, which equals nothing, not even itself.
            "changes": repr(timeline.history.changes),
            "settings": timeline.settings,
            "position": timeline.position,
            "stops": timeline.stops,
            "xla": timeline.xla,
        }
        for timeline in session.timelines
    ]
    return {"in view": session.run_number, "dropped": session.dropped, "runs": runs}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sessions")


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(run=runs(), moves=st.lists(st.sampled_from(MOVES), max_size=12))
def test_a_session_resumed_is_the_session(run: Run, moves: list[str], settle: Settle, folder: Path) -> None:
    """Its history, its place, and what comes next: two steps on, and all the way back."""
    session = settle(Session(run))
    for move in moves:
        _move(session, move)
        settle(session)
    save(session, folder / "it.session", {"lesson": "training", "score": [3, 4]})
    loaded = load(folder / "it.session")
    resumed = loaded.session
    assert state(resumed) == state(session)
    assert loaded.screen == {"lesson": "training", "score": [3, 4]}
    assert doubts(loaded, resumed) == []
    assert doubts(loaded, settle(resumed), computed=True) == []
    settle(session)
    for go in ("request", "step", "phase", *["back"] * 40):
        for either in (session, resumed):
            act(either, go)
            settle(either)
        assert state(resumed) == state(session)
        assert _trace(resumed) == _trace(session)


def _move(session: Session, move: str) -> None:
    match move:
        case "lr":
            session.timeline.set_lr(session.timeline.settings.lr / 2)
        case "row":
            session.timeline.set_row(0 if session.timeline.scaling.rows == 1 else 1)
        case "change":
            session.timeline.change(Cell("w1", 0, 0), 0.5)
        case "jump":
            session.timeline.start_jump(5)
        case "optimizer":
            session.set_optimizer("adam")
        case "example":
            example = bundled("mazur-2015")
            session.begin(example.run, example)
        case _:
            act(session, move)


def _trace(session: Session) -> dict[str, bytes] | None:
    """What is seen of it: nothing at the start of a step, where one that went back may still hold it."""
    if session.timeline.trace is None or not session.timeline.position.done:
        return None
    return {name: value.tobytes() for name, value in session.timeline.trace.values.items()}


def long_session(steps: int, seed: int = 0) -> Session:
    """A session with a history of random numbers: saving does not care where they are from."""
    session = Session(Run(seed=seed))
    drawn = np.random.RandomState(seed).standard_normal((steps, 10)).astype("float32")
    session.timeline.history.append(drawn[:, :9], drawn[:, 9])
    session.timeline.history.hold(Settings(0.5))
    session.last()
    return session


def test_what_belongs_to_it_is_saved_with_it(folder: Path) -> None:
    scenario = bundled("mazur-2015")
    session = Session(scenario.run, scenario)
    save(session, folder / "mazur.session", {"text": "é", "none": None, "deep": {"a": [1.5, True]}})
    loaded = load(folder / "mazur.session")
    assert loaded.scenario == scenario
    assert loaded.screen == {"text": "é", "none": None, "deep": {"a": [1.5, True]}}
    assert os.stat(folder / "mazur.session").st_mode & 0o777 == 0o600


def test_numbers_that_are_not_finite_come_back(folder: Path) -> None:
    session = Session(Run())
    session.timeline.history.append(
        np.full((2, 9), [[np.nan], [np.inf]], "float32"), np.array([np.inf, np.nan], "float32")
    )
    save(session, folder / "nan.session")
    assert state(load(folder / "nan.session").session) == state(session)


def test_a_table_named_from_one_folder_is_found_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Session(Run(table=TableSpec("t.csv"))), tmp_path / "it.session")
    assert load(tmp_path / "it.session").session.timeline.run.table.path == str(tmp_path / "t.csv")


@pytest.mark.slow
def test_a_million_steps_are_saved_and_loaded_in_a_few_seconds(tmp_path: Path) -> None:
    session = long_session(1_000_000)
    start = time.perf_counter()
    save(session, tmp_path / "long.session")
    loaded = load(tmp_path / "long.session").session
    assert time.perf_counter() - start < 10
    assert loaded.timeline.steps == 1_000_000
    assert state(loaded) == state(session)


# Files that are not whole, or not ours


def test_a_hundred_truncations_and_bit_flips(tmp_path: Path) -> None:
    path = tmp_path / "it.session"
    save(long_session(50), path, {"lesson": "data"})
    whole = path.read_bytes()
    choose = random.Random(1)
    damaged = [whole[: choose.randrange(len(whole))] for _ in range(100)]
    for place in [*range(store.HEAD), *(choose.randrange(len(whole)) for _ in range(200))]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << choose.randrange(8)
        damaged.append(bytes(flipped))
    damaged += [whole + b"\0", whole[:-1], whole * 2, b""]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(StoreError) as raised:
            load(path)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)
        assert path.read_bytes() == content
    path.write_bytes(whole)
    assert load(path).session.timeline.steps == 50


class Boom:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("boom",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello\n", "is not a saved session of this program; it is left as it is"),
        (b"", "is not a saved session of this program; it is left as it is"),
        (pickle.dumps(Boom()), "is not a saved session of this program; it is left as it is"),
        (b"backprop-tui session 1\n" + b"x" * 100, "was saved by another version of this program; it is left as it is"),
        (store.MAGIC, "is damaged"),
        (store.MAGIC + b"\0" * 40, "is damaged"),
    ],
)
def test_foreign_files(content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "\x1b[31mred.session"
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        load(path)
    assert said in str(raised.value)
    assert str(raised.value).isprintable()
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == [path.name]


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, said in (
        (tmp_path / "fifo", "is not a file"),
        (tmp_path, "is not a file"),
        (tmp_path / "no", "no such file"),
    ):
        with pytest.raises(StoreError, match=said):
            load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"entries": 4},
        {"entries": -1},
        {"entries": 10**18},
        {"entries": "five"},
        {"dtype": "float64"},
        {"dtype": "object"},
        {"position": {"entry": 6, "done": 0}},
        {"position": {"entry": 0, "done": 999}},
        {"stretches": []},
        {"stretches": [[3, msgspec.to_builtins(Settings())]]},
        {"stretches": [[0, msgspec.to_builtins(Settings())], [9, msgspec.to_builtins(Settings())]]},
        {"changes": {7: None}},
        {"run": {"network": {"layers": []}}},
        {"surprise": 1},
        {"runs": []},
        {"in_view": 1},
        {"in_view": -1},
        {"screen": 3},
        {"table": "a digest"},
        {"table": [498, [3.0], [1.0]]},
    ],
)
def test_a_true_checksum_over_nonsense(change: dict[str, object], tmp_path: Path) -> None:
    """Whoever writes the checksum anew still gets nothing in that does not fit."""
    path = tmp_path / "it.session"
    save(long_session(5), path)
    rewrite(path, lambda saved: with_parts(saved, change))
    with pytest.raises(StoreError, match=r"can't be understood: .*; it is left as it is"):
        load(path)


REQUIRED = [
    field.name for part in (store.Saved, store.SavedRun) for field in msgspec.structs.fields(part) if field.required
]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_part_that_is_missing_is_told_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "it.session"
    save(long_session(5), path)
    rewrite(path, lambda saved: without_part(saved, name))
    with pytest.raises(StoreError, match=rf"can't be understood: .*`{name}`.*; it is left as it is") as raised:
        load(path)
    assert "\n" not in str(raised.value)


# Saving that fails


SUPPORT = Path(__file__).parents[2] / "support"

KILLED = """
import sys
sys.path[:0] = {tests!r}
from pathlib import Path
from test_store import long_session
from backprop_tui.core.storage.store import save
sessions = [long_session(steps) for steps in (200_000, 200_001)]
for round in range(10_000):
    save(sessions[round % 2], Path({path!r}))
    print(round, flush=True)
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_a_save(tmp_path: Path) -> None:
    """kill -9 at any moment: the file is one of the two that were saved, whole; the next save works."""
    path = tmp_path / "it.session"
    save(long_session(200_000), path)
    choose = random.Random(5)
    partial = tmp_path / ".it.session.partial"
    caught = 0
    for _ in range(12):
        code = KILLED.format(tests=[str(Path(__file__).parent), str(SUPPORT)], path=str(path))
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(choose.uniform(0, 0.06))
        process.kill()
        process.wait()
        process.stdout.close()
        caught += partial.exists()
        assert load(path).session.timeline.steps in (200_000, 200_001)
    assert caught, "no kill came in the middle of a save: the test proves nothing"
    save(long_session(7), path)
    assert load(path).session.timeline.steps == 7
    assert os.listdir(tmp_path) == ["it.session"]


def test_a_full_disk_leaves_the_earlier_file(tmp_path: Path) -> None:
    """A file may not grow beyond 100 kB here, as on a disk that is full."""
    path = tmp_path / "it.session"
    save(long_session(5), path)
    earlier = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StoreError, match=r"the session can't be saved to .*it.session: File too large$"):
            save(long_session(50_000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == earlier
    assert os.listdir(tmp_path) == ["it.session"]


@pytest.mark.parametrize("where", ["/proc/backprop-tui", "file/below", "folder"])
def test_a_home_that_can_not_be_written(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "it.session").mkdir(parents=True)
    target = tmp_path / where
    with pytest.raises(StoreError, match="the session can't be saved to "):
        save(long_session(3), target / "it.session")
    if where != "folder":
        with pytest.raises(StoreError, match="sessions can't be saved in "):
            claim_new(target)
    assert saved_names(target) == []


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    (tmp_path / ".it.session.partial").symlink_to(tmp_path / "precious")
    with pytest.raises(StoreError, match="can't be saved"):
        save(long_session(3), tmp_path / "it.session")
    assert (tmp_path / "precious").read_text() == "keep"


# Two programs at once


HOLDS = """
import sys, time
from pathlib import Path
from backprop_tui.core.storage.folder import claim
held = claim(Path({folder!r}), "mine")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that has the session `mine` open."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS.format(folder=str(tmp_path))], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
def test_a_session_is_written_by_one_program(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    save(long_session(3), tmp_path / "mine.session")
    save(long_session(3), tmp_path / "other.session")
    assert saved_names(tmp_path) == ["other"]
    with pytest.raises(StoreError, match="the session 'mine' is open in another program"):
        claim(tmp_path, "mine")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert set(saved_names(tmp_path)) == {"mine", "other"}
    with claim(tmp_path, "mine") as held:
        assert held.path == tmp_path / f"mine{SUFFIX}"
    assert sorted(os.listdir(tmp_path)) == ["mine.session", "other.session"]


CLAIMS = """
import sys
from datetime import datetime
from pathlib import Path
from backprop_tui.core.storage.folder import claim_new
held = claim_new(Path({folder!r}), datetime(2025, 3, 1, 10, 20, 33))
print(held.path.stem, flush=True)
sys.stdin.read()
held.release()
"""


@pytest.mark.slow
def test_programs_that_start_in_the_same_second_get_names_of_their_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLAIMS.format(folder=str(tmp_path))]
    programs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    names = {program.stdout.readline().strip() for program in programs if program.stdout}
    assert [program.communicate(timeout=30)[1] for program in programs] == [""] * 4
    assert names == {"2025-03-01 10.20.33", *(f"2025-03-01 10.20.33 {number}" for number in (2, 3, 4))}
    assert os.listdir(tmp_path) == []
    save(long_session(1), tmp_path / "2025-03-01 10.20.33.session")
    with claim_new(tmp_path, datetime(2025, 3, 1, 10, 20, 33)) as held:
        assert held.path.stem == "2025-03-01 10.20.33 2"


def test_the_newest_comes_first(tmp_path: Path) -> None:
    for age, name in enumerate(["c", "a", "b"]):
        save(long_session(1), tmp_path / f"{name}.session")
        os.utime(tmp_path / f"{name}.session", (1000 - age, 1000 - age))
    (tmp_path / "folder.session").mkdir()
    assert saved_names(tmp_path) == ["c", "a", "b"]


@pytest.mark.parametrize("name", ["", "..", "../up", "a/b", ".hidden", "a\0", "a\x1b[2J", " a", "a" * 81, "-x", "a\n"])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no name for a session") as raised:
        claim(tmp_path, name)
    assert str(raised.value).isprintable()


def test_a_claim_released_twice_is_released_once(tmp_path: Path) -> None:
    held: Claim = claim(tmp_path, "Ünïcode 1")
    held.release()
    held.release()
    with claim(tmp_path, "Ünïcode 1"):
        pass


# What a file held before


def saved_once_more(path: Path, steps: int, at: float) -> None:
    """Another sitting: it goes on with the session, and saves over it at some time."""
    keep_earlier(path)
    save(long_session(steps), path)
    os.utime(path, (at, at))


def held(path: Path) -> list[int]:
    """How many steps the file and those kept of it have, the newest first."""
    kept = [path, *(path.with_name(f"{path.name}~{number}") for number in (1, 2, 3, 4))]
    return [load(file).session.timeline.steps for file in kept if file.exists()]


def test_what_is_saved_over_stays_beside_it(tmp_path: Path) -> None:
    path, hour = tmp_path / "anna.session", 3600.0
    for sitting in range(6):
        saved_once_more(path, sitting, sitting * hour)
        assert held(path) == [*range(sitting, -1, -1)][:4]
    keep_earlier(path)
    keep_earlier(path)  # nothing was saved in between: it is kept once
    assert held(path) == [5, 5, 4, 3]
    assert saved_names(tmp_path) == ["anna"]
    path.with_name("anna.session~3").replace(path)  # the way back
    assert load(path).session.timeline.steps == 3


def test_whoever_takes_a_name_again_and_again_does_not_erase_what_was_done(tmp_path: Path) -> None:
    path = tmp_path / "anna.session"
    for sitting, steps in enumerate((10, 20)):
        saved_once_more(path, steps, 3600.0 * sitting)
    for taken in range(1, 30):
        saved_once_more(path, 0, 3600 + 60.0 * taken)
        assert {10, 20} <= set(held(path))


def test_names_are_the_same_whatever_their_case(tmp_path: Path) -> None:
    with claim(tmp_path, "Änne") as first:
        with pytest.raises(StoreError, match="open in another program"):
            claim(tmp_path, "änne")
        save(long_session(1), first.path)
    with claim(tmp_path, "ÄNNE") as again:
        assert again.path == first.path
    assert len([*tmp_path.glob("*.session")]) == 1


# What may be different from now on


def test_doubts_about_the_next_digits(tmp_path: Path, settle: Settle) -> None:
    session = settle(Session(Run(settings=replace(Settings(), sampling=replace(Settings().sampling, rule=SHUFFLED)))))
    save(session, tmp_path / "it.session")
    loaded = load(tmp_path / "it.session")
    assert re.fullmatch(r"\w+, .+, TensorFlow 2\.\d+\..*", loaded.machine)
    resumed = settle(loaded.session.copy())
    assert doubts(loaded, resumed, computed=True) == []
    resumed.timeline.xla = not resumed.timeline.xla
    assert doubts(loaded, resumed) == []
    [xla] = doubts(loaded, resumed, computed=True)
    assert xla == "it was made with XLA"
    [elsewhere] = doubts(replace(loaded, machine="Linux, ENIAC\x1b, TensorFlow 2.99"), resumed)
    assert elsewhere == "it is from another machine, Linux, ENIAC\\x1b, TensorFlow 2.99"


TABLE = "a,y,other\n1,2,0\n2,4,0\n3,8,0\n"


def table_opened(session: Session) -> Session:
    """By an engine that has not opened the file before."""
    request = session.request()
    assert isinstance(request, OpenTable)
    session.accept(request, Engine().answer(request))
    return session


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (TABLE, False),
        ("a,other,y\n1.0, 9, 2\n2,9,4.00\n3,9,8\n", False),
        (TABLE.replace("2,4", "2,5"), True),  # a target
        (TABLE.replace("2,4", "2.5,4"), True),  # a feature
        (TABLE + "3,8,0\n", True),
        # The same mean and standard deviation of the feature, and of the target.
        ("a,y,other\n3,8,0\n2,4,0\n1,2,0\n", True),
        ("a,y,other\n1,8,0\n2,4,0\n3,2,0\n", True),
    ],
)
def test_a_table_that_has_changed_is_noticed(text: str, changed: bool, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    run = Run(TableSpec(str(path), ("a",), ("y",), ("a",)), Network(1))
    save(table_opened(Session(run)), tmp_path / "it.session")
    path.write_text(text)
    loaded = load(tmp_path / "it.session")
    assert doubts(loaded, table_opened(loaded.session)) == ["the table has changed since"] * changed

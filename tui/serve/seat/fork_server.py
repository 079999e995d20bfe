"""The fork server: a process that has imported everything once, and forks a session whenever it is told to.

It starts no thread and no event loop, so that what it forks is whole. Its end of the line to the server is
descriptor 0; when that ends, so does it, and the sessions live on.
"""

import asyncio
import gc
import os
import select
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import msgspec
from backprop_tui.tui.serve import notes
from backprop_tui.tui.serve.notes import ClassQuestion, Ended, Fork, Ready, Started

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from .session_app import SessionApp


def serve_forks(control: socket.socket, build: "object") -> None:
    """Fork what is asked for and report what has ended, until the server has gone."""
    from .forked import run_session

    woken, wake = os.pipe()
    for descriptor in (woken, wake):
        os.set_blocking(descriptor, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sessions: dict[int, int] = {}
    gc.collect()
    gc.freeze()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(woken, select.POLLIN)
    assert threading.active_count() == 1, "a process with threads must not fork"
    notes.send(control, Ready(len(sys.modules)))
    while True:
        events = dict(poll.poll())
        if woken in events:
            with suppress(BlockingIOError):
                os.read(woken, 4096)
        if control.fileno() in events:
            data, descriptors, _, _ = socket.recv_fds(control, notes.MAX_NOTE, 2)
            if not data:
                return
            with suppress(msgspec.MsgspecError):
                note = notes.decode(data, Fork)
                # If this process can't hold one more, not both descriptors have come.
                pid = _fork() if len(descriptors) == 2 else -1
                if pid == 0:
                    control.close()
                    os.close(woken)
                    os.close(wake)
                    terminal, link = descriptors
                    _end(run_session(note, terminal, socket.socket(fileno=link), build))  # type: ignore[arg-type]
                _tell_started(control, note.session, pid)
                if pid > 0:
                    sessions[pid] = note.session
            for descriptor in descriptors:
                os.close(descriptor)
        _reap(control, sessions)


def _fork() -> int:
    """The pid, 0 in the child, -1 if there is no room for another process."""
    try:
        return os.fork()
    except OSError as error:
        print(f"no session can be forked: {error}", file=sys.stderr, flush=True)
        return -1


def _tell_started(control: socket.socket, session: int, pid: int) -> None:
    if pid < 0:
        notes.send(control, Started(session, 0))
        return
    try:
        # A handle made before anybody can reap it stands for this very process, however pids are used again.
        handle = os.pidfd_open(pid)
    except OSError:
        os.kill(pid, signal.SIGKILL)
        notes.send(control, Started(session, 0))
        return
    notes.send(control, Started(session, pid), [handle])
    os.close(handle)


def _end(code: int) -> NoReturn:
    with suppress(Exception):
        sys.stderr.flush()
    os._exit(code)


def _reap(control: socket.socket, sessions: dict[int, int]) -> None:
    while sessions:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        if pid in sessions:
            notes.send(control, Ended(sessions.pop(pid), os.waitstatus_to_exitcode(status)))


def main() -> None:
    """`fork_server ENGINE-SOCKET SCENARIO COURSE`: import the app, make one and show it to nobody, then serve_forks.

    An empty name is none: sessions begin with the plain run, and without a course.
    """
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    engine, given, named = sys.argv[1:]

    from backprop_tui.core.course import Course, open_course
    from backprop_tui.core.session.run import Run

    from .restore import restore
    from .session_app import SessionApp, WatchedEngine

    scenario = None
    if given:
        from backprop_tui.core.scenario import open_scenario

        scenario = open_scenario(given)
        scenario = scenario if scenario.origin else replace(scenario, origin=given)
    run = scenario.run if scenario else Run()
    course = open_course(named) if named else None

    def build(folder: Path, link: socket.socket, downloads: bool, course: Course | None = course) -> SessionApp:
        return SessionApp(restore(folder, run, scenario), WatchedEngine(engine), link, downloads, course)

    import_the_rest()
    rehearse(partial(build, course=None), Path(engine).parent)
    serve_forks(control, build)
    # The server has gone. If it was killed, its private folder is left to us.
    shutil.rmtree(Path(engine).parent, ignore_errors=True)


NOT_PRELOADED = (
    "backprop_tui.core.engine.compute",
    "backprop_tui.tui.cli",
    "backprop_tui.tui.serve.door",
    "backprop_tui.tui.serve.room",
)
"""What a session never imports: the engine's own code, the command line, the workshop's doors."""

LATE = (
    "concurrent.futures.thread",
    "encodings.unicode_escape",
    "idna",
    "numpy.ma",
    "pprint",
    "textual.system_commands",
)
"""What libraries import only when it is first needed: by a thread, an export, the palette."""


def import_the_rest() -> None:
    """Import what the program imports only when a key asks for it: here once, and not in every session."""
    from backprop_tui import core, tui

    for package in (core, tui):
        preload(package.__name__, package.__path__)
    for name in LATE:
        import_module(name)
    empty = import_module("nbformat.v4").new_notebook()
    import_module("nbformat").validate(empty)  # which imports what it validates with


def preload(package: str, path: Iterable[str]) -> None:
    """Import all modules of a package, and of those in it."""
    for module in iter_modules(path, f"{package}."):
        if module.name in NOT_PRELOADED or module.name.endswith(".__main__"):
            continue
        imported = import_module(module.name)
        if module.ispkg:
            preload(module.name, imported.__path__)


def rehearse(build: Callable[[Path, socket.socket, bool], "SessionApp"], private: Path) -> None:
    """Show an app to nobody, take a step, ask why? and the class question, save: what is made once is there then."""
    from .question_screen import QuestionScreen

    ours, theirs = notes.pair()
    with ours, theirs, TemporaryDirectory(dir=private) as folder:
        app = build(Path(folder), theirs, False)

        async def step(pilot: "Pilot[object]") -> None:
            await pilot.press("space")
            for _ in range(1200):
                if app.session.timeline.trace is not None:
                    break
                await asyncio.sleep(0.05)
            await pilot.press("down", "enter", "escape")
            for choices in (("yes", "no"), ()):  # every session will open it in the same moment
                app.push_screen(QuestionScreen(ClassQuestion(1, text="?", choices=choices, may_answer=True), print))
                await pilot.pause()
                await pilot.press("escape")
            app.leave()

        app.run(headless=True, size=(80, 24), auto_pilot=step)
    if app.session.timeline.trace is None:
        print("the rehearsal did not get an answer from the engine", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

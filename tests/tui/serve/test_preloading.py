"""What the fork server has imported before it forks: all that a session will ever import, whatever is pressed in it."""

import json
import subprocess
import sys

import pytest
from backprop_tui.tui.serve.seat.fork_server import NOT_PRELOADED
from source import PACKAGE, modules

PRELOADED = f"""
import sys
from {PACKAGE}.tui.serve.seat import fork_server, forked, session_app
fork_server.import_the_rest()
"""

EVERYTHING_IS_PRESSED = f"""
import asyncio, json, sys
from pathlib import Path
from {PACKAGE}.core.session.run import Run
from {PACKAGE}.tui.serve import notes
from {PACKAGE}.tui.serve.seat.fork_server import rehearse
from {PACKAGE}.tui.serve.seat.restore import restore
from {PACKAGE}.tui.serve.seat.session_app import SessionApp, WatchedEngine
from {PACKAGE}.tui.stepper.keys import MAIN

engine, folder = sys.argv[1:]

def build(folder, link, downloads):
    return SessionApp(restore(folder, Run(), None), WatchedEngine(engine), link, downloads)

rehearse(build, Path(folder))
before = set(sys.modules)
# As a session does with its own app, in its own folder.
ours, theirs = notes.pair()
app = build(Path(folder), theirs, False)
keys = [name for key in MAIN for name in key.names.split(",") if key.action not in ("quit", "jump")]

async def press(pilot):
    await pilot.press("space", "space", "s")
    for lesson in "12345":
        await pilot.press(lesson, *["space", "s", "question_mark", "escape", "enter", "escape", "e", "escape"])
    await pilot.press("4")
    for key in keys:
        await pilot.press(key, "tab", "down", "enter", "escape", "escape", "4")
    for name in ("run.md", "run.json", "run.csv", "run.txt", "run.ipynb", "run.toml"):
        await pilot.press("e", *name, "enter", "escape")
    await pilot.press("ctrl+p", *"loss", "enter", "escape", "escape", "4", "w")
    while app.screen_stack and app.session.request():
        await asyncio.sleep(0.05)
    app.leave()

app.run(headless=True, size=(120, 40), auto_pilot=press)
told = sorted(path.suffix for path in Path(folder).rglob("run.*"))
print(json.dumps([sorted(set(sys.modules) - before), told]))
"""


@pytest.mark.slow
def test_every_module_that_a_session_may_import_is_there_before_it() -> None:
    print_loaded = "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", PRELOADED + print_loaded], capture_output=True, text=True, check=True)
    kept = {name for name in done.stdout.split() if name.startswith(f"{PACKAGE}.")}
    wanted = {f"{PACKAGE}.{name}" for name in modules() if not name.endswith("__main__")}
    assert {name for name in wanted - kept if not name.startswith(NOT_PRELOADED)} == set()
    assert not {name for name in kept if name.startswith(f"{PACKAGE}.core.engine.compute.")}


@pytest.mark.slow
def test_nothing_is_imported_by_any_key_of_any_screen(engine_socket: str, tmp_path) -> None:
    code = PRELOADED + EVERYTHING_IS_PRESSED
    command = [sys.executable, "-c", code, engine_socket, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    imported, exported = json.loads(done.stdout.splitlines()[-1])
    assert exported == [".csv", ".ipynb", ".json", ".md", ".toml", ".txt"], "the keys have done what they say"
    assert imported == []

"""The arrows between the modules: down only, without a circle; and TensorFlow, pandas, scikit-learn in one room."""

import subprocess
import sys
import tomllib

import pytest
from source import PACKAGE, PARTS, ROOT, imported_modules, imports, modules

FLOORS = (
    {"tui.__main__"},
    {"tui.cli"},
    {"tui.keys"},
    {"tui.serve.door"},
    {"tui.serve.room"},
    {"tui.serve.seat"},
    {"tui.serve"},
    {"tui.app"},
    {"tui.lessons", "tui.model", "tui.saving"},
    {"tui.stepper"},
    {"tui.widgets"},
    {"tui.terminal"},
    {"tui", "tui.textual_hooks"},
    {"core.course.classroom"},
    {"core.export", "core.storage", "core.course"},
    {"core.explain.practice"},
    {"core.explain", "core.scenario"},
    {"core.lessons"},
    {"core.session", "core.engine.client", "core.engine.compute"},
    {"core.engine.protocol"},
    {"core.table", "core.operations"},
    {"core.model"},
    {"core.text"},
    {"data", "core", "core.engine"},
)
"""The rooms from top to bottom. A room may import from the floors below its own."""
FILES = {"tui", "core", "core.engine"}
"""Of the rooms, those that are a package's own `__init__.py`, and not all below it."""

HEAVY = {"tensorflow", "pandas", "sklearn", "scipy", "keras", "h5py"}
COMPUTE = "core.engine.compute"
MOST_NAMES = 13
"""A dozen names may lie at the root of core/ and of tui/, beside the `__init__.py`."""


def floor(room: str) -> int:
    """The floor of a room, from the top."""
    found = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    assert found, f"{room} stands on no floor: put it into FLOORS, below those that import it"
    return found[0]


def room(module: str) -> str:
    """The room that a module lies in: the longest of the floors' names that it begins with, else its own name."""
    rooms = set().union(*FLOORS)
    above = [name for name in rooms - FILES if f"{module}.".startswith(f"{name}.")]
    return max(above, key=len, default=module)


def circle(module: str) -> set[str]:
    """The modules that a module needs and that need it in turn."""
    return {other for other in needed(module) if module in needed(other)}


def needed(module: str) -> set[str]:
    """The modules that a module imports, those that they import, and so on."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        new = imported_modules(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def loaded_by(statements: str) -> set[str]:
    """The names of the modules that are loaded after some statements, in a fresh interpreter."""
    code = f"import sys\n{statements}\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_source_is_read_right() -> None:
    assert {"core.session.session", "core.explain.why", "tui.app", "data"} <= set(modules())
    assert "core.model.network" in imported_modules("core.session.run")
    assert "core.session.session" in imported_modules("tui.app")
    assert "core.engine.client.process" in imported_modules("core.engine.client.socket"), "a relative import"
    assert "core.engine.protocol.messages" in imported_modules("core.engine.client.process"), "one inside a function"
    assert "pandas" in imports("core.engine.compute.reading")
    assert room("core.engine.client.socket") == "core.engine.client"


@pytest.mark.parametrize("module", modules())
def test_arrows_go_down(module: str) -> None:
    mine = room(module)
    up = {name for name in imported_modules(module) if room(name) != mine and floor(room(name)) <= floor(mine)}
    assert not up


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_modules_go_in_a_circle(part: str) -> None:
    circles = {module: found for module in modules() if module.startswith(part) and (found := circle(module))}
    assert not circles


@pytest.mark.slow
def test_only_what_computes_imports_anything_heavy() -> None:
    assert {room(module) for module in modules() if {name.split(".")[0] for name in imports(module)} & HEAVY} == {
        COMPUTE
    }


def test_only_the_commands_without_a_screen_compute_in_their_own_process() -> None:
    assert {room(module) for module in modules() if any(map(computes, imported_modules(module)))} == {
        COMPUTE,
        "tui.cli",
    }


def computes(module: str) -> bool:
    return room(module) == COMPUTE


@pytest.mark.parametrize("part", ["core", "tui"])
def test_few_names_lie_at_the_root(part: str) -> None:
    names = [path.name for path in (ROOT / part).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert len(names) <= MOST_NAMES, sorted(names)


# What is loaded, and not only named


@pytest.mark.slow
def test_no_module_of_core_or_of_the_screen_loads_anything_heavy() -> None:
    names = [name for name in modules() if room(name) != COMPUTE and not name.endswith("__main__")]
    loaded = loaded_by("\n".join(f"import {PACKAGE}.{name}" for name in names))
    assert f"{PACKAGE}.tui.app" in loaded
    assert not loaded & HEAVY
    assert not [name for name in loaded if name.startswith(f"{PACKAGE}.{COMPUTE}.")]


def test_core_loads_no_screen() -> None:
    names = [name for name in modules() if name.startswith("core") and room(name) != COMPUTE]
    loaded = loaded_by("\n".join(f"import {PACKAGE}.{name}" for name in names))
    assert not [name for name in loaded if name.startswith((f"{PACKAGE}.tui", "textual", "rich"))]


@pytest.mark.parametrize(
    ("module", "there", "absent"),
    [
        ("engine", set(), HEAVY),
        ("__main__", set(), HEAVY),
        pytest.param("table", {"pandas", "sklearn"}, {"tensorflow", "keras"}, marks=pytest.mark.slow),
        pytest.param("program", {"tensorflow"}, {"pandas", "sklearn", "keras"}, marks=pytest.mark.slow),
    ],
)
def test_the_engine_loads_what_it_needs(module: str, there: set[str], absent: set[str]) -> None:
    loaded = loaded_by(f"import {PACKAGE}.{COMPUTE}.{module}")
    assert there <= loaded
    assert not loaded & absent


# What is packed

SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
PACKED = ("*.tcss", "*.html", "*.js", "*.toml", "*.csv", "py.typed")


def test_every_folder_of_code_is_packed() -> None:
    folders = {file.parent.relative_to(ROOT) for file in modules().values()}
    assert {f"{PACKAGE}." + ".".join(folder.parts) for folder in folders} == set(SETUPTOOLS["packages"])


def test_every_folder_of_code_is_a_package() -> None:
    folders = {file.parent for file in modules().values()}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_every_file_that_the_program_reads_is_packed() -> None:
    there = {path for part in PARTS for pattern in PACKED for path in (ROOT / part).rglob(pattern)}
    packed = {
        path
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern)
    }
    assert len(there) > 5
    assert not there - packed

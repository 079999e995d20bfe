"""The arrows: core and the screen load no TensorFlow, pandas or scikit-learn; the engine only what it needs."""

import subprocess
import sys
from pathlib import Path

import backprop_tui.core
import backprop_tui.tui
import pytest

HEAVY = ("tensorflow", "pandas", "sklearn", "scipy", "keras", "h5py")


def modules(package: str, path: Path, without: str = "") -> list[str]:
    """Every module below a package's folder."""
    found = []
    for file in sorted(path.rglob("*.py")):
        parts = file.relative_to(path).with_suffix("").parts
        name = ".".join([package, *(part for part in parts if part != "__init__")])
        if not (without and name.startswith(without)):
            found.append(name)
    return found


def loaded_by(statements: str) -> set[str]:
    """The names of the modules that are loaded after some statements, in a fresh interpreter."""
    code = f"import sys\n{statements}\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


CORE = modules("backprop_tui.core", Path(backprop_tui.core.__path__[0]), "backprop_tui.core.engine.compute.")
TUI = modules("backprop_tui.tui", Path(backprop_tui.tui.__path__[0]))


def test_they_are_found() -> None:
    assert {"backprop_tui.core.session.session", "backprop_tui.core.explain.why"} <= set(CORE)
    assert "backprop_tui.core.engine.compute.program" not in CORE
    assert "backprop_tui.tui.app" in TUI


def test_no_module_of_core_or_of_the_screen_loads_anything_heavy() -> None:
    loaded = loaded_by("\n".join(f"import {name}" for name in [*CORE, *TUI] if not name.endswith("__main__")))
    assert not loaded & set(HEAVY)
    assert not [name for name in loaded if name.startswith("backprop_tui.core.engine.compute.")]


def test_core_knows_no_screen() -> None:
    loaded = loaded_by("\n".join(f"import {name}" for name in CORE))
    assert not [name for name in loaded if name.startswith(("backprop_tui.tui", "textual", "rich"))]


@pytest.mark.parametrize(
    ("statements", "there", "absent"),
    [
        ("import backprop_tui.core.engine.compute.engine", [], HEAVY),
        ("import backprop_tui.core.engine.compute.__main__", [], HEAVY),
        ("import backprop_tui.core.engine.compute.table", ["pandas", "sklearn"], ["tensorflow", "keras"]),
        ("import backprop_tui.core.engine.compute.program", ["tensorflow"], ["pandas", "sklearn", "keras"]),
    ],
)
def test_the_engine_loads_what_it_needs(statements: str, there: list[str], absent: list[str]) -> None:
    loaded = loaded_by(statements)
    assert set(there) <= loaded
    assert not loaded & set(absent)

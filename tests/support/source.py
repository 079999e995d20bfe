"""The source of the program as its files say it: the modules there are, and what each imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "backprop_tui"
PARTS = ("core", "tui", "data")


@cache
def modules() -> dict[str, Path]:
    """Every module of the program by its name without the package's: "core.model.network" and its file."""
    found = {}
    for part in PARTS:
        for file in sorted((ROOT / part).rglob("*.py")):
            names = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(name for name in names if name != "__init__")] = file
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports, at its top, inside functions and for type checking alone: modules by their whole names.

    Those of the program have no "backprop_tui." before them.
    """
    tree = ast.parse(modules()[module].read_text("utf-8"))
    return frozenset(name for node in ast.walk(tree) for name in _imported(module, node))


def _imported(module: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (_own(alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        origin = _own(_origin(module, node))
        for alias in node.names:
            whole = f"{origin}.{alias.name}".lstrip(".")
            yield whole if whole in modules() else origin


def _origin(module: str, node: ast.ImportFrom) -> str:
    """The module that a `from ... import` names, with the dots of a relative one resolved."""
    if not node.level:
        return node.module or ""
    is_package = modules()[module].name == "__init__.py"
    parents = module.split(".")[: None if is_package else -1]
    parents = parents[: len(parents) - node.level + 1]
    return ".".join([*parents, *filter(None, [node.module])])


def _own(name: str) -> str:
    return name.removeprefix(PACKAGE).lstrip(".") if name.partition(".")[0] == PACKAGE else name


def imported_modules(module: str) -> frozenset[str]:
    """The modules of the program that a module imports."""
    return frozenset(name for name in imports(module) if name in modules() and name != module)

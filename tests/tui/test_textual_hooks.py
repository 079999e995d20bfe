"""Inner names of Textual are used in one file alone."""

import ast
import importlib
import inspect
from textwrap import dedent

import pytest
from source import PACKAGE, imports, modules
from textual.message_pump import MessagePump

HOOKS = "tui.textual_hooks"
NOT_TEXTUALS = {"_replace", "_asdict", "_make", "_fields", "_exit", "_"}
"""Those of named tuples, and of `os`."""

MODULES = [
    name
    for name in modules()
    if name.startswith("tui") and name != HOOKS and any(one.startswith("textual") for one in imports(name))
]


def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text("utf-8"))


def is_inner(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in NOT_TEXTUALS


def defined(module: str) -> set[str]:
    """The inner names that a module's classes and functions have of their own."""
    return _defined(tree(module))


def _defined(source: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(source):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case (
                ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store())
                | ast.Name(id=name, ctx=ast.Store())
            ):
                found.add(name)
    return {name for name in found if is_inner(name)}


OURS = set().union(*map(defined, MODULES))


@pytest.mark.parametrize("module", MODULES)
def test_no_module_uses_an_inner_name_of_textual(module: str) -> None:
    for node in ast.walk(tree(module)):
        match node:
            case ast.ImportFrom(module=str(name), names=names) if name.startswith("textual"):
                assert not [part for part in [*name.split("."), *(one.name for one in names)] if is_inner(part)]
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if is_inner(name):
                assert name in OURS, f"line {node.lineno}: self.{name} comes from Textual"
            case ast.Attribute(attr=name) if is_inner(name):
                assert name in defined(module), f"line {node.lineno}: {name} is inner to something else"


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_no_class_hides_an_inner_name_of_textual_by_one_of_its_own(module: str) -> None:
    for _, kind in inspect.getmembers(importlib.import_module(f"{PACKAGE}.{module}"), inspect.isclass):
        if kind.__module__ == f"{PACKAGE}.{module}" and issubclass(kind, MessagePump):
            textual = [base for base in kind.__mro__ if base.__module__.startswith("textual")]
            assert not own(kind) & set().union(*map(own, textual))


def own(kind: type) -> set[str]:
    """The inner names that a class's own lines define."""
    return _defined(ast.parse(dedent(inspect.getsource(kind))))

"""`backprop-tui --print-completion SHELL`: the script by which a shell completes commands, options and files."""

import argparse
from importlib import import_module

import shtab
from backprop_tui.core.scenario import bundled_names

from .options import COMMANDS, PROGRAM

_FILES = ("CSV", "FILE", "SOCKET", "PATH")
"""What stands for the name of a file in the help."""

_BASH = """\
_backprop_tui_file_or_{kind}() {{
  compgen -W "{words}" -- "$1"
  compgen -f -X '!*.toml' -- "$1"
  compgen -d -- "$1"
}}"""
"""shtab knows by the `_file` in its name that it may find folders, after which no space belongs."""


def script(shell: str, screen: argparse.ArgumentParser) -> str:
    """The script for a shell. `screen`, the parser of the program without a command, gets the commands added.

    In bash the first word is a scenario or a command; shtab's scripts for the other shells know one kind only there.
    """
    if shell == "bash":
        _complete(screen, "command", [*COMMANDS, *bundled_names()])
    else:
        screen._actions.remove(next(action for action in screen._actions if action.metavar == "SCENARIO"))
        _complete(screen, "command", [])
    commands = screen.add_subparsers(parser_class=argparse.ArgumentParser)
    for name, what in COMMANDS.items():
        parser = import_module(f".{name}", __package__).parser()
        _complete(parser, "example", bundled_names())
        commands.add_parser(name, help=what, parents=[parser], add_help=False)
    return str(shtab.complete(screen, shell, root_prefix=PROGRAM))


def _complete(parser: argparse.ArgumentParser, kind: str, scenarios: list[str]) -> None:
    """Say what completes each argument that is not a word of a list: files, folders, and these names of scenarios."""
    for action in parser._actions:
        if action.metavar == "SCENARIO":
            action.complete = _scenarios(kind, scenarios)  # type: ignore[attr-defined]
        elif action.metavar == "FOLDER":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def _scenarios(kind: str, names: list[str]) -> dict[str, object]:
    """How each shell completes a scenario: one of some names, or a file whose name ends in `.toml`."""
    words = " ".join(names)
    return {
        "bash": f"_backprop_tui_file_or_{kind}",
        "zsh": f"{{_values scenario {words} ; _files -g '*.toml'}}",
        "tcsh": f"`echo {words} *.toml`",
        "preamble": {"bash": _BASH.format(kind=kind, words=words)},
    }

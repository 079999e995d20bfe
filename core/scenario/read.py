"""Reading a scenario: the file's text, its TOML, its types; `build` gives the parts their meaning."""

import re
import tomllib
from collections.abc import Collection
from dataclasses import replace
from math import isfinite
from pathlib import Path as FilePath
from typing import Any
from unicodedata import category

import msgspec
from backprop_tui.core.text.escape import escape_controls, with_hyphens
from backprop_tui.core.text.files import reason
from backprop_tui.data import EXAMPLES

from .build import build
from .facts import Scenario, ScenarioError
from .format import (
    MAX_BYTES,
    CategoryPart,
    DataPart,
    ExpectPart,
    FilePart,
    InitialPart,
    LayerPart,
    NetworkPart,
    ShowPart,
    TrainingPart,
)
from .places import Path, line_of, written
from .values import Bad

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
    "datetime": "a date",
    "date": "a date",
    "time": "a time",
}
_PARTS: dict[str, type[msgspec.Struct]] = {
    "": FilePart,
    "data": DataPart,
    "data.categories": CategoryPart,
    "network": NetworkPart,
    "network.layers": LayerPart,
    "initial": InitialPart,
    "training": TrainingPart,
    "show": ShowPart,
    "expect": ExpectPart,
}
"""The tables of a file by their path."""

_CLEARER = (
    (r"Illegal character '\\n'", "the text that begins here has no closing quote in its line"),
    (
        r"Expected newline or end of document after a statement",
        "too much in this line; a number is written 0.3, not 0,3",
    ),
    (r"Cannot declare \('(.+)',\) twice", r"[\1] stands here for the second time"),
)
"""What Python's TOML reader says, and the words that a person can act on."""

_NOT_A_NUMBER = re.compile(
    r"""(\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*)|\N{MINUS SIGN}""", re.DOTALL
)
"""Text in quotes and comments, which stay as they are; else a minus of typesetting, which stands before a number."""

_SYNTAX = re.compile(r"^(.*?) \(at (?:line (\d+), column \d+|end of document)\)$", re.DOTALL)


def bundled_names() -> list[str]:
    """The names of the scenarios that come with the program, sorted."""
    return sorted(path.name[: -len(".toml")] for path in EXAMPLES.iterdir() if path.name.endswith(".toml"))


def bundled(name: str) -> Scenario:
    """A scenario that comes with the program. Raises ScenarioError if there is none of that name."""
    if name not in bundled_names():
        asked = escape_controls(name)[:80]
        raise ScenarioError(f"'{asked}' is no example; `backprop-tui examples` lists them; a file's name ends in .toml")
    return replace(parse((EXAMPLES / f"{name}.toml").read_text("utf-8"), None, name), origin=name)


def open_scenario(name: str, keys: Collection[str] = ()) -> Scenario:
    """The file of that name if it ends in `.toml`, else the bundled scenario. Raises ScenarioError.

    `keys` are those that a screen has and a scenario may hide; without them any may be named.
    """
    return read(FilePath(name), keys) if name.endswith(".toml") else bundled(name)


def read(path: FilePath, keys: Collection[str] = ()) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    name = escape_controls(str(path))
    try:
        if path.exists() and not path.is_file():
            raise ScenarioError(f"{name}: is not a file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError(f"{name}: no such file") from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{name}: can't be read: {reason(error)}") from None
    if len(content) > MAX_BYTES:
        raise ScenarioError(f"{name}: is larger than {MAX_BYTES:,} bytes; put the rows into a CSV file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ScenarioError(f"{name}, line {line}: is not UTF-8 text; save the file as UTF-8") from None
    return parse(text, path.parent, str(path), keys)


def parse(text: str, folder: FilePath | None, name: str, keys: Collection[str] = ()) -> Scenario:
    """The scenario in a text; CSV files are looked for in `folder` (nowhere when None). Raises ScenarioError."""
    text = _NOT_A_NUMBER.sub(lambda part: part[0] if part[1] else with_hyphens(part[0]), text.replace("\r\n", "\n"))
    try:
        return build(_decode(text), folder, keys)
    except Bad as bad:
        line = bad.line or line_of(text, bad.path)
        where = ", ".join([escape_controls(name)] + ([f"line {line}"] if line else []))
        parts = [where, escape_controls(written(bad.path))[:120], escape_controls(bad.message)[:400]]
        raise ScenarioError(": ".join(part for part in parts if part)) from None


def _decode(text: str) -> FilePart:
    try:
        values = tomllib.loads(text)
        _check_values(values, ())
        return msgspec.convert(values, FilePart)
    except tomllib.TOMLDecodeError as error:
        match = _SYNTAX.match(str(error))
        message, line = (match[1], match[2]) if match else (str(error), None)
        for pattern, clearer in _CLEARER:
            message = re.sub(pattern, clearer, message)
        raise Bad((), f"is not TOML: {message}", int(line) if line else text.rstrip("\n").count("\n") + 1) from None
    except RecursionError:
        raise Bad((), "lists or tables are nested too deeply; none needs more than three levels") from None
    except msgspec.ValidationError as error:
        raise _translated(error) from None
    except ValueError:
        # Python reads no whole number of more than 4,300 digits.
        raise Bad((), "holds a whole number with thousands of digits; write it as 1e99") from None


def _check_values(value: Any, path: Path) -> None:
    """Raise Bad for a number that is not finite or a control character: wherever they stand, they are never meant."""
    match value:
        case dict():
            for key, part in value.items():
                _check_values(key, path)
                _check_values(part, (*path, key))
        case list():
            for number, part in enumerate(value):
                _check_values(part, (*path, number))
        case float() if not isfinite(value):
            raise Bad(path, f"expected a finite number, got {value}")
        case str():
            for character in value:
                if category(character) in ("Cc", "Cs") and character not in "\n\t":
                    raise Bad(path, f"expected text without control characters, got U+{ord(character):04X}")


def _translated(error: msgspec.ValidationError) -> Bad:
    """msgspec's message in this program's words, with the path that it names."""
    message, _, place = str(error).partition(" - at `$")
    path: list[str | int] = []
    for key, number in re.findall(r"\.([\w-]+)|\[(\d+|\.\.\.)\]", place.removesuffix("`")):
        if number == "...":
            break
        path.append(int(number) if number else key)
    if unknown := re.search(r"unknown field `(.*)`", message, re.DOTALL):
        return Bad((*path, unknown[1]), f"no such key in {_whereabouts(tuple(path))}{_meant(unknown[1], path)}")
    if missing := re.search(r"missing required field `(.*)`", message):
        return Bad(tuple(path), f"the key {missing[1]} is missing")
    words = re.sub(r"`(\w+)( \| \w+)*`", lambda match: _words(match[0]), message)
    if path == ["expect"]:
        words = "expected [[expect]], in double brackets"
    elif path and isinstance(path[-1], int) and words.startswith("Expected a list"):
        words = "expected rows of numbers, written [[0.1, 0.2], [0.3, 0.4]]"
    return Bad(tuple(path), words[0].lower() + words[1:])


def _meant(unknown: str, path: list[str | int]) -> str:
    """`; is standardize meant?`, if a key of that place is written nearly alike."""
    from difflib import get_close_matches

    part = _PARTS.get(".".join(key for key in path if isinstance(key, str)))
    found = get_close_matches(unknown, part.__struct_fields__, 1, 0.75) if part else []
    return f"; is {found[0]} meant?" if found else ""


def _words(types: str) -> str:
    names = [_TYPES.get(name, name) for name in types.strip("`").split(" | ") if name != "null"]
    return " or ".join(names) or "nothing"


def _whereabouts(path: Path) -> str:
    return f"[{written(path)}]" if path else "a scenario"

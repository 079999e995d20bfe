"""Reading a scenario: `decode` reads the file, `build` gives its parts their meaning."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path as FilePath

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.data import EXAMPLES

from .build import build
from .decode import Format, Unread, decode, located, plain_text, text_of
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
from .tasks import ChoicePart, NumberPart, ReachPart, TaskPart
from .values import Bad

FORMAT = Format(
    FilePart,
    {
        "": FilePart,
        "data": DataPart,
        "data.categories": CategoryPart,
        "network": NetworkPart,
        "network.layers": LayerPart,
        "initial": InitialPart,
        "training": TrainingPart,
        "show": ShowPart,
        "expect": ExpectPart,
        "task": TaskPart,
        "task.number": NumberPart,
        "task.choice": ChoicePart,
        "task.reach": ReachPart,
    },
    ("expect", "task"),
    "a scenario",
    MAX_BYTES,
    "put the rows into a CSV file",
)


def bundled_names() -> list[str]:
    """The names of the scenarios that come with the program, sorted."""
    return sorted(path.name[: -len(".toml")] for path in EXAMPLES.iterdir() if path.name.endswith(".toml"))


def bundled(name: str) -> Scenario:
    """A scenario that comes with the program. Raises ScenarioError if there is none of that name."""
    if name not in bundled_names():
        asked = escape_controls(name)[:80]
        raise ScenarioError(f"'{asked}' is no example; `backprop-tui examples` lists them; a file's name ends in .toml")
    found = parse((EXAMPLES / f"{name}.toml").read_text("utf-8"), None, name)
    return replace(found, origin=name, layout_unsaid=())  # its numbers come out, so its layout is right


def open_scenario(name: str, keys: Collection[str] = ()) -> Scenario:
    """The file of that name if it ends in `.toml`, else the bundled scenario. Raises ScenarioError.

    `keys` are those that a screen has and a scenario may hide; without them any may be named.
    """
    return read(FilePath(name), keys) if name.endswith(".toml") else bundled(name)


def read(path: FilePath, keys: Collection[str] = ()) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    try:
        text = text_of(path, FORMAT)
    except Unread as error:
        raise ScenarioError(str(error)) from None
    return parse(text, path.parent, str(path), keys)


def parse(text: str, folder: FilePath | None, name: str, keys: Collection[str] = ()) -> Scenario:
    """The scenario in a text; CSV files are looked for in `folder` (nowhere when None). Raises ScenarioError."""
    text = plain_text(text)
    try:
        return build(decode(text, FORMAT), folder, keys)
    except Bad as bad:
        raise ScenarioError(str(located(bad, text, name))) from None

"""In which line of a scenario file a key stands, for messages."""

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_LONG = re.compile(r'"""|' + "'''")


def line_of(text: str, path: Path) -> int | None:
    """The line, from 1, of a key such as ("expect", 2, "value"), or of the nearest key or table around it."""
    lines = key_lines(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def key_lines(text: str) -> dict[Path, int]:
    """The line of every table and key that starts one. What stands inside long texts is no key."""
    found: dict[Path, int] = {}
    here: Path = ()
    counts: dict[Path, int] = {}
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        was_inside, inside = inside, inside ^ bool(len(_LONG.findall(line)) % 2)
        if was_inside:
            continue
        if header := _HEADER.match(line):
            here = _within(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[here] = counts.get(here, -1) + 1
                here = (*here, counts[here])
            found.setdefault(here, number)
        elif key := _KEY.match(line):
            parts = _parts(key[1])
            for length in range(1, len(parts) + 1):
                found.setdefault((*here, *parts[:length]), number)
    return found


def _within(parts: Path, counts: dict[Path, int]) -> Path:
    """The path of a header: what lies in a list of tables lies in the last of them so far."""
    found: Path = ()
    for place, part in enumerate(parts):
        found = (*found, part)
        if place < len(parts) - 1 and found in counts:
            found = (*found, counts[found])
    return found


def _parts(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def written(path: Path) -> str:
    """A path as a person writes it: `expect[3].value`, counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")

"""The pages say what is so: their links, their keys, their example of a scenario, the places that they name."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import parse
from backprop_tui.core.scenario.check import check
from backprop_tui.tui.cli.options import COMMANDS
from backprop_tui.tui.cli.screen import SHELLS
from driven_screen import driven
from pages import TABLES, keys_page, with_tables
from textual.keys import _character_to_key

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "deploy/*.md", "data/*.md", "core/**/*.md", "tui/**/*.md")
    for path in ROOT.glob(pattern)
)


OF_OTHERS = {"--short", "--no-skips", "--pdb"}
"""Options of the benchmarks and of pytest."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def links(text: str) -> list[str]:
    """What the links and pictures of a page point at."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def anchors(path: Path) -> set[str]:
    """The headings of a page, as links name them."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def commands(text: str) -> list[str]:
    """The lines of shell on a page by which the program is started, without what else stands in them."""
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    return re.findall(r"(?:^|[ /])(backprop-tui(?: [^>&|\n]*|$))", blocks, re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links(path.read_text("utf-8")):
        if link.startswith(("https:", "http:", "mailto:")):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/*.md")), ids=name_of)
def test_the_front_page_leads_to_every_page(path: Path) -> None:
    assert name_of(path) in links((ROOT / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("path", [path for path in PAGES if name_of(path).startswith(("core/", "tui/"))], ids=name_of)
def test_a_rooms_page_is_short_and_names_what_is_in_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 10
    for name in re.findall(r"`(\w+(?:\.py|/))`", text):
        assert (path.parent / name).exists() or name == "core/", name


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_file_that_a_page_names_in_code_is_there(path: Path) -> None:
    for place in re.findall(r"`((?:core|tui|data|docs|deploy|tests)/[\w./*-]*)`", path.read_text("utf-8")):
        assert list(ROOT.glob(place)) if "*" in place else (ROOT / place).exists(), place


@pytest.mark.parametrize("line", sorted({line for path in PAGES for line in commands(path.read_text("utf-8"))}))
def test_every_command_of_a_page_is_understood(line: str) -> None:
    name, *words = shlex.split(line, comments=True)
    command = words.pop(0) if words and words[0] in COMMANDS else "screen"
    parser = import_module(f"backprop_tui.tui.cli.{command}").parser()
    if "--print-completion" in words:
        words.remove("--print-completion")
        assert words.pop() in SHELLS
    parser.parse_args(words)
    assert name == "backprop-tui"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_option_of_a_page_is_the_programs(path: Path) -> None:
    modules = [import_module(f"backprop_tui.tui.cli.{command}") for command in ("screen", *COMMANDS)]
    own = {option for module in modules for action in module.parser()._actions for option in action.option_strings}
    prose = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert set(re.findall(r"`(--[a-z0-9-]+)", prose)) <= own | OF_OTHERS


def test_the_keys_are_the_programs_own_tables() -> None:
    """If not: `python tests/support/pages.py`."""
    assert (ROOT / "docs/keys.md").read_text("utf-8") == keys_page()


SCREENS = {
    "Lesson 1": ("1",),
    "Lesson 2": ("2",),
    "Lesson 3": ("3",),
    "Lesson 4": ("4",),
    "Lesson 5": ("5",),
    "Enter": ("space", "enter"),
    "L": ("L",),
    "V": ("v",),
    "O": ("o",),
    "?": ("question_mark",),
}
"""The sections of the page of keys by how their headings begin, and the keys that lead to their screens."""
WRITTEN = {
    "arrow keys": "↑↓←→",
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}


@pytest.mark.parametrize("heading", SCREENS)
async def test_every_key_of_the_page_is_bound_in_the_running_program(engine: Engine, heading: str) -> None:
    sections = (ROOT / "docs/keys.md").read_text("utf-8").split("\n## ")
    (section,) = [section for section in sections if re.match(re.escape(heading) + "[: ]", section)]
    written = re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)
    assert len(written) > 1
    async with driven(engine) as shown:
        await shown.press(*SCREENS[heading])
        bound = set(shown.app.screen.active_bindings)
        for keys in written:
            for key in re.findall(r"[↑↓←→]|[^\s↑↓←→]+", WRITTEN.get(keys, keys).replace(" or ", " ")):
                name = key if len(key) > 1 or key.isalnum() else _character_to_key(key)
                assert WRITTEN.get(key, name) in bound, keys


def test_tables_are_made_from_the_programs_own_rows() -> None:
    """If not: `python tests/support/pages.py`."""
    pages = [path.read_text("utf-8") for path in ROOT.glob("docs/*.md")]
    assert all(text == with_tables(text) for text in pages)
    marks = {mark for text in pages for mark in re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE)}
    assert marks == set(TABLES)


def test_the_scenario_can_be_opened_and_comes_out_as_it_says(engine: Engine) -> None:
    block = re.search(r"```toml\n(.*?)```", (ROOT / "docs/scenarios.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    scenario = parse(block[1], ROOT, "scenarios.md")
    compared = check(scenario, engine.answer)
    assert len(compared) == 2
    assert all(number.ok for number in compared)

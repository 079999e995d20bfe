"""The README says what is so: its picture, its commands, its map; and it stays a front page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
MAP = re.findall(r"^((?:core|tui|data|docs|deploy|tests)/\S*)", README, re.MULTILINE)


def test_it_is_a_front_page() -> None:
    assert len(README.splitlines()) <= 150


def test_the_picture_was_made_by_the_program() -> None:
    name = re.search(r"!\[[^\]]*\]\(([^)]+\.svg)\)", README)
    assert name is not None
    picture = (ROOT / name[1]).read_text("utf-8")
    assert "<svg" in picture
    assert "Updated&#160;weights" in picture


def test_the_test_command_stands_where_the_ci_looks_for_it() -> None:
    marked = re.search(r"<!-- test command -->\n```sh\n(.+)\n```", README)
    assert marked is not None
    assert marked[1].endswith(".venv/bin/pytest")


@pytest.mark.parametrize("folder", MAP)
def test_every_place_of_the_map_is_there(folder: str) -> None:
    assert (ROOT / folder).exists()


@pytest.mark.parametrize("house", ["core", "tui"])
def test_every_room_is_on_the_map(house: str) -> None:
    rooms = {f"{house}/{path.parent.name}/" for path in (ROOT / house).glob("*/__init__.py")}
    assert rooms <= set(MAP)

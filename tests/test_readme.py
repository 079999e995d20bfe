"""The README says what is so: its keys, its example of a scenario, its commands, its map."""

import re
from pathlib import Path

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.scenario import parse
from backprop_tui.core.scenario.check import check
from backprop_tui.tui.widgets.keys import markdown_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_keys_are_the_programs_own_table() -> None:
    keys = re.search(r"<!-- keys -->\n(.*?)\n<!-- /keys -->", README, re.DOTALL)
    assert keys is not None
    assert keys[1] == markdown_table()


def test_the_scenario_can_be_opened_and_comes_out_as_it_says(engine: Engine) -> None:
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    scenario = parse(block[1], ROOT, "README.md")
    compared = check(scenario, engine.answer)
    assert len(compared) == 2
    assert all(number.ok for number in compared)


def test_the_picture_was_made_by_the_program() -> None:
    name = re.search(r"!\[[^\]]*\]\(([^)]+\.svg)\)", README)
    assert name is not None
    picture = (ROOT / name[1]).read_text("utf-8")
    assert "<svg" in picture
    assert "Updated&#160;weights" in picture


@pytest.mark.parametrize("folder", re.findall(r"^((?:core|tui|data|tests)/\S*)", README, re.MULTILINE))
def test_every_place_of_the_map_is_there(folder: str) -> None:
    assert (ROOT / folder).exists()

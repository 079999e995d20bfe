"""Every key of every screen stands in a table; the help of each page lists the page's own."""

import importlib
import inspect

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.tui.keys import TABLES
from backprop_tui.tui.widgets import footer
from backprop_tui.tui.widgets.keys import Key, bindings
from backprop_tui.tui.widgets.overlay import Overlay
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import driven
from source import PACKAGE, modules
from textual.app import App
from textual.screen import Screen


def with_keys() -> list[type]:
    """The screens and apps of the program that bind keys."""
    found = set()
    for name in modules():
        if name.startswith("tui") and not name.endswith("__main__"):
            for _, kind in inspect.getmembers(importlib.import_module(f"{PACKAGE}.{name}"), inspect.isclass):
                own = kind.__module__.startswith(PACKAGE) and issubclass(kind, Screen | App)
                if own and kind.__dict__.get("BINDINGS"):
                    found.add(kind)
    return sorted(found, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", with_keys(), ids=lambda kind: kind.__name__)
def test_what_a_screen_binds_is_a_table(kind: type) -> None:
    assert kind.__dict__["BINDINGS"] in [bindings(table) for table in TABLES.values()]


def test_all_screens_are_found() -> None:
    assert {"StepperScreen", "WhyScreen", "HelpScreen", "Dashboard", "FollowScreen"} <= {
        kind.__name__ for kind in with_keys()
    }


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_is_whole(table: tuple[Key, ...]) -> None:
    assert all(key.written and key.does for key in table)
    names = [name for key in table for each in (key.names, *(more for more, _ in key.also)) for name in each.split(",")]
    assert len({name for name in names if name}) == len([name for name in names if name]), "a key has two meanings"


@pytest.mark.parametrize("key", ["enter", "L", "v", "y", "o"])
async def test_the_help_of_a_page_lists_its_keys(engine: Engine, key: str) -> None:
    async with driven(engine, steps=1, size=(120, 40)) as shown:
        await shown.press(key)
        page = shown.app.screen
        assert isinstance(page, Overlay)
        await shown.press("question_mark")
        (pane,) = shown.app.screen.query(Pane)
        assert [line[0].text.strip() for line in pane.lines] == [key.written for key in page.KEYS]
        await shown.press("escape")
        assert shown.app.screen is page


def test_a_narrow_line_of_keys_keeps_the_keys_and_drops_words() -> None:
    table = TABLES["enter: why?"]
    for width in range(1, 120):
        ((span,),) = footer.every_key(width, table)
        assert len(span.text) <= width
        if width >= 40:
            assert all(key.written in span.text for key in table if key.footer)

"""The cursor over the numbers: which one lies next to it in a direction."""

from collections.abc import Iterable
from typing import NamedTuple

from backprop_tui.core.model.phases import Cell
from backprop_tui.tui.widgets.pane import Pane


class Place(NamedTuple):
    """Where a number stands on the screen: its middle column and its line."""

    cell: Cell
    x: int
    y: int
    pane: Pane


def places(panes: Iterable[Pane]) -> list[Place]:
    """All numbers of some panes."""
    found = []
    for pane in panes:
        left, top = pane.region.x, pane.region.y
        for y, line in enumerate(pane.lines):
            x = 0
            for span in line:
                if span.cell is not None:
                    found.append(Place(span.cell, left + x + len(span.text) // 2, top + y, pane))
                x += len(span.text)
    return found


def seen_at(panes: Iterable[Pane], cell: Cell) -> tuple[int, int] | None:
    """The column and line of the screen where a number begins; None if it is not to be seen."""
    for pane in panes:
        for number, line in enumerate(pane.lines):
            x = 0
            for span in line:
                if span.cell == cell and (at := _seen_in(pane, number, x)) is not None:
                    return at[0] + len(span.text) - len(span.text.lstrip()), at[1]
                x += len(span.text)
    return None


def _seen_in(pane: Pane, number: int, x: int) -> tuple[int, int] | None:
    """Where on the screen a column of a line of a pane is; None if it is not to be seen."""
    window, inside = pane.window, pane.content_region
    row = window.row_of(number)
    at = inside.x + x - window.left, inside.y + (row or 0)
    return at if row is not None and inside.contains(*at) else None


def neighbor(all_places: list[Place], cursor: Cell | None, direction: str) -> Place | None:
    """The nearest number up, down, left or right of the cursor; the first one if there is no cursor yet."""
    here = next((place for place in all_places if place.cell == cursor), None)
    if here is None:
        return all_places[0] if all_places else None
    across = direction in ("left", "right")
    sign = -1 if direction in ("left", "up") else 1

    def distance(place: Place) -> tuple[int, int] | None:
        along = sign * ((place.x - here.x) if across else (place.y - here.y))
        aside = abs((place.y - here.y) if across else (place.x - here.x))
        if along <= 0 or (across and aside > 3):
            return None
        return (aside, along) if across else (along + aside // 8, aside)

    candidates = [(measure, place) for place in all_places if (measure := distance(place)) is not None]
    return min(candidates, key=lambda found: found[0])[1] if candidates else None

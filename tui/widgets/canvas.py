"""A canvas of characters: text, and lines of braille dots, two across and four down in every character."""

from itertools import groupby

from backprop_tui.core.model.phases import Cell

from .line import Line, Span

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Unicode's braille bit of each dot, by row and column."""


class Canvas:
    """Characters with roles; text covers dots. Coordinates are columns and lines from the top left."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots: dict[tuple[int, int], int] = {}
        self._roles: dict[tuple[int, int], str] = {}
        self._text: dict[tuple[int, int], tuple[str, str, Cell | None]] = {}

    def dot(self, x: int, y: int, role: str = "") -> None:
        """Set a dot, in dots from the top left; beyond the edge nothing happens."""
        column, line = x // 2, y // 4
        if 0 <= column < self.width and 0 <= line < self.height:
            key = (column, line)
            self._dots[key] = self._dots.get(key, 0) | _DOTS[y % 4][x % 2]
            self._roles[key] = role

    def line(
        self, start: tuple[int, int], end: tuple[int, int], role: str = "", *, dashed: bool = False, thick: bool = False
    ) -> None:
        """A straight line between two characters' middles."""
        x0, y0, x1, y1 = start[0] * 2, start[1] * 4 + 1, end[0] * 2 + 1, end[1] * 4 + 1
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(length + 1):
            if dashed and step % 6 >= 3:
                continue
            x, y = x0 + round((x1 - x0) * step / length), y0 + round((y1 - y0) * step / length)
            self.dot(x, y, role)
            if thick:
                self.dot(x, y + 1, role)

    def text(self, x: int, y: int, text: str, role: str = "", cell: Cell | None = None) -> None:
        """Write text, over whatever is there; what lies beyond the edge is cut off."""
        for place, character in enumerate(text, x):
            if 0 <= place < self.width and 0 <= y < self.height:
                self._text[(place, y)] = (character, role, cell)

    def free(self, x: int, y: int, width: int, beside: int = 1) -> bool:
        """Whether no text stands at a place, nor so many columns beside it."""
        return not any((place, y) in self._text for place in range(x - beside, x + width + beside))

    def lines(self) -> list[Line]:
        """What was drawn."""
        return [self._line(y) for y in range(self.height)]

    def _line(self, y: int) -> Line:
        found = []
        for (role, cell), group in groupby((self._at(x, y) for x in range(self.width)), key=lambda part: part[1:]):
            found.append(Span("".join(part[0] for part in group), role, cell))
        return tuple(found)

    def _at(self, x: int, y: int) -> tuple[str, str, Cell | None]:
        if (x, y) in self._text:
            return self._text[(x, y)]
        bits = self._dots.get((x, y), 0)
        return (chr(0x2800 + bits), self._roles[(x, y)], None) if bits else (" ", "", None)

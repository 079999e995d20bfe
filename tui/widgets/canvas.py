"""A canvas of characters: text, and lines of braille dots, two across and four down in every character."""

from itertools import groupby

import numpy as np
from backprop_tui.core.model.phases import Cell

from .line import Line, Span

BLOCKS = " ▁▂▃▄▅▆▇█"
"""Columns of no eighth to eight: for bars and sparklines."""

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Unicode's braille bit of each dot, by row and column."""

_BRAILLE = 0x2800


class Canvas:
    """Characters with roles; text covers dots. Coordinates are columns and lines from the top left."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = np.zeros((height * 4, width * 2), bool)
        self._last = np.zeros((height, width), "uint8")
        """Of each character, the number of the role that was drawn last."""
        self._roles = [""]
        self._text: dict[tuple[int, int], tuple[str, str, Cell | None]] = {}

    def dot(self, x: int, y: int, role: str = "") -> None:
        """Set a dot, in dots from the top left; beyond the edge nothing happens."""
        self.upright(x, y, y, role)

    def upright(self, x: int, top: int, bottom: int, role: str = "") -> None:
        """Set all dots of a column from one down to another, both included; beyond the edge nothing happens."""
        top, bottom = max(top, 0), min(bottom, self.height * 4 - 1)
        if 0 <= x < self.width * 2 and top <= bottom:
            self._dots[top : bottom + 1, x] = True
            self._last[top // 4 : bottom // 4 + 1, x // 2] = self._number(role)

    def _number(self, role: str) -> int:
        if role not in self._roles:
            self._roles.append(role)
        return self._roles.index(role)

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
            self.upright(x, y, y + thick, role)

    def text(self, x: int, y: int, text: str, role: str = "", cell: Cell | None = None) -> None:
        """Write text, over whatever is there; what lies beyond the edge is cut off."""
        for place, character in enumerate(text, x):
            if 0 <= place < self.width and 0 <= y < self.height:
                self._text[(place, y)] = (character, role, cell)

    def drawn(self, x: int, y: int) -> bool:
        """Whether a character has dots."""
        return bool(self._dots[y * 4 : y * 4 + 4, x * 2 : x * 2 + 2].any())

    def free(self, x: int, y: int, width: int, beside: int = 1) -> bool:
        """Whether no text stands at a place, nor so many columns beside it."""
        return not any((place, y) in self._text for place in range(x - beside, x + width + beside))

    def lines(self) -> list[Line]:
        """What was drawn."""
        bits = sum(bit * self._dots[y::4, x::2] for y, row in enumerate(_DOTS) for x, bit in enumerate(row))
        rows = zip(np.asarray(bits).tolist(), self._last.tolist(), strict=True)
        return [self._line(y, *row) for y, row in enumerate(rows)]

    def _line(self, y: int, bits: list[int], roles: list[int]) -> Line:
        drawn = (
            self._text.get((x, y)) or (chr(_BRAILLE + bit) if bit else " ", self._roles[role], None)
            for x, (bit, role) in enumerate(zip(bits, roles, strict=True))
        )
        found = []
        for (role, cell), group in groupby(drawn, key=lambda part: part[1:]):
            found.append(Span("".join(part[0] for part in group), role, cell))
        return tuple(found)

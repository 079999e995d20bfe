"""Lines of pieces, and how they are broken into rows.

Each piece knows the cell that it names, so that a screen can let one follow it, and how well a row may break before it.
"""

from dataclasses import dataclass, replace

from backprop_tui.core.model.phases import Cell

SYMBOLS, WORKING, NUMBERS, RESULT, NOTE = "symbols", "working", "numbers", "result", "note"
WIDTH = 76
"""The columns of a formula's line on the smallest screen."""

NEVER, FACTOR, TERM = 0, 1, 2
"""How well a row breaks before a piece."""


@dataclass(frozen=True)
class Piece:
    """Some text of a line; `cell` is where one follows it to; `breaks` says how well a line breaks before it."""

    text: str
    cell: Cell | None = None
    breaks: int = NEVER


@dataclass(frozen=True)
class Line:
    """One line of an explanation, of a kind: `symbols`, `working`, `numbers`, `result` or `note`."""

    kind: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The whole line, unwrapped."""
        return "".join(piece.text for piece in self.pieces)

    def wrapped(self, width: int = WIDTH, indent: int = 4) -> list[tuple[Piece, ...]]:
        """The line in rows of at most `width` columns, broken before terms if that is possible, else before factors.

        Rows after the first start with `indent` spaces. A single piece that is wider than a row is cut into several.
        """
        rows: list[list[Piece]] = [[]]
        for group in _groups(list(self.pieces), TERM):
            if _width(group) > width - indent:
                if rows[-1] and _width(rows[-1]) > indent:
                    rows.append([Piece(" " * indent)])
                    group[0] = replace(group[0], text=group[0].text.lstrip())
                for smaller in _groups(group, FACTOR):
                    _place(rows, smaller, width, indent)
            else:
                _place(rows, group, width, indent)
        return [tuple(row) for row in rows]


def words(sentence: str) -> tuple[Piece, ...]:
    """A sentence, which breaks between its words."""
    words = sentence.split(" ")
    return (Piece(words[0]), *(Piece(" " + word, breaks=TERM) for word in words[1:]))


def wrapped_words(sentence: str, width: int = WIDTH, indent: int = 4) -> list[str]:
    """A sentence in rows of at most `width` columns."""
    return ["".join(piece.text for piece in row) for row in Line(NOTE, words(sentence)).wrapped(width, indent)]


def _groups(pieces: list[Piece], strength: int) -> list[list[Piece]]:
    groups: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.breaks >= strength and groups[-1]:
            groups.append([])
        groups[-1].append(piece)
    return groups


def _width(pieces: list[Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)


def _place(rows: list[list[Piece]], group: list[Piece], width: int, indent: int) -> None:
    """Put a group at the end of the last row, or on a new one."""
    if rows[-1] and _width(rows[-1]) + _width(group) > width:
        rows.append([Piece(" " * indent)])
        group = [replace(group[0], text=group[0].text.lstrip()), *group[1:]]
    for piece in group:
        text = piece.text
        while _width(rows[-1]) + len(text) > width:
            room = width - _width(rows[-1])
            rows[-1].append(Piece(text[:room], piece.cell))
            text = text[room:]
            rows.append([Piece(" " * indent)])
        rows[-1].append(Piece(text, piece.cell, piece.breaks))

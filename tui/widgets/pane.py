"""A pane: draws lines, repaints only those that changed, scrolls when they are more than fit."""

from collections.abc import Iterable, Sequence
from typing import Self

from backprop_tui.core.model.phases import Cell
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from .line import Line, Span, changed_until, length_of
from .styles import DARK, LIGHT

FRAME_OF_TITLE = 4
"""Columns of the line above that no title takes: its ends, and a blank on each side."""


class Pane(ScrollView):
    """A part of the screen that shows lines. It holds no numbers of its own: `show` hands it what to draw."""

    can_focus = False

    class Pointed(Message):
        """The mouse was pressed on a number."""

        def __init__(self, cell: Cell) -> None:
            super().__init__()
            self.cell = cell

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = self._above = ""
        self._touched: tuple[Region, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._pinned = 0
        self.entitle(title)
        self._styles: dict[str, Style] = {}
        self._selection: Selection | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn."""
        return self._lines

    @property
    def title(self) -> str:
        """What stands in the line above."""
        return self._title

    def entitle(self, title: str) -> None:
        """Write a title into the line above, as it is: no markup."""
        self._title = title
        self._write_title()

    def _write_title(self) -> None:
        """The title, and which lines are seen if not all fit: a scrollbar would take a column from the numbers.

        One that is there already is not painted again.
        """
        kept = self._kept()
        high, count = self.size.height - kept, len(self._lines) - kept
        first = self.scroll_offset.y + 1
        seen = f" ─ {first} to {min(first + high - 1, count)} of {count}" if 0 < high < count else ""
        room = self.outer_size.width - len(seen) - FRAME_OF_TITLE
        title = self._title if not seen or len(self._title) <= room else self._title[: max(room - 1, 0)] + "…"
        above = f" {title}{seen} " if title else ""
        if above != self._above:
            self._above = above
            self._touched = (Region(-1, -1, self.outer_size.width, 1),)  # the line above
            self.border_title = Text(above)
            self._touched = ()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint anew: all of it, or these regions. Textual would paint all of a pane for another title."""
        return super().refresh(*(regions or self._touched), repaint=repaint, layout=layout, recompose=recompose)

    def show(self, lines: Sequence[Line], pinned: int = 0) -> None:
        """Draw these lines; only the ones that differ from those drawn before are painted.

        The last `pinned` of them stay in sight when the others scroll, if there is room for one more.
        """
        old, self._lines = self._lines, tuple(lines)
        before, self._pinned = self._pinned, pinned
        size = Size(max(map(length_of, self._lines), default=0), len(self._lines))
        if size != self.virtual_size or before != pinned:
            self.virtual_size = size
            self.refresh()
            self._write_title()
            return
        left, width = self.scroll_offset.x, self.size.width
        changed = []
        for number, (was, now) in enumerate(zip(old, self._lines, strict=True)):
            if was != now and (y := self.row_of(number)) is not None:
                changed.append(Region(0, y, min(max(changed_until(was, now) - left, 0), width), 1))
        if changed:
            self.refresh(*changed)

    def _kept(self) -> int:
        """How many lines stay in sight now."""
        high = self.size.height
        return self._pinned if len(self._lines) > high > self._pinned else 0

    def row_of(self, number: int) -> int | None:
        """In which row of the viewport a line is seen; None if it is not."""
        high, kept, count = self.size.height, self._kept(), len(self._lines)
        if number >= count - kept:
            return high - (count - number)
        row = number - self.scroll_offset.y
        return row if 0 <= row < high - kept else None

    def _line_at(self, row: int) -> int:
        """Which line is seen in a row of the viewport; beyond the last one it has no line."""
        high, kept = self.size.height, self._kept()
        return len(self._lines) - (high - row) if row >= high - kept else row + self.scroll_offset.y

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say which lines are seen."""
        super().watch_scroll_y(old_value, new_value)
        self._write_title()

    def on_resize(self) -> None:
        """Say which lines are seen."""
        self._write_title()

    def reveal(self, cell: Cell) -> bool:
        """Scroll so that a number can be seen; False if this pane does not show it."""
        for y, line in enumerate(self._lines):
            x = 0
            for span in line:
                if span.cell == cell:
                    kept = self._kept()
                    if y < len(self._lines) - kept:
                        # Above the lines that stay.
                        self.scroll_to_region(Region(x, y, len(span.text), 1 + kept), animate=False, force=True)
                    return True
                x += len(span.text)
        return False

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The text that is selected, and what stands between it and that of another pane."""
        text = selection.extract("\n".join("".join(span.text for span in line) for line in self._lines))
        return "\n".join(line.rstrip() for line in text.split("\n")), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Other text is selected, or none."""
        self._selection = selection
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the viewport."""
        strip = self._painted(y)
        span = self._selection.get_span(self._line_at(y)) if self._selection is not None else None
        return strip if span is None else self._marked(strip, *span)

    def _marked(self, strip: Strip, start: int, end: int) -> Strip:
        """The same, with what is selected in reverse; an end of -1 is that of the line."""
        left, width = self.scroll_offset.x, strip.cell_length
        first = max(start - left, 0)
        last = min(end - left, width) if end >= 0 else width
        parts = (
            strip.crop(0, first),
            strip.crop(first, last).apply_style(self._style("cursor")),
            strip.crop(last, width),
        )
        return Strip.join(parts) if first < last else strip

    def _painted(self, y: int) -> Strip:
        left, width = self.scroll_offset.x, self.size.width
        number = self._line_at(y)
        if number >= len(self._lines):
            return Strip.blank(width, self._style(""))
        line = self._lines[number]
        if left == 0 and (room := width - length_of(line)) >= 0:
            return Strip(self._segments((*line, Span(" " * room))), width)
        return self._cut(Strip(self._segments(line)), left, width)

    def _cut(self, strip: Strip, left: int, width: int) -> Strip:
        """So many columns of a longer line. A number that is cut off must not look like a whole one."""
        dots, right = Strip([Segment("…", self._style("dim"))], 1), left + width
        before, after = (bool(part.text.strip()) for part in (strip.crop(0, left), strip.crop(right)))
        middle = strip.crop_extend(left + before, right - after, self._style(""))
        return Strip.join([dots] * before + [middle] + [dots] * after)

    def _segments(self, line: Line) -> Iterable[Segment]:
        """Texts of one style each. Blanks take that of the text before them, on which nothing is seen of it."""
        found: list[Segment] = []
        style = self._style("")
        for text, role, _ in line:
            if role or text.strip() or style.underline or style.reverse:
                style = self._style(role)
            found.append(Segment(text, style))
        return Segment.simplify(found)

    def _style(self, role: str) -> Style:
        if role not in self._styles:
            # Not in the CSS: as component classes they would be matched for every pane at each change of layout, half
            # the time of a first frame.
            styles = DARK if self.app.current_theme.dark else LIGHT
            style = Style()  # the terminal's own colors
            for part in role.split():
                style += styles[part]
            self._styles[role] = style
        return self._styles[role]

    def notify_style_update(self) -> None:
        """The theme or the classes changed."""
        super().notify_style_update()
        self._styles.clear()

    def on_click(self, event: Click) -> None:
        """Point at the number under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        x, y = offset.x + self.scroll_offset.x, self._line_at(offset.y)
        for span in self._lines[y] if y < len(self._lines) else ():
            if x < len(span.text):
                if span.cell is not None:
                    self.post_message(self.Pointed(span.cell))
                return
            x -= len(span.text)

"""A pane: draws lines, repaints only those that changed, scrolls when they are more than fit."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from backprop_tui.core.model.phases import Cell
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from .line import Line, Span, changed_until, length_of
from .styles import DARK, LIGHT

NO_SPACE = Spacing()

FRAME_OF_TITLE = 4
"""Columns of the line above that no title takes: its ends, and a blank on each side."""


class Window(NamedTuple):
    """Which of a pane's lines are seen, and where. To ask Textual for it takes longer than to draw a line."""

    left: int
    """The first column that is seen."""

    top: int
    """The first line that is seen."""

    width: int
    height: int
    kept: int
    """How many lines at the end stay in sight."""

    lines: int
    """How many lines there are."""

    def row_of(self, number: int) -> int | None:
        """In which row a line is seen; None if it is not."""
        if number >= self.lines - self.kept:
            return self.height - (self.lines - number)
        row = number - self.top
        return row if 0 <= row < self.height - self.kept else None

    def line_at(self, row: int) -> int:
        """Which line is seen in a row; beyond the last one it has no line."""
        return self.lines - (self.height - row) if row >= self.height - self.kept else row + self.top


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
        self._lengths: list[int] = []
        """How many columns each of the lines takes."""
        self._pinned = 0
        self.entitle(title)
        self._styles: dict[str, Style] = {}
        self._drawn: dict[int, tuple[Line | str, Strip]] = {}
        """Each row as it was drawn last, frame and padding with it, and what it was drawn of: a line, or a title."""
        self._drawn_for = 0, 0
        """The width of the rows, and the first column that is seen in them."""
        self._around = Style()
        """How the blanks around the lines look."""
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
        if title != self._title:
            self._title = title
            self._write_title()

    def _write_title(self) -> None:
        """The title, and which lines are seen if not all fit: a scrollbar would take a column from the numbers.

        One that is there already is not painted again.
        """
        window = self.window
        high, count, first = window.height - window.kept, window.lines - window.kept, window.top + 1
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
        old, old_lengths, before = self._lines, self._lengths, self._pinned
        self._lines, self._lengths, self._pinned = tuple(lines), list(map(length_of, lines)), pinned
        size, window = Size(max(self._lengths, default=0), len(self._lines)), self.window
        if before != pinned or not self._fits_alike(size, window):
            self.virtual_size = size
            self.refresh()
            self._write_title()
            return
        self.set_reactive(Pane.virtual_size, size)  # no other layout comes of it
        self._lines = tuple(was if was == now else now for was, now in zip(old, self._lines, strict=True))
        changed = []
        for number, (was, now) in enumerate(zip(old, self._lines, strict=True)):
            if was is not now and (y := window.row_of(number)) is not None:
                until = changed_until(was, now, old_lengths[number], self._lengths[number])
                changed.append(Region(0, y, min(max(until - window.left, 0), window.width), 1))
        if changed:
            self.refresh(*changed)

    def _fits_alike(self, size: Size, window: Window) -> bool:
        """Whether lines of such a size change nothing but themselves: not what can be scrolled, nor how far it is."""
        before, width = self.virtual_size, window.width
        alike = size.height == before.height and not window.left and (size.width > width) == (before.width > width)
        return alike or size == before

    @property
    def window(self) -> Window:
        """Which of the lines are seen now."""
        (width, height), (left, top), count = self.size, self.scroll_offset, len(self._lines)
        return Window(left, top, width, height, self._pinned if count > height > self._pinned else 0, count)

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
                    kept = self.window.kept
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
        self._drawn.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows of the pane with its frame, each drawn again only if it is drawn of something else.

        Textual draws the frame. To let the lines pass through its borders and paddings would take as long as to draw
        them; and it would look at all that of every pane at each step.
        """
        if self.styles.border_left[0]:  # a frame at its sides is Textual's to draw
            return super().render_lines(crop)
        window, width = self.window, self.outer_size.width
        if self._drawn_for != (width, window.left):
            self._drawn_for = width, window.left
            self._drawn.clear()
        if not self._drawn:
            self._around = Style.from_color(bgcolor=self.background_colors[1].rich_color)
        frame = self.styles.gutter
        strips = [self._row(y, window, frame) for y in crop.line_range]
        for filter in self.get_line_filters():
            strips = [strip.apply_filter(filter, self.background_colors[1]) for strip in strips]
        return strips if crop.column_span == (0, width) else [strip.crop(*crop.column_span) for strip in strips]

    def _row(self, y: int, window: Window, frame: Spacing) -> Strip:
        """A row of the pane, counted from the first of its frame."""
        number = window.line_at(y - frame.top) if frame.top <= y < frame.top + window.height else None
        of = self._above if number is None else self._line(number)
        drawn = self._drawn.get(y)
        if drawn is None or drawn[0] is not of:
            if number is None:
                strip = super().render_lines(Region(0, y, self.outer_size.width, 1))[0]
            else:
                strip = self._painted(number, window, frame)
            self._drawn[y] = drawn = of, strip
        return drawn[1]

    def _line(self, number: int) -> Line:
        return self._lines[number] if number < len(self._lines) else ()

    def render_line(self, y: int) -> Strip:
        """One line of the viewport."""
        window = self.window
        return self._painted(window.line_at(y), window)

    def _painted(self, number: int, window: Window, around: Spacing = NO_SPACE) -> Strip:
        """A line in the columns of the viewport, with what is selected of it, and blanks around it."""
        line, width = self._line(number), window.width
        segments: Iterable[Segment]
        if window.left == 0 and (room := width - (self._lengths[number] if line else 0)) >= 0:
            segments = self._segments((*line, Span(" " * room)))
        else:
            segments = self._cut(Strip(self._segments(line)), window.left, width)
        if self._selection is not None and (span := self._selection.get_span(number)) is not None:
            segments = self._marked(Strip(segments, width), *span)
        before, after = ([Segment(" " * wide, self._around)] if wide else [] for wide in (around.left, around.right))
        return Strip([*before, *segments, *after], around.width + width)

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
        self._drawn.clear()

    def on_click(self, event: Click) -> None:
        """Point at the number under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        x, y = offset.x + self.scroll_offset.x, self.window.line_at(offset.y)
        for span in self._lines[y] if y < len(self._lines) else ():
            if x < len(span.text):
                if span.cell is not None:
                    self.post_message(self.Pointed(span.cell))
                return
            x -= len(span.text)

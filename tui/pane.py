"""A pane: draws lines, repaints only those that changed, scrolls when they are more than fit."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..core.phases import Cell
from .line import Line, length_of

STYLES = {
    "label": Style(bold=True),
    "dim": Style(dim=True),
    "positive": Style(color="#4c9be8"),
    "negative": Style(color="#e0882e"),
    "pending": Style(dim=True),
    "fresh": Style(bold=True),
    "input": Style(underline=True),
    "cursor": Style(reverse=True),
    "alarm": Style(color="magenta", bold=True),
    "title": Style(bold=True),
    "key": Style(color="#4c9be8", bold=True),
}
"""How a role of a span looks. Blue and orange, never red against green; bold and reverse say the same without colour.

positive, negative: a number by its sign; pending: not computed yet; fresh: just computed; input: enters it. Not in the
CSS: as component classes they would be matched for every pane at each change of layout, half the time of a first frame.
"""


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
        self._entitled = ""
        self.entitle(title)
        self._lines: tuple[Line, ...] = ()
        self._styles: dict[str, Style] = {}

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn."""
        return self._lines

    def entitle(self, title: str) -> None:
        """Write a title into the frame, as it is: no markup. One that is there already is not painted again."""
        if title != self._entitled:
            self._entitled = title
            self.border_title = Text(title)

    def show(self, lines: Sequence[Line]) -> None:
        """Draw these lines; only the ones that differ from those drawn before are painted."""
        old, self._lines = self._lines, tuple(lines)
        size = Size(max(map(length_of, self._lines), default=0), len(self._lines))
        if size != self.virtual_size:
            self.virtual_size = size
            self.refresh()
            self._say_what_is_hidden()
            return
        changed = [y for y, (before, after) in enumerate(zip(old, self._lines, strict=True)) if before != after]
        if changed:
            y = self.scroll_offset.y
            width = self.size.width
            self.refresh(*(Region(0, line - y, width, 1) for line in changed if 0 <= line - y < self.size.height))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say which lines are seen."""
        super().watch_scroll_y(old_value, new_value)
        self._say_what_is_hidden()

    def on_resize(self) -> None:
        """Say which lines are seen."""
        self._say_what_is_hidden()

    def _say_what_is_hidden(self) -> None:
        """Where not all lines fit, the frame tells which are seen: a scrollbar would take a column from the numbers."""
        high, count = self.size.height, len(self._lines)
        first = self.scroll_offset.y + 1
        words = f"lines {first} to {min(first + high - 1, count)} of {count}" if 0 < high < count else ""
        if self.border_title and (self.border_subtitle or "") != words:
            self.border_subtitle = words

    def reveal(self, cell: Cell) -> bool:
        """Scroll so that a number can be seen; False where this pane does not show it."""
        for y, line in enumerate(self._lines):
            x = 0
            for span in line:
                if span.cell == cell:
                    self.scroll_to_region(Region(x, y, len(span.text), 1), animate=False, force=True)
                    return True
                x += len(span.text)
        return False

    def render_line(self, y: int) -> Strip:
        """One line of the viewport."""
        left, top = self.scroll_offset
        width = self.size.width
        number = top + y
        if number >= len(self._lines):
            return Strip.blank(width, self._style(""))
        line = self._lines[number]
        segments = [Segment(span.text, self._style(span.role)) for span in line]
        if left == 0 and (room := width - length_of(line)) >= 0:
            segments.append(Segment(" " * room, self._style("")))
            return Strip(Segment.simplify(segments), width)
        return Strip(Segment.simplify(segments)).crop_extend(left, left + width, self._style(""))

    def _style(self, role: str) -> Style:
        if role not in self._styles:
            style = self.rich_style
            for part in role.split():
                style += STYLES[part]
            self._styles[role] = style
        return self._styles[role]

    def notify_style_update(self) -> None:
        """The theme or the classes changed."""
        super().notify_style_update()
        self._styles.clear()

    def on_click(self, event: "object") -> None:
        """Point at the number under the mouse."""
        offset = event.get_content_offset(self)  # type: ignore[attr-defined]
        if offset is None:
            return
        x, y = offset.x + self.scroll_offset.x, offset.y + self.scroll_offset.y
        for span in self._lines[y] if y < len(self._lines) else ():
            if x < len(span.text):
                if span.cell is not None:
                    self.post_message(self.Pointed(span.cell))
                return
            x -= len(span.text)

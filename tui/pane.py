"""A pane: draws lines, repaints only those that changed, scrolls when they are more than fit."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..core.phases import Cell
from .line import ROLES, Line, text_of


class Pane(ScrollView):
    """A part of the screen that shows lines. It holds no numbers of its own: `show` hands it what to draw."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in ROLES}
    can_focus = False

    class Pointed(Message):
        """The mouse was pressed on a number."""

        def __init__(self, cell: Cell) -> None:
            super().__init__()
            self.cell = cell

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        if title:
            self.border_title = title
        self._lines: tuple[Line, ...] = ()
        self._strips: dict[Line, Strip] = {}

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Draw these lines; only the ones that differ from those drawn before are painted."""
        old, self._lines = self._lines, tuple(lines)
        size = Size(max((len(text_of(line)) for line in self._lines), default=0), len(self._lines))
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
            return Strip.blank(width, self.rich_style)
        return self._strip(self._lines[number]).crop_extend(left, left + width, self.rich_style)

    def _strip(self, line: Line) -> Strip:
        if line not in self._strips:
            if len(self._strips) > 200:
                self._strips.clear()
            self._strips[line] = Strip([Segment(span.text, self._style(span.role)) for span in line]).simplify()
        return self._strips[line]

    def _style(self, role: str) -> Style:
        style = self.rich_style
        for part in role.split():
            style += self.get_component_rich_style(f"role--{part}", partial=True)
        return style

    def notify_style_update(self) -> None:
        """The theme or the classes changed: strips made with the old styles are of no use."""
        super().notify_style_update()
        self._strips.clear()

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

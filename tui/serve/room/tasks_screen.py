"""The questions of the course, one of which is to be asked."""

from typing import ClassVar

from backprop_tui.core.course import Course
from backprop_tui.core.course.classroom.about_task import askable
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.textual_hooks import EarlyList
from backprop_tui.tui.widgets.keys import bindings
from backprop_tui.tui.widgets.overlay import Overlay
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from .keys import TASKS


class TasksScreen(Overlay[int]):
    """A list; enter chooses one, whose number, from 0, is the screen's result. It begins at the one after `last`."""

    KEYS = TASKS
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = bindings(TASKS)
    DEFAULT_CSS = """
    TasksScreen OptionList, TasksScreen OptionList:focus {
        height: 1fr; border: round ansi_bright_blue; background: ansi_default; }
    """

    def __init__(self, course: Course, last: int | None) -> None:
        super().__init__()
        self._course, self._last = course, last

    def compose(self) -> ComposeResult:
        """A line a question, with its number and its part."""
        numbers = askable(self._course)
        listed = EarlyList(*(Option(Content(self._line(number)), id=str(number)) for number in numbers))
        listed.border_title = "Ask everybody: a question of the course   enter asks   esc closes"
        after = (place for place, number in enumerate(numbers) if self._last is not None and number > self._last)
        listed.highlighted = next(after, 0) if numbers else None
        yield listed

    def _line(self, number: int) -> str:
        task, lesson = self._course.tasks[number], self._course.lesson_of(number)
        return escape_controls(f"{number + 1:>3}  {lesson.title}: {' '.join(task.text.split())}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Ask this one."""
        self.dismiss(int(event.option.id or 0))

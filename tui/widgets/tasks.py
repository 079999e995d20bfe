"""What a screen needs of a course: the lines of the task that is open, and what begins an answer to it."""

from typing import Protocol

from .line import Line


class Tasks(Protocol):
    """The task of a course, as a screen shows it."""

    def lines(self, width: int) -> list[Line]:
        """The task, or what is said to the answer; none if it is hidden."""

    def title(self, width: int) -> str:
        """Which task it is, and the keys for it as far as there is room."""

    def takes(self, character: str) -> bool:
        """Whether a key begins an answer to the question that is shown."""

    def look(self) -> None:
        """Something may have been done: see whether it was the task."""

    def next_key(self) -> None:
        """A key is pressed: what was said to a wrong answer gives way to the task."""

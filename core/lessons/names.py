"""The five lessons: their numbers, names and titles, once for all that speak of them."""

from typing import NamedTuple


class Lesson(NamedTuple):
    """A lesson: its number is its key, its name stands in scenarios and reports, its title says what it shows."""

    number: int
    name: str
    title: str
    on_function: bool = False
    """Whether it is about a function of x that can be typed, and not about the table."""

    def __str__(self) -> str:
        return f"lesson {self.number}: {self.title}"


LESSONS = (
    Lesson(1, "data", "the data, before and after scaling"),
    Lesson(2, "autograd", "automatic differentiation of a function of x", on_function=True),
    Lesson(3, "descent", "gradient descent on a function of x", on_function=True),
    Lesson(4, "back-propagation", "back-propagation, the main screen"),
    Lesson(5, "training", "the training loop over the rows"),
)

NAMES = tuple(lesson.name for lesson in LESSONS)
FUNCTIONS = tuple(lesson.name for lesson in LESSONS if lesson.on_function)

MAIN = LESSONS[3]
"""The lesson that the main screen is."""


def named(name: str) -> Lesson:
    """The lesson of a name. Raises KeyError."""
    return {lesson.name: lesson for lesson in LESSONS}[name]

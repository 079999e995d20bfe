"""Courses: tasks that the program checks, as one TOML file of lessons.

`read`, `bundled` and `open_course` give a `Course`. `conditions.check` decides from `Facts` whether a task is done;
`truth` finds the facts that are not on the screen yet; `progress` is what a person has done of it.
"""

from .course import Course, CourseError, CourseLesson, Task
from .read import bundled, bundled_names, of_scenario, open_course, parse, read

__all__ = [
    "Course",
    "CourseError",
    "CourseLesson",
    "Task",
    "bundled",
    "bundled_names",
    "of_scenario",
    "open_course",
    "parse",
    "read",
]

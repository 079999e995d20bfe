"""Reading a course: a file, or the one that comes along."""

from contextlib import suppress
from dataclasses import replace
from os.path import abspath
from pathlib import Path as FilePath

from backprop_tui.core.scenario import Scenario, ScenarioError
from backprop_tui.core.scenario import bundled as bundled_scenario
from backprop_tui.core.scenario import parse as parse_scenario
from backprop_tui.core.scenario import read as read_scenario
from backprop_tui.core.scenario.decode import Unread, decode, located, plain_text, text_of
from backprop_tui.core.scenario.values import Bad
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.data import COURSES

from .build import build, build_alone
from .course import Course, CourseError
from .format import FORMAT

DEFAULT = "first-hour"
"""The course that is opened if none is named."""

LESSON, TASK = "[[lesson]]", "[[task]]"
"""The lines by which a course is known, and a scenario with tasks."""

SCENARIOS = "scenarios"
"""The folder beside the courses that come along, with what they begin with."""


def bundled_names() -> list[str]:
    """The names of the courses that come with the program, sorted."""
    return sorted(path.name.removesuffix(".toml") for path in COURSES.iterdir() if path.name.endswith(".toml"))


def bundled(name: str = DEFAULT) -> Course:
    """A course that comes with the program. Raises CourseError if there is none of that name."""
    if name not in bundled_names():
        asked = escape_controls(name)[:80]
        there = ", ".join(bundled_names())
        raise CourseError(f"'{asked}' is no course; there are: {there}; a file's name ends in .toml")
    return replace(parse((COURSES / f"{name}.toml").read_text("utf-8"), None, name), origin=name)


def open_course(name: str) -> Course:
    """The file of that name if it ends in `.toml`, else the course that comes along. Raises CourseError.

    The file may be a scenario with tasks.
    """
    if not name.endswith(".toml"):
        return bundled(name or DEFAULT)
    path = FilePath(name)
    if is_course(path) or not _has(path, TASK):
        return read(path)
    try:
        return of_scenario(replace(read_scenario(path), origin=abspath(path)))
    except ScenarioError as error:
        raise CourseError(str(error)) from None


def of_scenario(scenario: Scenario) -> Course:
    """The tasks that a scenario holds, as a course. Raises CourseError, which names the line if its file is there."""
    try:
        return build_alone(scenario)
    except Bad as bad:
        name, text = scenario.origin or scenario.title, ""
        if scenario.origin.endswith(".toml"):
            with suppress(Unread):
                text = plain_text(text_of(FilePath(scenario.origin), FORMAT))
        raise CourseError(str(located(bad, text, name))) from None


def is_course(path: FilePath) -> bool:
    """Whether a file holds a course, and not a scenario: it has lessons."""
    return _has(path, LESSON)


def _has(path: FilePath, head: str) -> bool:
    try:
        text = text_of(path, FORMAT)
    except Unread:
        return False
    return any(line.partition("#")[0].strip().replace(" ", "") == head for line in text.split("\n"))


def read(path: FilePath) -> Course:
    """The course in a file. Raises CourseError."""
    try:
        text = text_of(path, FORMAT)
    except Unread as error:
        raise CourseError(str(error)) from None
    return replace(parse(text, path.parent, str(path)), origin=abspath(path))


def parse(text: str, folder: FilePath | None, name: str) -> Course:
    """The course in a text; its scenarios are examples, or files of `folder` (None: the program's own).

    Raises CourseError.
    """

    def open_scenario(wanted: str) -> Scenario:
        if not wanted.endswith(".toml"):
            return bundled_scenario(wanted)
        if FilePath(wanted).name != wanted:
            raise ScenarioError("expected an example's name, or a file of the course's own folder, without a path")
        if folder is not None:
            return read_scenario(folder / wanted)
        ours = COURSES / SCENARIOS / wanted
        if not ours.is_file():
            raise ScenarioError(f"{escape_controls(wanted)}: no such file")
        return parse_scenario(ours.read_text("utf-8"), None, wanted)

    text = plain_text(text)
    try:
        return build(decode(text, FORMAT), open_scenario)
    except Bad as bad:
        raise CourseError(str(located(bad, text, name))) from None

"""What screens tell the app. A screen knows no app: it tells what a person wants, and the app sees to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from backprop_tui.core.model.phases import Cell
    from backprop_tui.core.scenario import Scenario
    from backprop_tui.core.session.timeline import Timeline

    from .keys import Key


class Told(Message, bubble=False):
    """What a screen tells. What a key tells is heard before the next key is looked at."""


class OpenLesson(Told):
    """A lesson is to be opened, by its number from 1."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class OpenExample(Told):
    """One of the examples that come with the program is to be opened, by its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class OpenBuiltIn(Told):
    """One of the tables that come with the program is to be opened, by its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class SetUpRun(Told):
    """The page is wanted on which a run is set up."""


class ShowHelp(Told):
    """The keys of a screen are to be listed, below some words."""

    def __init__(self, keys: "Sequence[Key]", words: Sequence[str] = ()) -> None:
        super().__init__()
        self.keys, self.words = keys, words


class ShowWords(Told):
    """Paragraphs are to be read, under a title: what an example says of itself."""

    def __init__(self, title: str, paragraphs: tuple[str, ...]) -> None:
        super().__init__()
        self.title, self.paragraphs = title, paragraphs


class ShowGlossary(Told):
    """The glossary is wanted, at this word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word


class OtherScenario(Told):
    """The run in view came from another scenario, or from none: what that hides is hidden, and nothing else."""

    def __init__(self, scenario: "Scenario | None") -> None:
        super().__init__()
        self.scenario = scenario


class TaskKey(Told):
    """A key of the course: `task` shows and hides it, `answer` and `hint`; `text` is what an answer begins with."""

    def __init__(self, key: str, text: str = "") -> None:
        super().__init__()
        self.key, self.text = key, text


class WhyOpened(Told):
    """The explanation of a number was opened."""

    def __init__(self, cell: "Cell") -> None:
        super().__init__()
        self.cell = cell


class FollowInstructor(Told):
    """The instructor's screen is wanted, or one's own again."""


class ShowQuestion(Told):
    """The question to the class is wanted again."""


class Save(Told):
    """The session is to be saved."""


class Export(Told):
    """What was done is to be written to a file of this name: the timeline is a copy, from when it was asked for."""

    def __init__(self, name: str, timeline: "Timeline", scenario: "Scenario") -> None:
        super().__init__()
        self.name, self.timeline, self.scenario = name, timeline, scenario


class Failed(Told):
    """An action went wrong by a fault of this program."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class NothingToShow(Told):
    """The table can't be read: there is nothing to step."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class Leave(Told):
    """The person leaves the program."""

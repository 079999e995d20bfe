"""What a scenario is, once it is read and checked."""

from dataclasses import dataclass, field

from backprop_tui.core.lessons.names import MAIN
from backprop_tui.core.session.run import Run

from .tasks import TaskPart

PANES = ("sample", "forward", "gradients", "updated", "loss")
"""The panes of the main screen that a scenario may hide."""

Matrix = tuple[tuple[float, ...], ...]


class ScenarioError(Exception):
    """A scenario that can't be read or written: one line that names file, line, key, and what was expected."""


@dataclass(frozen=True)
class Expectation:
    """What a source says about one value of step `step`, from 1.

    `name` is a name of the trace. A parameter (`w1`), or an optimizer's moment (`m_w1`), is its value after that step's
    update, and the initial one if `step` is 0; every other (`h1`, `loss`, `gw1`) is what that step computed before
    its update. `index` picks one number (row and column from 1), else `value` (rows, columns) is all of it, in the
    notebook's shape. `published` is what stands in a source that is known to be wrong, and `because` says why; `value`
    is then the correct one.
    """

    step: int
    name: str
    value: Matrix
    tolerance: float
    index: tuple[int, int] | None = None
    source: str = ""
    published: Matrix | None = None
    because: str = ""


@dataclass(frozen=True)
class Show:
    """What the learner sees of it: panes and keys hidden, the lesson to open with, a text for each lesson.

    Keys are written as the help writes them: `r`, `+`, `ctrl+p`.
    """

    lesson: str = MAIN.name
    hide_panes: tuple[str, ...] = ()
    hide_keys: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A run with its title, where it is from, notes, what is expected of it, and how it is shown."""

    title: str = ""
    source: str = ""
    notes: str = ""
    run: Run = Run()
    expectations: tuple[Expectation, ...] = ()
    show: Show = Show()
    subject: str = ""
    """What it is about, in a few words."""
    look: str = ""
    """What to look for while stepping."""
    tasks: tuple[TaskPart, ...] = ()
    """What the learner is to do; `core/course/` gives it its meaning."""
    layout_unsaid: tuple[str, ...] = field(default=(), compare=False)
    """The square matrices of its file that may be (units, inputs) or (inputs, units): the file does not say which."""
    origin: str = field(default="", compare=False)
    """What `backprop-tui` opens it by, if that is known: an example's name, a file's full path."""

    @property
    def note(self) -> str:
        """What its file leaves open, and how to say it; empty if it leaves nothing open."""
        if not self.layout_unsaid:
            return ""
        square, are = " and ".join(self.layout_unsaid), "is" if len(self.layout_unsaid) == 1 else "are"
        return (
            f"{square} {are} square, and read as (units, inputs): a row for each unit. If a column is a unit, as in "
            'Keras, write layout = "inputs, units" in [parameters]; layout = "units, inputs" says that it is not.'
        )

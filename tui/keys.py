"""Every table of keys there is, under the words that say where its keys hold."""

from backprop_tui.core.lessons.names import LESSONS

from .lessons import keys as lessons
from .model.keys import MODEL, MODEL_CHECK, MODEL_WHY
from .serve.room.keys import ASK, DASHBOARD, TASKS
from .serve.seat.follow import FOLLOWING
from .serve.seat.held_screen import HELD
from .serve.seat.question_screen import QUESTION
from .stepper import keys as stepper
from .widgets import glossary
from .widgets.help import PAGE
from .widgets.keys import Key

_DATA, _AUTOGRAD, _DESCENT, _MAIN, _TRAINING = map(str, LESSONS)

TABLES: dict[str, tuple[Key, ...]] = {
    _MAIN: stepper.MAIN,
    _DATA: lessons.DATA,
    _AUTOGRAD: lessons.AUTOGRAD,
    _DESCENT: lessons.DESCENT,
    _TRAINING: lessons.TRAINING,
    "enter: why?": stepper.WHY,
    "L: the loss, and the learning rate": stepper.CURVES,
    "P: the prediction": stepper.PREDICTION,
    "v: the network": stepper.PICTURE,
    "o: the examples and tables": stepper.EXAMPLES,
    "N: setting up a run": stepper.SETUP,
    "y: a page of words": stepper.WORDS,
    "a model of your own": MODEL,
    "a model of your own: why?": MODEL_WHY,
    "a model of your own: gradients checked": MODEL_CHECK,
    "i: the glossary": glossary.PAGE,
    "?: the help": PAGE,
    "f: following the instructor, in a workshop": FOLLOWING,
    "while the instructor has paused a workshop": HELD,
    "a question to the class, in a workshop": QUESTION,
    "the instructor's own screen, in a workshop": DASHBOARD,
    "a: what to ask, on the instructor's screen": ASK,
    "5: the course's questions, on the instructor's screen": TASKS,
}


def markdown() -> str:
    """All tables as Markdown, a section each."""
    return "\n".join(line for title, table in TABLES.items() for line in (*_section(title, table), ""))


def _section(title: str, table: tuple[Key, ...]) -> list[str]:
    rows = [f"| `{key.written}` | {key.does} |" for key in table]
    return [f"## {title[0].upper()}{title[1:]}", "", "| key | does |", "| --- | --- |", *rows]

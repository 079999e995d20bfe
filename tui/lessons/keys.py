"""The keys of the lessons: the main screen's if they mean the same, and each lesson's own."""

from backprop_tui.core.session.jump_text import EXPLAINED
from backprop_tui.tui.stepper.keys import MAIN
from backprop_tui.tui.widgets.keys import EVERYWHERE, WHAT, Key


def _as_there(*actions: str) -> tuple[Key, ...]:
    """The main screen's keys of these actions, which do the same here. They stand in the help, not in the footer."""
    by_action = {key.action: key._replace(group="", footer=False) for key in MAIN}
    return tuple(by_action[action] for action in actions)


COMMON = (
    Key("tab", "tab", "next_pane", "next pane", "the next pane", priority=True),
    Key("escape", "esc", "cancel", "cancel", "ends what is under way"),
    WHAT._replace(footer=True),
    *EVERYWHERE,
)

_DIGITS = _as_there("precision")
_PREDICT = tuple(
    key._replace(does="predict first: a question before what a key computes; again: no more")
    for key in _as_there("predict")
)
_LR = _as_there("lr_up", "lr_down", "lr")
_FUNCTION = (
    Key(
        "equals_sign", "=", "formula", "formula", "type another function of x: + - * / **, sin, exp, sigmoid ...", True
    ),
    Key("x", "x", "start", "start", "type where x starts", True),
)

DATA = (
    Key("space", "space", "step", "row", "all of this row's transformation, then the next row's", True),
    Key("s", "s", "phase", "phase", "one phase: minus the mean, by the standard deviation, the logarithm", True),
    Key("b", "b", "back", "back", "takes back the last of them", True),
    *_PREDICT,
    Key("r", "r", "again", "again", "this row from its raw numbers"),
    Key("up", "up down", "move(-1)", "rows", "the row above, the row below", also=(("down", "move(1)"),)),
    Key("pageup", "pgup pgdn", "page(-1)", "pages", "a page up, a page down", True, also=(("pagedown", "page(1)"),)),
    Key("home", "home end", "end(0)", "ends", "the first row, the last row", also=(("end", "end(1)"),)),
    Key("left", "left right", "column(-1)", "column", "another column's histograms", also=(("right", "column(1)"),)),
    Key("g", "g", "row", "go to", "go to a row by its number", True),
    Key("enter", "enter", "use", "use", "makes this row the sample of the other lessons", True),
    *_DIGITS,
    *COMMON,
)

AUTOGRAD = (
    Key("space", "space", "step", "step", "all phases of one step: forwards, backwards, the sum, the update", True),
    Key("s", "s", "phase", "phase", "one phase: one operation forwards or backwards, the sum, the update", True),
    Key("b", "b", "back", "back", "takes back the last of them", True),
    *_PREDICT,
    Key("r", "r", "again", "again", "again from the first x", True),
    *_FUNCTION,
    Key("enter", "enter", "why", "why?", "why? what the last phase is for", True),
    *_LR,
    *COMMON,
)

DESCENT = (
    Key("space", "space", "step", "step", "one step: x minus lr times dy/dx", True),
    Key("s", "s", "phase", "phase", "a step has one phase here: the same"),
    Key("b", "b", "back", "back", "takes back the last step or jump", True),
    *_PREDICT,
    Key("r", "r", "again", "again", "again from the first x", True),
    Key("j", "j", "jump", "jump", "so many steps at once", True),
    *_FUNCTION,
    Key("enter", "enter", "why", "why?", "why? what a step does"),
    Key("c", "c", "carry", "carry over", "the function and x of lesson 2"),
    *_DIGITS,
    *_LR,
    *COMMON,
)

TRAINING = (
    Key("space", "space", "step", "step", "one step over the chosen rows", True),
    Key("b", "b", "back", "back", "takes back the last step or jump", True),
    *_PREDICT,
    Key("e", "e", "epochs", "epochs", "jump ahead by epochs", True),
    Key("j", "j", "jump", "jump", EXPLAINED, True),
    Key(
        "m",
        "m",
        "rows",
        "rows",
        "which rows a step uses: this, next, shuffled, all, or a number for mini-batches",
        True,
    ),
    Key("o", "o", "optimizer", "optimizer", "sgd, momentum, adam or another: the run starts again with it", True),
    *_as_there("autoplay", "slower", "faster", "reinit", "restart", "first", "last"),
    *_LR,
    Key("g", "g", "logarithm", "log loss", "the losses on a logarithmic axis, or on a linear one"),
    Key("x", "x", "log_steps", "log steps", "the steps on a logarithmic axis, or on a linear one"),
    Key("up", "up down", "move(-1)", "worst rows", "a row of the worst predictions", also=(("down", "move(1)"),)),
    Key("h", "h", "held_out", "held out", "the worst rows among those held out, or those that train"),
    Key(
        "enter",
        "enter",
        "use",
        "this row",
        "the marked row on screen 4, in a run of its own: the training stays",
    ),
    *_as_there("prediction"),
    *_DIGITS,
    *COMMON,
)

NOT_TO_HIDE = frozenset({"q"})
"""Nobody is locked in."""


def hideable() -> frozenset[str]:
    """What a scenario may call a key, of the main screen or of a lesson, to hide it."""
    return (
        frozenset(name for key in (*MAIN, *DATA, *AUTOGRAD, *DESCENT, *TRAINING) for name in key.called) - NOT_TO_HIDE
    )

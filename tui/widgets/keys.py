"""The one table of keys: the bindings, the footer, the help and `docs/keys.md` are made from it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from textual.binding import Binding


class Key(NamedTuple):
    """A key: Textual's names for it, how it is written, the action, a word for the footer, and what it does."""

    names: str
    written: str
    action: str
    word: str
    does: str
    footer: bool = False

    @property
    def called(self) -> frozenset[str]:
        """How a scenario may call it: as it is written, or by one of the two keys that it is."""
        return frozenset((self.written, *self.written.split(" or ")))


class KeysShown:
    """The keys of a table, without those that a scenario hides."""

    def __init__(self, table: Sequence[Key], hidden: Collection[str] = ()) -> None:
        self.keys = tuple(key for key in table if not key.called & set(hidden))
        gone, left = ({key.action for key in keys} for keys in (set(table) - set(self.keys), self.keys))
        # The arrow keys share a line of the table; the lessons have one each, and may be hidden one by one.
        self._gone = gone | {_name(action) for action in gone} - {_name(action) for action in left}

    def do(self, action: str, parameters: Sequence[object] = ()) -> bool:
        """Whether an action can be reached by a key; those that are no key's can."""
        if not self._gone:
            return True
        whole = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
        return action not in self._gone and whole not in self._gone


def _name(action: str) -> str:
    return action.partition("(")[0]


KEYS = (
    Key("space", "space", "step", "step", "one step; finishes the step if in the middle of its phases", True),
    Key(
        "s", "s", "phase", "phase", "one phase: a layer's z, its h, ŷ, the loss, then backwards, then the update", True
    ),
    Key("full_stop", ".", "number", "number", "one number: the smallest step, one unit's or one weight's arithmetic"),
    Key("b", "b", "back", "back", "takes back the last step, phase, number or change", True),
    Key(
        "left_square_bracket,shift+left", "[ or shift+left", "back_phase", "phase back", "one phase back in the history"
    ),
    Key(
        "right_square_bracket,shift+right",
        "] or shift+right",
        "forward_phase",
        "phase on",
        "one phase forward in the history, which stays as it is",
    ),
    Key("home", "home", "first", "start", "the very start"),
    Key("end", "end", "last", "newest", "the newest step"),
    Key("r", "r", "reinit", "reinit", "reinit: new random weights, those of the next seed, and an empty history", True),
    Key("R", "R", "restart", "restart", "restart: the same weights as at the start of this run"),
    Key("a", "a", "autoplay", "autoplay", "autoplay on and off"),
    Key("less_than_sign", "<", "slower", "slower", "autoplay slower"),
    Key("greater_than_sign", ">", "faster", "faster", "autoplay faster"),
    Key(
        "t",
        "t",
        "predict",
        "predict",
        "predict first: a question before each step's gradients; again for a harder level, then off",
    ),
    Key("j", "j", "jump", "jump", "jump ahead: a number of steps, or < and a loss to stop below", True),
    Key("plus", "+", "lr_up", "lr up", "a larger learning rate, by steps of 1-2-5"),
    Key("minus", "-", "lr_down", "lr down", "a smaller learning rate"),
    Key("l", "l", "lr", "lr", "type a learning rate"),
    Key("n", "n", "next_row", "next row", "the next row of the table"),
    Key("p", "p", "previous_row", "previous row", "the previous row"),
    Key("g", "g", "row", "row", "go to a row by its number"),
    Key(
        "equals_sign",
        "=",
        "change",
        "change",
        "change the number under the cursor: a weight, a bias, an input, the target",
    ),
    Key("v", "v", "picture", "network", "the network as a picture"),
    Key(
        "L",
        "L",
        "loss_picture",
        "loss plot",
        "the loss as a picture, in which one travels in time; tab: the learning rate's",
    ),
    Key("o", "o", "examples", "examples", "open one of the examples that come with the program"),
    Key("w", "w", "save", "save", "save the session; quitting does it too, and backprop-tui --resume goes on"),
    Key("e", "e", "export", "export", "export what was done, or the present run as a scenario file"),
    Key("y", "y", "copy", "copy", "copy the line of shell that leads to this state again"),
    Key("enter", "enter", "why", "why?", "why? explains the number under the cursor, or the one computed last", True),
    Key("d", "d", "precision", "digits", "all digits that float32 has, or four"),
    Key("tab", "tab", "next_pane", "next pane", "the next pane, where the terminal is too small for all"),
    Key(
        "up",
        "arrow keys",
        "cursor('up')",
        "cursor",
        "move the cursor over the numbers; the line above the keys names it",
    ),
    Key("escape", "esc", "cancel", "cancel", "ends a jump or autoplay"),
    Key("1", "1", "lesson(1)", "data", "lesson 1: the data, before and after scaling"),
    Key("2", "2", "lesson(2)", "autograd", "lesson 2: automatic differentiation of a function of x"),
    Key("3", "3", "lesson(3)", "descent", "lesson 3: gradient descent on a function of x"),
    Key("4", "4", "lesson(4)", "back-propagation", "lesson 4: back-propagation, the main screen"),
    Key("5", "5", "lesson(5)", "training", "lesson 5: the training loop over the rows"),
    Key("f", "f", "follow", "follow", "see the instructor's screen; again: back to your own (in a workshop)"),
    Key("ctrl+p", "ctrl+p", "command_palette", "commands", "the command palette: everything above by name"),
    Key("question_mark,f1", "?", "help", "help", "this help", True),
    Key("q,ctrl+c", "q", "quit", "quit", "quit", True),
)


def bindings() -> list[Binding]:
    """Textual's bindings for the table."""
    arrows = [Binding(arrow, f"cursor('{arrow}')", show=False) for arrow in ("down", "left", "right")]
    digits = [Binding(str(digit), f"digit({digit})", show=False) for digit in range(6, 10)]
    return (
        arrows
        + digits
        + [Binding(key.names, key.action, key.does, show=False, priority=key.names == "tab") for key in KEYS]
    )

"""The keys of a model's screen: the main screen's if they mean the same."""

from backprop_tui.tui.widgets.keys import ELSEWHERE, HELP, WHAT, Key, group

MODEL = (
    *group(
        "steps",
        Key("space", "space", "step", "step", "one whole step: from here to its end, then the next", True),
        Key("s", "s", "operation", "operation", "one operation, in the order in which TensorFlow runs them", True),
        Key("S", "S", "layer", "layer", "all operations of a layer, forward or back", True),
        Key("b", "b", "back", "back", "takes the last of these back, to the start, bit for bit", True),
        Key("j", "j", "jump", "jump", "to the end of a step, by its number", True),
        Key("home", "home", "start", "start", "the very start"),
    ),
    *group(
        "looking",
        Key(
            "enter",
            "enter",
            "why",
            "why?",
            "why? what the number under the cursor is made of, and where that is from",
            True,
        ),
        Key(
            "up",
            "↑↓←→",
            "move(-1, 0)",
            "numbers",
            "the number above, below, on the left, on the right",
            also=(("down", "move(1, 0)"), ("left", "move(0, -1)"), ("right", "move(0, 1)")),
        ),
        Key(
            "pageup",
            "pgup pgdn",
            "look(-1)",
            "operations",
            "the operation before, after; nothing is computed",
            True,
            also=(("pagedown", "look(1)"),),
        ),
        Key("g", "g", "go", "go to", "to an operation by its number"),
        Key(
            "less_than_sign",
            "< >",
            "turn(-1)",
            "slices",
            "another slice of an output of more than two axes",
            also=(("greater_than_sign", "turn(1)"),),
        ),
        Key("d", "d", "precision", "digits", "eight digits, or four"),
        Key("c", "c", "check", "check", "every gradient of this step against a finite difference in float64", True),
        Key("tab", "tab", "next_pane", "next pane", "the next pane", priority=True),
    ),
    *group(
        ELSEWHERE,
        Key("escape", "esc", "cancel", "cancel", "ends what is under way"),
        WHAT,
        Key("ctrl+p", "ctrl+p", "command_palette", "commands", "the command palette: everything above by name"),
        HELP,
        Key("q,ctrl+c", "q", "quit", "quit", "quit; nothing is saved", True),
    ),
)

MODEL_WHY = (
    Key(
        "up",
        "↑↓",
        "choose(-1)",
        "choose",
        "another of the numbers that it is made of",
        True,
        also=(("down", "choose(1)"),),
    ),
    Key("enter", "enter", "follow", "follow", "why that number?", True),
    Key("backspace,b", "b", "return_from_link", "back", "the number before", True),
    HELP,
    Key("escape,q", "esc", "dismiss", "close", "close it; q too", True),
)

MODEL_CHECK = (
    Key("", "↑↓ pgup pgdn", "", "scroll", "scroll, if not all lines fit"),
    Key("escape,q,enter,space,c", "esc", "dismiss", "close", "close it; q, enter, space and c too", True),
)

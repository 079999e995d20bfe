"""The keys of a model's screen: the main screen's if they mean the same."""

from backprop_tui.tui.widgets.keys import ELSEWHERE, HELP, WHAT, Key, group

JUMP = "a step's number, or until nan"

MODEL = (
    *group(
        "steps",
        Key("space", "space", "step", "step", "one whole step: from here to its end, then the next", True),
        Key("s", "s", "operation", "operation", "one operation, in the order in which TensorFlow runs them", True),
        Key("S", "S", "layer", "layer", "all operations of a layer, forward or back", True),
        Key("b", "b", "back", "back", "takes the last of these back, to the start, bit for bit", True),
        Key("j", "j", "jump", "jump", f"{JUMP}: to the end of a step, or to the first NaN or infinity", True),
        Key("home", "home", "start", "start", "the very start"),
        Key("a", "a", "autoplay", "autoplay", "autoplay on and off"),
        Key(
            "left_curly_bracket",
            "{ }",
            "slower",
            "speed",
            "autoplay slower, faster",
            also=(("right_curly_bracket", "faster"),),
        ),
    ),
    *group(
        "what a step starts from",
        Key("r", "r", "reinit", "reinit", "reinit: new weights, as the model's own initializers draw them", True),
        Key(
            "plus",
            "+ -",
            "lr_up",
            "lr",
            "a larger learning rate, a smaller one, by steps of 1-2-5",
            also=(("minus", "lr_down"),),
        ),
        Key("l", "l", "lr", "type lr", "type a learning rate"),
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
        Key("p", "p", "picture", "picture", "an image in shades, or its numbers; then < > is another image"),
        Key("d", "d", "precision", "digits", "eight digits, or four"),
        Key("c", "c", "check", "check", "every gradient of this step against a finite difference in float64", True),
        Key(
            "v",
            "v",
            "compare",
            "verify",
            "the gradient through the operation in view, along a random direction, against that operation run alone",
        ),
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

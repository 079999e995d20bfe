"""The keys of the main screen, and of the pages that lie over it."""

from backprop_tui.core.session.jump_text import EXPLAINED
from backprop_tui.tui.widgets.keys import EVERYWHERE, HELP, WHAT, Key, group

MAIN = (
    *group(
        "one step",
        Key("space", "space", "step", "step", "one step; finishes the step if in the middle of its phases", True),
        Key(
            "s",
            "s",
            "phase",
            "phase",
            "one phase: a layer's z, its h, ŷ, the loss, then backwards, then the update",
            True,
        ),
        Key(
            "full_stop", ".", "number", "number", "one number: the smallest step, one unit's or one weight's arithmetic"
        ),
        Key(
            "b",
            "b",
            "back",
            "back",
            "takes back the last step, phase, number or change; at the start: to the run before",
            True,
        ),
        Key(
            "t",
            "t",
            "predict",
            "predict",
            "predict first: space, s and . ask before they compute, from easy to hard; again: no more",
        ),
    ),
    *group(
        "what a number is",
        Key(
            "enter",
            "enter",
            "why",
            "why?",
            "why? explains the number under the cursor, or the one computed last",
            True,
        ),
        Key(
            "i",
            "i",
            "what",
            "what?",
            "what? says what the number under the cursor is, and what words and signs mean",
            True,
        ),
        Key(
            "up",
            "arrow keys",
            "cursor('up')",
            "cursor",
            "move the cursor over the numbers; the line above the keys names it",
            also=tuple((arrow, f"cursor('{arrow}')") for arrow in ("down", "left", "right")),
        ),
        Key(
            "tab",
            "tab",
            "next_pane",
            "next pane",
            "the cursor into the next pane; the next pane, if the terminal is too small for all",
            priority=True,
        ),
        Key("d", "d", "precision", "digits", "all digits that float32 has, or four"),
        Key("m", "m", "batch_row", "batch row", "another row of the batch, and after the last what all give together"),
        Key(
            "equals_sign",
            "=",
            "change",
            "change",
            "change the number under the cursor: a weight, a bias, an input or target (raw 4: in the table's unit)",
        ),
        Key(
            "Y",
            "Y",
            "copy_number",
            "copy number",
            "copy the number under the cursor, or the one computed last, in full",
        ),
    ),
    *group(
        "the run",
        Key("r", "r", "reinit", "reinit", "reinit: a new run from new random weights, those of the next seed", True),
        Key("R", "R", "restart", "restart", "restart: a new run from the weights at the start of this one"),
        Key(
            "j",
            "j",
            "jump",
            "jump",
            EXPLAINED,
            True,
        ),
        Key("a", "a", "autoplay", "autoplay", "autoplay on and off"),
        Key("less_than_sign", "<", "slower", "slower", "autoplay slower"),
        Key("greater_than_sign", ">", "faster", "faster", "autoplay faster"),
        Key("escape", "esc", "cancel", "cancel", "ends a jump or autoplay"),
        Key("plus", "+", "lr_up", "lr up", "a larger learning rate, by steps of 1-2-5"),
        Key("minus", "-", "lr_down", "lr down", "a smaller learning rate"),
        Key("l", "l", "lr", "lr", "type a learning rate"),
        Key("n", "n", "next_row", "next row", "the next row of the table"),
        Key("p", "p", "previous_row", "previous row", "the previous row"),
        Key("g", "g", "row", "row", "go to a row by its number"),
    ),
    *group(
        "what was done",
        Key(
            "left_square_bracket,shift+left",
            "[ or shift+left",
            "back_phase",
            "phase back",
            "one phase back in the history",
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
        Key("v", "v", "picture", "network", "the network as a picture"),
        Key(
            "L",
            "L",
            "loss_picture",
            "loss plot",
            "the loss as a picture, in which one travels in time; tab: the learning rate's",
        ),
        Key(
            "P",
            "P",
            "prediction",
            "prediction",
            "the prediction, or what a hidden unit has learnt, as a picture over one or two features",
        ),
        Key("w", "w", "save", "save", "save the session; quitting does it too, and backprop-tui --resume goes on"),
        Key("e", "e", "export", "export", "export what was done, or the present run as a scenario file"),
        Key("y", "y", "copy", "copy", "copy the line of shell that leads to this state again"),
        Key("o", "o", "examples", "examples", "open one of the examples or tables that come with the program"),
        Key("N", "N", "setup", "set up", "set up a new run: its table, network, optimizer and the rest, line by line"),
    ),
    *EVERYWHERE,
)

WHY = (
    Key(
        "left,shift+tab",
        "←→",
        "choose(-1)",
        "choose",
        "another number of the formula; tab and shift+tab do it too",
        True,
        also=(("right,tab", "choose(1)"),),
        priority=True,
    ),
    Key("enter", "enter", "follow", "follow", "explain the chosen number", True),
    Key(
        "backspace,b", "backspace", "return", "return", "back along the trail, from its start to the panes; b too", True
    ),
    Key("up", "↑↓", "scroll(-1)", "scroll", "scroll by a line", True, also=(("down", "scroll(1)"),)),
    Key("pageup", "pgup pgdn", "scroll(-10)", "", "scroll by ten lines", also=(("pagedown", "scroll(10)"),)),
    Key("n", "n p", "row(1)", "row", "the same number of another row of the batch", True, also=(("p", "row(-1)"),)),
    Key("c", "c", "form", "whole chain", "the whole chain from the loss, or the last link of it alone", True),
    Key("d", "d", "digits", "digits", "all digits, or four", True),
    WHAT,
    HELP,
    Key("escape,q", "esc", "dismiss", "close", "close it; q too", True),
)
"""Why a number is what it is."""

CURVES = (
    Key("left", "←→", "move(-1)", "step", "one step back, or on", True, also=(("right", "move(1)"),)),
    Key(
        "pageup",
        "pgup pgdn home end",
        "leap(-1)",
        "",
        "a tenth of the history back, or on; the very start; the newest step",
        also=(("pagedown", "leap(1)"), ("home", "to(0)"), ("end", "to(-1)")),
    ),
    Key("g", "g", "logarithm", "log loss", "the loss on a logarithmic axis, or on a linear one", True),
    Key("x", "x", "log_steps", "log steps", "the steps on a logarithmic axis, or on a linear one", True),
    Key("r", "r", "others", "runs", "the other runs of this session beside this one, or not", True),
    Key("e", "e", "epochs", "epochs", "epochs below the curve, or steps", True),
    Key(
        "plus", "+ -", "lr(1)", "learning rate", "move the mark of the learning rate", True, also=(("minus", "lr(-1)"),)
    ),
    Key(
        "tab",
        "tab",
        "turn",
        "learning rate",
        "from the loss over the steps to that over the learning rate, and back",
        True,
        priority=True,
    ),
    WHAT,
    HELP,
    Key("escape,q,L,enter", "esc", "dismiss", "", "close it; q, L and enter too", True),
)
"""The loss as a picture: one page over the steps, one over the learning rate."""

PREDICTION = (
    Key("space", "space", "step", "step", "one step: the picture moves with it", True),
    Key("b", "b", "back", "back", "takes back the last step", True),
    Key(
        "left",
        "←→",
        "across(-1)",
        "across",
        "another feature across",
        True,
        also=(("right", "across(1)"),),
    ),
    Key(
        "up",
        "↑↓",
        "upward(1)",
        "upward",
        "another feature upward, or one if there is none",
        True,
        also=(("down", "upward(-1)"),),
    ),
    Key("c", "c", "curve", "curve", "a curve over one feature, or a map over two", True),
    Key("o", "o", "output", "output", "another output or class; from a hidden unit, the prediction", True),
    Key("u", "u U", "unit(1)", "unit", "another hidden unit: what it has learnt", True, also=(("U", "unit(-1)"),)),
    Key("m", "m", "mean", "others", "the other features at the row's values, or at the mean of the rows", True),
    Key("r", "r", "rows", "rows", "the rows of the table upon it, or not", True),
    Key("n", "n p", "row(1)", "next row", "the next row in view, or the one before", True, also=(("p", "row(-1)"),)),
    Key("a", "a", "autoplay", "autoplay", "autoplay on and off", True),
    WHAT,
    HELP,
    Key("escape,q,P,enter", "esc", "dismiss", "close", "close it; q, P and enter too", True),
)
"""The prediction as a picture."""

PICTURE = (
    WHAT,
    HELP,
    Key("escape,q,v,enter,space", "esc", "dismiss", "", "close it; q, v, enter and space too"),
)
"""The network as a picture."""

WORDS = (
    Key("", "↑↓ pgup pgdn", "", "scroll", "scroll, if not all lines fit"),
    WHAT,
    HELP,
    Key("escape,q,enter,space", "esc", "dismiss", "", "close it; q, enter and space too"),
)
"""A page of words."""

SETUP = (
    Key("up", "↑↓", "move(-1)", "line", "another line", True, also=(("down", "move(1)"),)),
    Key(
        "pageup",
        "pgup pgdn home end",
        "move(-5)",
        "",
        "five lines up, or down; the first line; the last",
        also=(("pagedown", "move(5)"), ("home", "move(-99)"), ("end", "move(99)")),
    ),
    Key("enter,equals_sign", "enter", "change", "type", "type what the line is to say; = too", True),
    Key(
        "left",
        "←→",
        "option(-1)",
        "turn",
        "the next of what it may be, or the one before",
        True,
        also=(("right", "option(1)"),),
    ),
    Key("r", "r", "begin", "run", "begin a new run as it stands here; the earlier ones stay, b leads back", True),
    WHAT,
    HELP,
    Key("escape,q", "esc", "dismiss", "close", "close it, and leave all as it was; q too", True),
)
"""The page that sets up a run."""

EXAMPLES = (
    Key("", "↑↓ pgup pgdn", "", "choose", "another example or table"),
    Key("", "enter", "", "open", "open the chosen one"),
    WHAT,
    HELP,
    Key("escape,q", "esc", "dismiss", "", "close the list; q too"),
)
"""The list of examples."""

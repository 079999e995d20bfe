"""The keys of the instructor's screen."""

from backprop_tui.tui.widgets.keys import HELP, Key

DASHBOARD = (
    Key("up", "↑ ↓", "choose(-1)", "choose", "choose a person", True, also=(("down", "choose(1)"),)),
    Key("f", "f", "show", "let all follow", "let all follow the chosen person's screen; again: no more", True),
    Key("p", "p", "pause", "pause", "take nobody's keys; again: go on", True),
    Key("m", "m", "message", "message to all", "type a line that everybody sees", True),
    Key("x", "x", "end_one", "end a session", "end the chosen person's session, which is saved", True),
    Key("y", "y", "yes", "yes", "what was asked is meant"),
    Key("escape", "esc", "cancel", "cancel", "what was asked is not meant; no line is typed"),
    HELP._replace(footer=False),
    Key("q,ctrl+q,ctrl+c", "q", "leave", "end all", "end the workshop; every session is saved", True),
)

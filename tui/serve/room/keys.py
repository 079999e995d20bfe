"""The keys of the instructor's screen."""

from backprop_tui.tui.widgets.keys import HELP, Key

DASHBOARD = (
    Key("up", "↑ ↓", "choose(-1)", "choose", "choose a person", True, also=(("down", "choose(1)"),)),
    Key("f", "f", "show", "let all follow", "let all follow the chosen person's screen; again: no more", True),
    Key("a", "a", "ask", "ask", "ask everybody; again: close the vote; once more: a second vote", True),
    Key("r", "r", "reveal", "reveal", "show everybody the answer to the question", True),
    Key("e", "e", "report", "report", "write the report: report.csv, a row a person; report.md, a part a question"),
    Key("p", "p", "pause", "pause", "take nobody's keys; again: go on", True),
    Key("m", "m", "message", "message to all", "type a line that everybody sees", True),
    Key("x", "x", "end_one", "end a session", "end the chosen person's session, which is saved", True),
    Key("y", "y", "yes", "yes", "what was asked is meant"),
    Key("escape", "esc", "cancel", "cancel", "what was asked is not meant; no line is typed"),
    HELP._replace(footer=False),
    Key("q,ctrl+q,ctrl+c", "q", "leave", "end all", "end the workshop; every session is saved", True),
)
"""Those of the screen itself."""

ASK = (
    Key("1", "1", "dismiss('loss')", "the loss", "will the loss of the step that is shown rise or fall?"),
    Key("2", "2", "dismiss('sign')", "a sign", "is a gradient of that step positive or negative?"),
    Key("3", "3", "dismiss('number')", "a number", "what is a number of that step?"),
    Key("4", "4", "dismiss('typed')", "your own", "a question that you type, with its choices"),
    Key("5", "5", "dismiss('task')", "the course", "one of the course's questions"),
    Key("escape", "esc", "dismiss", "nothing", "ask nothing"),
)
"""Those of the page that `a` opens."""

TASKS = (
    Key("", "↑↓ pgup pgdn", "", "choose", "another question"),
    Key("", "enter", "", "ask", "ask everybody the chosen one"),
    Key("escape", "esc", "dismiss", "nothing", "ask nothing"),
)
"""Those of the course's questions."""

"""How the roles of a span look on a dark background and on a light one.

Blue and orange, never red against green; bold, underline and reverse say the same without color. What is text has a
contrast of 4.5 to 1 at least (WCAG 2.2, 1.4.3) to black, or to white.
"""

from rich.style import Style

DARK = {
    "label": Style(bold=True),
    "dim": Style(dim=True),
    "positive": Style(color="color(68)"),
    "negative": Style(color="color(172)"),
    "pending": Style(dim=True),
    "fresh": Style(bold=True),
    "input": Style(underline=True),
    "cursor": Style(reverse=True),
    "alarm": Style(color="color(176)", bold=True),
    "title": Style(bold=True),
    "key": Style(color="color(68)", bold=True),
}
"""positive, negative: a number by its sign; pending: not computed yet; fresh: just computed; input: enters it."""

LIGHT = DARK | {
    "dim": Style(color="color(240)"),
    "positive": Style(color="color(26)"),
    "negative": Style(color="color(130)"),
    "pending": Style(color="color(240)"),
    "alarm": Style(color="color(90)", bold=True),
    "key": Style(color="color(26)", bold=True),
}

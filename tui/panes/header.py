"""The first line: which run this is, and how far it has come."""

from ...core.numerals import brief
from ...core.sampling import THIS_ROW
from ..line import Line, Span
from ..view import View


def lines(view: View, status: str, width: int) -> list[Line]:
    """Network, seed, learning rate, rows, step; the status at the right."""
    sampling = view.settings.sampling
    rows = f"row {sampling.row}" if sampling.rule == THIS_ROW else sampling.rule
    start = "given weights" if view.run.initial is not None else f"seed {view.run.seed}"
    rule = "" if view.run.update.optimizer == "sgd" else f" {view.run.update.optimizer}"
    parts = [view.network.name, start, f"lr {brief(view.settings.lr)}{rule}", rows, f"step {view.steps:,}"]
    name, left = "backprop-tui", "  ".join(parts)
    if len(name) + len(left) + len(status) + 4 > width:
        name = ""
    space = max(width - len(name) - 2 * bool(name) - len(left) - len(status), 1)
    return [(Span(name + "  " * bool(name), "title"), Span(left), Span(" " * space), Span(status, "key"))]

"""The first line: which run this is, and how far it has come."""

from backprop_tui.core.table.batches import THIS_ROW
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.line import Line, Span


def lines(view: View, status: str, width: int) -> list[Line]:
    """Network, seed, learning rate, rows, step; the status at the right."""
    sampling = view.settings.sampling
    rows = f"row {sampling.row}" if sampling.rule == THIS_ROW else sampling.rule
    start = "given weights" if view.run.initial is not None else f"seed {view.run.seed}"
    rule = "" if view.run.optimizer.name == "sgd" else f" {view.run.optimizer.name}"
    step = f"step {view.step:,}"
    longer = [view.network.name, start, f"lr {brief(view.settings.lr)}{rule}", rows, step]
    shorter = [view.network.name.split()[0], start, f"lr {brief(view.settings.lr)}", step]
    choices = [
        ("backprop-tui  ", longer, status),
        ("", longer, status),
        ("", shorter, status),
        ("", [step], status),
        ("", [], status),
        ("", [step], ""),
    ]
    for name, parts, right in choices:
        left = "  ".join(parts)
        space = width - len(name) - len(left) - len(right)
        if space >= (1 if right else 0):
            break
    return [(Span(name, "title"), Span(left), Span(" " * max(space, 0)), Span(right, "key"))]

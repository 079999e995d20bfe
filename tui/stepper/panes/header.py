"""The line below the bar of lessons: what is to be learnt, which run this is, and how far it has come."""

from backprop_tui.core.table.batches import THIS_ROW
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.line import Line, Span
from rich.cells import cell_len


def line(view: View, activity: str, width: int) -> Line:
    """At the left the task in words, or what goes on; at the right what the run is; each as far as it fits."""
    needed = cell_len(activity) + 2 if activity else 0
    right = next((text for text in _facts(view) if len(text) + needed <= width), "")
    room = max(width - len(right) - 2, 0)
    said = next((text for text in ([activity] if activity else _tasks(view)) if cell_len(text) <= room), "")
    return Span(said, "key" if activity else ""), Span(" " * (width - cell_len(said) - len(right))), Span(right)


def _facts(view: View) -> list[str]:
    """What the run is, from all of it to the step alone."""
    sampling, optimizer = view.settings.sampling, view.run.optimizer.name
    rows = f"row {sampling.row}" if sampling.rule == THIS_ROW else sampling.rule
    start = "given weights" if view.run.initial is not None else f"seed {view.run.seed}"
    lr = f"lr {brief(view.settings.lr)}"
    rule = lr if optimizer == "sgd" else f"{lr} {optimizer}"
    rule += f" l2 {brief(view.network.l2)}" if view.network.l2 else ""
    step = f"step {view.step:,}"
    whole = view.network.name
    choices = (
        (whole, start, rule, rows, step),
        (whole.split()[0], start, rule, rows, step),
        (whole.split()[0], start, lr, step),
        (lr, step),
        (step,),
    )
    return ["  ".join(parts) for parts in choices]


def _tasks(view: View) -> list[str]:
    """What is predicted from what, from all names to a few words."""
    table = view.run.table
    features = [escape_controls(name) for name in table.columns_of(table.features)]
    target = ", ".join(escape_controls(name) for name in table.columns_of(table.targets))
    classes = ", ".join(escape_controls(it.value) for it in table.categories if it.name in table.targets)
    count = f"{len(features)} features" if len(features) > 1 else features[0]
    tasks = [f"Predict {target} from {', '.join(features)}", f"Predict {target} from {count}", f"Predict {target}"]
    return [f"Predict {target} ({classes}) from {count}", *tasks] if classes else tasks

"""What a step of lesson 5 works with, and the losses at that step."""

from backprop_tui.core.lessons.training import TableLosses, Worst, part_in_words, rows_in_words
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.units import currency
from backprop_tui.core.text.numerals import brief, compact, inner
from backprop_tui.tui.stepper.view import PENDING
from backprop_tui.tui.widgets.line import Line, Span


def lines(timeline: Timeline, losses: TableLosses, worst: Worst, precise: bool = False) -> list[Line]:
    """Lines: the rows of a step, the epoch, the losses, what they are worth, the optimizer.

    With `precise` all digits of the losses.
    """

    def write(loss: float) -> str:
        return inner(loss, timeline.run.dtype) if precise else brief(loss, 6)

    settings, optimizer = timeline.settings, timeline.run.optimizer
    training = timeline.training_rows
    shown = timeline.losses
    found: list[Line] = [_row("rows", rows_in_words(timeline))]
    per_epoch = settings.sampling.steps_per_epoch(training) if training else 1
    found.append(_row("epoch", f"{timeline.epochs:,.2f}   {per_epoch:,} step{'s' * (per_epoch != 1)} each"))
    found.append(_row("loss", f"{write(float(shown[-1])) if len(shown) else '·'}   this step's"))
    for part in losses.parts:
        value = losses.latest(part)
        found.append(
            _row(
                "",
                f"{'·' if value is None else write(value)}   {losses.size(part):,} {part_in_words(timeline, part)}",
            )
        )
    found.append(_row("fit H" if worst.held_out else "fit T", _fit(worst)))
    found.append(_row("rule", f"{optimizer.name}   lr {brief(settings.lr)}"))
    found.append(_row("", optimizer.rule.remembers))
    if settings.sampling.batch_size(training or 1) > 1:
        found.append(_row("", "on 4: means over the batch"))
    return found


def _fit(worst: Worst) -> str:
    """R² and RMSE, or accuracy, over the rows that the worst are chosen from (T or H, as in the plot)."""
    if not worst.found or worst.request() is not None:
        return PENDING
    if worst.accuracy is not None:
        return f"accuracy {worst.accuracy:.1%}"
    dollars = currency(worst.session.timeline.run.table)
    return f"R² {brief(worst.r2, 3)}   RMSE {dollars}{compact(worst.rmse)}"


def _row(label: str, text: str) -> Line:
    return (Span(label.ljust(6), "label"), Span(text))

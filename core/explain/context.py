"""What an explanation needs to know of the run, besides the trace."""

from dataclasses import dataclass

from backprop_tui.core.model.network import Array
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.history import Change
from backprop_tui.core.session.sample import Sample, Scaling
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.spec import TableSpec


@dataclass(frozen=True)
class Context:
    """The origin of the numbers that a step starts from, and how it updates.

    `step` is the number of the step that is explained, from 1, and so Adam's t; `seed` is None if the initial
    parameters were given. `sample` is the table's row in view and `scaling` what scaled it; `typed` says that a person
    typed the sample. `before` (width,) are the parameters before the last step (None at the first), `changes` what a
    person has typed since then.
    """

    optimizer: Optimizer = Optimizer()
    step: int = 1
    seed: int | None = 0
    initializer: str = "uniform"
    table: TableSpec = TableSpec()
    sample: Sample | None = None
    scaling: Scaling | None = None
    typed: bool = False
    before: Array | None = None
    changes: tuple[Change, ...] = ()


def known(trace: Trace, context: Context | None) -> Context:
    """The context; if there is none, what the trace itself tells: which optimizer keeps such moments."""
    if context is not None:
        return context
    kept = {value.moment for value in map(parse, trace.values) if value.moment}
    name = next(name for name, rule in OPTIMIZERS.items() if set(rule.moments) == kept)
    return Context(Optimizer(name), seed=None)


def context_of(timeline: Timeline) -> Context:
    """The context of the step that a session shows."""
    run, history, entry = timeline.run, timeline.history, timeline.position.entry
    last = entry - 1
    changes: list[Change] = []
    while last in history.changes:
        changes.insert(0, history.changes[last])
        last -= 1
    return Context(
        optimizer=run.optimizer,
        step=history.steps(entry) + 1,
        seed=None if run.initial is not None else run.seed,
        initializer=run.initializer,
        table=run.table,
        sample=timeline.sample,
        scaling=timeline.scaling,
        typed=timeline.shown_settings.x is not None,
        before=_parameters(timeline, last) if last >= 0 else None,
        changes=tuple(changes),
    )


def _parameters(timeline: Timeline, entry: int) -> Array | None:
    """The parameters (width,) that an entry starts from, if they are at hand."""
    state = timeline.history.state(entry)
    return None if state is None else state[: timeline.run.network.width]

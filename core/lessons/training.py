"""The training loop (Part 5): the loss over the whole table along a run, and the rows it predicts worst.

Both stand beside a session: they read its history and ask the engine, they never change the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import (
    Answer,
    Failed,
    FindLosses,
    FindWorst,
    LossesFound,
    Request,
    TableRows,
    WireError,
    WorstFound,
)
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.losses import comparable
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.batches import ALL_ROWS, SHUFFLED, THIS_ROW, split_rows

TRAINING, HELD_OUT = "training", "held-out"
NOTEBOOK_RUN = Run(
    initial=(0.9592762, 0.9902561, 0.9773693, 0.6845679, 0.65360534, 0.14853442, 0.48422277, 0.38753116, 0.820989)
)
"""The notebook's Part 5. It does not print what it starts from: these w1, b1, w2 and b2 are worked back from the
gradients and updated weights that it prints, and lead to all of them digit for digit.
"""

SMALL_TABLE = 20_000
POINTS, LEAST_POINTS, MAX_WORK, MOST_WORK = 64, 8, 2**20, 2**23
"""How many points a line of the plot has, and at least for a huge table; how many rows times points a request works
through, and the whole line.
"""


class TableLosses:
    """The loss over all training rows, and over those held out, at points along the history of a session.

    A point is an entry: the loss at the parameters that this entry starts from.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._of: WeakKeyDictionary[Timeline, _Found] = WeakKeyDictionary()
        """What is found of each run."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Which rows have a line: those that train and, if there are any, those held out."""
        return (TRAINING, HELD_OUT) if self.session.timeline.run.table.holdout else (TRAINING,)

    def points(self, run: Timeline | None = None) -> list[int]:
        """The entries that are wanted: evenly spread up to where the run in view stands, that place among them.

        Of another run, up to its newest step.
        """
        timeline = run or self.session.timeline
        last = timeline.whole_entries if run is None else timeline.history.entries
        # Spaced by powers of two, so that a run that grows finds most of its points done.
        every = 1
        most = max(min(POINTS, MOST_WORK // max(timeline.training_rows, 1)), LEAST_POINTS)
        while last // every >= most:
            every *= 2
        at_hand = (point for point in range(0, last, every) if timeline.history.state(point) is not None)
        return sorted({*at_hand, last})

    def size(self, part: str) -> int:
        """How many rows a part of the table has."""
        timeline = self.session.timeline
        rows = timeline.scaling.rows if timeline.scaling else 0
        return timeline.training_rows if part == TRAINING else rows - timeline.training_rows

    def line(self, part: str, run: Timeline | None = None) -> tuple[list[int], list[float]]:
        """The points that are there so far, and the loss at each: of the run in view, or of another."""
        found = self._found_of(run or self.session.timeline).losses[part]
        points = [point for point in self.points(run) if point in found]
        return points, [found[point] for point in points]

    def others(self) -> list[Timeline]:
        """The runs that have a line beside the one in view."""
        return comparable(self.session)

    def latest(self, part: str) -> float | None:
        """The loss where the session stands; None until the engine has answered."""
        return self._found_of(self.session.timeline).losses[part].get(self.points()[-1])

    def request(self) -> FindLosses | None:
        """What must be asked next; None when all points are there. Not while the session still asks itself."""
        timeline = self.session.timeline
        if timeline.scaling is None or timeline.settings.x is not None:
            return None
        wanted = [(timeline, part, self.points()) for part in self.parts]
        # Other runs have one line each, that of the rows that train, after all of the one in view.
        wanted += [(other, TRAINING, self.points(other)) for other in self.others()]
        for run, part, points in wanted:
            self._forget_changed(run, points)
            found = self._found_of(run).losses[part]
            if missing := [point for point in points if point not in found]:
                return self._ask(run, part, missing)
        return None

    def _ask(self, run: Timeline, part: str, missing: Sequence[int]) -> FindLosses:
        """Asks for the losses at some of these points, the newest first: it is what one looks at."""
        scaling, table = self.session.timeline.scaling, run.run.table
        assert scaling is not None, "the table is open"
        rows, size = np.zeros((0, 0), "int32"), self.session.timeline.training_rows
        if part == HELD_OUT:
            rows = split_rows(scaling.rows, table.holdout, table.holdout_seed)[1][None]
            size = rows.shape[1]
        chosen = missing[::-1][: max(1, MAX_WORK // size)]
        states = {point: _state(run, point).copy() for point in chosen}
        self._asked = run, part, states
        width = run.run.network.width
        parameters = numbers(np.stack([state[:width] for state in states.values()]).astype("float64"))
        return FindLosses(run.run.network, parameters, TableRows(table, numbers(rows)))

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        if isinstance(answer, Failed):
            raise EngineRefused(answer.message)
        if not isinstance(answer, LossesFound):
            raise WireError("the engine's answer is not one to this request")
        run, part, states = self._asked
        losses = answer.losses.array
        if losses.shape != (len(states),):
            raise WireError("the engine's losses are not as many as were asked for")
        found = self._found_of(run)
        for (point, state), loss in zip(states.items(), losses.tolist(), strict=True):
            found.losses[part][point] = loss
            found.seen[point] = state.tobytes()

    def _found_of(self, run: Timeline) -> "_Found":
        return self._of.setdefault(run, _Found())

    def _forget_changed(self, run: Timeline, wanted: Sequence[int]) -> None:
        """Forget the points that are not wanted any more, and those whose history was cut and went another way."""
        found = self._found_of(run)
        for point in list(found.seen):
            if point not in wanted or _state(run, point).tobytes() != found.seen[point]:
                del found.seen[point]
                for losses in found.losses.values():
                    losses.pop(point, None)


def _state(run: Timeline, point: int) -> Array:
    state = run.history.state(point)
    assert state is not None, "points are entries whose states are at hand"
    return state


@dataclass
class _Found:
    """The losses that are found of a run, by part and point, and the state at each of these points."""

    losses: dict[str, dict[int, float]] = field(default_factory=lambda: {TRAINING: {}, HELD_OUT: {}})
    seen: dict[int, bytes] = field(default_factory=dict)


class Overview:
    """Both beside one session: the losses first, then the worst rows.

    While it jumps, nothing: its steps come first. While it is `hurried`, only the losses, and those of a small table.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.losses, self.worst = TableLosses(session), Worst(session)
        self.hurried = False

    def request(self) -> Request | None:
        """What must be asked next; None when all is there."""
        if self.session.timeline.jumping or (self.hurried and self.session.timeline.training_rows > SMALL_TABLE):
            return None
        return self.losses.request() or (None if self.hurried else self.worst.request())

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        (self.losses if isinstance(request, FindLosses) else self.worst).accept(request, answer)


@dataclass(frozen=True)
class Prediction:
    """A row of the table with its prediction and true target (targets,), in the target's own unit."""

    row: int
    predicted: Array
    true: Array

    @property
    def error(self) -> Array:
        """Predicted minus true (targets,)."""
        return self.predicted - self.true


class Worst:
    """The rows whose predictions are furthest off, where a session stands."""

    def __init__(self, session: Session, count: int = 100) -> None:
        self.session, self.count = session, count
        self.held_out = False
        self.found: tuple[Prediction, ...] = ()
        self.mean_error = self.r2 = self.rmse = float("nan")
        self.accuracy: float | None = None
        self.rows = 0
        self._answered: FindWorst | None = None

    def request(self) -> FindWorst | None:
        """What must be asked next; None when what is here belongs to where the session stands."""
        timeline = self.session.timeline
        if timeline.scaling is None or timeline.settings.x is not None:
            return None
        run = timeline.run
        wanted = FindWorst(run.program, numbers(current_parameters(timeline)), run.table, self.count, self.held_out)
        return None if wanted == self._answered else wanted

    @property
    def is_current(self) -> bool:
        """Whether what is here belongs to where the session stands."""
        return self._answered is not None and self.request() is None

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        if isinstance(answer, Failed):
            raise EngineRefused(answer.message)
        if not isinstance(answer, WorstFound) or not isinstance(request, FindWorst):
            raise WireError("the engine's answer is not one to this request")
        rows, predicted, true = answer.worst.array, answer.predictions.array, answer.targets.array
        if not predicted.shape == true.shape == (len(rows), len(request.table.targets)):
            raise WireError("the engine's predictions do not have the shape that was asked for")
        self.found = tuple(Prediction(int(row), *pair) for row, *pair in zip(rows, predicted, true, strict=True))
        self.mean_error, self.rows = answer.mean_error, answer.rows
        self.r2, self.rmse, self.accuracy = answer.r2, answer.rmse, answer.accuracy
        self._answered = request


def current_parameters(timeline: Timeline) -> Array:
    """The parameters (width,) where a session stands: after the update if the step is whole."""
    state = timeline.history.state(timeline.whole_entries)
    assert state is not None, "the state that is looked at is at hand"
    return state[: timeline.run.network.width]


def epoch_steps(timeline: Timeline, epochs: int) -> int:
    """How many steps it takes to the end of so many epochs from here; a begun one counts as the first."""
    if epochs < 1:
        raise ValueError("a jump takes at least 1 epoch")
    per_epoch = timeline.settings.sampling.steps_per_epoch(timeline.training_rows)
    begun = max(timeline.steps - timeline.settings.since, 0) % per_epoch
    return epochs * per_epoch - begun


def part_in_words(timeline: Timeline, part: str) -> str:
    """What a part of the table is called: its rows are training rows if the steps go over them, not over one alone."""
    if part == HELD_OUT:
        return "held-out rows"
    if timeline.settings.sampling.rule != THIS_ROW:
        return "training rows"
    return "rows not held out" if timeline.run.table.holdout else "rows of the table"


def sentences(timeline: Timeline) -> tuple[str, str]:
    """What a training step is, and by which losses it is judged, with this table."""
    counts = "What counts is the loss over the whole table"
    if timeline.run.table.holdout:
        counts = "What counts is the loss over the rows held out, which no step ever uses"
    return "The step of lesson 4 again and again, over one row, mini-batches or all rows.", counts + "."


def rows_in_words(timeline: Timeline) -> str:
    """Which rows a step uses: `32 of 499, shuffled`, `this row: 0`, `next row`, `all 399`."""
    sampling, training = timeline.settings.sampling, timeline.training_rows
    if sampling.rule == ALL_ROWS:
        return f"all {training:,}"
    if sampling.rule == THIS_ROW:
        return f"{THIS_ROW}: {sampling.row:,}"
    if sampling.rule == SHUFFLED:
        return f"{sampling.batch_size(training):,} of {training:,}, {SHUFFLED}"
    return sampling.rule

"""A person's walk through the operations of a model: which step, up to which operation, and which one is in view."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.engine.protocol.model import (
    MOST_STEPS,
    CheckGradients,
    CompareOperation,
    DescribeModel,
    GradientsChecked,
    MakeStep,
    ModelAnswer,
    ModelDescribed,
    ModelFailed,
    ModelRequest,
    ModelSpec,
    NotFiniteSought,
    OperationCompared,
    OperationRead,
    Rates,
    ReadOperation,
    SeekNotFinite,
    StepMade,
    arrays_of,
    until_they_differ,
)
from backprop_tui.core.model.limits import learning_rate
from backprop_tui.core.operations import norms
from backprop_tui.core.operations.along import Along, Left
from backprop_tui.core.operations.compared import Compared
from backprop_tui.core.operations.operation import UPDATE, Operation, Values
from backprop_tui.core.operations.picture import is_image, moved_in_image, turned_image
from backprop_tui.core.operations.rule import Index, Made, Part
from backprop_tui.core.operations.slices import moved, turned, within
from backprop_tui.core.operations.table import made
from msgspec.structs import replace

NOTHING: Values = np.empty(0)

SOUGHT_STEPS = 10_000
"""So many steps are looked at for NaN or infinity."""


class Position(NamedTuple):
    """Which step, from 1, and how many of its operations are done; step 1 with none is the start."""

    step: int
    done: int


class Moment(NamedTuple):
    """All that a move changes, so that it can be taken back."""

    at: Position
    weights: int
    rates: Rates


class ModelSession:
    """Where a person is in a model. `request` and `accept` bring what is missing."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.described: ModelDescribed | None = None
        self.losses: list[float] = []
        """Of each step that was made."""
        self.norms: list[tuple[float, ...]] = []
        """Of each step the length of every layer's gradient."""
        self.rates: list[float] = []
        """Of each step the learning rate of its update."""
        self.at = Position(1, 0)
        self.looking = 0
        """Which of the operations that are done is in view, from 0."""
        self.cursor: Index = ()
        """The number of the first output that is looked at."""
        self._trail: list[tuple[int, Index]] = []
        """Where one was looking before links were followed."""
        self._moves: list[Moment] = []
        self._seeking: tuple[Position, int] | None = None
        """From where NaN is looked for next, and up to which step."""
        self.drawn = False
        """Whether an image is drawn, instead of its numbers: then the cursor moves over its pixels."""
        self.sought = ""
        """What the last search came to."""
        self._read: tuple[int, str] | None = None
        self.values: Mapping[str, Values] = {}
        """The inputs and outputs of the operation in view, by name; empty until they are there."""
        self.checked: tuple[int, tuple[Compared, ...]] | None = None
        """How gradients compared with finite differences, and at which step."""
        self._to_check: int | None = None
        self.along: tuple[Along | Left, ...] = ()
        """How gradients of the operation in view compared along a direction."""
        self._to_compare: tuple[int, str] | None = None
        self._to_draw = False
        """Whether new weights have still to be drawn: a model may have none that can be."""

    # What there is

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Those that are shown, in order; none before the model is there."""
        return self.described.graph.shown if self.described else ()

    @property
    def in_view(self) -> Operation | None:
        """The operation in view; None at the start."""
        return self.operations[self.looking] if self.at.done else None

    @property
    def is_complete(self) -> bool:
        """Whether all operations of the step are done."""
        return bool(self.operations) and self.at.done == len(self.operations)

    @property
    def shown_losses(self) -> list[float]:
        """The losses of the steps up to the one in view; of that one if its loss is computed."""
        return self.losses[: self.at.step if self._has_loss() else self.at.step - 1]

    @property
    def shown_norms(self) -> tuple[tuple[str, float], ...]:
        """The layers and the length of the gradient of each, of the last step up to here that is complete."""
        complete = self.at.step if self.is_complete else self.at.step - 1
        if self.described is None or not 1 <= complete <= len(self.norms):
            return ()
        return tuple(zip(norms.layers(self.described.graph), self.norms[complete - 1], strict=True))

    @property
    def lr(self) -> float | None:
        """The learning rate of the step in view; None if it is not known yet, or the model is not there."""
        if self.described is None:
            return None
        own = self.described.lr
        if own is None:
            return self.rates[self.at.step - 1] if len(self.rates) >= self.at.step else None
        return next((rate for step, rate in reversed(self.spec.rates) if step <= self._changeable), own)

    @property
    def _changeable(self) -> int:
        """The step whose update is still to come."""
        begun = any(one.part == UPDATE for one in self.operations[: self.at.done][-1:])
        return self.at.step + 1 if self.is_complete or begun else self.at.step

    def _has_loss(self) -> bool:
        described = self.described
        if described is None:
            return False
        done = self.operations[: self.at.done]
        return any(tensor.name == described.graph.loss for one in done for tensor in one.outputs)

    # Moves. Each can be taken back.

    def step(self) -> None:
        """To the end of this step; from there to the end of the next."""
        count = len(self.operations)
        self._move(Position(self.at.step + 1, count) if self.is_complete else Position(self.at.step, count))

    def operation(self) -> None:
        """The next operation."""
        self._move(self._after(self.at))

    def layer(self) -> None:
        """All operations of the next layer: up to where another begins, or another part of the step."""
        reached = self._after(self.at)
        kind = self._kind(reached)
        while reached.done < len(self.operations) and self._kind(self._after(reached)) == kind:
            reached = self._after(reached)
        self._move(reached)

    def jump(self, step: int) -> None:
        """To the end of a step. Raises ValueError if there can be none of that number."""
        if not 1 <= step <= MOST_STEPS:
            raise ValueError(f"a step has a number from 1 to {MOST_STEPS:,}")
        self._move(Position(step, len(self.operations)))

    def back(self) -> bool:
        """Take the last move back; False at the start."""
        if not self._moves:
            return False
        self._return()
        return True

    def _return(self) -> None:
        """To where the last move began."""
        moment = self._moves.pop() if self._moves else self._now()._replace(at=Position(1, 0))
        self._change(moment.weights, moment.rates)
        self._go(moment.at)

    def to_start(self) -> None:
        """Back to the start, with the weights and the learning rate that the model came with."""
        if self._moves:
            self._change(self._moves[0].weights, self._moves[0].rates)
        self._moves.clear()
        self._go(Position(1, 0))

    def set_lr(self, lr: float) -> None:
        """From the next update on, another learning rate. Raises ValueError if it is none, or follows a schedule."""
        if self.described is None:
            return
        if self.described.lr is None:
            raise ValueError("this model's learning rate follows a schedule of its own; --lr can't change it either")
        lr = learning_rate(lr)
        if lr != self.lr:
            self._moves.append(self._now())
            earlier = tuple(one for one in self.spec.rates if one[0] < self._changeable)
            self._change(self.spec.weights, (*earlier, (self._changeable, lr)))

    def new_weights(self) -> None:
        """To the start, with other weights, as the model's own initializers draw them; the learning rate stays."""
        if self.described is not None:
            now, lr = self._now(), self.lr
            own = self.described.lr
            self._change(now.weights + 1, () if own is None or lr in (None, own) else ((1, lr),))
            self._moves.append(now)
            self._go(Position(1, 0))
            self._to_draw = True

    def seek_not_finite(self) -> None:
        """To the first operation behind the one that was done last whose output holds NaN or infinity."""
        if self.operations:
            self.sought = ""
            begin = Position(self.at.step + 1, 0) if self.is_complete else self.at
            self._seeking = (begin, min(self.at.step + SOUGHT_STEPS, MOST_STEPS))

    def cancel(self) -> None:
        """End a search or a jump under way, where it came to."""
        reached = len(self.losses)
        if self._seeking is not None:
            self._seeking, self.sought = None, f"the search ended after step {reached}"
            self._move(Position(max(reached, 1), len(self.operations)))
        elif self.at.done and reached and self.at.step > reached + 1:
            self._go(Position(reached, len(self.operations)))

    def look(self, by: int) -> None:
        """At another operation that is done."""
        self.look_at(self.looking + by)

    def look_at(self, place: int) -> None:
        """At an operation by its place from 0, or the nearest that is done."""
        self.looking = min(max(place, 0), max(self.at.done - 1, 0))

    # The number under the cursor

    @property
    def output(self) -> Values | None:
        """The first output of the operation in view; None before it is there, or if it has no numbers."""
        one = self.in_view
        if one is None or not one.outputs or self._read != self._wanted():
            return None
        return self.values.get(one.outputs[0].name)

    @property
    def made(self) -> Made | None:
        """How the number under the cursor is made; None if no rule says so."""
        one, output = self.in_view, self.output
        if one is None or output is None or not output.size:
            return None
        return made(one, [self.values.get(name, NOTHING) for name in one.inputs], 0, self.cursor)

    def move_cursor(self, rows: int, columns: int) -> None:
        """To another row or column of the slice in view, as far as there are any."""
        if self.output is not None:
            move = moved_in_image if self.shows_image else moved
            self.cursor = move(self.output.shape, self.cursor, rows, columns)

    def turn_slice(self, by: int) -> None:
        """To another slice of an output of more than two axes."""
        if self.output is not None:
            turn = turned_image if self.shows_image else turned
            self.cursor = turn(self.output.shape, self.cursor, by)

    @property
    def has_image(self) -> bool:
        """Whether the output in view is an image, or several."""
        return self.output is not None and is_image(self.output)

    @property
    def shows_image(self) -> bool:
        """Whether it is drawn."""
        return self.drawn and self.has_image

    def draw_images(self) -> None:
        """Draw images, or show their numbers again. Raises ValueError if there is none to be drawn here."""
        if not self.drawn and not self.has_image:
            raise ValueError("no image here: its last axes are height x width x 1 or 3, from 4x4 on")
        self.drawn = not self.drawn

    def follow(self, one: Part) -> None:
        """To the operation that made a number of an input. Raises ValueError if it is a constant."""
        here, described = self.in_view, self.described
        if here is None or described is None:
            raise ValueError("there is no number yet")
        maker = described.graph.makers.get(here.inputs[one.input]) if one.input >= 0 else None
        if maker is None or not maker.shown or maker.outputs[0].name != here.inputs[one.input]:
            raise ValueError("this number is a constant, or no operation's first output: there is nothing to follow")
        self._trail.append((self.looking, self.cursor))
        self.looking, self.cursor = self.operations.index(maker), one.index

    def return_from_link(self) -> bool:
        """To where the last link was followed; False if none was."""
        if not self._trail:
            return False
        self.looking, self.cursor = self._trail.pop()
        return True

    def check(self) -> None:
        """Compare the gradients of the step in view with finite differences."""
        self._to_check = self.at.step

    def compare(self) -> None:
        """Compare the gradients that the operation in view is about with finite differences of it alone."""
        self.along, self._to_compare = (), self._wanted()

    def _after(self, position: Position) -> Position:
        if position.done < len(self.operations):
            return Position(position.step, position.done + 1)
        return Position(position.step + 1, 1)

    def _kind(self, position: Position) -> tuple[str, str]:
        one = self.operations[position.done - 1]
        return one.part, one.layer

    def _now(self) -> Moment:
        return Moment(self.at, self.spec.weights, self.spec.rates)

    def _change(self, weights: int, rates: Rates) -> None:
        """Take other weights or learning rates; what was made with those before is no more."""
        same = until_they_differ(self.spec.rates, rates) if weights == self.spec.weights else 0
        if (weights, rates) != (self.spec.weights, self.spec.rates):
            self.spec = replace(self.spec, weights=weights, rates=rates)
            del self.losses[same:], self.norms[same:], self.rates[same:]
            self._read = None

    def _move(self, to: Position) -> None:
        if not self.operations:
            return
        if to.step > MOST_STEPS:
            raise ValueError(f"{MOST_STEPS:,} steps are enough here")
        if to != self.at:
            self._moves.append(self._now())
            self._go(to)

    def _go(self, to: Position) -> None:
        self.at = to
        self._trail.clear()
        self.looking = max(to.done - 1, 0)

    # What is asked

    def request(self) -> ModelRequest | None:
        """What must be asked next; None when all is there."""
        if self.described is None:
            return DescribeModel(self.spec)
        if self._seeking is not None:
            return SeekNotFinite(self.spec, *self._seeking[0])
        if self._to_draw:
            return DescribeModel(self.spec)
        if self.at.done and len(self.losses) < self.at.step:
            return MakeStep(self.spec, len(self.losses) + 1)
        wanted = self._wanted()
        if wanted is not None and wanted != self._read:
            return ReadOperation(self.spec, *wanted)
        if self._to_check is not None:
            return CheckGradients(self.spec, self._to_check)
        if self._to_compare is not None:
            return CompareOperation(self.spec, *self._to_compare)
        return None

    def _wanted(self) -> tuple[int, str] | None:
        one = self.in_view
        return None if one is None else (self.at.step, one.name)

    def accept(self, request: ModelRequest, answer: ModelAnswer) -> None:
        """Take an answer. Raises EngineRefused if there is none, and WireError if it does not fit."""
        match request, answer:
            case _, ModelFailed():
                self._give_up(request)
                raise EngineRefused(answer.message)
            case DescribeModel(), ModelDescribed():
                self.described = self.described or answer
                self._to_draw = False
            case MakeStep(), StepMade() if answer.number == request.number == len(self.losses) + 1:
                self._take(answer)
            case MakeStep(), StepMade() if answer.number == request.number:
                pass  # it was asked for before something was changed
            case SeekNotFinite(), NotFiniteSought() if answer.steps and answer.steps[0].number == request.number:
                self._take_sought(answer)
            case ReadOperation(), OperationRead() if (answer.number, answer.name) == (request.number, request.name):
                self._read, self.values = (request.number, request.name), arrays_of(answer.values)
                self.cursor = within(self.output.shape, self.cursor) if self.output is not None else ()
            case CheckGradients(), GradientsChecked() if answer.number == request.number:
                self.checked, self._to_check = (answer.number, answer.compared), None
            case CompareOperation(), OperationCompared() if answer.name == request.name:
                self.along, self._to_compare = (*answer.found, *answer.left), None
            case _:
                raise WireError("the model's answer is not one to this request")

    def _take(self, step: StepMade) -> None:
        self.losses.append(step.loss)
        self.norms.append(step.norms)
        self.rates.append(step.lr)

    def _take_sought(self, answer: NotFiniteSought) -> None:
        """Note the steps that were looked at, and stop at what was found."""
        for step in answer.steps:
            if step.number == len(self.losses) + 1:
                self._take(step)
        if self._seeking is None:
            return
        last, (_, most) = answer.steps[-1].number, self._seeking
        place = next((place for place, one in enumerate(self.operations) if one.name == answer.operation), None)
        if place is not None:
            self._seeking = None
            self._move(Position(last, place + 1))
            self.sought = f"step {last}: this is the first operation that holds NaN or infinity"
        elif last >= most:
            self._seeking = None
            self._move(Position(last, len(self.operations)))
            self.sought = f"no NaN or infinity up to step {last:,}"
        else:
            self._seeking = (Position(last + 1, 0), most)

    def _give_up(self, request: ModelRequest) -> None:
        """What can't be answered is not asked again: back to where it was not needed."""
        self._to_check = self._seeking = self._to_compare = None
        if isinstance(request, MakeStep) or self._to_draw:
            self._to_draw = False
            self._return()
        elif isinstance(request, ReadOperation):
            self._read, self.values = (request.number, request.name), {}

"""What may be asked of the process that holds somebody's own model, and what it answers.

These are no messages of the engine's protocol: a model is code, and an engine that people share never opens one.
"""

from typing import Any, Literal

import msgspec
import numpy as np
from backprop_tui.core.model.arrays import MAX_FRAME
from backprop_tui.core.operations.along import Along, Left
from backprop_tui.core.operations.compared import Compared
from backprop_tui.core.operations.operation import Graph, Values

from .messages import HEADER, WireError

Rates = tuple[tuple[int, float], ...]
"""Steps from 1, in their order, and the learning rate from each on."""


def until_they_differ(one: Rates, other: Rates) -> int:
    """The last step before whose update both have the same rates; `MOST_STEPS` if they are the same."""
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return min((step for step, _ in (*one[same : same + 1], *other[same : same + 1])), default=MOST_STEPS)


MOST_STEPS = 100_000
"""A walk has so many steps at most."""


class ModelSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which model, with which loss, optimizer, learning rate and rows: what was typed. None: the model's own.

    The last two are what was changed since: how often new weights were drawn, and learning rates, each with the step
    from which on it holds.
    """

    model: str
    loss: str | None = None
    optimizer: str | None = None
    lr: float | None = None
    data: str | None = None
    target: tuple[str, ...] | None = None
    batch: int | None = None
    seed: int = 0
    weights: int = 0
    rates: Rates = ()


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An array of any type that a tensor has: its dtype, its shape and its bytes in C order."""

    dtype: Literal["<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1"]
    shape: tuple[int, ...]
    data: bytes

    @property
    def array(self) -> Values:
        """As a numpy array: read-only, no copy. Raises ValueError if the bytes do not fill the shape."""
        return np.frombuffer(self.data, self.dtype).reshape(self.shape)


def block(values: Values) -> Block:
    """An array, to be sent."""
    return Block(values.dtype.newbyteorder("<").str, values.shape, np.ascontiguousarray(values).tobytes())  # type: ignore[arg-type]


# Requests. Each says which model, so that a process that was started anew can answer it.


class DescribeModel(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The operations of a step of a model."""

    spec: ModelSpec


class MakeStep(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """One step, by its number from 1; those before it are made first if they are not there."""

    spec: ModelSpec
    number: int


class ReadOperation(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """All that goes into an operation and comes out of it, at one step."""

    spec: ModelSpec
    number: int
    name: str


class CheckGradients(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The gradient of every parameter at a step against finite differences."""

    spec: ModelSpec
    number: int


class SeekNotFinite(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The first operation with NaN or infinity, from a step on; in the first step only behind so many operations."""

    spec: ModelSpec
    number: int
    done: int


class CompareOperation(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The gradients that an operation is about, each along a random direction against finite differences."""

    spec: ModelSpec
    number: int
    name: str


ModelRequest = DescribeModel | MakeStep | ReadOperation | CheckGradients | SeekNotFinite | CompareOperation

# Answers


class ModelDescribed(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The operations, where the rows are from, how many a step has, the optimizer, and its learning rate.

    `lr` is None if it follows a schedule of its own, whose name is `schedule`.
    """

    graph: Graph
    rows: str
    batch: int
    optimizer: str
    lr: float | None
    schedule: str = ""


class StepMade(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The loss of a step, before its update, the length of each layer's gradient, the update's learning rate."""

    number: int
    loss: float
    norms: tuple[float, ...]
    lr: float


class OperationRead(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The inputs and outputs of an operation that have numbers, by name."""

    number: int
    name: str
    values: dict[str, Block]


class GradientsChecked(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """How the gradients compare."""

    number: int
    compared: tuple[Compared, ...]


class NotFiniteSought(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The steps that were looked at, one at least; in the last of them the operation, by name, if there is one."""

    steps: tuple[StepMade, ...]
    operation: str = ""


class OperationCompared(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """What was found of each tensor, and which could not be compared."""

    number: int
    name: str
    found: tuple[Along, ...]
    left: tuple[Left, ...] = ()


class ModelFailed(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The request can't be answered, and why: one line for a person."""

    message: str


ModelAnswer = (
    ModelDescribed | StepMade | OperationRead | GradientsChecked | NotFiniteSought | OperationCompared | ModelFailed
)

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[ModelRequest] = msgspec.msgpack.Decoder(ModelRequest)
_answers: msgspec.msgpack.Decoder[ModelAnswer] = msgspec.msgpack.Decoder(ModelAnswer)
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, RecursionError, OverflowError)


def encode_message(message: ModelRequest | ModelAnswer) -> bytes:
    """A whole frame: the length and the message."""
    body = _encoder.encode(message)
    if len(body) > MAX_FRAME:
        raise WireError(f"a message of {len(body):,} bytes is longer than the limit of {MAX_FRAME:,}")
    return HEADER.pack(len(body)) + body


def decode_model_request(body: bytes) -> ModelRequest:
    """A request, checked. Raises WireError if it is none."""
    try:
        return _requests.decode(body)
    except _UNREADABLE as error:
        raise WireError(f"not a request about a model: {error}") from error


def decode_model_answer(body: bytes) -> ModelAnswer:
    """An answer, checked. Raises WireError if it is none."""
    try:
        return _answers.decode(body)
    except _UNREADABLE as error:
        raise WireError(f"not an answer about a model: {error}") from error


def arrays_of(values: dict[str, Block]) -> dict[str, Any]:
    """Several arrays by name. Raises WireError if one is none."""
    try:
        return {name: one.array for name, one in values.items()}
    except ValueError as error:
        raise WireError(f"not an array: {error}") from error

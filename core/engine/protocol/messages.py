"""What may be asked of the engine, and what it answers: typed, bounded messages in msgpack.

Both sides decode into these types and nothing else, and check sizes before they believe them. A frame
on the wire is a length of four bytes (big-endian), then that many bytes of msgpack.
"""

import struct
from typing import Annotated, Literal, TypeVar

import msgspec
from backprop_tui.core.model.arrays import MAX_FRAME, Numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.table.spec import TableSpec

HEADER = struct.Struct(">I")

TABLE_DIGEST = 16
"""How many bytes tell one table from another."""


Note = Annotated[str, msgspec.Meta(max_length=1000)]
"""A line for a person."""


class WireError(Exception):
    """The other side sent what is not a message of these types."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is compiled: the network with its loss, the update rule, and the precision."""

    network: Network
    optimizer: Optimizer = Optimizer()
    dtype: Literal["float32", "float64"] = "float32"


class TableRows(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Samples of a table: for each step its rows (steps, batch), -1 if a batch is smaller.

    A single batch (1, batch) is used in each of `steps` steps. An empty array stands for all rows that are not held
    out, in order, in each of them.
    """

    table: TableSpec
    rows: Numbers
    steps: int = 1


class Inline(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The same samples in each of `steps` steps: x (batch, features) and y (batch, outputs), float64."""

    x: Numbers
    y: Numbers
    steps: int = 1


# Requests


class OpenTable(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Read and scale a table, and refuse it where its targets are none for a loss; any are where none is named."""

    table: TableSpec
    loss: str = ""


class ReadRows(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Some rows of a table, raw and scaled, by number."""

    table: TableSpec
    rows: Numbers


class RunSteps(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Up to as many steps as the samples say, from a state; ends early at a loss below `bound` or not finite.

    With `steps` 0 the program is compiled and nothing is run. With `every` the answer holds the trace of every step,
    and of fewer steps than were asked for if more would take long; without a bound it goes on after a loss that is not
    finite.
    """

    program: Program
    state: Numbers
    samples: TableRows | Inline
    lr: float
    bound: float | None = None
    every: bool = False


class FindLosses(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The loss of one batch at each of several parameter rows (n, width), in float64."""

    network: Network
    parameters: Numbers
    samples: TableRows | Inline


class DescribeTable(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """What the columns of a table look like before and after scaling, with histograms of so many bins."""

    table: TableSpec
    bins: int


class FindWorst(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The rows whose predictions are furthest off in the target's own unit, at one parameter row.

    Among the rows that train, or among those held out.
    """

    program: Program
    parameters: Numbers
    table: TableSpec
    count: int
    held_out: bool = False


class Differentiate(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """A formula of x and its derivative at each of several x (n,), with every operation in between."""

    formula: str
    x: Numbers


class Descend(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Gradient descent on a formula of x, from one x, for so many steps."""

    formula: str
    x: float
    lr: float
    steps: int


Request = OpenTable | ReadRows | RunSteps | FindLosses | DescribeTable | FindWorst | Differentiate | Descend

# Answers


class TableOpened(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """A table's size and, per feature, the mean and standard deviation that scaled it (0 and 1 if nothing did).

    `digest` is of every number of its features and targets, as in the file: another one is another table. `notes` are
    lines for a person: rows left out, columns not used. `target_mean` and `target_std` (targets,) are what scaled the
    targets.
    """

    rows: int
    mean: Numbers
    std: Numbers
    digest: bytes
    notes: Annotated[tuple[Note, ...], msgspec.Meta(max_length=8)]
    target_mean: Numbers
    target_std: Numbers


class RowsRead(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Rows: features raw and scaled (n, features), targets raw and transformed (n, targets), float64."""

    raw: Numbers
    x: Numbers
    raw_y: Numbers
    y: Numbers


class StepsRun(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The state after each step (n, state_width), each step's loss (n,) before its update, the last one's trace.

    If the trace of every step was asked for, each of its values is (n, rows, columns), a smaller batch filled up.
    """

    states: Numbers
    losses: Numbers
    trace: dict[str, Numbers]
    averaged: bool
    xla: bool


class LossesFound(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """A loss (n,) for each parameter row."""

    losses: Numbers


class TableDescribed(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """For each column (features, then targets), [:, 0] as in the file and [:, 1] as the network gets it.

    `summary` (columns, 2, 4) holds mean, standard deviation, lowest and highest; `counts` (columns, 2, bins) how many
    rows lie in each of the equal bins between lowest and highest.
    """

    summary: Numbers
    counts: Numbers


class WorstFound(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Row numbers (n,), worst first, with predictions and true targets (n, targets) in the target's own unit.

    Over all rows that were looked at, `rows` of them: `mean_error` is the mean absolute error, `rmse` the root of the
    mean squared one, both in that unit, `r2` the share of the variance that is explained; `accuracy` is the share of
    rows whose class is right, if the loss is one of classes.
    """

    worst: Numbers
    predictions: Numbers
    targets: Numbers
    mean_error: float
    rows: int
    r2: float = float("nan")
    rmse: float = float("nan")
    accuracy: float | None = None


class Differentiated(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """For each x (n,): y and dy/dx (n,); each operation's result and the derivative of y by it (operations, n).

    `local` (operations, 2, n) is the derivative of each operation by its own first and second operand, 0 if it
    has none.
    """

    y: Numbers
    derivative: Numbers
    values: Numbers
    derivatives: Numbers
    local: Numbers


class Descended(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """For each step (n,): y and dy/dx at the x it starts from, and the x after its update."""

    y: Numbers
    derivative: Numbers
    x: Numbers


class Failed(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The request can't be answered, and why: one line for a person."""

    message: str


Answer = (
    TableOpened | RowsRead | StepsRun | LossesFound | TableDescribed | WorstFound | Differentiated | Descended | Failed
)

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)

T = TypeVar("T")


def encode(message: Request | Answer) -> bytes:
    """A whole frame: the length and the message."""
    body = _encoder.encode(message)
    if len(body) > MAX_FRAME:
        raise WireError(f"a message of {len(body):,} bytes is longer than the limit of {MAX_FRAME:,}")
    return HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """The length that a frame's first four bytes announce; WireError if it is beyond the limit."""
    (length,) = HEADER.unpack(header)
    if length > MAX_FRAME:
        raise WireError(f"a message of {length:,} bytes is longer than the limit of {MAX_FRAME:,}")
    return int(length)


def decode_request(body: bytes) -> Request:
    """A request, checked. Raises WireError if it is none."""
    return _decode(_requests, body)


def decode_answer(body: bytes) -> Answer:
    """An answer, checked. Raises WireError if it is none."""
    return _decode(_answers, body)


def _decode(decoder: "msgspec.msgpack.Decoder[T]", body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise WireError(f"not a message of this program: {error}") from error

"""What may stand in a scenario file: its tables, their keys, types and bounds. `read` gives them their meaning."""

from typing import Annotated, Any

import msgspec
from backprop_tui.core.lessons.names import MAIN
from backprop_tui.core.model.limits import MAX_CONSTANT, MAX_LAYERS, MAX_SEED, MAX_STEPS, MAX_UNITS
from msgspec import Meta

from .tasks import MAX_TASKS, TaskPart

MAX_BYTES = 4 * 2**20
"""A larger file is no scenario that a person wrote, nor one that `write` makes."""

MAX_INLINE = 10_000
"""More numbers than this belong in a CSV file."""

MAX_EXPECTATIONS = 1_000

Line = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(max_length=20_000)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Meta(max_length=MAX_UNITS)]
Numbers = tuple[float, ...]
Rows = tuple[Numbers, ...]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Tolerance = Annotated[float, Meta(ge=0)]


class LayerPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`layers`: one for each, from the first hidden one to the last."""

    units: Annotated[int, Meta(ge=1, le=MAX_UNITS)]
    activation: Line
    bias: bool = True


class NetworkPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[network]`"""

    layers: Annotated[tuple[LayerPart, ...], Meta(min_length=1, max_length=MAX_LAYERS)]
    loss: Line = "half_squared_error"
    frozen: Names = ()
    """Parameters that no update changes, and single numbers of them: `["b1", "w2[1,2]"]`."""
    precision: Line | None = None
    l2: Annotated[float, Meta(ge=0)] = 0.0
    """The factor of Σw² in the loss."""
    reduction: Line = "mean"
    """Over the rows of a batch: mean or sum."""
    over_outputs: Line = ""
    """The same over the outputs; if it is not said, as the loss has it."""


class CategoryPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`categories`: `name` is 1 where the column says `value`, and 0 elsewhere."""

    name: Name
    column: Name
    value: Line


class DataPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[data]`: a CSV file, a built-in table, or x and y written here, or, with none, the bundled house table."""

    csv: Line | None = None
    """Relative to the scenario's own folder, and inside it."""
    table: Line | None = None
    """The name of a table that comes along: `"iris"`."""
    x: Rows | None = None
    y: Rows | None = None
    features: Names | None = None
    targets: Names | None = None
    standardize: Names | None = None
    log_target: bool | None = None
    standardize_target: bool = False
    """Of a target that is a number: minus its mean, by its standard deviation."""
    categories: Annotated[tuple[CategoryPart, ...], Meta(max_length=MAX_UNITS)] = ()
    """The features and targets that are made of texts; if they are not said, each text of such a column is one."""
    separator: Line | None = None
    decimal: Line | None = None
    encoding: Line | None = None
    header: bool | None = None
    """How the CSV file is written; what is not said is found out."""
    missing: Line = "drop"
    na: Names = ()
    holdout: Annotated[float, Meta(ge=0, le=0.9)] = 0.0
    holdout_seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 0


class InitialPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[initial]`: how the parameters are drawn that `[parameters]` does not give."""

    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 0
    """Also draws the order of shuffled rows."""
    initializer: Line = "uniform"
    constant: Annotated[float, Meta(ge=-MAX_CONSTANT, le=MAX_CONSTANT)] = 0.5


class TrainingPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[training]`: `lr` and `optimizer` are those of a file of weights if they are not said, else 0.2 and `sgd`."""

    lr: float | None = None
    optimizer: Line | None = None
    momentum: Share = 0.9
    rho: Share = 0.9
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Annotated[float, Meta(ge=0)] = 1e-7
    rows: Line = "this row"
    row: Count = 0
    batch: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    drawn: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """How many steps have been drawn from this order of rows already, if the run goes on from another."""
    x: Numbers | None = None
    y: Numbers | None = None
    """A sample as the network gets it, in place of the table's row."""


class ShowPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[show]`: what the learner sees."""

    lesson: Line = MAIN.name
    hide_panes: Names = ()
    hide_keys: Names = ()
    texts: dict[Name, Text] = {}


class ExpectPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[expect]]`: what a source says comes out. Either `value`, or `published`, `correct` and `because`."""

    step: Annotated[int, Meta(ge=0, le=MAX_STEPS)]
    name: Name
    tolerance: Tolerance | None = None
    """If none is said here, it is the file's."""
    value: float | Rows | None = None
    published: float | Rows | None = None
    correct: float | Rows | None = None
    because: Text = ""
    source: Line = ""


class FilePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    source: Line = ""
    notes: Text = ""
    subject: Line = ""
    """What it is about, in a few words: for the list of examples."""
    look: Text = ""
    """What to look for while stepping."""
    precision: Line | None = None
    """That of the network, said where its layers need not be."""
    tolerance: Tolerance | None = None
    """Of every `[[expect]]` that has none of its own."""
    data: DataPart = DataPart()
    network: NetworkPart | None = None
    initial: InitialPart = InitialPart()
    parameters: dict[Name, Any] = {}
    """`w1`, `b1` ...: all of them, or none; or `file`, which holds them."""
    moments: dict[Name, Any] = {}
    """`m_w1`, `v_w1` ... and `t`: an optimizer's state, if the run goes on from another."""
    training: TrainingPart = TrainingPart()
    show: ShowPart = ShowPart()
    expect: Annotated[tuple[ExpectPart, ...], Meta(max_length=MAX_EXPECTATIONS)] = ()
    task: Annotated[tuple[TaskPart, ...], Meta(max_length=MAX_TASKS)] = ()
    """What the learner is to do, in the lesson that `[show]` names."""

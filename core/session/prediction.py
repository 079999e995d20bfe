"""The prediction as a picture: over one feature of the table a curve, over two a map, with the table's rows upon it.

The other features stay at the value of the row in view, or at the rows' mean. What is drawn is the network's output,
or a hidden unit: what this unit has learnt. The rows are one request to the engine; what the network makes of the
points is computed here, by numpy in float64.
"""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused, check_rows
from backprop_tui.core.engine.protocol.limits import MAX_NUMBERS
from backprop_tui.core.engine.protocol.messages import Answer, Failed, ReadRows, RowsRead, WireError
from backprop_tui.core.model.activations import SOFTMAX
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.forward import activations
from backprop_tui.core.model.limits import MAX_PARAMETERS
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.table.batches import split_rows
from backprop_tui.core.table.spec import TableSpec

from .plane import Plane
from .run import Run
from .sample import Scaling
from .timeline import Timeline

MOST_ROWS = 1_000
"""So many rows are drawn at most, evenly chosen from a larger table."""

MOST_POINTS, LEAST_POINTS = 12_000, 3_000
"""Points of a map: as many as a large terminal has characters, fewer if the network is large, but so many."""

BANDS = 10
"""The values of a map are told apart by so many bands of the same height."""

MARGIN = 0.04
"""The share of the axis that is left free on each side of the rows."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""A class each; those that come after share `MANY`."""

ROW, HELD_OUT, MANY = "●", "○", "*"


@dataclass(frozen=True)
class Rows:
    """Rows of a table: numbers (n,), raw features, features as the network gets them, and targets (n, columns).

    `held` (n,) tells those held out; `of` is how many rows the table has.
    """

    numbers: Array
    raw: Array
    x: Array
    y: Array
    held: Array
    of: int


def rows_request(table: TableSpec, scaling: Scaling) -> ReadRows:
    """Asks for all rows of the table, or for some that are spread evenly over it."""
    columns = 2 * (len(table.features) + len(table.targets))
    count = min(scaling.rows, MOST_ROWS, max(MAX_NUMBERS // columns, 1))
    return ReadRows(table, numbers(np.linspace(0, scaling.rows - 1, count).round().astype("int32")))


def read_rows(request: ReadRows, answer: Answer, scaling: Scaling) -> Rows:
    """The rows from the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
    if isinstance(answer, Failed):
        raise EngineRefused(answer.message)
    if not isinstance(answer, RowsRead):
        raise WireError("the engine's answer is not one to this request")
    check_rows(request, answer)
    table, found = request.table, request.rows.array
    held = np.zeros(len(found), bool)
    if table.holdout:
        held = np.isin(found, split_rows(scaling.rows, table.holdout, table.holdout_seed)[1])
    return Rows(found, answer.raw.array, answer.x.array, answer.y.array, held, scaling.rows)


# The picture


@dataclass(frozen=True)
class Side:
    """A feature along an axis, from `low` to `high` in the table's own unit."""

    feature: str
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """A row in the picture: where (in the units of the axes), and its sign."""

    x: float
    y: float
    sign: str


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn of one place in a run.

    `values` are those of the curve at `x` (n,), or of the map (lines, columns) from its upper left corner on. `bands`
    tell these apart: the number of the class if `classes` are drawn, else 0 to 9 from `low` to `high`, -1 for what is
    no number. `here` is the row in view, `value` what is drawn of it, `target` (outputs,) its targets.
    """

    across: Side
    up: Side | None
    x: Array
    values: Array
    bands: Array
    classes: bool
    low: float
    high: float
    points: tuple[Point, ...]
    here: Point
    value: float
    likeliest: int
    target: Array
    held: tuple[tuple[str, float], ...]
    """The other features, each with the value that it has all over the picture."""

    @property
    def true(self) -> int:
        """The class that the row in view has, from 0, if the targets are one for each class."""
        return int(np.argmax(self.target))


def most_points(network: Network) -> int:
    """How many points a map has at most."""
    return max(LEAST_POINTS, min(MOST_POINTS, LEAST_POINTS * MAX_PARAMETERS // network.width))


def picture(timeline: Timeline, rows: Rows, plane: Plane, columns: int, lines: int) -> Picture | None:
    """The picture of where the session stands, for so many characters; None while it must be computed again."""
    scaling, state = timeline.scaling, timeline.history.state(timeline.whole_entries)
    if scaling is None or state is None or (timeline.sample is None and timeline.shown_settings.x is None):
        return None
    network, table = timeline.run.network, timeline.run.table
    here, target = timeline.shown_sample()
    base = rows.x.mean(axis=0) if plane.at_mean else here
    raw_base, raw_here = (part * scaling.std + scaling.mean for part in (base, here))
    across = _side(table, rows, raw_here, plane.across)
    up = None if plane.up is None else _side(table, rows, raw_here, plane.up)
    wide = 1 if up is None else -(-columns * lines // most_points(network))
    x, raw = _points(raw_base, plane, across, up, (columns, lines, wide))
    layer, parameters = plane.layer or network.depth, state[: network.width]
    found = activations(network, parameters, (raw - scaling.mean) / scaling.std, layer)
    own = activations(network, parameters, here[None], layer)[:, 0]
    values, value = _values(found, plane), float(_values(own[:, None], plane)[0])
    low, high = _range(network, plane, values)
    bands = found.argmax(axis=0) if plane.unit is None else _bands(values, low, high)
    bands = np.where(np.isfinite(values), bands, -1)
    if up is not None:
        values, bands = (np.repeat(part.reshape(lines, -1), wide, axis=1)[:, :columns] for part in (values, bands))
    signs, heights = _signs(network, rows, plane), _heights(network, parameters, rows, plane)
    if plane.up is None:
        height = value if plane.layer else float(target[plane.unit or 0])
    else:
        height = float(raw_here[plane.up])
    places = zip(rows.raw[:, plane.across].tolist(), heights.tolist(), signs, strict=True)
    others = [place for place in range(network.features) if place not in (plane.across, plane.up)]
    return Picture(
        across=across,
        up=up,
        x=x,
        values=values,
        bands=bands,
        classes=plane.unit is None,
        low=low,
        high=high,
        points=tuple(Point(*parts) for parts in places),
        here=Point(float(raw_here[plane.across]), height, "◆"),
        value=value,
        likeliest=int(np.argmax(own)),
        target=target,
        held=tuple((table.features[place], float(raw_base[place])) for place in others),
    )


def _points(
    base: Array, plane: Plane, across: Side, up: Side | None, size: tuple[int, int, int]
) -> tuple[Array, Array]:
    """Where points lie along the axis (n,), and all of them (points, features), in the table's own units.

    `size` is how many columns, how many lines, and how many characters wide a point of a map is.
    """
    columns, lines, wide = size
    if up is None or plane.up is None:
        x = np.linspace(across.low, across.high, 2 * columns)
        points = np.tile(base, (len(x), 1))
        points[:, plane.across] = x
        return x, points
    # A character's point is its middle.
    x = across.low + (np.arange(0, columns, wide) + wide / 2) / columns * (across.high - across.low)
    y = up.high - (np.arange(lines) + 0.5) / lines * (up.high - up.low)
    points = np.tile(base, (len(x) * lines, 1))
    points[:, plane.across], points[:, plane.up] = np.tile(x, lines), np.repeat(y, len(x))
    return x, points


def _values(found: Array, plane: Plane) -> Array:
    """What is drawn (points,) of the units (units, points) of a layer: one, or the share of the likeliest class."""
    return np.asarray(found.max(axis=0) if plane.unit is None else found[plane.unit])


def _side(table: TableSpec, rows: Rows, here: Array, feature: int) -> Side:
    """From the lowest to the highest of the rows, that in view among them, with a margin."""
    found = np.append(rows.raw[:, feature], here[feature])
    low, high = float(found.min()), float(found.max())
    margin = (high - low) * MARGIN or max(abs(low), 1.0) / 2
    return Side(table.features[feature], low - margin, high + margin)


def _range(network: Network, plane: Plane, values: Array) -> tuple[float, float]:
    """From where to where the bands go: 0 to 1 for the shares of classes, else as far as the values do."""
    if network.loss_row.classes and not plane.layer:
        return 0.0, 1.0
    found = values[np.isfinite(values)]
    return (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)


def _bands(values: Array, low: float, high: float) -> Array:
    """The band of each value, from 0. Halves, since of the largest numbers the whole range is infinite."""
    half = high / 2 - low / 2
    with np.errstate(all="ignore"):
        shares = (values / 2 - low / 2) / half if half else np.zeros_like(values)
        return np.clip(np.nan_to_num(shares * BANDS), 0, BANDS - 1).astype(int)


def _heights(network: Network, parameters: Array, rows: Rows, plane: Plane) -> Array:
    """How high each row (n,) stands: its second feature, or beside a curve its target, or what the unit makes of it."""
    if plane.up is not None:
        return np.asarray(rows.raw[:, plane.up])
    if plane.layer:
        return np.asarray(activations(network, parameters, rows.x, plane.layer)[plane.unit or 0])
    return np.asarray(rows.y[:, plane.unit or 0])


def _signs(network: Network, rows: Rows, plane: Plane) -> list[str]:
    """The sign of each row: its class as a letter, a small one if it is held out; else a full or an empty circle."""
    if not network.loss_row.classes:
        return [HELD_OUT if held else ROW for held in rows.held.tolist()]
    if network.layers[-1].activation == SOFTMAX:
        found = rows.y.argmax(axis=1)
    else:
        found = rows.y[:, 0 if plane.layer else plane.unit or 0] >= 0.5
    signs = [letter(int(place)) for place in found]
    return [sign.lower() if held else sign for sign, held in zip(signs, rows.held.tolist(), strict=True)]


def letter(place: int) -> str:
    """The letter of a class, by its place from 0."""
    return LETTERS[place] if place < len(LETTERS) else MANY


def class_names(run: Run, plane: Plane) -> list[str]:
    """What the classes are called, in the order of their letters; none if the targets are numbers."""
    network, table = run.network, run.table
    if not network.loss_row.classes:
        return []
    named = [it.value if (it := table.category(name)) is not None else name for name in table.targets]
    if network.layers[-1].activation == SOFTMAX:
        return named
    name = named[0 if plane.layer else plane.unit or 0]
    return [f"not {name}", name]

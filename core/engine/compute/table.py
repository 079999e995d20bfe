"""The table: a CSV read with pandas, features scaled with scikit-learn's StandardScaler, the target's logarithm."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from backprop_tui.core.engine.protocol.messages import TABLE_DIGEST
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.batches import split_rows
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls

from .columns import line_of, read_columns
from .loading import without_collection
from .reading import TableError

with without_collection():
    from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Table:
    """Features raw and scaled (rows, features), targets raw and transformed (rows, targets), all float64.

    `mean` and `std` (features,) are what scaled them: 0 and 1 if nothing did. `training` and `held` pick
    the rows that train and those held out.
    """

    raw: Array
    x: Array
    raw_y: Array
    y: Array
    mean: Array
    std: Array
    training: Array | slice
    held: Array | slice
    target_mean: Array
    target_std: Array
    """What scaled the targets (targets,): 0 and 1 if nothing did."""
    notes: tuple[str, ...] = ()
    """What there is to say of how it was read: rows left out, columns not used."""

    @property
    def training_rows(self) -> int:
        """How many rows are not held out."""
        return len(self.raw) if isinstance(self.training, slice) else len(self.training)

    @cached_property
    def digest(self) -> bytes:
        """Of every number as it was read, in order: equal if nothing a step depends on has changed."""
        digest = blake2b(digest_size=TABLE_DIGEST)
        for part in (self.raw, self.raw_y):
            digest.update(repr(part.shape).encode())
            digest.update(np.ascontiguousarray(part, "<f8").data)
        return digest.digest()


def open_table(spec: TableSpec) -> Table:
    """Read, check and scale a table. Raises TableError."""
    if not spec.features or not spec.targets:
        raise TableError("a table needs at least one feature and one target")
    notes: tuple[str, ...] = ()
    if spec.x is not None and spec.y is not None:
        name = "the scenario's table"
        raw, raw_y = _inline(spec.x.array, spec.features), _inline(spec.y.array, spec.targets)
        if len(raw) != len(raw_y):
            raise TableError(f"{name}: x has {len(raw)} rows and y has {len(raw_y)}; give every row both")
    else:
        name = escape_controls(spec.path or spec.built_in) or "the house table"
        found = read_columns(spec)
        raw, raw_y, notes = found.raw, found.raw_y, found.notes
    if len(raw) < 2 and spec.standardize:
        raise TableError(f"{name}: one row only; standardizing needs at least two different rows")
    training: Array | slice = slice(None)
    held: Array | slice = slice(0)
    if spec.holdout:
        try:
            training, held = split_rows(len(raw), spec.holdout, spec.holdout_seed)
        except ValueError as error:
            raise TableError(f"{name}: {error}") from None
    scaled = [number for number, feature in enumerate(spec.features) if feature in spec.standardize]
    x, mean, std = _standardized(raw, training, scaled, spec.features, name, "leave it out")
    if spec.standardize_target:
        places = list(range(len(spec.targets)))
        scaling = _standardized(raw_y, training, places, spec.targets, name, "use --target-transform none")
    else:
        y = _logarithm(raw_y, spec, name) if spec.log_target else raw_y
        scaling = y, np.zeros(raw_y.shape[1]), np.ones(raw_y.shape[1])
    y, target_mean, target_std = scaling
    return Table(raw, x, raw_y, y, mean, std, training, held, target_mean, target_std, notes)


def _standardized(
    raw: Array, training: Array | slice, scaled: list[int], names: tuple[str, ...], name: str, mend: str
) -> tuple[Array, Array, Array]:
    """Columns (rows, columns) with some of them scaled by the rows that train, and what scaled each (columns,)."""
    x, mean, std = raw.copy(), np.zeros(raw.shape[1]), np.ones(raw.shape[1])
    for number in scaled:
        if np.ptp(raw[training, number]) == 0:
            column = escape_controls(names[number])
            raise TableError(
                f"{name}: column '{column}' is {raw[0, number]:g} in every row and can't be standardized; {mend}"
            )
    if scaled:
        scaler = StandardScaler()
        with np.errstate(over="ignore", invalid="ignore"):
            scaler.fit(raw[training][:, scaled])
            x[:, scaled] = scaler.transform(raw[:, scaled])
        unscaled = np.flatnonzero(~np.isfinite(scaler.var_))
        if len(unscaled):
            column = escape_controls(names[scaled[unscaled[0]]])
            raise TableError(f"{name}: column '{column}' is too large to be standardized; divide it")
        mean[scaled], std[scaled] = scaler.mean_, scaler.scale_
    return x, mean, std


def describe(table: Table, bins: int) -> tuple[Array, Array]:
    """Features, then targets, as in the file and as the network gets them: see `TableDescribed`."""
    before, after = np.hstack([table.raw, table.raw_y]), np.hstack([table.x, table.y])
    summary, counts = np.zeros((before.shape[1], 2, 4)), np.zeros((before.shape[1], 2, bins), "int32")
    for place, part in enumerate((before, after)):
        summary[:, place] = np.stack([part.mean(0), part.std(0), part.min(0), part.max(0)], axis=1)
        for column in range(part.shape[1]):
            counts[column, place] = np.histogram(part[:, column], bins)[0]
    # Scaling moves and stretches a feature's histogram; only rounding at the edges of bins would tell them apart.
    moved = np.append(np.ones(table.raw.shape[1], bool), (table.target_mean != 0) | (table.target_std != 1))
    counts[moved, 1] = counts[moved, 0]
    return summary, counts


def _inline(values: Array, columns: tuple[str, ...]) -> Array:
    """Rows written in a scenario as float64 (rows, columns), every number finite."""
    if values.ndim != 2 or not len(values) or values.shape[1] != len(columns):
        raise TableError(f"the scenario's table needs rows of {len(columns)} numbers, one for each column")
    if not np.isfinite(values).all():
        raise TableError("the scenario's table holds what is not a finite number")
    return values.astype("float64")


def _logarithm(raw_y: Array, spec: TableSpec, name: str) -> Array:
    bad = np.argwhere(raw_y <= 0)
    if len(bad):
        row, column = bad[0]
        target = escape_controls(spec.targets[column])
        raise TableError(
            f"{name}: column '{target}', line {line_of(spec, int(row))}: {raw_y[row, column]:g} has no logarithm; "
            "mend it or use --target-transform none"
        )
    return np.log(raw_y)

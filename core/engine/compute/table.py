"""The table: a CSV read with pandas, features scaled with scikit-learn's StandardScaler, the target's logarithm."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import IO

import numpy as np
from backprop_tui.core.engine.protocol.messages import TABLE_DIGEST
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.batches import split_rows
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls, with_hyphens
from backprop_tui.data import HOUSE_TABLE

from .loading import without_collection

with without_collection():
    import pandas as pd
    from sklearn.preprocessing import StandardScaler


class TableError(Exception):
    """The table can't be used: one line that says what is wrong and how to mend it."""


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
    if spec.x is not None and spec.y is not None:
        name = "the scenario's table"
        raw, raw_y = _inline(spec.x.array, spec.features), _inline(spec.y.array, spec.targets)
        if len(raw) != len(raw_y):
            raise TableError(f"{name}: x has {len(raw)} rows and y has {len(raw_y)}; give every row both")
    else:
        name = escape_controls(spec.path) or "the house table"
        frame = _read(spec)
        raw, raw_y = _numeric(frame, spec.features, spec), _numeric(frame, spec.targets, spec)
    if len(raw) < 2 and spec.standardize:
        raise TableError(f"{name}: one row only; standardizing needs at least two different rows")
    training: Array | slice = slice(None)
    held: Array | slice = slice(0)
    if spec.holdout:
        try:
            training, held = split_rows(len(raw), spec.holdout, spec.holdout_seed)
        except ValueError as error:
            raise TableError(f"{name}: {error}") from None
    x, mean, std = raw.copy(), np.zeros(raw.shape[1]), np.ones(raw.shape[1])
    scaled = [number for number, feature in enumerate(spec.features) if feature in spec.standardize]
    for number in scaled:
        if np.ptp(raw[training, number]) == 0:
            column = escape_controls(spec.features[number])
            raise TableError(
                f"{name}: column '{column}' is {raw[0, number]:g} in every row and can't be standardized; leave it out"
            )
    if scaled:
        scaler = StandardScaler()
        with np.errstate(over="ignore", invalid="ignore"):
            scaler.fit(raw[training][:, scaled])
            x[:, scaled] = scaler.transform(raw[:, scaled])
        unscaled = np.flatnonzero(~np.isfinite(scaler.var_))
        if len(unscaled):
            column = escape_controls(spec.features[scaled[unscaled[0]]])
            raise TableError(f"{name}: column '{column}' is too large to be standardized; divide it")
        mean[scaled], std[scaled] = scaler.mean_, scaler.scale_
    y = _logarithm(raw_y, spec, name) if spec.log_target else raw_y
    return Table(raw, x, raw_y, y, mean, std, training, held)


def describe(table: Table, bins: int) -> tuple[Array, Array]:
    """Features, then targets, as in the file and as the network gets them: see `TableDescribed`."""
    before, after = np.hstack([table.raw, table.raw_y]), np.hstack([table.x, table.y])
    summary, counts = np.zeros((before.shape[1], 2, 4)), np.zeros((before.shape[1], 2, bins), "int32")
    for place, part in enumerate((before, after)):
        summary[:, place] = np.stack([part.mean(0), part.std(0), part.min(0), part.max(0)], axis=1)
        for column in range(part.shape[1]):
            counts[column, place] = np.histogram(part[:, column], bins)[0]
    # Scaling moves and stretches a feature's histogram; only rounding at the edges of bins would tell them apart.
    counts[: table.raw.shape[1], 1] = counts[: table.raw.shape[1], 0]
    return summary, counts


def _read(spec: TableSpec) -> pd.DataFrame:
    """The wanted columns of the file. Files only: a name that looks like an address is not followed."""
    name = escape_controls(spec.path)
    wanted = list(dict.fromkeys((*spec.features, *spec.targets)))
    try:
        with _opened(spec) as file:
            header = pd.read_csv(file, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True)
            columns = [str(column) for column in header.iloc[0]]
            for column in wanted:
                if columns.count(column) == 0:
                    there = ", ".join(escape_controls(found) for found in columns[:12])
                    raise TableError(f"{name}: no column '{escape_controls(column)}'; there are: {there}")
                if columns.count(column) > 1:
                    raise TableError(
                        f"{name}: {columns.count(column)} columns are named '{escape_controls(column)}'; rename one"
                    )
            file.seek(0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", pd.errors.ParserWarning)
                # All columns, so that a line of more fields is an error and not cut off; none of them an index.
                frame = pd.read_csv(file, index_col=False, skipinitialspace=True)
            # By place: pandas gives a second column of a name another one.
            frame = frame.iloc[:, [columns.index(column) for column in wanted]].set_axis(wanted, axis=1)
    except FileNotFoundError:
        raise TableError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise TableError(f"{name}: is a directory; give a CSV file") from None
    except OSError as error:
        raise TableError(f"{name}: can't be read: {error.strerror}") from None
    except pd.errors.EmptyDataError:
        raise TableError(f"{name}: is empty; give a CSV file with a line of column names") from None
    except (UnicodeError, pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        detail = escape_controls(str(error))[:120]
        raise TableError(f"{name}: is not a CSV file with a line of column names ({detail})") from None
    if frame.empty:
        raise TableError(f"{name}: has column names but no rows")
    return frame


def _opened(spec: TableSpec) -> IO[bytes]:
    """A regular file: what is read from a pipe or a device may never end."""
    if not spec.path:
        return HOUSE_TABLE.open("rb")
    path = Path(spec.path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise TableError(f"{escape_controls(spec.path)}: is not a regular file; give a CSV file")
    return path.open("rb")


def _inline(values: Array, columns: tuple[str, ...]) -> Array:
    """Rows written in a scenario as float64 (rows, columns), every number finite."""
    if values.ndim != 2 or not len(values) or values.shape[1] != len(columns):
        raise TableError(f"the scenario's table needs rows of {len(columns)} numbers, one for each column")
    if not np.isfinite(values).all():
        raise TableError("the scenario's table holds what is not a finite number")
    return values.astype("float64")


def _numeric(frame: pd.DataFrame, columns: tuple[str, ...], spec: TableSpec) -> Array:
    """Columns as float64 (rows, columns), every number finite."""
    parts = []
    for column in columns:
        found = frame[column]
        if not pd.api.types.is_numeric_dtype(found):
            found = found.astype(str).map(with_hyphens)
        values = pd.to_numeric(found, errors="coerce").to_numpy("float64")
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            # Line 1 of the file holds the names.
            what = escape_controls(str(frame[column].iloc[bad[0]]))[:40]
            file, name = escape_controls(spec.path), escape_controls(column)
            raise TableError(f"{file}: column '{name}', line {bad[0] + 2}: '{what}' is not a finite number")
        parts.append(values)
    return np.stack(parts, axis=1)


def _logarithm(raw_y: Array, spec: TableSpec, name: str) -> Array:
    bad = np.argwhere(raw_y <= 0)
    if len(bad):
        row, column = bad[0]
        target = escape_controls(spec.targets[column])
        raise TableError(
            f"{name}: column '{target}', line {row + 2}: {raw_y[row, column]:g} has no logarithm; "
            "mend it or use --target-transform none"
        )
    return np.log(raw_y)

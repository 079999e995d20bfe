"""The columns of a table as numbers: cells read strictly, texts as categories, empty cells counted and dealt with."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.cells import clean_name, is_date, is_missing, plain_number
from backprop_tui.core.table.opened import bytes_of, records, text_lines
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls

from .loading import without_collection
from .noticed import like_ids, rounded
from .reading import TableError, read_frame, rows_above

with without_collection():
    import pandas as pd

MOST_NOTES, MOST_NAMES = 6, 6


@dataclass(frozen=True)
class Columns:
    """Features and targets (rows, columns) as in the file, float64, without the rows that are left out."""

    raw: Array
    raw_y: Array
    notes: tuple[str, ...]


def read_columns(spec: TableSpec) -> Columns:
    """The features and targets of the file. Raises TableError."""
    columns = list(spec.columns_of((*spec.features, *spec.targets)))
    frame, rest = read_frame(spec, columns)
    values: dict[str, Array] = {}
    empty: dict[str, Array] = {}
    texts: dict[str, Texts] = {}
    made = {it.column for it in spec.categories}
    for column in columns:
        if column in made:
            texts[column] = _texts(frame[column], spec)
            empty[column] = texts[column].codes < 0
        else:
            values[column], empty[column] = _numbers(frame[column], column, spec)
    kept, notes = _kept(spec, empty, len(frame))
    noticed = (*like_ids(spec, values), *rounded(spec, frame, values))
    raw = np.stack([_feature(name, spec, values, texts, empty) for name in spec.features], axis=1)
    raw_y = np.stack([_feature(name, spec, values, texts, empty) for name in spec.targets], axis=1)
    if kept is not None:
        raw, raw_y = raw[kept], raw_y[kept]
    return Columns(raw, raw_y, (*notes, *noticed, *_unused(rest, spec))[:MOST_NOTES])


def _numbers(cells: "pd.Series[Any]", column: str, spec: TableSpec) -> tuple[Array, Array]:
    """A column as float64 (rows,), and where nothing is in it (rows,). Every other cell is a finite number."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        values = cells.to_numpy("float64", na_value=np.nan)
        gaps = np.isnan(values)
        if spec.na and not spec.form.is_text:  # of a text pandas has found them already
            told = [float(number) for word in spec.na if (number := plain_number(word, spec.form)) is not None]
            gaps |= np.isin(values, told)
            values = np.where(gaps, np.nan, values)
        bad = np.flatnonzero(np.isinf(values))
        if len(bad):
            raise _refused(spec, column, int(bad[0]), str(cells.iloc[bad[0]]))
        return values, gaps
    # Not all were plain numbers: what is a number as this table writes them is read, all else is refused.
    written = cells.astype("object")
    gaps = written.isna().to_numpy()
    values = np.full(len(written), np.nan)
    if spec.form.decimal == "." and not spec.form.thousands:
        values = pd.to_numeric(written, errors="coerce").to_numpy("float64").copy()
    for row in np.flatnonzero(~gaps & ~np.isfinite(values)).tolist():
        text = str(written.iloc[row])
        number = plain_number(text, spec.form)
        if number is None and is_missing(text, spec.na):
            gaps[row] = True
        elif number is None or not np.isfinite(value := float(number)):
            raise _refused(spec, column, row, text)
        else:
            values[row] = value
    return values, gaps


def _refused(spec: TableSpec, column: str, row: int, cell: str) -> TableError:
    """Why a cell can't be used, and how that is mended."""
    shown = escape_controls(cell)[:40]
    what, equals = "is not a finite number", "=" if shown.startswith("-") else " "
    mend = f"mend it, call it empty with --na{equals}{shown}" if shown and " " not in shown else "mend it"
    if is_date(cell):
        what, mend = "is a date and not a finite number", "write days as a number"
    return TableError(
        f"{escape_controls(spec.path)}: column '{escape_controls(column)}', line {line_of(spec, row, kept=False)}: "
        f"'{shown}' {what}; {mend}, or leave the column out"
    )


@dataclass(frozen=True)
class Texts:
    """A column of texts: the different ones, and for each row (rows,) which it has, -1 if none."""

    values: list[str]
    codes: Array


def _texts(cells: "pd.Series[Any]", spec: TableSpec) -> Texts:
    codes, found = pd.factorize(cells)
    values = [str(value).strip() for value in found]
    gone = [place for place, value in enumerate(values) if is_missing(value, spec.na)]
    return Texts(values, np.where(np.isin(codes, gone), -1, codes) if gone else np.asarray(codes))


def _feature(
    name: str, spec: TableSpec, values: dict[str, Array], texts: dict[str, Texts], empty: dict[str, Array]
) -> Array:
    """One feature or target (rows,): a column's numbers, or 1 where its texts say the category's."""
    category = spec.category(name)
    if category is None:
        return _filled(values[name], empty[name], spec) if name in spec.features else values[name]
    column = texts[category.column]
    mine = [place for place, value in enumerate(column.values) if value == category.value]
    codes = column.codes
    if spec.missing != "drop" and (codes < 0).any() and (codes >= 0).any():
        codes = np.where(codes < 0, np.bincount(codes[codes >= 0]).argmax(), codes)  # what most rows say
    return np.isin(codes, mine).astype("float64")


def _filled(values: Array, gaps: Array, spec: TableSpec) -> Array:
    """With the mean or the median of the others in each empty cell, if that is wanted."""
    if spec.missing == "drop" or not gaps.any() or gaps.all():
        return values
    from sklearn.impute import SimpleImputer

    return np.asarray(SimpleImputer(strategy=spec.missing).fit_transform(values[:, None])[:, 0])


def _kept(spec: TableSpec, empty: dict[str, Array], rows: int) -> tuple[Array | None, tuple[str, ...]]:
    """Which rows are kept (None if all are), and what is to be said of it. Raises TableError if none is left."""
    counts = {column: int(gaps.sum()) for column, gaps in empty.items()}
    found = {column: count for column, count in counts.items() if count}
    if not found:
        return None, ()
    targets = set(spec.columns_of(spec.targets))
    dropping = [column for column in found if spec.missing == "drop" or column in targets or counts[column] == rows]
    gone = np.logical_or.reduce([empty[column] for column in dropping]) if dropping else np.zeros(rows, bool)
    left = int(rows - gone.sum())
    named = ", ".join(f"{escape_controls(column)} {count:,}" for column, count in list(found.items())[:MOST_NAMES])
    named += f" and {len(found) - MOST_NAMES} more columns" if len(found) > MOST_NAMES else ""
    if not left:
        raise TableError(
            f"{escape_controls(spec.path)}: every row has an empty cell ({named}); leave these columns out, or use "
            "--missing mean"
        )
    notes = [f"empty cells: {named}"]
    if rows - left:
        notes.append(f"{rows - left:,} of {rows:,} rows left out")
    if len(dropping) < len(found):
        notes.append(f"the {spec.missing} in the empty cells of features")
    return (~gone if rows - left else None), ("; ".join(notes),)


def _unused(rest: pd.DataFrame, spec: TableSpec) -> tuple[str, ...]:
    """Columns of the file that are neither features nor targets, with the number of their texts."""
    if not spec.path or rest.shape[1] == 0:
        return ()
    parts = []
    for place, column in enumerate(rest.columns[:MOST_NAMES]):
        cells = rest.iloc[:, place]
        name = escape_controls(str(column))[:30]
        parts.append(name if pd.api.types.is_numeric_dtype(cells) else f"{name} ({cells.nunique():,} texts)")
    more = f" and {rest.shape[1] - MOST_NAMES} more" if rest.shape[1] > MOST_NAMES else ""
    return (f"not used: {', '.join(parts)}{more}",)


# Where a row stands in the file


def line_of(spec: TableSpec, row: int, kept: bool = True) -> int:
    """The line of the file, from 1, that a row begins in: its number among those kept, or among all.

    The file is read again for it: only a complaint needs it.
    """
    if not spec.path:
        return row + 2
    if not spec.form.is_text:
        above = rows_above(spec.path) if spec.form.packed == "excel" else 0
        return row + 1 + spec.form.header + above
    found = row + 1 + spec.form.header
    try:
        with bytes_of(spec.path, spec.form.packed) as file:
            for place, (line, _) in enumerate(_rows(spec, records(text_lines(file, spec.form), spec.form), kept)):
                if place == row:
                    return line
    except (OSError, EOFError, csv.Error, UnicodeError):
        pass
    return found


def _rows(spec: TableSpec, found: Iterator[tuple[int, list[str]]], kept: bool) -> Iterator[tuple[int, list[str]]]:
    names: list[str] = next(found)[1] if spec.form.header else []
    if not kept:
        yield from found
        return
    names = [clean_name(name) for name in names]
    used = (*spec.features, *spec.targets) if spec.missing == "drop" else spec.targets
    columns = spec.columns_of(used)
    places = [names.index(column) if names else int(column[1:]) - 1 for column in columns]
    for line, record in found:
        if all(place < len(record) and not is_missing(record[place], spec.na) for place in places):
            yield line, record

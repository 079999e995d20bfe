"""A table's file read with pandas, as its form says: all of its cells, in columns by name."""

import warnings
from collections.abc import Hashable
from pathlib import Path
from typing import IO, Any

from backprop_tui.core.table.built_in import BUILT_IN
from backprop_tui.core.table.cells import MISSING, clean_name, made_up
from backprop_tui.core.table.form import BLANKS, Form
from backprop_tui.core.table.opened import bytes_of
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.data import HOUSE_TABLE

from .loading import without_collection

with without_collection():
    import pandas as pd

EXTRAS = {"excel": "openpyxl", "parquet": "pyarrow"}
"""What pandas reads such files with: part of the extra `tables`, and no part of the program itself."""


MOST_ABOVE = 30
"""So many rows of a sheet are looked at for the first that has several cells."""


class TableError(Exception):
    """The table can't be used: one line that says what is wrong and how to mend it."""


def read_frame(spec: TableSpec, wanted: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The wanted columns of the file, and all others. Files only: a name that looks like an address is not followed."""
    name = escape_controls(spec.path or spec.built_in) or "the house table"
    try:
        if spec.built_in:
            columns, frame = _made(spec.built_in)
        elif not spec.form.is_text:
            columns, frame = _converted(spec)
        else:
            columns, frame = _text(spec)
        for column in wanted:
            if columns.count(column) == 0:
                there = ", ".join(escape_controls(found) for found in columns[:12])
                raise TableError(f"{name}: no column '{escape_controls(column)}'; there are: {there}")
            if columns.count(column) > 1:
                raise TableError(
                    f"{name}: {columns.count(column)} columns are named '{escape_controls(column)}'; rename one"
                )
        # By place: pandas gives a second column of a name another one.
        places = [columns.index(column) for column in wanted]
        others = [place for place in range(len(columns)) if place not in places and columns[place]]
        rest = frame.iloc[:, others].set_axis([columns[place] for place in others], axis=1)
        frame = frame.iloc[:, places].set_axis(wanted, axis=1)
    except FileNotFoundError:
        raise TableError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise TableError(f"{name}: is a directory; give a CSV file") from None
    except OSError as error:
        raise TableError(f"{name}: can't be read: {error.strerror or escape_controls(str(error))[:120]}") from None
    except pd.errors.EmptyDataError:
        raise TableError(f"{name}: is empty; give a CSV file with a line of column names") from None
    except UnicodeError:
        raise TableError(
            f"{name}: is not a CSV file with a line of column names in {spec.form.encoding.upper()}; "
            "give its --encoding, or save it as UTF-8"
        ) from None
    except (EOFError, pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        detail = escape_controls(str(error))[:120]
        raise TableError(f"{name}: is not a CSV file with a line of column names ({detail})") from None
    if frame.empty:
        raise TableError(f"{name}: has column names but no rows")
    return frame, rest


def read_sheet(path: str, packed: str, header: bool = True) -> pd.DataFrame:
    """A sheet of Excel, its first one, or a Parquet file. Raises TableError if what pandas needs is not installed.

    A sheet begins with its first row of two cells or more: titles and blank rows above it are left out.
    """
    try:
        if packed == "parquet":
            found = pd.read_parquet(path)
            return _flat(found if list(found.index.names) == [None] else found.reset_index())
        return pd.read_excel(path, header=0 if header else None, skiprows=rows_above(path))
    except ImportError:
        raise TableError(
            f"reading it takes {EXTRAS[packed]}, which is not installed: pip install 'backprop-tui[tables]', "
            "or save it as CSV"
        ) from None
    except Exception as error:  # of many kinds, from readers that are not ours
        raise TableError(
            f"can't be read: {escape_controls(' '.join(str(error).split()))[:120]}; save it as CSV"
        ) from None


def rows_above(path: str) -> int:
    """How many rows of a sheet stand above its table."""
    start = pd.read_excel(path, header=None, nrows=MOST_ABOVE)
    several = start.notna().sum(axis=1).to_numpy() > 1
    return int(several.argmax()) if several.any() else 0


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """With lists and the like in cells as texts: nothing else can be made of them."""
    for place, kind in enumerate(frame.dtypes):
        cells = frame.iloc[:, place]
        if pd.api.types.is_object_dtype(kind) and not all(isinstance(cell, Hashable) for cell in cells):
            frame.isetitem(place, [str(cell) for cell in cells])
    return frame


def _made(name: str) -> tuple[list[str], pd.DataFrame]:
    if name not in BUILT_IN:
        raise TableError(f"no table '{escape_controls(name)}' comes along; there are: {', '.join(BUILT_IN)}")
    from .making import make_frame

    frame = make_frame(name)
    return list(frame.columns), frame


def _converted(spec: TableSpec) -> tuple[list[str], pd.DataFrame]:
    try:
        frame = read_sheet(spec.path, spec.form.packed, spec.form.header)
    except TableError as error:
        raise TableError(f"{escape_controls(spec.path)}: {error}") from None
    if not spec.form.header:
        return made_up(frame.shape[1]), frame
    return [clean_name(str(column)) for column in frame.columns], frame


def _text(spec: TableSpec) -> tuple[list[str], pd.DataFrame]:
    form = spec.form
    options = _options(form)
    with _opened(spec) as file:
        first = pd.read_csv(file, header=None, nrows=1, dtype=str, keep_default_na=False, **options)
    columns = [clean_name(str(column)) for column in first.iloc[0]]
    if not form.header:
        columns = made_up(len(columns))
    texts = {columns.index(column) for column in {it.column for it in spec.categories} if column in columns}
    with _opened(spec) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", pd.errors.ParserWarning)
        # All columns, so that a line of more fields is an error and not cut off; none of them an index.
        frame = pd.read_csv(
            file,
            index_col=False,
            header=0 if form.header else None,
            decimal=form.decimal,
            keep_default_na=False,
            na_values=sorted({*MISSING, *spec.na}),
            dtype=dict.fromkeys(texts, str) if texts else None,
            **options,
        )
    return columns, frame


def _options(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {"skipinitialspace": True, "encoding": form.encoding}
    found["sep"] = r"\s+" if form.separator == BLANKS else form.separator
    if form.separator == "\t":
        found["skipinitialspace"] = False  # a tab is a blank itself
    if form.comment:
        found["comment"] = form.comment
    return found


def _opened(spec: TableSpec) -> IO[Any]:
    """A regular file, at the line where the table begins: what is read from a pipe or a device may never end."""
    if not spec.path:
        return HOUSE_TABLE.open("rb")
    path = Path(spec.path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise TableError(f"{escape_controls(spec.path)}: is not a regular file; give a CSV file")
    file: IO[Any] = bytes_of(spec.path, spec.form.packed)
    if spec.form.skip:
        if spec.form.encoding.startswith("utf-16"):
            import io

            file = io.TextIOWrapper(file, spec.form.encoding, newline="")
        for _ in range(spec.form.skip):
            file.readline()
    return file

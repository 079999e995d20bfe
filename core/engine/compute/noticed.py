"""What is noticed in columns of numbers and worth a line: those that are like an id, and integers that were rounded."""

import csv
import re
import shlex

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.cells import clean_name, plain_number
from backprop_tui.core.table.opened import bytes_of, records, text_lines
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.entered import listed
from backprop_tui.core.text.escape import escape_controls

from .loading import without_collection

with without_collection():
    import pandas as pd

EXACT = 2**53
"""Up to here float64 has every integer; beyond, only some."""

COUNTING = 20
"""So many rows at least, each one more than the last, make a column without such a name one that counts the rows."""

MOST_NAMES, LONGEST_MEND = 6, 60

_WORD = "id|nr|index|idx|uuid|guid|row|rownum|rownumber|rowid"
_LIKE_AN_ID = re.compile(rf"(?i:(.*[\W_])?({_WORD})|unnamed: *\d+)|.*[a-z](Id|ID|Nr|Idx|Index)")


def like_ids(spec: TableSpec, values: dict[str, Array]) -> list[str]:
    """A line on the features (rows,) that are another whole number in each row, as an id is, with the mend.

    Its name says so, or it counts the rows. A single feature is what a person wants, whatever it is like.
    """
    features = spec.columns_of(spec.features)
    found = [name for name in features if name in values and _is_like_an_id(name, values[name])]
    others = tuple(name for name in features if name not in found)
    if not found or not others or not spec.path:
        return []
    mend = f"--features={shlex.quote(escape_controls(listed(others)))}"
    if len(mend) > LONGEST_MEND:
        mend = "--features and the others' names"
    what, one = ("is", "it is one") if len(found) == 1 else ("are", "they are ids")
    return [f"{_named(found)} {what} another whole number in each row, like an id; if {one}: {mend}"]


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(escape_controls(name)[:30] for name in names[:MOST_NAMES]) + more


def _is_like_an_id(name: str, values: Array) -> bool:
    if len(values) < 3 or not np.isfinite(values).all():
        return False
    if len(values) >= COUNTING and float(values[0]).is_integer() and (np.diff(values) == 1).all():
        return True
    if _LIKE_AN_ID.fullmatch(name) is None or (values != np.trunc(values)).any():
        return False
    return len(np.unique(values)) == len(values)


def rounded(spec: TableSpec, frame: pd.DataFrame, values: dict[str, Array]) -> list[str]:
    """A line on the columns (rows,) that have integers beyond 2^53 which float64 has not, with the mend."""
    counts: dict[str, int] = {}
    written: list[str] = []
    for name, column in values.items():
        if not len(column) or np.nanmax(np.abs(column), initial=0) < EXACT:
            continue
        cells = frame[name]
        if pd.api.types.is_integer_dtype(cells) and not cells.hasnans:
            whole = cells.to_numpy()
            # Beyond the type's own end the cast is undefined, and not the same number again either.
            with np.errstate(invalid="ignore"):
                counts[name] = int((column.astype(whole.dtype) != whole).sum())
        else:
            written.append(name)
    if written and spec.path and spec.form.is_text:
        counts |= _rounded_cells(spec, written)
    found = [f"{escape_controls(name)[:30]} {count:,}" for name, count in counts.items() if count]
    if not found:
        return []
    named = ", ".join(found[:MOST_NAMES])
    return [f"integers beyond 2^53 are rounded: {named}; leave out a column whose last digits count"]


def _rounded_cells(spec: TableSpec, columns: list[str]) -> dict[str, int]:
    """How many cells of these columns are such integers: the file is read again, since pandas has rounded them."""
    counts = dict.fromkeys(columns, 0)
    try:
        with bytes_of(spec.path, spec.form.packed) as file:
            found = records(text_lines(file, spec.form), spec.form)
            names = [clean_name(name) for name in next(found)[1]] if spec.form.header else []
            places = [(name, names.index(name) if names else int(name[1:]) - 1) for name in columns]
            for _, record in found:
                for name, place in places:
                    if place < len(record) and len(record[place]) > len(str(EXACT)) - 1:
                        counts[name] += _is_rounded(plain_number(record[place], spec.form))
    except (OSError, EOFError, csv.Error, UnicodeError):
        return {}
    return counts


def _is_rounded(number: str | None) -> bool:
    """Whether it is written as an integer that float64 has not."""
    return number is not None and number.lstrip("+-").isdigit() and int(number) != int(float(number))

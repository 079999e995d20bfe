"""The line of column names of a CSV file, read without pandas: what the features and the target are when unsaid."""

import csv
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from backprop_tui.core.text.escape import escape_controls

from .spec import TableSpec

MAX_LINE = 2**17
"""No header line is longer, in characters."""


class HeaderError(ValueError):
    """The header can't be read: one line that names the file and the mend."""


def columns(path: str) -> list[str]:
    """The column names of a CSV file. Raises HeaderError."""
    name = escape_controls(path)
    try:
        file_type = Path(path).stat().st_mode
        if not S_ISREG(file_type):
            kind = "a directory" if S_ISDIR(file_type) else "no regular file"
            raise HeaderError(f"{name}: is {kind}; give a CSV file")
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(MAX_LINE)
    except HeaderError:
        raise
    except FileNotFoundError:
        raise HeaderError(f"{name}: no such file") from None
    except UnicodeError:
        raise HeaderError(f"{name}: is not a CSV file with a line of column names in UTF-8") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else escape_controls(str(error))
        raise HeaderError(f"{name}: can't be read: {reason}") from None
    if "\0" in line or len(line) >= MAX_LINE:
        raise HeaderError(f"{name}: is not a CSV file with a line of column names")
    if not line.strip():
        raise HeaderError(f"{name}: is empty; give a CSV file with a line of column names")
    try:
        return next(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise HeaderError(f"{name}: its line of column names can't be read: {error}") from None


def table(path: str, features: list[str] | None, target: str | None, log_target: bool) -> TableSpec:
    """The table of a CSV file (the bundled house table when `path` is empty), all features standardized.

    What is not said is read from its header: the target is the last column, features are all the others. Raises
    HeaderError.
    """
    if features is None or target is None:
        # A column without a name is the row number that pandas writes.
        names = [name for name in columns(path) if name] if path else [*TableSpec().features, *TableSpec().targets]
        if not names:
            raise HeaderError(f"{escape_controls(path)}: has no column names in its first line")
        target = names[-1] if target is None else target
        features = [name for name in names if name != target] if features is None else features
    if not features:
        raise HeaderError(f"{escape_controls(path)}: needs two columns at least, one feature and the target")
    if target in features:
        raise HeaderError(
            f"'{escape_controls(target)}' is the target and a feature; name the others with --features and --target"
        )
    return TableSpec(path, tuple(features), (target,), tuple(features), log_target)

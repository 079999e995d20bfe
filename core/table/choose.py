"""Which columns of a table are its features and its target, and what is made of columns of texts."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from backprop_tui.core.text import entered
from backprop_tui.core.text.escape import escape_controls

from . import built_in
from .built_in import BUILT_IN, HOUSES
from .cells import YES, is_date, is_missing, is_number
from .form import Form, Told
from .opened import HeaderError, bytes_of, cells, text_lines, why
from .sniff import Look, look
from .spec import Category, TableSpec

MOST_VALUES, MOST_CLASSES = 12, 50
"""A column of up to so many different texts becomes one column each; so many classes a target may have."""

MOST_SEEN = 1000
"""So many different texts of a column are kept while they are counted: blanks around make some that are the same."""

NUMBER, TEXT, DATE, EMPTY = "number", "text", "date", "empty"

LOG, STANDARDIZE, AS_IT_IS = "log", "standardize", "none"
TRANSFORMS = (STANDARDIZE, LOG, AS_IT_IS)
"""What may be done to a target that is a number."""


@dataclass(frozen=True)
class Kind:
    """What is in a column: numbers, texts, dates or nothing, and its different texts, as far as they were counted."""

    what: str
    values: tuple[str, ...] = ()


def table(
    path: str,
    features: Iterable[str] | None = None,
    target: str | None = None,
    transform: str | None = None,
    told: Told | None = None,
    classes: bool = False,
) -> TableSpec:
    """The table of a file, all features of numbers standardized: a built-in one by its name, the houses if it is empty.

    What is not said is found out: the target is the last column, features are all the others that are numbers or few
    different texts. A target of texts is a class, and so is one of numbers if `classes`. Several targets have commas
    between, as `entered.names` reads them. Raises HeaderError.
    """
    chosen = None if features is None else tuple(features)
    if (path in BUILT_IN or path == HOUSES) and told not in (None, Told()):
        raise HeaderError(f"{path}: is a table that comes along; leave out how a file is written, or give ./{path}")
    if path in ("", HOUSES):
        return _of_houses(chosen, target, transform)
    name, told = escape_controls(path), told or Told()
    made_here = path if path in BUILT_IN else ""
    seen = built_in.look(path) if made_here else look(path, told)
    names = [column for column in seen.names if column]
    if not names:
        raise HeaderError(f"{name}: has no column names in its first line")
    wanted = (names[-1],) if target is None else (target,) if target in names else _several(target)
    for column in (*(chosen or ()), *wanted):
        if column not in seen.names:
            there = ", ".join(map(escape_controls, names[:12])) + (" ..." if len(names) > 12 else "")
            raise HeaderError(f"{name}: no column '{escape_controls(column)}'; there are: {there}")
    _check_target(chosen, wanted)
    others = [column for column in dict.fromkeys(names) if column not in wanted] if chosen is None else list(chosen)
    if not others:
        raise HeaderError(f"{name}: needs two columns at least, one feature and the target")
    inputs, targets, categories = in_columns(path, seen, told, others, list(wanted), classes, leave_out=chosen is None)
    shown = "', '".join(map(escape_controls, wanted))
    if not inputs:
        raise HeaderError(f"{name}: besides '{shown}' no column has numbers or a few different texts")
    is_class = _are_classes(name, wanted, categories)
    if is_class and transform not in (None, AS_IT_IS):
        raise HeaderError(f"{name}: '{shown}' is a class, no number: leave --target-transform out")
    made = {it.name for it in categories}
    return TableSpec(
        "" if made_here else path,
        inputs,
        targets,
        tuple(column for column in inputs if column not in made),
        transform == LOG,
        form=seen.form,
        categories=categories,
        missing=told.missing,  # type: ignore[arg-type]
        na=told.na,
        standardize_target=not is_class and transform in (None, STANDARDIZE),
        built_in=made_here,
    )


Names = tuple[str, ...]


def in_columns(
    path: str, seen: Look, told: Told, features: list[str], targets: list[str], classes: bool, leave_out: bool = False
) -> tuple[Names, Names, tuple[Category, ...]]:
    """The names of the features and targets that are made of these columns, and the categories among them.

    A target of texts is a class, and so is one of numbers if `classes`. A feature that nothing can be made of is left
    out, or refused. Raises HeaderError.
    """
    name = escape_controls(path)
    kinds = _kinds(path, seen, told, [*features, *targets], targets if classes else [])
    inputs: list[str] = []
    outputs: list[str] = []
    made: list[Category] = []
    for column in features:
        found = _categories(name, column, kinds[column], seen.names) if kinds[column].what != NUMBER else None
        if found is None:
            inputs.append(column)
        elif isinstance(found, str) and not leave_out:
            raise HeaderError(found)
        elif not isinstance(found, str):
            made += found
            inputs += [it.name for it in found]
    for column in targets:
        several = _classes(name, column, kinds[column], {*seen.names, *inputs, *outputs})
        made += several
        outputs += [it.name for it in several] or [column]
    return tuple(inputs), tuple(outputs), tuple(made)


def _several(target: str) -> Names:
    try:
        return tuple(entered.names(target))
    except ValueError as error:
        raise HeaderError(f"--target: {error}") from None


def _are_classes(name: str, wanted: Names, categories: tuple[Category, ...]) -> bool:
    """Whether the targets are classes. Raises HeaderError for several of them that no loss takes together."""
    made = [sum(it.column == column for it in categories) for column in wanted]
    if len(wanted) > 1 and any(made):
        if 0 in made:
            number, text = wanted[made.index(0)], wanted[made.index(max(made))]
            raise HeaderError(
                f"{name}: '{escape_controls(number)}' is a number and '{escape_controls(text)}' a class: no loss takes "
                "both; name one of them with --target"
            )
        if max(made) > 1:
            column = escape_controls(wanted[made.index(max(made))])
            raise HeaderError(f"{name}: '{column}' has {max(made)} classes: it can only be the one --target")
    return any(made)


def _of_houses(features: tuple[str, ...] | None, target: str | None, transform: str | None) -> TableSpec:
    """The house table: the logarithm of the price is taken unless something else is said; another target is scaled."""
    plain = TableSpec()
    names = [*plain.features, *plain.targets]
    targets = (names[-1],) if target is None else _several(target)
    features = tuple(name for name in names if name not in targets) if features is None else features
    _check_target(features, targets)
    if transform is None:
        transform = LOG if targets == (names[-1],) else STANDARDIZE
    log, scale = transform == LOG, transform == STANDARDIZE
    return TableSpec("", features, targets, features, log, standardize_target=scale)


def _check_target(features: tuple[str, ...] | None, targets: tuple[str, ...]) -> None:
    target = next((target for target in targets if target in (features or ())), None)
    if target is not None:
        raise HeaderError(
            f"'{escape_controls(target)}' is the target and a feature; name the others with --features and --target"
        )


# What is in the columns


def _kinds(path: str, seen: Look, told: Told, columns: list[str], classes: list[str]) -> dict[str, Kind]:
    """What is in these columns; the different texts of a large file's are looked for in all of it."""
    places = {column: seen.names.index(column) for column in dict.fromkeys(columns)}
    seen_cells = {
        column: [row[place] for row in seen.rows if place < len(row) and not is_missing(row[place], told.na)]
        for column, place in places.items()
    }
    found = {column: _kind(seen_cells[column], seen.form, column in classes) for column in places}
    texts = [column for column, kind in found.items() if kind.what == TEXT and len(kind.values) <= MOST_CLASSES]
    if texts and not seen.whole:
        values = _all_values(path, seen.form, {column: places[column] for column in texts}, told.na)
        found |= {column: Kind(TEXT, values[column]) for column in texts}
    return found


def _kind(cells: list[str], form: Form, as_class: bool) -> Kind:
    if not cells:
        return Kind(EMPTY)
    numbers = sum(is_number(cell, form) for cell in cells)
    if numbers * 2 > len(cells) and not as_class:
        return Kind(NUMBER)
    if sum(map(is_date, cells)) * 5 > len(cells) * 4:
        return Kind(DATE)
    return Kind(TEXT, _sorted(dict.fromkeys(cell.strip() for cell in cells)))


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    """Texts in order; numbers by their size."""
    found = list(values)
    try:
        return tuple(sorted(found, key=float))
    except ValueError:
        return tuple(sorted(found))


def _all_values(path: str, form: Form, places: dict[str, int], na: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The different texts of some columns, over the whole file; counting ends at more than can be used."""
    found: dict[str, set[str]] = {column: set() for column in places}
    try:
        with bytes_of(path, form.packed) as file:
            rows = cells(text_lines(file, form), form)
            if form.header:
                next(rows, None)
            wanted = [(place, found[column]) for column, place in places.items()]
            for row in rows:
                for place, values in wanted:
                    if place < len(row):
                        values.add(row[place])
                if any(len(values) > MOST_SEEN for _, values in wanted):
                    wanted = [it for it in wanted if len(it[1]) <= MOST_SEEN]
    except (OSError, EOFError, csv.Error, UnicodeError) as error:
        raise HeaderError(f"{escape_controls(path)}: can't be read: {why(error)}") from None
    return {
        column: _sorted({value.strip() for value in values if not is_missing(value, na)})
        for column, values in found.items()
    }


# What is made of them


def _categories(name: str, column: str, kind: Kind, taken: Iterable[str]) -> list[Category] | str:
    """A feature that is no column of numbers as categories, or why it can't be one: a line that says so."""
    unfit = _unfit(name, column, kind, MOST_VALUES)
    if unfit:
        return f"{unfit}; leave it out"
    # Of two values one column says all.
    values = (_positive(kind.values),) if len(kind.values) == 2 else kind.values
    found = [Category(f"{column}={value}", column, value) for value in values]
    clash = next((it.name for it in found if it.name in taken), None)
    return f"{name}: column '{escape_controls(clash)}' has the name of a category; rename it" if clash else found


def _classes(name: str, target: str, kind: Kind, taken: set[str]) -> list[Category]:
    """The classes of a target of texts, by their own names if no column has one of them; none of a number."""
    if kind.what == NUMBER:
        return []
    unfit = _unfit(name, target, kind, MOST_CLASSES)
    if unfit:
        raise HeaderError(f"{unfit}; name another --target")
    if len(kind.values) == 2:
        positive = _positive(kind.values)
        return [Category(f"{target}={positive}", target, positive)]
    plain = not taken & set(kind.values) and not any(value[0] in "+-.0123456789" for value in kind.values)
    return [Category(value if plain else f"{target}={value}", target, value) for value in kind.values]


def _unfit(name: str, column: str, kind: Kind, most: int) -> str:
    """Why nothing can be made of a column; empty if something can."""
    shown = f"{name}: column '{escape_controls(column)}'"
    if kind.what == EMPTY:
        return f"{shown} is empty"
    if kind.what == DATE:
        return f"{shown} holds dates, which are no numbers"
    if len(kind.values) > most:
        return f"{shown} holds more than {most} different texts, too many for categories"
    if len(kind.values) == 1:
        return f"{shown} is {escape_controls(kind.values[0])[:40]} in every row"
    return ""


def _positive(values: tuple[str, ...]) -> str:
    """Of two texts the one that is 1: the one that means yes, else the second in order."""
    return next((value for value in values if value.lower() in YES), values[1])

"""Tables as they come: how a file is written is found out, and it is read as pandas reads it when all is told."""

import csv
import gzip
import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backprop_tui.core.engine.compute import reading
from backprop_tui.core.engine.compute.reading import TableError
from backprop_tui.core.engine.compute.table import Table, open_table
from backprop_tui.core.table.cells import MISSING, decimal_sign, plain_number, thousands_signs
from backprop_tui.core.table.choose import table
from backprop_tui.core.table.form import Form, Told, separator, words
from backprop_tui.core.table.opened import HeaderError
from backprop_tui.core.table.spec import TableSpec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CASES = Path(__file__).parent / "cases"
ROWS = [[2, 71, 312], [3, 90, 401], [1, 44, 198]]


def opened(path: Path, content: str | bytes, told: Told | None = None, **chosen: object) -> tuple[TableSpec, Table]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    spec = table(str(path), told=told, **chosen)  # type: ignore[arg-type]
    return spec, open_table(spec)


def all_of(found: Table) -> list[list[float]]:
    return np.hstack([found.raw, found.raw_y]).tolist()  # type: ignore[no-any-return]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


# Files as people have them


@pytest.mark.parametrize(
    ("name", "said", "rows"),
    [
        ("comments.csv", "commas, 2 lines before it", ROWS),
        ("semi_int.csv", "semicolons", ROWS),
        ("tab.tsv", "tabs", ROWS),
        ("unicode_minus.csv", "commas", [[-2, 71, 312], *ROWS[1:]]),
        (
            "euro.csv",
            "semicolons, decimal commas",
            [[2.5, 71.4, 312.5], [3, 90.2, 401.9], [1.5, 44.8, 198], [4, 120.1, 530.3]],
        ),
        ("iris_num.csv", "commas", [[5.1, 3.5, 1.4, 0.2, 0], [4.9, 3, 1.4, 0.2, 0], [7, 3.2, 4.7, 1.4, 1]]),
        (
            "iris.csv",
            "commas",
            [[5.1, 3.5, 1.4, 0.2, 1, 0, 0], [4.9, 3, 1.4, 0.2, 1, 0, 0], [7, 3.2, 4.7, 1.4, 0, 1, 0]],
        ),
        ("yesno.csv", "commas", [[25, 31000, 0], [47, 62000, 1], [39, 45000, 1], [31, 29000, 0]]),
        (
            "kaggle.csv",
            "commas",
            [
                [1, 0, 65, 8450, 7, 2003, 1, 208500],
                [3, 1, 68, 11250, 7, 2001, 0, 223500],
                [4, 0, 60, 9550, 7, 1915, 1, 140000],
            ],
        ),
    ],
)
def test_a_file_opens_and_says_what_it_is(name: str, said: str, rows: list[list[float]]) -> None:
    spec = table(str(CASES / name))
    assert words(spec.form) == said
    assert all_of(open_table(spec))[: len(rows)] == rows


@pytest.mark.parametrize(
    ("name", "said", "mend"),
    [
        (
            "noheader.csv",
            "its first line, 2,71,312, looks like a row and not like names: use --no-header",
            Told(header=False),
        ),
        (
            "blank_lines.csv",
            "column 'area', line 7: 'x' is not a finite number; mend it, call it empty with --na x",
            Told(na=("x",)),
        ),
        ("dc1.csv", "has 2 names and rows of 4 cells, as with commas before the decimals too", None),
    ],
)
def test_what_can_not_be_guessed_is_told_with_a_mend_that_works(name: str, said: str, mend: Told | None) -> None:
    with pytest.raises((HeaderError, TableError)) as refused:
        open_table(table(str(CASES / name)))
    assert said in str(refused.value)
    if mend is not None:
        assert len(open_table(table(str(CASES / name), told=mend)).raw) >= 2


def test_the_mend_for_two_kinds_of_commas(path: Path) -> None:
    _, found = opened(path, (CASES / "dc1.csv").read_text().replace(",5", ".5").replace(",9", ".9").replace(",0", ".0"))
    assert all_of(found) == [[2.5, 312.5], [3, 401.9]]


def test_a_row_left_out_and_columns_not_used_are_said(path: Path) -> None:
    found = open_table(table(str(CASES / "kaggle.csv"), ["LotFrontage", "LotArea"]))
    assert found.notes == (
        "empty cells: LotFrontage 1; 1 of 5 rows left out",
        "not used: Id, MSZoning (2 texts), OverallQual, YearBuilt, CentralAir (2 texts)",
    )
    many = "".join(f"{row % 9},{row % 7},name {row},{row * 2}\n" for row in range(20))
    spec, found = opened(path, f"a,b,who,y\n{many}")
    assert spec.features == ("a", "b")
    assert found.notes == ("not used: who (20 texts)",)


# How a file is written


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a;b;y\n1.234,5;0,25;3\n2.000,0;0,5;4\n", "semicolons, decimal commas, points for thousands"),
        ("a\tb\ty\n1,234.5\t0.25\t3\n2,000.0\t0.5\t4\n", "tabs, commas for thousands"),
        ('a,b,y\n"1,234.5",0.25,3\n"2,000.0",0.5,4\n', "commas, commas for thousands"),
        ("a;b;y\n1 234,5;0,25;3\n2\u00a0000,0;0,5;4\n", "semicolons, decimal commas, blanks for thousands"),
        ("a;b;y\n1'234.5;0.25;3\n2\u2019000.0;0.5;4\n", "semicolons, apostrophes for thousands"),
        ("a|b|y\n1234.5|0.25|3\n2000|0.5|4\n", "bars"),
        ("a b  y\n 1234.5   0.25 3\n2000 0.5  4 \n", "blanks"),
        ("sep=;\na;b;y\n1234,5;0,25;3\n2000;0,5;4\n", "semicolons, decimal commas, 1 line before it"),
        ("# one\n# two\na,b,y\n1234.5,0.25,3\n# three\n2000,0.5,4\n", "commas, 2 lines before it"),
        ("\ufeffa,b,y\r\n1234.5,0.25,3\r\n\r\n2000,0.5,4\r\n", "commas"),
        ("a,b,y\r1234.5,0.25,3\r2000,0.5,4\r", "commas"),
        ("Prices of 2024\n\na,b,y\n1234.5,0.25,3\n2000,0.5,4\n", "commas, 2 lines before it"),
        ("Prices, 2024;;\nin EUR\na;b;y\n1234,5;0,25;3\n2000;0,5;4\n", "semicolons, decimal commas, 2 lines before it"),
        ('a,b,y\n"1234.5","0.25","3"\n"2000","0.5","4"\n', "commas"),
        ("a,b,y\n$1234.5,25%,3\n$2000,50%,4\n", "commas"),
        (gzip.compress(b"a,b,y\n1234.5,0.25,3\n2000,0.5,4\n", mtime=0), "commas, gzip"),
        ("a;b;y\n1234,5;0,25;3\n2000;0,5;4\n".encode("utf-16"), "semicolons, decimal commas, UTF-16"),
        ("a;b;y\n1234,5;0,25;3\n2000;0,5;4\n".encode("utf-16-be"), "semicolons, decimal commas, UTF-16"),
        ("Größe;b;y\n1234,5;0,25;3\n2000;0,5;4\n".encode("latin-1"), "semicolons, decimal commas, Windows-1252"),
    ],
)
def test_how_a_file_is_written_is_found_out(path: Path, content: str | bytes, said: str) -> None:
    spec, found = opened(path, content)
    assert words(spec.form) == said
    scale = 100 if isinstance(content, str) and "%" in content else 1
    assert all_of(found) == [[1234.5, 0.25 * scale, 3], [2000, 0.5 * scale, 4]]


def test_what_is_told_counts(path: Path) -> None:
    _, found = opened(path, "a;y\n1,234;1\n2,345;2\n")
    assert found.raw.tolist() == [[1.234], [2.345]]
    _, found = opened(path, "a;y\n1,234;1\n2,345;2\n", Told(decimal="."))
    assert found.raw.tolist() == [[1234], [2345]]
    spec, found = opened(path, "a/y\n1/1\n2/2\n", Told(separator="/"))
    assert all_of(found) == [[1, 1], [2, 2]]
    spec, _ = opened(path, b"\xe9,y\n1,1\n2,2\n", Told(encoding="cp437"))
    assert spec.features == ("Θ",)
    spec, found = opened(path, "2001,2002\n1,1\n2,2\n", Told(header=True))
    assert (spec.features, spec.targets, len(found.raw)) == (("2001",), ("2002",), 2)
    spec, found = opened(path, "5.1,3.5,setosa\n4.9,3.0,virginica\n", Told(header=False))
    assert (spec.features, spec.targets, len(found.raw)) == (("c1", "c2"), ("c3=virginica",), 2)
    for word, sign in (("tab", "\t"), ("semicolon", ";"), ("commas", ","), ("blanks", " "), ("|", "|")):
        assert separator(word) == sign
    with pytest.raises(ValueError, match="is no separator"):
        separator("and")


def test_a_header_in_two_lines_and_unseen_blanks(path: Path) -> None:
    spec, found = opened(path, '"a\nof two lines",\u00a0b\u200b , y \n1,2,3\n4,5,7\n')
    assert spec.features == ("a\nof two lines", "b")
    assert spec.targets == ("y",)
    assert all_of(found) == [[1, 2, 3], [4, 5, 7]]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a,y\n1,2\n\n\n3,4\n5,6\nbad,8\n7,1\n", 7),
        ('a,note,y\n1,"two\nlines",2\n3,x,4\n5,"and\nthree\nmore",1\nbad,x,8\n7,x,3\n', 8),
        ("# note\na,y\n1,2\n# more\n3,4\n5,6\nbad,8\n7,2\n", 7),
        ("sep=,\na,y\n1,2\n3,4\n5,6\nbad,8\n1,2\n", 6),
    ],
)
def test_a_complaint_names_the_line_of_the_file(path: Path, content: str, line: int) -> None:
    with pytest.raises(TableError, match=f"column 'a', line {line}: 'bad' is not a finite number"):
        opened(path, content, features=["a"])
    with pytest.raises(TableError, match=f"column 'y', line {line}: -8 has no logarithm"):
        opened(path, content.replace("bad", "9").replace("8\n", "-8\n").replace("x,8", "x,-8"), transform="log")


def test_dates_are_told(path: Path) -> None:
    rows = "".join(f"2024-01-{day:02},{day},{day * day}\n" for day in range(1, 20))
    spec, _ = opened(path, f"day,a,y\n{rows}")
    assert spec.features == ("a",)
    with pytest.raises(HeaderError, match="column 'day' holds dates, which are no numbers; name another --target"):
        opened(path, f"day,a,y\n{rows}", target="day")
    with pytest.raises(HeaderError, match="'day' holds dates, which are no numbers; leave it out"):
        opened(path, f"day,a,y\n{rows}", features=["day"])


# Texts and empty cells


def test_texts_become_columns_of_ones_and_zeros(path: Path) -> None:
    content = "zone,air,y\nRL,Y,1\nRM,N,2\nFV,Y,3\nRL,N,5\n"
    spec, found = opened(path, content)
    assert spec.features == ("zone=FV", "zone=RL", "zone=RM", "air=Y")
    assert spec.standardize == ()
    assert (
        found.x.tolist()
        == pd.get_dummies(pd.read_csv(path))[["zone_FV", "zone_RL", "zone_RM", "air_Y"]]
        .astype("float64")
        .to_numpy()
        .tolist()
    )


def test_texts_of_a_large_file_are_looked_for_in_all_of_it(path: Path) -> None:
    rows = "".join(f"{row},{'late' if row == 59_999 else 'ab'[row % 2]},{row % 10}\n" for row in range(60_000))
    spec, found = opened(path, f"n,letter,y\n{rows}")
    assert spec.features == ("n", "letter=a", "letter=b", "letter=late")
    assert found.raw[:, 1:].sum(axis=0).tolist() == [30_000, 29_999, 1]


@pytest.mark.parametrize("word", ["", "NA", "?", "n/a", "null", "-", "NaN"])
def test_empty_cells_are_counted_and_left_out_or_filled(path: Path, word: str) -> None:
    content = f"a,b,y\n1,10,1\n{word},20,2\n4,30,4\n10,{word},7\n"
    _, found = opened(path, content)
    assert found.notes == ("empty cells: a 1, b 1; 2 of 4 rows left out",)
    assert all_of(found) == [[1, 10, 1], [4, 30, 4]]
    _, found = opened(path, content, Told(missing="mean"))
    assert all_of(found) == [[1, 10, 1], [5, 20, 2], [4, 30, 4], [10, 20, 7]]
    _, found = opened(path, content, Told(missing="median"))
    assert all_of(found)[1] == [4, 20, 2]
    assert found.notes == ("empty cells: a 1, b 1; the median in the empty cells of features",)


def test_a_row_without_a_target_is_always_left_out(path: Path) -> None:
    _, found = opened(path, "a,y\n1,1\n2,\n3,5\n", Told(missing="mean"))
    assert all_of(found) == [[1, 1], [3, 5]]
    with pytest.raises(HeaderError, match="column 'y' is empty; name another --target"):
        opened(path, "a,y\n1,-9\n2,-9\n", Told(na=("-9",)))
    with pytest.raises(TableError, match=r"every row has an empty cell \(a 1, y 1\); leave these columns out"):
        opened(path, "a,y\n,9\n2,\n")


def test_words_told_to_be_empty(path: Path) -> None:
    _, found = opened(path, "a,y\n1,-9999\n2,4\n3,5\n", Told(na=("-9999",)))
    assert all_of(found) == [[2, 4], [3, 5]]


# Excel and Parquet


def sheets() -> list[tuple[str, str]]:
    return [("homes.xlsx", "openpyxl"), ("homes.parquet", "pyarrow")]


@pytest.mark.parametrize(("name", "extra"), sheets())
def test_a_sheet_and_a_parquet_file(name: str, extra: str) -> None:
    """Where pandas has what it reads them with; else the one line that says what is missing, and a mend."""
    if find_spec(extra) is None:
        with pytest.raises(HeaderError) as refused:
            table(str(CASES / name))
        assert str(refused.value) == (
            f"{CASES / name}: reading it takes {extra}, which is not installed: pip install 'backprop-tui[tables]', "
            "or save it as CSV"
        )
        return
    spec = table(str(CASES / name))
    assert spec.features == ("rooms", "area", "zone=süd", "code", "sold=True")
    assert (spec.targets, words(spec.form).split()[-1]) == (("price",), "sheet" if "xlsx" in name else "file")
    found = open_table(spec)
    whole = 2.0**53  # 9007199254740993 is rounded to it
    assert all_of(found) == [
        [2, 71.5, 0, whole, 1, 312],
        [3, 90.25, 1, 5, 0, 401],
        [1, 44, 0, 7, 1, 198],
        [2, 60, 1, 9, 0, 290],
    ]
    assert found.notes[0] == "empty cells: area 1; 1 of 5 rows left out"
    assert found.notes[-1] == "not used: day (5 texts)"
    assert len(open_table(table(str(CASES / name), ["code"], told=Told(na=("5", "7")))).raw) == 3
    assert open_table(table(str(CASES / name), ["area"], "code", told=Told(missing="mean"))).raw.shape == (5, 1)
    with pytest.raises(HeaderError, match="column 'day' holds dates, which are no numbers"):
        table(str(CASES / name), target="day")


@pytest.mark.parametrize(("name", "extra"), sheets())
def test_a_broken_one_is_told(tmp_path: Path, name: str, extra: str) -> None:
    path = tmp_path / name
    path.write_bytes((CASES / name).read_bytes()[:3000])
    with pytest.raises(HeaderError) as refused:
        table(str(path))
    assert str(refused.value).endswith("save it as CSV")
    assert "\n" not in str(refused.value)


def test_the_extra_names_what_pandas_needs() -> None:
    import tomllib

    text = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    extras = tomllib.loads(text)["project"]["optional-dependencies"]["tables"]
    assert {extra.split(">")[0] for extra in extras} == set(reading.EXTRAS.values())


# Against pandas, told everything

FINITE = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
NAMES = st.text("abcdefgxyzäöüß", min_size=1, max_size=8)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, pd.DataFrame]:
    """A file as somebody might have saved it, and the frame that pandas reads when it is told how."""
    columns = draw(st.integers(2, 5))
    names = draw(st.lists(NAMES, min_size=columns, max_size=columns, unique=True))
    rows = draw(st.integers(4, 12))
    sign, point, between = draw(
        st.sampled_from(
            [
                *[(";", ",", "."), (";", ".", ","), (",", ".", ""), ("\t", ",", "."), ("\t", ".", "")],
                *[("|", ".", ""), (" ", ".", ""), (" ", ",", "")],
            ]
        )
    )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    blank = draw(st.sampled_from(["NA", "?"] if sign == " " else ["", "NA", "?"]))
    pad = draw(st.sampled_from(["", " "])) if sign != "\t" else ""
    grouped = bool(between) and draw(st.booleans())
    texts = draw(st.booleans()) and sign != " "
    cells: list[list[str]] = []
    for _ in range(rows):
        row = []
        for column in range(columns):
            value = draw(FINITE)
            # Each number has decimals: what 1,234 is nobody can know who sees no other.
            text = f"{value:{',' if grouped else ''}.3f}".replace(",", "_").replace(".", point).replace("_", between)
            row.append(blank if column == 0 and draw(st.integers(0, 5)) == 0 else pad + text)
        if texts and columns > 2:
            row[1] = draw(st.sampled_from(["red", "green", 'in "quotes"', f"a{sign}b", "two\nlines"]))
        cells.append(row)
    out = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(out, delimiter=sign, lineterminator=end, quoting=quoting)
    for number, row in enumerate([names, *cells]):
        writer.writerow(row)
        if number and draw(st.integers(0, 5)) == 0:
            out.write(end)
    content = out.getvalue().encode(encoding)
    told = pd.read_csv(
        io.BytesIO(content),
        sep=r"\s+" if sign == " " else sign,
        skipinitialspace=sign != "\t",
        decimal=point,
        thousands=between or None,
        encoding=encoding,
        keep_default_na=False,
        na_values=["", "NA", "?"],
    )
    return content, told


@pytest.mark.slow
@given(files())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_found_out_is_what_pandas_reads_told(
    tmp_path_factory: pytest.TempPathFactory, file: tuple[bytes, pd.DataFrame]
) -> None:
    content, told = file
    path = tmp_path_factory.getbasetemp() / "fuzz_any.csv"
    path.write_bytes(gzip.compress(content) if len(content) % 3 == 0 else content)
    kept = told.dropna()
    if len(kept) < 2 or any(kept[name].nunique() < 2 for name in told.columns):
        return
    spec = table(str(path))
    found = open_table(spec)
    assert len(found.raw) == len(kept)
    for place, name in enumerate((*spec.features, *spec.targets)):
        category = spec.category(name)
        ours = np.hstack([found.raw, found.raw_y])[:, place]
        if category is None:
            np.testing.assert_allclose(ours, kept[name].to_numpy("float64"), rtol=1e-12)
        else:
            assert ours.tolist() == (kept[category.column].str.strip() == category.value).astype(float).tolist()


@given(FINITE, st.sampled_from([Form(), Form(decimal=","), Form(decimal=",", thousands="."), Form(thousands=",")]))
@settings(max_examples=100, deadline=None)
def test_a_number_is_read_strictly(value: float, form: Form) -> None:
    written = f"{value:,.3f}" if form.thousands else f"{value:.3f}"
    written = written.replace(",", "_").replace(".", form.decimal).replace("_", form.thousands)
    number = plain_number(written, form)
    assert number is not None
    assert float(number) == pytest.approx(value)
    assert plain_number("1.2.3", form) is None
    assert plain_number("12.34,5", form) is None
    assert plain_number("01.02.2024", form) is None


def test_which_sign_is_before_the_decimals() -> None:
    assert decimal_sign(["1,5", "2"], ";") == ","
    assert decimal_sign(["1,234", "2.5"], "\t") == "."
    assert decimal_sign(["1,234"], ";") == ","
    assert decimal_sign(["1.234", "2.345.678"], ";") == ","
    assert thousands_signs(["1.234,5"], ",") == "."
    assert thousands_signs(["1.234,5", "2.5"], ",") == ""
    assert {"", "NA", "nan", "NULL", "?"} <= MISSING

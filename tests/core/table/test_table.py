"""The table: what can be opened, how it is scaled, and one clear line for each thing that can't be used."""

import gzip
import os
import unicodedata
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.reading import TableError
from backprop_tui.core.engine.compute.table import Table, open_table
from backprop_tui.core.engine.protocol.messages import Failed, OpenTable
from backprop_tui.core.model.network import Array
from backprop_tui.core.table.spec import TableSpec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

HEADER = "bedrooms,sqft_living,price\n"
GOOD = HEADER + "3,1340,313000\n5,3650,2384000\n3,1930,342000\n"
SPEC = TableSpec()
CONTROL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def opened(path: Path, text: str | bytes, **changes: object) -> Table:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_table(spec(path, **changes))


def spec(path: Path | str, **changes: object) -> TableSpec:
    parts = {"path": str(path), "standardize": changes.get("features", SPEC.standardize), **changes}
    return TableSpec(**parts)  # type: ignore[arg-type]


def told(path: Path, text: str | bytes, **changes: object) -> str:
    """The one line that a table is refused with: it names the file, and no character of it is a control character."""
    with pytest.raises(TableError) as refused:
        opened(path, text, **changes)
    message = str(refused.value)
    assert not CONTROL & {unicodedata.category(character) for character in message}
    assert path.name in message
    assert len(message) < 500
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


# What can be used


def test_a_table_of_ones_own(path: Path) -> None:
    table = opened(path, GOOD)
    assert table.raw.tolist() == [[3, 1340], [5, 3650], [3, 1930]]
    assert table.raw_y.tolist() == [[313000], [2384000], [342000]]
    np.testing.assert_allclose(table.x.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(table.x.std(axis=0), 1)
    np.testing.assert_allclose(table.x * table.std + table.mean, table.raw)
    np.testing.assert_allclose(np.exp(table.y), table.raw_y)


def test_without_transforms_the_numbers_stay(path: Path) -> None:
    table = opened(path, GOOD, standardize=(), log_target=False)
    assert (table.x == table.raw).all()
    assert (table.y == table.raw_y).all()
    assert table.mean.tolist() == [0, 0]
    assert table.std.tolist() == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace(",", ", "),
        GOOD + "\n\n",
        GOOD.rstrip("\n"),
        GOOD.replace("000\n", "000,\n"),
        '"bedrooms","sqft_living","price"\n"3",1340,313000\n"5",3650,2384000\n3,1930,342000\n',
        "id,bedrooms,note,sqft_living,price,note\n7,3,a,1340,313000,\n8,5,,3650,2384000,b\n9,3,c,1930,342000,d\n",
        "price,sqft_living,bedrooms\n313000,1340,3\n2384000,3650,5\n342000,1930,3\n",
    ],
)
def test_the_same_table_in_other_dress(path: Path, text: str) -> None:
    table, plain = opened(path, text), opened(path, GOOD)
    assert (table.raw == plain.raw).all()
    assert (table.raw_y == plain.raw_y).all()


def test_a_minus_of_typesetting_is_a_minus(path: Path) -> None:
    """A spreadsheet or a page writes U+2212; the rows beside it keep the ASCII hyphen."""
    table = opened(path, f"{HEADER}\N{MINUS SIGN}2,71,312\n-3.5,1e\N{MINUS SIGN}3,401\n1,44,198\n", log_target=False)
    assert table.raw.tolist() == [[-2, 71], [-3.5, 1e-3], [1, 44]]


def test_a_column_is_the_one_of_that_name(path: Path) -> None:
    """Also where pandas would give a second `a` the name `a.1`."""
    table = opened(path, "a,a,a.1,y\n1,2,3,4\n5,6,7,8\n", features=("a.1",), targets=("y",))
    assert table.raw.tolist() == [[3], [7]]


def test_one_row_is_enough_where_nothing_is_standardized(path: Path) -> None:
    assert opened(path, HEADER + "3,1340,313000\n", standardize=()).raw.shape == (1, 2)


@pytest.mark.parametrize("name", ["[bold red]x[/]", "a\x1b[31mb", "ünïts", "a'b", "x\u202ey", "日本"])
def test_names_from_outside_are_only_names(path: Path, name: str) -> None:
    table = opened(path, f"{name},y\n1,2\n3,4\n", features=(name,), targets=("y",))
    assert table.raw.tolist() == [[1], [3]]


# What can't be used


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; give a CSV file with a line of column names"),
        ("\n\n", "is empty"),
        (HEADER, "has column names but no rows"),
        (HEADER + "3,1340,313000\n", "one row only; standardizing needs at least two different rows"),
        ("bedrooms,price\n3,313000\n5,2384000\n", "no column 'sqft_living'; there are: bedrooms, price"),
        (GOOD.replace("1930", "large"), "column 'sqft_living', line 4: 'large' is not a finite number"),
        (GOOD.replace("1340", "").replace("3650", "NaN").replace("1930", "?"), "every row has an empty cell"),
        (GOOD.replace("1930", "inf"), "column 'sqft_living', line 4: 'inf' is not a finite number"),
        (GOOD.replace("342000", '"342,000"'), "column 'price', line 4: '342,000' is not a finite number"),
        (GOOD.replace("342000", "0"), "column 'price', line 4: 0 has no logarithm; mend it or use --target-transform"),
        (GOOD.replace("342000", "-5"), "column 'price', line 4: -5 has no logarithm"),
        (GOOD.replace("5,", "3,"), "column 'bedrooms' is 3 in every row and can't be standardized; leave it out"),
        (GOOD.replace("1930", "1e300"), "column 'sqft_living' is too large to be standardized; divide it"),
        ("bedrooms,sqft_living,price,price\n1,2,3,4\n5,6,7,8\n", "2 columns are named 'price'; rename one"),
        (GOOD.replace("5,3650", "5,3650,7,8,9"), "is not a CSV file"),
        (HEADER + "3,1340,313,000\n5,3650,2,384,000\n", "is not a CSV file"),
        (GOOD.replace("5,3650", '"5,3650'), "is not a CSV file"),
        ("bedrooms;sqft_living;price\n3;1340;313000\n", "no column 'bedrooms'"),
        (GOOD.encode("utf-16"), "is not a CSV file"),
        (gzip.compress(GOOD.encode(), mtime=0), "is not a CSV file"),
        ("Größe,b,price\n".encode("latin-1") + b"1,2,3\n", "is not a CSV file"),
    ],
)
def test_what_is_wrong_is_told(path: Path, text: str | bytes, said: str) -> None:
    assert said in told(path, text)


@pytest.mark.parametrize("seed", range(3))
def test_ten_megabytes_of_binary(path: Path, seed: int) -> None:
    told(path, np.random.RandomState(seed).bytes(10 * 2**20))


@pytest.mark.parametrize("name", ["[bold]", "a\x1b[31mb\x07", "x\u202ey", "line\nbreak", "tab\there"])
def test_names_with_markup_and_escapes_are_told_as_text(path: Path, name: str) -> None:
    quoted = f'"{name}"'
    assert told(path, GOOD, features=(name,))
    assert told(path, f"{quoted},price\n1,2\n3,4\n")
    assert told(path, f"{quoted},price\nx\x1b]0;title\x07,2\n3,4\n", features=(name,), targets=("price",))
    assert told(path, f"{quoted},{quoted},price\n1,2,3\n4,5,6\n", features=(name,), targets=("price",))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"nowhere.csv: no such file"):
        open_table(spec(tmp_path / "nowhere.csv"))


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is a directory; give a CSV file"):
        open_table(spec(tmp_path))


def test_a_file_that_may_not_be_read(path: Path) -> None:
    path.write_text(GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(TableError, match="can't be read: Permission denied"):
        open_table(spec(path))


def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(TableError, match="is not a regular file; give a CSV file"):
            open_table(spec(name))


@pytest.mark.parametrize("name", ["a\x00b", "a\x1b[2Jb", "a\nb", "x" * 5000])
def test_a_path_that_is_none(name: str) -> None:
    with pytest.raises(TableError) as refused:
        open_table(spec(name))
    assert str(refused.value).isprintable()


def test_a_table_without_columns() -> None:
    with pytest.raises(TableError, match="at least one feature and one target"):
        open_table(spec("", features=()))


def test_a_url_is_never_fetched(engine: Engine) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(GOOD.encode())

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        for scheme in ("http", "HTTP", "ftp", "file", "s3"):
            answer = engine.answer(OpenTable(spec(f"{scheme}://127.0.0.1:{server.server_port}/table.csv")))
            assert isinstance(answer, Failed)
            assert "no such file" in answer.message
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []


@pytest.mark.slow
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
@settings(max_examples=100, deadline=None)
def test_whatever_bytes_are_in_a_file_they_are_told(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    told(path, text)
    told(path, GOOD.encode() + b"3,1930," + text + b"x\n")


@given(arrays("float64", st.tuples(st.integers(2, 20), st.just(3)), elements=st.floats(1e-3, 1e6)))
@settings(max_examples=50, deadline=None)
def test_numbers_are_read_as_they_are_written(tmp_path_factory: pytest.TempPathFactory, numbers: Array) -> None:
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    lines = "".join(",".join(map(repr, line)) + "\n" for line in numbers.tolist())
    table = opened(path, HEADER + lines, standardize=())
    assert (table.raw == numbers[:, :2]).all()
    assert (table.raw_y == numbers[:, 2:]).all()

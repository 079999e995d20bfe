"""What the tests share: one engine in this process, one behind a socket, and what a test's marks mean."""

import os
from collections.abc import Iterator

import pytest
from backprop_tui.core.engine.client.keeper import EngineKeeper, listen
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.session import drive
from driving import R, Settle
from programs import PROGRAMS

MOST_WORKERS = 4
ENGINE_VARIABLE = "BACKPROP_TUI_ENGINE"


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real engine, in this process: TensorFlow is loaded once."""
    return Engine()


@pytest.fixture(scope="session")
def settle(engine: Engine) -> Settle:
    """Asks the engine for all that a session or a lesson needs, and hands it back."""

    def settled(requester: R) -> R:
        drive.settle(requester, engine.answer)
        return requester

    return settled


@pytest.fixture(scope="session")
def engine_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a real engine listens, a process of its own that loads TensorFlow once for any number of screens."""
    path = tmp_path_factory.mktemp("engine") / "socket"
    with listen(path) as listener:
        keeper = EngineKeeper(listener)
        keeper.start()
        yield str(path)
        keeper.close()


@pytest.fixture
def shared_engine(engine_socket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screens that a test starts in real terminals ask the shared engine, and start none of their own."""
    monkeypatch.setenv(ENGINE_VARIABLE, engine_socket)


# Marks, and how many run side by side


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a test whose program is missing fails; it is not skipped")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser; a file with a server for all of its tests stays with one worker."""
    for item in items:
        if any("chromium" in mark.args for mark in item.iter_markers("needs")):
            item.add_marker("browser")
        if item.get_closest_marker("one_worker"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose programs are missing is skipped, with a word on what to install; with --no-skips it fails."""
    missing = [name for mark in item.iter_markers("needs") for name in mark.args if PROGRAMS[name].path is None]
    if missing:
        packages = " ".join(PROGRAMS[name].package for name in missing)
        told = f"needs {', '.join(missing)}: apt-get install {packages}"
        (pytest.fail if item.config.getoption("no_skips") else pytest.skip)(told)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """All tests run on every processor there is, and one more, since many wait; those of a named file run here."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS) if whole else 0

"""What the tests share: one engine in this process, and a session driven to its end."""

from collections.abc import Callable

import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.session.session import Session


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real engine, in this process: TensorFlow is loaded once."""
    return Engine()


@pytest.fixture(scope="session")
def settle(engine: Engine) -> Callable[[Session], Session]:
    """Asks the engine for all that a session needs, until it needs nothing more."""

    def settle(session: Session) -> Session:
        while request := session.request():
            session.accept(request, engine.answer(request))
        return session

    return settle

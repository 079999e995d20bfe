"""Drives a session: asks the engine for what it needs, and waits."""

from collections.abc import Callable

from backprop_tui.core.engine.protocol.messages import Answer, Request

from .session import Session

Ask = Callable[[Request], Answer]
"""Asks the engine and waits for its answer."""


def settle(session: Session, ask: Ask) -> None:
    """Ask for all that the session needs to be shown whole."""
    while request := session.request():
        session.accept(request, ask(request))

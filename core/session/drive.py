"""Drives whatever asks the engine: hands it an answer to every request, until it needs nothing more."""

from collections.abc import Callable
from typing import Protocol

from backprop_tui.core.engine.protocol.messages import Answer, Request

Ask = Callable[[Request], Answer]
"""Asks the engine and waits for its answer."""


class Requester(Protocol):
    """What says what it needs from the engine, and takes the answers: a session, a lesson."""

    def request(self) -> Request | None:
        """What must be asked next; None when all is there."""

    def accept(self, request: Request, answer: Answer) -> None:
        """Take an answer."""


def settle(requester: Requester, ask: Ask) -> None:
    """Ask for all that it needs."""
    while request := requester.request():
        requester.accept(request, ask(request))

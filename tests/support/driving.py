"""The types of what tests take from their fixtures."""

from typing import Protocol, TypeVar

from backprop_tui.core.session.drive import Requester

R = TypeVar("R", bound=Requester)


class Settle(Protocol):
    """The fixture `settle`: asks the engine for all that a session or a lesson needs, and hands it back."""

    def __call__(self, requester: R) -> R: ...

"""The connections that have not logged in yet: a bounded number, and no address keeps the others out."""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Waiting(Generic[T]):
    """At most `most` connections. One more sends somebody away: of the address that has the most, the oldest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._addresses: dict[T, str] = {}

    def add(self, connection: T, address: str) -> T | None:
        """Let it wait; the one that must go instead, if any. It waits no longer."""
        gone = self._one_to_go(address) if len(self._addresses) >= self._most else None
        if gone is not None:
            self.remove(gone)
        self._addresses[connection] = address
        return gone

    def remove(self, connection: T) -> None:
        """It has logged in, or has gone."""
        self._addresses.pop(connection, None)

    def _one_to_go(self, newcomer: str) -> T:
        counts = Counter(self._addresses.values())
        counts[newcomer] += 1
        heaviest = max(counts.values())
        # A person logs in within seconds: who has waited longest is the least likely to be one.
        return next(it for it, address in self._addresses.items() if counts[address] == heaviest)

"""How often something may happen: in all, and for each address, so that one address can't take it from the others."""

import time
from collections import Counter
from ipaddress import IPv6Address, ip_address

WINDOW = 10.0
"""Seconds over which the share of an address is counted."""


class Rate:
    """So many events a second, with bursts of `burst`."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left, self._since = burst, time.monotonic()

    @property
    def left(self) -> float:
        """How many events there is room for now."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._since) * self._per_second)
        self._since = now
        return self._left

    @property
    def is_rested(self) -> bool:
        """Whether nothing has happened for so long that a whole burst may come."""
        return self.left >= self._burst

    def take(self, amount: float = 1.0) -> bool:
        """Whether there is room for this much more now."""
        if amount > self.left:
            return False
        self._left -= amount
        return True


class FairRate:
    """So many events a second in all. When they run out, each address still has an equal share of as many again."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._all, self._shares = Rate(per_second, burst), Rate(per_second, burst)
        self._per_window = per_second * WINDOW
        self._seen: Counter[str] = Counter()
        """Events of this window that were let pass, by address."""
        self._until = 0.0

    def take(self, address: str) -> bool:
        """Whether there is room for one more of this address now."""
        now = time.monotonic()
        if now > self._until:
            self._seen.clear()
            self._until = now + WINDOW
        seen = self._seen[address]  # which adds nothing
        share = self._per_window / (len(self._seen) + (not seen))
        if not self._all.take() and not (seen < max(share, 1) and self._shares.take()):
            return False
        self._seen[address] += 1
        return True


def group_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which a single host commands."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)

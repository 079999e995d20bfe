"""How much a client may send, and how much may wait for a client that does not read."""

from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.rates import Rate


class Traffic:
    """Counts the bytes of one connection, whatever they mean. A door ends the connection if they are too many."""

    def __init__(self) -> None:
        self._outside = 0
        self._inside: Rate | None = None
        self._unread: int | None = None

    def let_in(self) -> None:
        """The program was asked for: a rate holds from now."""
        self._inside = Rate(limits.TRAFFIC_A_SECOND, limits.TRAFFIC)

    def hold(self, held: bool) -> None:
        """The client has stopped reading, or reads again: what it asks meanwhile is answered into our memory."""
        self._unread = 0 if held else None

    def takes(self, count: int) -> bool:
        """Whether so many bytes more are within the bounds."""
        if self._unread is not None:
            self._unread += count
            if self._unread > limits.TRAFFIC_UNREAD:
                return False
        if self._inside is not None:
            return self._inside.take(count)
        self._outside += count
        return self._outside <= limits.TRAFFIC_OUTSIDE

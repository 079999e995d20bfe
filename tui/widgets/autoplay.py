"""Autoplay: steps by itself, at a speed that can be changed."""

from collections.abc import Callable

from textual.timer import Timer

SPEEDS = (0.5, 1, 2, 5, 10, 30, 100, 1_000, 10_000, 100_000)
"""Steps a second."""

FIRST = 2
FRAMES = 30
"""More frames a second than this are of no use to anyone."""


def tick(speed: int) -> tuple[float, int]:
    """For a speed's number: seconds between two ticks, and the steps that a tick makes."""
    steps_per_second = SPEEDS[speed]
    frames = min(steps_per_second, FRAMES)
    return 1 / frames, max(round(steps_per_second / frames), 1)


class Autoplay:
    """On or off, and how fast. `every` starts a timer, `move` makes so many steps."""

    def __init__(self, every: Callable[[float, Callable[[], None]], Timer], move: Callable[[int], None]) -> None:
        self._every, self._move = every, move
        self._speed = FIRST
        self._timer: Timer | None = None

    @property
    def running(self) -> bool:
        """Whether it is on."""
        return self._timer is not None

    @property
    def per_second(self) -> float:
        """Steps a second."""
        return SPEEDS[self._speed]

    def start(self) -> None:
        """On."""
        interval, steps = tick(self._speed)
        self._timer = self._every(interval, lambda: self._move(steps))

    def stop(self) -> None:
        """Off."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def change(self, by: int) -> None:
        """Faster or slower."""
        self._speed = min(max(self._speed + by, 0), len(SPEEDS) - 1)
        if self.running:
            self.stop()
            self.start()

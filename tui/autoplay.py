"""How fast autoplay goes."""

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

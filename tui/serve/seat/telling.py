"""What becomes of the tasks of a course, told to the workshop: what has changed since the last time, in parts."""

import socket

from backprop_tui.core.course.classroom.tasks import LONGEST, Outcome
from backprop_tui.core.course.progress import MOST_TRIES, Progress, Result
from backprop_tui.tui.serve import notes
from backprop_tui.tui.serve.notes import MOST_OUTCOMES, Progressed


class Telling:
    """Remembers what the workshop has taken."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._taken: dict[int, Outcome] = {}

    def is_behind(self, progress: Progress) -> bool:
        """Whether there is something that the workshop has not taken."""
        return bool(self._new(progress))

    def _new(self, progress: Progress) -> list[tuple[int, Outcome]]:
        begun = ((number, result) for number, result in enumerate(progress.results) if result != Result())
        outcomes = ((number, _outcome(result)) for number, result in begun)
        return [(number, outcome) for number, outcome in outcomes if self._taken.get(number) != outcome]

    def tell(self, progress: Progress) -> None:
        """Tell what is new, as far as the workshop takes it now."""
        new = self._new(progress)
        for first in range(0, len(new), MOST_OUTCOMES):
            part = dict(new[first : first + MOST_OUTCOMES])
            if not notes.send(self._link, Progressed(progress.course.title, len(progress.results), part)):
                return
            self._taken |= part


def _outcome(result: Result) -> Outcome:
    tries, hints = min(result.tries, MOST_TRIES), min(result.hints, MOST_TRIES)
    return Outcome(result.state, tries, hints, min(max(result.seconds, 0.0), LONGEST))

"""What a session goes on from: the newest file of its own folder, or a new run."""

from dataclasses import dataclass
from pathlib import Path

from backprop_tui.core.course import Course
from backprop_tui.core.scenario import Scenario
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.folder import saved_names
from backprop_tui.core.storage.store import Loaded, StoreError
from backprop_tui.tui.saving import Keeper, resume


@dataclass(frozen=True)
class Restored:
    """A session, who keeps it, and what its person should be told."""

    folder: Path
    session: Session
    keeper: Keeper
    loaded: Loaded | None = None
    remark: str = ""

    def is_in(self, course: Course | None) -> bool:
        """Whether it was left in this course."""
        kept = self.loaded.screen.get("course") if self.loaded is not None else None
        return course is not None and isinstance(kept, dict) and kept.get("course") == course.origin


def restore(folder: Path, run: Run, scenario: Scenario | None) -> Restored:
    """The session that was left here last; a new one if none was, or if it can't be read."""
    if not saved_names(folder):
        return Restored(folder, Session(run, scenario), Keeper(folder))
    try:
        loaded, keeper = resume(folder=folder)
    except StoreError as error:
        return Restored(folder, Session(run, scenario), Keeper(folder), remark=str(error))
    return Restored(folder, loaded.session, keeper, loaded)

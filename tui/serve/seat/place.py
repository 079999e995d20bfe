"""A session's own folder: where it goes on from, and where it is saved."""

from dataclasses import dataclass
from pathlib import Path

from backprop_tui.core.scenario import Scenario
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.storage.folder import saved_names
from backprop_tui.core.storage.store import Loaded, StoreError
from backprop_tui.tui.saving import Keeper, resume


@dataclass(frozen=True)
class Place:
    """A session, who keeps it, and what its person should be told."""

    folder: Path
    session: Session
    scenario: Scenario | None
    keeper: Keeper
    loaded: Loaded | None = None
    remark: str = ""


def place(folder: Path, run: Run, scenario: Scenario | None) -> Place:
    """The session that was left here last; a new one where none was, or where it can't be read."""
    if not saved_names(folder):
        return Place(folder, Session(run), scenario, Keeper(folder))
    try:
        loaded, keeper = resume(folder=folder)
    except StoreError as error:
        return Place(folder, Session(run), scenario, Keeper(folder), remark=str(error))
    return Place(folder, loaded.session, loaded.scenario, keeper, loaded)

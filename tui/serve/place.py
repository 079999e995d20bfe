"""A session's own folder: where its state is kept between two visits of the same name."""

from dataclasses import dataclass
from pathlib import Path

from ...core.run import Run
from ...core.session import Session
from ...core.shelf import Claim, claim
from ...core.store import Loaded, StoreError, load, save

NAME = "session"


@dataclass(frozen=True)
class Place:
    """A session, the right to save it (None where another server has it), and what its person should be told."""

    session: Session
    claimed: Claim | None
    loaded: Loaded | None
    remarks: tuple[str, ...]

    def save(self) -> None:
        """Keep the session for the next visit. Raises StoreError."""
        if self.claimed is not None:
            save(self.session, self.claimed.path, self.loaded.screen if self.loaded else None)


def resume(folder: Path, run: Run) -> Place:
    """The session as it was left; a new one where nothing was left.

    What can't be read is put aside, and not written over.
    """
    try:
        claimed = claim(folder, NAME)
    except StoreError as error:
        return Place(Session(run), None, None, (f"This session is not saved: {error}.",))
    if not claimed.path.exists():
        return Place(Session(run), claimed, None, ())
    try:
        loaded = load(claimed.path)
    except StoreError as error:
        aside = claimed.path.with_suffix(".unreadable")
        claimed.path.replace(aside)
        return Place(Session(run), claimed, None, (f"A new session: {error}.",))
    return Place(loaded.session, claimed, loaded, (f"You are back at step {loaded.session.steps:,}.",))

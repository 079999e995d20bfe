"""What a session leaves behind: its file, from which another start of the program goes on, and what is exported."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backprop_tui.core.lessons.names import FUNCTIONS
from backprop_tui.core.session.session import Session

from .widgets.messages import Export
from .widgets.runner import Asker

if TYPE_CHECKING:
    from backprop_tui.core.storage.folder import Claim
    from backprop_tui.core.storage.store import Loaded

BEGUN = {*FUNCTIONS, "course"}
"""What a screen keeps only once it has been begun."""

# What reads and writes files is imported when there is one: the first frame does not wait for it.


class Keeper:
    """Saves one session under one name, which it claims when it saves for the first time."""

    def __init__(self, folder: Path | None = None, claim: "Claim | None" = None) -> None:
        self._folder, self._claim = folder, claim
        self._saved: object = None

    @property
    def folder(self) -> Path:
        """Where the session is saved, or will be."""
        from backprop_tui.core.storage.folder import state_folder

        return self._folder or state_folder()

    @property
    def name(self) -> str:
        """The session's name; empty before it is saved."""
        return self._claim.path.stem if self._claim else ""

    def save(self, session: Session, screen: Mapping[str, Any]) -> None:
        """Write the session's file anew, in one piece. Raises ValueError, in one line, if it can't be."""
        from backprop_tui.core.storage import folder as saved
        from backprop_tui.core.storage import store

        try:
            if self._claim is None:
                self._claim = saved.claim_new(self.folder)
            if self._saved is None:
                saved.keep_earlier(self._claim.path)
            store.save(session, self._claim.path, screen)
        except store.StoreError as error:
            raise ValueError(str(error)) from None
        self._saved = _place(session, screen)

    def is_worth_saving(self, session: Session, screen: Mapping[str, Any]) -> bool:
        """Whether a step has been made, a lesson or course begun, or the session has a file: it would say otherwise."""
        return bool(any(run.history.entries for run in session.timelines) or self.name or screen.keys() & BEGUN)

    def save_changes(self, session: Session, screen: Mapping[str, Any]) -> None:
        """Save if something has been done since the last time. Raises as `save` does."""
        if self.is_worth_saving(session, screen) and self._saved != _place(session, screen):
            self.save(session, screen)

    def close(self) -> None:
        """Let another program go on with the session."""
        if self._claim is not None:
            self._claim.release()
            self._claim = self._saved = None


def _place(session: Session, screen: Mapping[str, Any]) -> object:
    """Where a session is: equal to an earlier place if nothing has been done since."""
    runs = [(id(run), run.history.entries, run.position) for run in session.timelines]
    newest = session.timeline.history.states[-1].tobytes()
    return session.run_number, runs, newest, session.timeline.settings, dict(screen)


def resume(name: str = "", folder: Path | None = None) -> "tuple[Loaded, Keeper]":
    """A saved session, the newest if no name is given, and the keeper that goes on saving it.

    Raises `core.storage.store.StoreError`.
    """
    from backprop_tui.core.storage import folder as saved
    from backprop_tui.core.storage import store

    folder = folder or saved.state_folder()
    names = saved.saved_names(folder)
    if not name and not names:
        there = any(folder.glob(f"*{saved.SUFFIX}"))
        raise store.StoreError(
            "every saved session is open in another program"
            if there
            else "no session is saved yet; the key w saves one, and quitting does"
        )
    wanted = [known for known in names if not name or saved.same_name(known) == saved.same_name(name)]
    if not wanted:
        listed = ", ".join(names[:5]) or "none"
        raise store.StoreError(f"no session '{name}' is saved, or it is open in another program; there are: {listed}")
    claim = saved.claim(folder, wanted[0])
    try:
        return store.load(claim.path), Keeper(folder, claim)
    except store.StoreError as error:
        claim.release()
        older = f"; the one before it: --resume '{names[1]}'" if not name and len(names) > 1 else ""
        raise store.StoreError(f"{error}{older}") from None


def export(
    what: Export,
    engine: Asker,
    loop: asyncio.AbstractEventLoop,
    folder: Path | None,
    exported: Callable[[str], None],
    texts: Callable[[str], str | None] | None = None,
) -> str:
    """Write the file that was asked for; what to say of it. In a thread of its own: the engine is asked in the loop.

    `exported` is called with its name once it is there. `texts` has the text of a file that holds no steps, by its
    name, or None.
    """
    from backprop_tui.core.engine.client.process import EngineLost
    from backprop_tui.core.engine.protocol.checks import EngineRefused
    from backprop_tui.core.engine.protocol.messages import Answer, Request, WireError
    from backprop_tui.core.export.file import export

    def ask(request: Request) -> Answer:
        return asyncio.run_coroutine_threadsafe(engine.ask(request), loop).result()

    try:
        said = export(what.timeline, what.scenario, ask, what.name, folder, texts(what.name) if texts else None)
        exported(what.name)
        return said
    except (ValueError, EngineLost, EngineRefused, WireError) as error:
        return str(error)

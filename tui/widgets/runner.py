"""Carries out what a person asks for, in the order of the keys, and asks the engine for what each needs.

Keys that come while TensorFlow loads, or while a jump runs, wait in the queue: nothing typed is lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Protocol

from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import Answer, Request, WireError
from backprop_tui.core.session.drive import Requester

PROGRESS = 0.1
"""Seconds between two looks at a jump under way: to draw each of its answers would take longer than to compute it."""

FAULT = "a fault"
"""How a notice begins that should never be seen."""

After = Callable[[], Awaitable[None] | None]
"""What is done when an action has been answered, in the same turn: at once, or with requests of its own."""


class Asker(Protocol):
    """Whatever answers requests: a child process, or a workshop's shared engine."""

    on_restart: Callable[[], None]

    async def ask(self, request: Request) -> Answer:
        """The answer to a request."""

    def close(self) -> None:
        """End the connection."""


class Runner:
    """A queue of actions on one requester. `changed` is called when there is something new to draw."""

    def __init__(
        self,
        requester: Requester,
        engine: Asker,
        changed: Callable[[], None],
        refused: Callable[[str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """`refused` is told what can't be done, `failed` of a fault of this program."""
        self.requester = requester
        self._engine, self._changed, self._refused, self._failed = engine, changed, refused, failed
        self._actions: asyncio.Queue[tuple[Callable[[], None], After | None]] = asyncio.Queue()
        self.busy = False
        """Whether an action is under way."""

    @property
    def waiting(self) -> int:
        """How many actions wait for their turn."""
        return self._actions.qsize()

    def act(self, action: Callable[[], None], after: After | None = None) -> None:
        """Carry out an action when its turn comes; `after` is called when all that it needed has been answered."""
        self._actions.put_nowait((action, after))

    async def run(self) -> None:
        """Carry out actions for as long as the screen lives."""
        while True:
            await self.perform(*await self._actions.get())

    async def perform(self, action: Callable[[], None], after: After | None = None) -> None:
        """One action, and all that the requester needs after it."""
        self.busy = True
        try:
            action()
            await self.settle()
            if after is not None and (more := after()) is not None:
                await more
        except (ValueError, EngineRefused, EngineLost, WireError) as error:
            self._refused(str(error))
        except Exception as error:  # a fault of ours must not end what a person has done
            self._failed(error)
        finally:
            self.busy = False
        try:
            self._changed()
        except Exception as error:  # the next action is carried out all the same
            self._failed(error)

    async def settle(self) -> None:
        """Ask for all that the requester needs; `perform` draws what the last answer brought."""
        request, drawn = self.requester.request(), 0.0
        while request is not None:
            self.requester.accept(request, await self._engine.ask(request))
            request = self.requester.request()
            if request is not None and monotonic() - drawn >= PROGRESS:
                self._changed()
                drawn = monotonic()

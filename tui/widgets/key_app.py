"""An app whose screens have tables of keys: it carries keys out in their order, and hears what the screens tell."""

from collections.abc import Awaitable, Callable, Iterable

from backprop_tui.tui.textual_hooks import Palette, TolerantApp, binding_of
from textual import on
from textual.app import SystemCommand
from textual.events import Event, Key
from textual.message import Message
from textual.screen import Screen

from .key_screen import KeyScreen
from .messages import Told
from .prompt import Prompt


class KeyApp(TolerantApp):
    """Carries out a key before the next one is looked at, and what the key tells too."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS = []  # noqa: RUF012 - Textual's own name; the screens have the keys

    _key_told: list[Told] | None = None
    """What is told while a key is carried out."""

    def hear(self, what: Told) -> None:
        """Do what a screen tells that a person wants."""
        raise NotImplementedError

    async def on_event(self, event: Event) -> None:
        """Carry out a key before the next one is looked at: it may be meant for what this one opens."""
        screen = self.screen if self.screen_stack else None
        if isinstance(event, Key) and not event.is_forwarded and isinstance(screen, KeyScreen) and screen.is_mounted:
            prompt = screen.query_one("#prompt", Prompt)
            # Hiding it takes its focus away later, when it may be open again.
            screen.set_focus(prompt if prompt.display else None)
            if event.key == "ctrl+c" and screen.copy_selected():
                return
            if screen.focused is None and event.character and screen.begins_answer(event.character):
                await self._carry_out(screen, f"answer({event.character!r})")
                return
            bound = binding_of(screen, event.key)
            if screen.focused is None and bound is not None:
                await self._carry_out(screen, bound.action)
                return
        await super().on_event(event)

    async def _carry_out(self, screen: KeyScreen, action: str) -> None:
        screen.on_key()
        self._key_told = []
        try:
            await self.run_action(action, screen)
        finally:
            told, self._key_told = self._key_told, None
        for what in told:
            self.hear(what)

    def post_message(self, message: Message) -> bool:
        """What a key tells is heard at once, before the next key; all else in its turn."""
        if self._key_told is not None and isinstance(message, Told):
            self._key_told.append(message)
            return True
        return super().post_message(message)

    @on(Told)
    def _hear_told(self, what: Told) -> None:
        self.hear(what)

    # The palette

    def action_command_palette(self) -> None:
        """Open the palette, which Textual gives every app: here on the screens that have keys of their own."""
        screen = self.screen
        if isinstance(screen, KeyScreen) and screen.keys.do("command_palette"):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette holds what the keys do, and nothing that writes, opens or runs anything else."""
        for key in screen.keys.keys if isinstance(screen, KeyScreen) else ():
            if key.action not in ("command_palette", "cancel"):
                yield SystemCommand(f"{key.word}  ({key.written})", key.does, _command(screen, key.action))


def _command(screen: Screen[object], action: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await screen.run_action(action)

    return run

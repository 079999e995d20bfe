"""The keys that keep: saving, exporting, the line to copy, opening an example, leaving."""

import asyncio

from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import Answer, Request, WireError
from backprop_tui.tui.widgets.runner import FAULT

from .base import Shown


class Keeping(Shown):
    """Reads and writes files, where the app allows it."""

    def action_save(self) -> None:
        """w."""

        def save() -> None:
            try:
                self.say(self.app.save())  # type: ignore[attr-defined]
            except ValueError as error:
                self.say(str(error))

        self._act(lambda: None, save, keep=True)

    def action_export(self) -> None:
        """e."""
        from backprop_tui.core.export.file import PROMPT

        self.ask(PROMPT, lambda name: self._act(lambda: None, lambda: self._export(name), keep=True))

    def _export(self, name: str) -> None:
        from backprop_tui.core.export.file import export
        from backprop_tui.core.scenario.write import present

        session, scenario = self.session.copy(), present(self.session, self._scenario)
        loop = asyncio.get_running_loop()

        def ask(request: Request) -> Answer:
            return asyncio.run_coroutine_threadsafe(self._engine.ask(request), loop).result()

        def work() -> None:
            try:
                words = export(session, scenario, ask, name, self.app.export_folder)  # type: ignore[attr-defined]
            except (ValueError, EngineLost, EngineRefused, WireError) as error:
                words = str(error)
            except Exception as error:  # a fault of ours must not end what a person has done
                words = f"{FAULT}: {type(error).__name__}: {error}"
            self.app.call_from_thread(self.say, words)

        self.say("writing …")
        self.run_worker(work, thread=True)

    def action_copy(self) -> None:
        """y."""
        from backprop_tui.core.export.shell_line import command_line, not_in_command_line

        from .overlays.words import WordsScreen

        line = command_line(self.session, self._scenario)
        left_out = not_in_command_line(self.session, self._scenario)
        self.app.copy_to_clipboard(line)
        missing = (f"It can't say: {', '.join(left_out)}.",) if left_out else ()
        note = "It is copied where the terminal lets a program do so; else select it here."
        self.app.push_screen(WordsScreen("The line that leads here", (line, note, *missing)))

    def action_examples(self) -> None:
        """o."""
        from backprop_tui.core.scenario import bundled

        from .overlays.examples import ExamplesScreen

        def chosen(name: str | None) -> None:
            if name:
                self.app.open(bundled(name))  # type: ignore[attr-defined]

        self.app.push_screen(ExamplesScreen(), chosen)

    def action_quit(self) -> None:
        """q."""
        self.app.leave()  # type: ignore[attr-defined]

    def action_command_palette(self) -> None:
        """ctrl+p."""
        self.app.action_command_palette()

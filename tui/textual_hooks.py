"""Every inner name of Textual (one with an underscore) that this program uses, each with its reason.

A new release of Textual may change them: then this file is what has to be looked at.
"""

import asyncio
from contextlib import suppress
from typing import Any

from textual._parser import ParseError as ParseError  # what the parser raises has no other name
from textual._xterm_parser import XTermParser as XTermParser  # what a terminal sends is parsed by nothing public
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.cache import LRUCache
from textual.command import Command, CommandList, CommandPalette
from textual.css.model import RuleSet
from textual.css.query import NoMatches
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import OptionList
from textual.worker import WorkerFailed

ParsedRules = LRUCache[tuple[object, ...], list[RuleSet]]


def binding_of(screen: Screen[Any], key: str) -> Binding | None:
    """What a screen's own table binds to a key: `active_bindings` would look at every key there is."""
    bound = screen._bindings.key_to_bindings.get(key)
    return bound[0] if bound else None


def make_first_screen_switchable(screen: Screen[Any]) -> None:
    """What Textual does for each screen but the first: without it, `switch_screen` fails on that one."""
    screen._push_result_callback(screen, None)


def driver_of(app: App[Any]) -> Driver | None:
    """What an app paints to and reads from, while it runs: the terminal is given back by it when the loop is stuck."""
    return app._driver


def share_parsed_rules(stylesheet: Stylesheet, parsed: ParsedRules) -> None:
    """Parse no style sheet twice: in a workshop all sessions have the same, a fifth of what a first frame costs."""
    stylesheet._parse_cache = parsed


def strips_of(screen: Screen[Any]) -> list[Strip]:
    """What a screen shows, a row each: Textual draws what lies below a page cell by cell, through two libraries."""
    return screen._compositor.render_strips()


class EarlyList(OptionList):
    """A list that a page key may reach before its lines are made: then it does nothing. Textual would fail."""

    def action_page_up(self) -> None:
        """A page up, if there are lines."""
        with suppress(LookupError):
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """A page down, if there are lines."""
        with suppress(LookupError):
            super().action_page_down()  # type: ignore[no-untyped-call]


class Palette(CommandPalette):
    """Textual's palette, whose list too a page key may reach before its lines are made, and which may close twice."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close, if it is still there: Textual would take the screen below away with the second of two keys.

        What is still looked up would find no list.
        """
        if not self.is_active:
            return AwaitComplete()
        self.workers.cancel_node(self)
        return super().dismiss(result)

    def _action_command_list(self, action: str) -> None:
        with suppress(LookupError):
            super()._action_command_list(action)

    def _refresh_command_list(self, command_list: CommandList, commands: list[Command], clear_current: bool) -> None:
        """Show what was found; if the page has closed meanwhile, there is nothing to show it in."""
        with suppress(NoMatches):
            super()._refresh_command_list(command_list, commands, clear_current)


class OpenDriver(LinuxDriver):
    """Textual's driver of a terminal, its inner parts open to an heir that reads and writes in its own way."""

    @property
    def app(self) -> App[Any]:
        """The app whose terminal it is."""
        return self._app

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The app's event loop."""
        return self._loop

    @property
    def sizes_come_in_band(self) -> bool:
        """Whether the terminal tells its size among the keys, so that SIGWINCH is not to be listened to."""
        return self._in_band_window_resize

    def begin_with(self, size: Size) -> None:
        """The size of the first frame. Textual would take another (COLUMNS, LINES, or 80x25 if TERM is dumb), and when
        the true one comes, each of the two makes it paint for the other, for ever.
        """
        self._size = (size.width, size.height)

    def parser(self) -> XTermParser:
        """A parser of what a terminal sends: the one of Textual's reading thread, which an heir may do without."""
        return XTermParser(self._debug)

    def raw(self, local: int, input: int) -> tuple[int, int]:
        """The local and the input modes of a terminal that Textual can use, made from those it has."""
        return self._patch_lflag(local), self._patch_iflag(input)

    def begin_modes(self) -> None:
        """The mouse, bracketed paste and so on: what Textual's own start does besides starting its threads."""
        self._enable_mouse_support()
        self._request_terminal_sync_mode_support()
        self._query_in_band_window_resize()
        self._enable_bracketed_paste()
        self._disable_line_wrap()

    def end_mouse(self) -> None:
        """Hear no more of the mouse."""
        self._disable_mouse_support()


class TolerantApp(App[None]):
    """An app that goes on after an exception in a handler, a timer, a worker or a callback: `failed` sees to it.

    Textual ends an app at the first exception, and the widget's own loop of messages in any case.
    """

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        MessagePump._dispatch_message = _dispatch_to_the_end  # type: ignore[method-assign,assignment]

    def failed(self, error: Exception, screen: Screen[Any] | None = None) -> None:
        """Something went wrong, on this screen if that is known."""
        raise NotImplementedError

    def on_load(self) -> None:
        """Hear of what goes wrong in callbacks of the loop too."""
        asyncio.get_running_loop().set_exception_handler(self._loop_failed)

    def _loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self.go_on_after(error)
        else:
            loop.default_exception_handler(context)

    def _handle_exception(self, error: Exception) -> None:
        """What Textual calls for all exceptions that it catches itself, to end the app."""
        self.go_on_after(error)

    def go_on_after(self, error: Exception, screen: Screen[Any] | None = None) -> None:
        """Say what went wrong; if not even that is possible, end."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        try:
            self.failed(error, screen)
        except Exception:
            self.exit(return_code=1)


_dispatch_message = MessagePump._dispatch_message


async def _dispatch_to_the_end(pump: MessagePump, message: Message) -> None:
    """Handle a message, and be there for the next one whatever comes of it."""
    try:
        await _dispatch_message(pump, message)
    except Exception as error:
        app = pump if isinstance(pump, App) else pump.app
        if not isinstance(app, TolerantApp):
            raise
        app.go_on_after(error, _screen_of(pump))


def _screen_of(pump: MessagePump) -> Screen[Any] | None:
    node: MessagePump | None = pump
    while node is not None and not isinstance(node, Screen):
        node = node._parent
    return node

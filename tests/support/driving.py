"""The types of what tests take from their fixtures."""

from collections.abc import Callable

from backprop_tui.core.session.session import Session

Settle = Callable[[Session], Session]
"""The fixture `settle`: asks the engine for all that a session needs, and hands the session back."""

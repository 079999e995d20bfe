"""The main screen: a data sample, its way forward, the gradients back, the update, and the loss so far."""

from typing import ClassVar

from backprop_tui.tui.widgets.keys import bindings
from textual.binding import BindingType

from .changing import Changing
from .keeping import Keeping
from .looking import Looking


class StepperScreen(Changing, Looking, Keeping):
    """Steps the session, one keypress at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

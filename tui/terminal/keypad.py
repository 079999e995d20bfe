"""The keypad's keys in kitty's keyboard protocol, which names them apart from those of the keyboard."""

from textual.events import Key

_OPERATORS = {
    "add": ("plus", "+"),
    "subtract": ("minus", "-"),
    "multiply": ("asterisk", "*"),
    "divide": ("slash", "/"),
    "decimal": ("full_stop", "."),
    "separator": ("comma", ","),
    "equal": ("equals_sign", "="),
}


def as_on_the_keyboard(key: Key) -> Key:
    """The key that a keyboard without a keypad has for it, with its character; another key is itself."""
    *modifiers, name = key.key.split("+")
    if name not in _OPERATORS:
        return key
    name, character = _OPERATORS[name]
    return Key("+".join([*modifiers, name]), None if modifiers else character)

"""What the page sends: the shape of textual-serve's messages, and a login before them."""

from typing import Annotated

import msgspec


class Login(msgspec.Struct, array_like=True, tag="login", forbid_unknown_fields=True):
    """Who is here."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    password: Annotated[str, msgspec.Meta(max_length=200)]


class Keys(msgspec.Struct, array_like=True, tag="stdin", forbid_unknown_fields=True):
    """What was typed, or what the terminal answers."""

    text: str


class Area(msgspec.Struct, forbid_unknown_fields=True):
    """Columns and lines."""

    width: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    height: Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Resized(msgspec.Struct, array_like=True, tag="resize", forbid_unknown_fields=True):
    """The window's size."""

    area: Area


class Ping(msgspec.Struct, array_like=True, tag="ping", forbid_unknown_fields=True):
    """For a log that nobody reads."""

    sent: Annotated[str, msgspec.Meta(max_length=40)]


class Focus(msgspec.Struct, array_like=True, tag="focus", forbid_unknown_fields=True):
    """The terminal tells its app itself."""


class Blur(msgspec.Struct, array_like=True, tag="blur", forbid_unknown_fields=True):
    """The same."""


Message = Login | Keys | Resized | Ping | Focus | Blur
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def read(data: str | bytes) -> Message | None:
    """A message, or None if it is none."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None

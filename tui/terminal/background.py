"""Whether the terminal's background is light: what it says itself, if it does."""

from collections.abc import Mapping

DARK, LIGHT = "ansi-dark", "ansi-light"
"""Textual's themes that leave the terminal its own colors."""

_LIGHT = {"7", "15"}
"""ANSI's white and bright white."""


def theme(environment: Mapping[str, str]) -> str:
    """The theme for the background that COLORFGBG tells (`15;0`: white on black); the dark one if it tells none."""
    return LIGHT if environment.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT else DARK


def other(name: str) -> str:
    """The theme for the other kind of background."""
    return DARK if name == LIGHT else LIGHT

"""Texts that come from people as cells of a CSV that a spreadsheet may open."""

from .escape import escape_controls

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet would run as a formula: OWASP, "CSV Injection"."""


def safe_cell(text: str) -> str:
    """A cell that is shown as it is, and never run: one that begins like a formula gets an apostrophe before it."""
    shown = escape_controls(text)
    return f"'{shown}" if text.startswith(FORMULA) or shown.startswith(FORMULA) else shown

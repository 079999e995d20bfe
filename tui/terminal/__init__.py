"""The terminal: what is refused, how bytes go to it and come from it, and how the program ends when it goes away."""

from .refusal import screen_refusal, terminal_refusal

__all__ = ["screen_refusal", "terminal_refusal"]

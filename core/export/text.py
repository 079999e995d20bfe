"""The notebook's own transcript: gradients, then the new values, as numpy prints them."""

from collections.abc import Iterable, Iterator

from backprop_tui.core.model.network import Network
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.text.numerals import ordinal

from .steps import Event, Step

_STARS, _DASHES = "*" * 55, "-" * 55


def notebook_text(events: Iterable[Event]) -> Iterator[str]:
    """A text for each step: what the notebook's `train_one_step` prints. It has no words for a change by hand."""
    for event in events:
        if isinstance(event, Step):
            yield "\n".join(_lines(event.trace)) + "\n"


def _lines(trace: Trace) -> Iterator[str]:
    yield from _banner("GRADIENTS")
    yield from _values(trace, "g", "the gradient")
    yield from _banner("NEW UPDATES")
    yield from _values(trace, "new_", "the updated gradient")


def _banner(title: str) -> Iterator[str]:
    yield from (_STARS, title, _STARS)


def _values(trace: Trace, prefix: str, words: str) -> Iterator[str]:
    """All layers' weights, then all layers' biases."""
    for kind, letter in (("weights", "w"), ("bias", "b")):
        for number in (number for number in _layers(trace.network) if f"{letter}{number}" in trace.values):
            yield f" {words} for {ordinal(number)} layer {kind} are:"
            yield f" {trace[f'{prefix}{letter}{number}']}"
            yield _DASHES


def _layers(network: Network) -> range:
    return range(1, network.depth + 1)

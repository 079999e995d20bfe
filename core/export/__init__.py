"""What was done, written down: Markdown, the notebook's text, JSON, CSV, and a Jupyter notebook."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backprop_tui.core.session.drive import Ask
from backprop_tui.core.session.timeline import Timeline

from .as_csv import csv_text
from .as_json import json_text
from .jupyter import jupyter
from .markdown import markdown
from .steps import recorded, recorded_steps
from .text import notebook_text


@dataclass(frozen=True)
class Format:
    """A way to write a session down: what it is called, how its files end, and how it is written.

    `write(timeline, ask, most)` gives the parts of the text: the whole steps up to where the session is, the newest
    `most` of them. It works on a copy of the timeline, made when it is called; `ask` asks the engine and waits.
    """

    title: str
    suffix: str
    write: Callable[[Timeline, Ask, int | None], Iterator[str]]


def _text(timeline: Timeline, ask: Ask, most: int | None) -> Iterator[str]:
    return notebook_text(recorded_steps(timeline, ask, most))


def _json(timeline: Timeline, ask: Ask, most: int | None) -> Iterator[str]:
    return json_text(timeline.run, recorded(timeline, ask, most))


def _csv(timeline: Timeline, ask: Ask, most: int | None) -> Iterator[str]:
    return csv_text(timeline.run, recorded(timeline, ask, most))


def _jupyter(timeline: Timeline, ask: Ask, _: int | None) -> Iterator[str]:
    """All steps, whatever was asked for: it makes the run again from its start."""
    return iter([jupyter(timeline, ask)])


FORMATS = {
    "markdown": Format("Markdown, for a reader", ".md", markdown),
    "text": Format("the notebook's own text", ".txt", _text),
    "json": Format("JSON, every number", ".json", _json),
    "csv": Format("CSV, a row per step", ".csv", _csv),
    "jupyter": Format("a Jupyter notebook that makes the run again", ".ipynb", _jupyter),
}

"""Writing down what was done: a transcript or a scenario, by the ending of the file's name."""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from backprop_tui.core.scenario import Scenario, ScenarioError
from backprop_tui.core.scenario.write import write
from backprop_tui.core.session.drive import Ask
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.text.escape import escape_controls

from . import FORMATS, weights

SCENARIO = ".toml"
MOST_STEPS = 2_000
"""A transcript for a reader holds the newest so many steps."""

ENDINGS = (*(form.suffix for form in FORMATS.values()), SCENARIO, *weights.ENDINGS)
PROMPT = f"a name that ends in {' '.join(ENDINGS)}"


def export(
    timeline: Timeline, scenario: Scenario, ask: Ask, name: str, folder: Path | None = None, text: str | None = None
) -> str:
    """Write the file, and return what to say of it. Raises ValueError, in one line, if it can't be written.

    With a `folder` the name is one in that folder and no path. No file is ever overwritten. A `text` is written as it
    is, instead of the steps.
    """
    path = _path(name, folder)
    told = escape_controls(name)
    try:
        if path.exists():
            raise ValueError(f"{told} exists already; give another name")
        if path.suffix == SCENARIO:
            write(scenario, path)
            opens = shlex.quote(name if folder else str(path))
            return f"the present run is written to {told}; backprop-tui {escape_controls(opens)} opens it"
        if text is not None:
            _write(path, [text])
            return f"what was done of the course is written to {told}"
        if path.suffix in weights.ENDINGS:
            if folder is not None and path.suffix == ".keras":
                raise ValueError(
                    "a Keras file needs Keras, which is not loaded here; .npz and .safetensors hold the same weights"
                )
            if (parameters := timeline.history.state(timeline.next_position.entry)) is None:
                raise ValueError("the weights of this step are being computed; try again")
            return f"{weights.write_weights(timeline.run.network, parameters, path)}: written to {told}"
        form = next(form for form in FORMATS.values() if form.suffix == path.suffix)
        _write(path, form.write(timeline, ask, MOST_STEPS))
    except FileExistsError:
        raise ValueError(f"{told} exists already; give another name") from None
    except ScenarioError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(f"{told} can't be written: {error.strerror}") from None
    return f"{form.title}: written to {told}"


def _path(name: str, folder: Path | None) -> Path:
    if folder is not None:
        if Path(name).name != name or name.startswith("."):
            raise ValueError("give a name without folders")
        path = folder / name
    else:
        path = Path(os.path.expanduser(name))
    if path.suffix not in ENDINGS:
        raise ValueError(f"end the name in one of {' '.join(ENDINGS)}")
    return path


def _write(path: Path, parts: Iterable[str]) -> None:
    """Write beside the file, then put it in its place: it is there whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("x", encoding="utf-8") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        path.open("x").close()  # fails if the name has been taken meanwhile
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

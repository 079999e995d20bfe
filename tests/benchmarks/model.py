"""The three models that come along: opening, the first step, a step and an operation to their frames, memory.

The real program on a real pseudo-terminal. What a frame costs is told beside a Textual app that changes a label; memory
is the kernel's peak (VmHWM), of the painting process and of the one that holds the model.
"""

import sys
from time import perf_counter

from key_to_frame import keys
from measured import LABEL_APP, Row, report, wants_short
from memory import peak
from real_terminal import RealTerminal

MODELS = ("notebook", "digits", "attention")
PATIENCE = 120.0


def measured(model: str, count: int, label: float) -> list[Row]:
    """One model."""
    began = perf_counter()
    with RealTerminal("model", model, draw=False) as terminal:
        terminal.wait_for_output("space the whole step", seconds=PATIENCE)
        opened = perf_counter() - began
        began = perf_counter()
        terminal.press(" ")
        terminal.wait_for_output("the weights are updated", seconds=PATIENCE)
        first = perf_counter() - began
        terminal.read(0.5)
        steps = keys(terminal, count)
        operations = keys(terminal, count, "s")
        screen, holder = peak(terminal.process.pid), peak(terminal.engine)
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    return [
        Row(f"{model}: from the command to the model on the screen", opened, None, "s", 15),
        Row(f"{model}: the first step", first * 1e3, None, "ms", 1000),
        Row(f"{model}: a step to its frame, p50", steps[count // 2], label, "ms", 12),
        Row(f"{model}: an operation to its frame, p50", operations[count // 2], label, "ms", 5),
        Row(f"{model}: the painting process", screen, None, "MB", 100),
        Row(f"{model}: the process with the model", holder, None, "MB", 900),
    ]


def main() -> int:
    """Measure and print."""
    count = 20 if wants_short(__doc__) else 200
    with RealTerminal(program=(sys.executable, "-c", LABEL_APP), draw=False) as terminal:
        terminal.wait_for_output("all is shown")
        label = keys(terminal, count)[count // 2]
    return report(*(row for model in MODELS for row in measured(model, count, label)))


if __name__ == "__main__":
    sys.exit(main())

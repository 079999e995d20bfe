"""What decides the last digit of a number, as far as it can be told without TensorFlow."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def machine() -> str:
    """`Linux, <processor>, TensorFlow 2.21.0`: its parts choose the instructions, and so the order of rounding."""
    try:
        tensorflow = version("tensorflow")
    except PackageNotFoundError:
        tensorflow = "?"
    return f"{platform.system()}, {_processor()}, TensorFlow {tensorflow}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except (OSError, UnicodeError):
        pass
    return platform.processor() or platform.machine()

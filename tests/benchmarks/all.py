"""Runs all benchmarks, one after the other, and puts what they report into one Markdown table.

    python tests/benchmarks/all.py --short            all, in their short forms, to standard output
    python tests/benchmarks/all.py --write            all, in full, into docs/benchmarks.md
    python tests/benchmarks/all.py --short jump loops only these

What a benchmark prints besides its table stands below. One that takes longer than `--most` seconds is ended.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measured import ROWS_VARIABLE

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "benchmarks.md"
NO_BENCHMARKS = ("all", "measured")
PACKAGES = ("tensorflow", "numpy", "textual", "pandas", "scikit-learn", "numba", "jax")


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NO_BENCHMARKS)


def run(name: str, short: bool, most: float) -> tuple[list[dict[str, Any]], str]:
    """What a benchmark reported, row by row, and what it printed if that was all."""
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        command = [sys.executable, str(HERE / f"{name}.py"), *["--short"] * short]
        environment = {**os.environ, ROWS_VARIABLE: str(rows), "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=most)
        except subprocess.TimeoutExpired:
            return [], f"It did not end within {most:g} s."
        if rows.exists():
            return [json.loads(line) for line in rows.read_text().splitlines()], ""
        return [], ended.stdout.strip() or f"It failed: {(ended.stderr.strip().splitlines() or ['no word'])[-1]}"


def machine() -> list[str]:
    """What was measured on, with which versions, and when."""
    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip() or "unknown"
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    versions = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    if shutil.which("gcc"):
        said = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
        versions.append(f"gcc {said}")
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    return [
        f"- {cpu}, {os.cpu_count()} processors, {platform.system()} {platform.release()}; load {load} at the start",
        f"- {', '.join(versions)}",
        f"- commit {commit}, {datetime.now(UTC):%Y-%m-%d}",
    ]


def line(name: str, row: dict[str, Any]) -> str:
    """A line of the table."""
    baseline, ratio = ("", "") if row["baseline"] is None else (f"{row['baseline']:.4g}", f"{row['ratio']:.3g}")
    goal = f"{'≥' if row['at_least'] else '≤'} {row['goal']:g}"
    goal += "" if row["baseline"] is not None else f" {row['unit']}"
    missed = "" if row["is_met"] else " **missed**"
    return f"| {name} | {row['what']} | {row['unit']} | {row['ours']:.4g} | {baseline} | {ratio} | {goal}{missed} |"


def main() -> int:
    """Run them and write the page, or print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--short", action="store_true", help="each in its short form")
    parser.add_argument("--write", action="store_true", help=f"into docs/{PAGE.name}")
    parser.add_argument("--most", type=float, default=900.0, help="seconds that one may take (default: 900)")
    options = parser.parse_args()
    if unknown := sorted({*options.names} - {*names()}):
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names())}")
    text = ["# Benchmarks", "", f"Made by `python tests/benchmarks/all.py{' --short' * options.short} --write`.", ""]
    text += [*machine(), "", "| benchmark | what | unit | ours | baseline | ratio | goal |"]
    text += ["| --- | --- | --- | ---: | ---: | ---: | --- |"]
    printed = []
    for name in options.names or names():
        print(name, file=sys.stderr, flush=True)
        rows, said = run(name, options.short, options.most)
        text += [line(name, row) for row in rows]
        if said:
            printed += ["", f"## {name}", "", "```text", said, "```"]
    page = "\n".join([*text, *printed]) + "\n"
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print(page, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

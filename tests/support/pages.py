"""Makes what the pages of docs/ have from the program's own tables: all of keys.md, and tables in others.

python tests/support/pages.py
"""

import re
import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from backprop_tui.core.engine.compute import server
from backprop_tui.core.model.activations import ACTIVATIONS
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.table.built_in import BUILT_IN
from backprop_tui.tui.keys import markdown
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.keys import DASHBOARD

DOCS = Path(__file__).parents[2] / "docs"

KEYS_HEAD = """\
# Keys

This page is made from the tables that the program itself reads: `python tests/support/pages.py`.
In the program, `?` lists the keys of the screen one is on, and `ctrl+p` finds them by name."""


def keys_page() -> str:
    """The whole page of keys as Markdown."""
    return f"{KEYS_HEAD}\n\n{markdown()}"


def with_tables(text: str) -> str:
    """A page with each table that stands between its marks, `<!-- losses -->` and `<!-- /losses -->`, made anew."""
    for name, made in TABLES.items():
        mark = rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)"
        text = re.sub(mark, lambda match, made=made: match[1] + made() + match[2], text, flags=re.DOTALL)
    return text


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _built_in_tables() -> str:
    rows = (
        (f"`{name}`", str(it.rows), ", ".join(it.features), it.target, f"{it.title}; {it.about}")
        for name, it in BUILT_IN.items()
    )
    return table(("name", "rows", "features", "target", "what it is"), rows)


def _activations() -> str:
    def rows() -> Iterator[Sequence[str]]:
        for row in ACTIVATIONS.values():
            derivative = (row.derivative_text("z", "h") or "1") if row.elementwise else "one for each pair of units"
            yield f"`{row.name}`", row.formula, row.cases or derivative, row.source

    return table(("activation", "h", "∂h/∂z", "source"), rows())


def _losses() -> str:
    rows = (
        (f"`{row.name}`", row.formula(1), row.formula(2), row.accepted, row.last or "any", row.source)
        for row in LOSSES.values()
    )
    return table(("loss", "of one output", "of several", "targets", "last layer", "source"), rows)


def _optimizers() -> str:
    defaults = Optimizer()
    rows = (
        (f"`{row.name}`", row.formula, ", ".join(f"{it} {getattr(defaults, it)}" for it in row.constants), row.source)
        for row in OPTIMIZERS.values()
    )
    return table(("optimizer", "the rule", "constants", "source"), rows)


def _instructor() -> str:
    return table(("key", "does"), ((f"`{key.written}`", key.does) for key in DASHBOARD))


def _limits() -> str:
    """What `tui/serve/limits.py` and the shared engine allow, in words."""
    whole, child = limits.Limits(), limits.CHILD_LIMITS
    rows = (
        ("sessions at once", f"{whole.sessions}", "`--max-sessions`"),
        ("of these from one address", f"{whole.per_address}", "`--max-per-address`"),
        ("new connections a second", f"{whole.connections_per_second:g}", "`--connections-per-second`"),
        ("time without a key", f"{whole.idle / 3600:g} h", "`--idle-timeout`"),
        ("time to log in", f"{limits.LOGIN_GRACE:g} s", ""),
        ("connections that have not logged in yet", f"{limits.WAITING}", ""),
        ("wrong passwords of one connection", f"{limits.MAX_WRONG}", ""),
        ("terminal", f"{limits.MAX_COLUMNS} x {limits.MAX_LINES}", ""),
        ("a paste", f"{limits.PASTE // 1024} kB", ""),
        ("memory of a session", f"{child[resource.RLIMIT_DATA] // 2**20} MB", ""),
        ("its processor time", f"{child[resource.RLIMIT_CPU] // 3600} h", ""),
        ("its open files", f"{child[resource.RLIMIT_NOFILE]}", ""),
        ("a file that it writes", f"{child[resource.RLIMIT_FSIZE] // 2**20} MB", ""),
        ("a network", f"{server.MOST_LAYERS} layers, {server.MOST_PARAMETERS:,} parameters", ""),
    )
    return table(("what", "at most", "option"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "tables": _built_in_tables,
    "activations": _activations,
    "losses": _losses,
    "optimizers": _optimizers,
    "instructor": _instructor,
    "limits": _limits,
}
"""The tables within pages, by their marks."""

if __name__ == "__main__":
    (DOCS / "keys.md").write_text(keys_page(), "utf-8")
    for path in DOCS.glob("*.md"):
        path.write_text(with_tables(path.read_text("utf-8")), "utf-8")

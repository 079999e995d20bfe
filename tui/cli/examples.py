"""`backprop-tui examples`: the scenarios that come with the program."""

from .options import PROGRAM, Parser

_DESCRIPTION = "List the examples and tables that come with the program: name, title, and where the numbers are from."

_EXAMPLES = f"""\
examples:
  {PROGRAM} mazur-2015          opens one
  {PROGRAM} check mazur-2015    compares its published numbers with what TensorFlow computes
"""


def main(arguments: list[str]) -> int:
    """Print a list of them, and return the exit code."""
    parser().parse_args(arguments)
    from backprop_tui.core.scenario import bundled, bundled_names
    from backprop_tui.core.table.built_in import BUILT_IN

    names = bundled_names()
    width = max(map(len, names))
    for name in names:
        scenario = bundled(name)
        print(f"{name:{width}}  {scenario.title}")
        if scenario.source:
            print(f"{'':{width}}  {scenario.source}")
    print("\ntables that come along, for --data:")
    for name, table in BUILT_IN.items():
        print(f"{name:{width}}  {table.title}: {table.rows} rows, {table.about}")
    return 0


def parser() -> Parser:
    """What may be typed after `backprop-tui examples`."""
    return Parser("examples", description=_DESCRIPTION, epilog=_EXAMPLES)

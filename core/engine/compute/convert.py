"""`python -m ...compute.convert excel FILE`: a file that only pandas reads, written to standard output as CSV."""

import sys

from .reading import TableError, read_sheet


def main(arguments: list[str]) -> int:
    """Write the table, and return the exit code: 1, with a line for a person, if it can't be read."""
    packed, path = arguments
    try:
        frame = read_sheet(path, packed)
    except TableError as error:
        print(error, file=sys.stderr)
        return 1
    frame.to_csv(sys.stdout, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

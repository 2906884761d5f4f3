"""`python -m responder`, and the command `responder`."""

import sys

from responder.cli.interrupts import ending_at_once


def main() -> None:
    with ending_at_once():
        from responder.cli.program import run  # noqa: PLC0415 - it takes a moment to load
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

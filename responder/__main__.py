"""`python -m responder`, and the command `responder`."""

import sys

from responder.cli.program import run


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
